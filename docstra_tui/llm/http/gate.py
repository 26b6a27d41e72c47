"""The gate in front of another machine: closed, nothing goes there, not even a connection.

Whoever may ask a person opens it; the client only obeys. A prompt is looked over before it passes,
where somebody wants that. This machine's own servers need neither.
"""

from __future__ import annotations

from collections.abc import Callable

from docstra_tui.address import Address
from docstra_tui.errors import NotAllowed
from docstra_tui.llm.messages import Prompt


class Gate:
    """One server's. `look` raises what keeps a prompt from leaving as it is."""

    def __init__(
        self,
        address: Address,
        *,
        is_open: bool = True,
        look: Callable[[Prompt], None] = lambda prompt: None,
    ) -> None:
        self.address = address
        self._look = look
        self._is_open = is_open

    @property
    def is_open(self) -> bool:
        """True when something may go there; always so on this machine."""
        return self._is_open or self.address.is_this_machine

    def open(self) -> None:
        """Somebody said yes to this server."""
        self._is_open = True

    def check(self) -> None:
        """Raises `NotAllowed` when nothing may go there."""
        if not self.is_open:
            raise NotAllowed(
                f"Nobody has said yes to {self.address.shown} yet: nothing was sent there.",
                "Ask something: the first question asks for it.",
            )

    def look(self, prompt: Prompt) -> None:
        """Raises what keeps `prompt` from leaving this machine as it is."""
        self.check()
        if not self.address.is_this_machine:
            self._look(prompt)
