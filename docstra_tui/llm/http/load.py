"""How many requests wait at a server, where its /metrics tells: vLLM, SGLang and llama-server have one."""

from __future__ import annotations

import math
import re

from docstra_tui.errors import DocstraError
from docstra_tui.llm.http.connection import Connection

WAITING = re.compile(
    r"^(?:vllm:num_requests_waiting|sglang:num_queue_reqs|llamacpp:requests_deferred)"
    r"(?:\{[^\n}]*\})?[ \t]+([0-9.eE+]+)",
    re.MULTILINE,
)
"""Each engine behind a server has a line of its own."""


class ServerLoad:
    """Asks one server, until it does not tell: then never again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.is_told = True
        """False once the server was asked and did not say."""
        self._has_told = False

    def waiting(self) -> int | None:
        """Requests that wait there; None where nobody tells. Blocks for as long as a short question."""
        if not self.is_told:
            return None
        try:
            text = self._connection.text(f"{self._connection.root}/metrics")
        except DocstraError:
            self.is_told = self._has_told  # one that told may be busy
            return None
        counts = [float(found) for found in WAITING.findall(text) if _is_number(found)]
        self.is_told = self._has_told = bool(counts)
        total = sum(counts)
        return int(total) if counts and math.isfinite(total) else None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
