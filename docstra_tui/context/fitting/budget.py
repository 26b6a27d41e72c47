"""How much of the model's window a question would take, in tokens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """Tokens of the prompt that would be sent, against what there is."""

    used: int
    """Tokens of the whole rendered prompt."""
    limit: int | None
    """The model's window; None when unknown."""
    reserve: int
    """Tokens kept free for the answer."""
    exact: bool = True
    """False when `used` is an estimate: shown with `≈`, never a reason to refuse."""
    cached: int | None = None
    """Leading tokens that the model has read already; None when it does not tell."""

    is_least: bool = False
    """True when counting ended there, at eight windows: nobody needs to know how much more it is."""
    memory: int | None = None
    """Tokens that the memory which is free now holds, where that is less than the window; else None."""
    pace: float | None = None
    """Tokens that the model reads in a second; None where nobody knows."""

    @property
    def most(self) -> int | None:
        """Tokens of prompt and answer together; None when unknown."""
        return self.limit if self.memory is None else self.memory

    @property
    def left(self) -> int | None:
        """Tokens that may still be added; negative when there are too many. None when unknown."""
        return None if self.most is None else self.most - self.reserve - self.used

    @property
    def fits(self) -> bool:
        """False only when it is known that the prompt is too long."""
        return self.left is None or self.left >= 0 or not self.exact
