"""What is said beside a ticked file: one word that fits a narrow tree, and a sentence for the curious."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from docstra_tui import figures

if TYPE_CHECKING:
    from docstra_tui.context.files.states import Ticked

Tone = Literal["error", "warning", "muted"]


@dataclass(frozen=True)
class Badge:
    """How a ticked file stands."""

    word: str
    """Short, as it stands beside the name."""
    reason: str
    """A sentence, ready to show."""
    tone: Tone = "error"


def badge_of(file: Ticked, cost: str = "") -> Badge | None:
    """None for a file with nothing to say about; `cost` is what re-reading it takes, as tokens."""
    state = file.state
    match state.kind:
        case "changed":
            takes = f" {cost}" if cost else ""
            reason = "It changed on the disk. The next question sends it as it is then"
            return Badge(
                f"changed{takes}",
                f"{reason}: {cost} tokens are read again." if cost else f"{reason}.",
                "warning",
            )
        case "unchanged":
            if not file.note:
                return (
                    None if file.encoding == "utf-8" else Badge(file.encoding, f"{file.encoding}.", "muted")
                )
            return Badge(f"{file.encoding}?", file.note, "warning")
        case "huge":
            return Badge(figures.size(state.size) if state.size else "huge", state.reason)
        case "unreadable":
            return Badge(_word(state.reason), state.reason)
        case _:
            return Badge(state.kind, state.reason)


def _word(reason: str) -> str:
    for said, word in (
        ("named pipe", "pipe"),
        ("a device", "device"),
        ("a socket", "socket"),
        ("a link", "link"),
        ("a folder", "folder"),
        ("may not be read", "denied"),
        ("no line", "lines gone"),
    ):
        if said in reason:
            return word
    return "unreadable"
