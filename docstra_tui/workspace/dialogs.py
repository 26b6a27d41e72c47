"""Asking and telling: what may be done to the person in front of a face that goes on meanwhile.

The answer comes when it comes, by a call on the face's thread. Every text is already safe to show, but for
what is said not to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from docstra_tui.templates import Field

Leaving = Literal["leave out", "send"]
"""What becomes of what may be secret and would leave this machine."""

Yes = Literal["no", "now", "for good"]
"""Whether a host may be sent anything: for as long as this program runs, or for good."""

MARK = "● "
"""In front of the row of a list that is meant now."""


def marked(label: str, is_meant: bool) -> str:
    """A row's label with the mark, or with room for it."""
    return f"{MARK if is_meant else ' ' * len(MARK)}{label}"


@dataclass(frozen=True)
class Choice:
    """One row of a list."""

    value: str
    label: str
    """Not yet safe to show."""
    detail: str = ""
    note: str = ""
    """What else is said below it; not yet safe to show."""


@dataclass(frozen=True)
class Offer:
    """A list to choose from."""

    title: str
    choices: Sequence[Choice]
    placeholder: str = ""
    free_text: bool = False
    """True where anything may be typed that is not in the list."""
    at: str = ""
    """The value that the cursor is on first."""
    moved: Callable[[str | None], object] = lambda value: None
    """Hears the value that the cursor is on now."""
    is_table: bool = False
    """True where the details are columns: they stand one below the other, or below their labels."""
    see_through: bool = False
    """True where what is behind the list shows what would be chosen."""


@dataclass(frozen=True)
class Form:
    """Values to be given. Nothing of it is yet safe to show."""

    title: str
    description: str
    fields: Sequence[Field]
    values: Mapping[str, str]
    """Those that are there already, by the name of their field."""
    preview: Callable[[Mapping[str, str]], str]
    """What comes of them."""
    left: Callable[[Mapping[str, str]], object] = lambda values: None
    """Hears what stood there when it was closed without an answer."""


class Dialogs(Protocol):
    """Everything returns at once."""

    def confirm(self, title: str, text: str, then: Callable[[bool], None], *, by_enter: bool = True) -> None:
        """A question for a yes; closing is no. `by_enter`: Enter is a yes as well."""

    def let_in(self, title: str, text: str, then: Callable[[Yes], None]) -> None:
        """Whether a host may be sent anything; closing is no."""

    def choose(self, offer: Offer, then: Callable[[str | None], None]) -> None:
        """One of several, or None."""

    def write(self, title: str, then: Callable[[str | None], None], *, does: str = "sends") -> None:
        """Some words, or None. `does`: what becomes of them."""

    def fill(self, form: Form, then: Callable[[Mapping[str, str] | None], None]) -> None:
        """The values of a form, or None."""

    def review(self, title: str, text: str, then: Callable[[bool], None]) -> None:
        """All of a text, and a yes to it once its end was seen; closing is no."""

    def let_leave(
        self, lines: list[str], then: Callable[[Leaving | None], None], *, can_leave_out: bool
    ) -> None:
        """What may be secret; None: nothing is sent."""

    def say(self, text: str, seconds: float | None = None) -> None:
        """Something to know."""

    def warn(self, text: str, seconds: float | None = None) -> None:
        """What did not happen."""

    def fail(self, text: str) -> None:
        """What went wrong."""

    def fail_with(self, error: Exception) -> None:
        """The same, in the words of an error, which need not be safe."""
