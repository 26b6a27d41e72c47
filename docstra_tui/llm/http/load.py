"""How many requests wait at a server, where its /metrics tells: vLLM, SGLang and llama-server have one."""

from __future__ import annotations

import re

from docstra_tui.errors import DocstraError
from docstra_tui.llm.http.connection import Connection

WAITING = re.compile(
    r"^(?:vllm:num_requests_waiting|sglang:num_queue_reqs|llamacpp:requests_deferred)"
    r"(?:\{[^\n}]*\})?[ \t]+([0-9.eE+]{1,30})\b",
    re.MULTILINE,
)
"""Each engine behind a server has a line of its own."""

MOST_WAITING = 10**6
"""A server that tells of more does not know."""


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
        counts = [count for count in map(_count, WAITING.findall(text)) if count is not None]
        self.is_told = self._has_told = bool(counts)
        return sum(counts) if counts else None


def _count(text: str) -> int | None:
    """So many as a server can have; None for what is no number, or beyond that."""
    try:
        count = float(text)
    except ValueError:
        return None
    return int(count) if 0 <= count < MOST_WAITING else None
