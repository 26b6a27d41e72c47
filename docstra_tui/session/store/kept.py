"""Sessions, turns and waiting questions as they are held, each with the version that the disk has of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from docstra_tui.session.turns import SavedTurn, StoredSession, WaitingQuestion


@dataclass
class Kept:
    """Something that is held, and whether the disk has it."""

    version: int = 0
    written: int = -1
    """The version that is on the disk; none when -1."""

    @property
    def is_behind(self) -> bool:
        """True when the disk lacks the newest version."""
        return self.written != self.version


@dataclass(kw_only=True)
class KeptSession(Kept):
    """A session without its turns."""

    row: StoredSession
    waits: int = 0
    """How many questions of it wait."""
    has_draft: bool = True
    """False as long as the draft was only read: then another terminal may know better."""
    has_tip: bool = True
    """As the draft: it is this program's once something was asked, or another branch shown, here."""

    @property
    def is_worth_keeping(self) -> bool:
        """False while nothing was said or typed."""
        return bool(self.row.title or self.row.draft or self.waits)


@dataclass(kw_only=True)
class KeptQuestion(Kept):
    """A question that waits, or waited."""

    session_id: str
    question: WaitingQuestion | None
    """None once it is a turn, or given back."""


@dataclass(kw_only=True)
class KeptMark(Kept):
    """That a turn, or a whole session, is deleted and can be taken back; or was."""

    session_id: str
    is_deleted: bool


@dataclass(kw_only=True)
class KeptTurn(Kept):
    """A turn, with the pieces that came since it was last put together."""

    session_id: str
    turn: SavedTurn
    pieces: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    unsaved: int = 0
    """Characters that came since the last write."""
    is_ours: bool = True
    """False when it was only read: then the disk knows better."""
    has_items: bool = False
    """True when its context items are on the disk."""

    def whole(self) -> SavedTurn:
        """The turn as it is now; a copy."""
        return replace(self.put_together())

    def put_together(self) -> SavedTurn:
        """The turn as it is now; the one that is held."""
        self.turn.answer += "".join(self.pieces)
        self.turn.thinking += "".join(self.thoughts)
        self.forget_pieces()
        return self.turn

    def forget_pieces(self) -> None:
        """They are in the turn."""
        self.pieces.clear()
        self.thoughts.clear()

    def grow(self, characters: int) -> int:
        """So many came; how many the disk lacks."""
        self.unsaved += characters
        self.version += 1
        return self.unsaved


@dataclass(frozen=True)
class Held:
    """All of it, by id."""

    sessions: dict[str, KeptSession] = field(default_factory=dict)
    turns: dict[int, KeptTurn] = field(default_factory=dict)
    waiting: dict[int, KeptQuestion] = field(default_factory=dict)
    marks: dict[int | str, KeptMark] = field(default_factory=dict)
    """Of turns by their numbers, of sessions by their ids."""


@dataclass(frozen=True)
class Behind:
    """What has to be written, as it was at one moment: (who, which version, its row)."""

    sessions: tuple[tuple[KeptSession, int, StoredSession], ...]
    turns: tuple[tuple[KeptTurn, int, SavedTurn], ...]
    waiting: tuple[tuple[int, KeptQuestion, int, WaitingQuestion | None], ...]
    """With their numbers first."""
    marks: tuple[tuple[int | str, KeptMark, int, bool], ...] = ()
    """With what they are of first; whether that is deleted last."""
