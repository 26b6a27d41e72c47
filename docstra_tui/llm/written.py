"""What there is of an answer that was cut, for whoever goes on with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Written:
    """The beginning of an answer. Without any text of it, what goes on is the thinking before it.

    Raises `ValueError` where there is neither.
    """

    answer: str
    """As it was written: what comes goes on behind its last character."""
    thinking: str = ""
    """What was thought before it, where that is known."""

    def __post_init__(self) -> None:
        if not (self.answer.strip() or self.thinking.strip()):
            raise ValueError("There is nothing of that answer yet that could be gone on with.")

    @property
    def is_thinking(self) -> bool:
        """True where the answer itself has not begun."""
        return not self.answer.strip()
