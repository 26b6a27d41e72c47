"""What one turn says: its question, its thinking and its answer as they come, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from docstra_tui.tui.transcript.blocks.lines import BLANK, Line
from docstra_tui.tui.transcript.layout.cited import Cited
from docstra_tui.tui.transcript.layout.ending import TurnEnding
from docstra_tui.tui.transcript.layout.incoming import ingest, whole_part
from docstra_tui.tui.transcript.layout.thinking import Thinking


class TurnText:
    """Knows no rows."""

    __slots__ = (
        "_answer",
        "_held",
        "_is_safe",
        "_question",
        "_thinking",
        "beside",
        "cited",
        "ending",
        "files",
        "is_looked_up",
        "is_streaming",
        "turn_id",
        "waiting",
    )  # ten thousand of them are walked by the garbage collector

    def __init__(
        self,
        question: str,
        files: Sequence[str],
        answer: str | None,
        ending: TurnEnding | None,
        thinking: str,
    ) -> None:
        self._question = question
        self.files = tuple(files)
        self._answer = answer or ""
        self._is_safe = answer is None
        """The answer has been made safe."""
        self._held = ""
        """What is held back of the last piece."""
        self._thinking = Thinking.saved(thinking, ending or TurnEnding()) if thinking else None
        self.ending = ending
        self.waiting = ""
        self.turn_id = 0
        """Which turn of the session it is; 0 where nobody said."""
        self.beside: Line = BLANK
        """Which one it is of those in its place; empty where it is alone."""
        self.cited: Cited | None = None
        """What of the answer was looked up in what was sent; None where nobody did."""
        self.is_looked_up = False
        """All of it was."""
        self.is_streaming = answer is None

    @property
    def question(self) -> str:
        """What was asked; safe to show but for tabs."""
        return ingest(self._question)

    @property
    def answer(self) -> str:
        """What came, as it was written; safe to show but for tabs."""
        if not self._is_safe:
            self._answer, self._is_safe = ingest(self._answer), True
        return self._answer

    @property
    def thinking(self) -> str:
        """What the model thought before the answer; safe to show but for tabs."""
        return "" if self._thinking is None else self._thinking.text

    @property
    def has_thinking(self) -> bool:
        """True when there is such a text; it is not looked at."""
        return self._thinking is not None

    def append(self, piece: str) -> None:
        """More of the answer."""
        safe, self._held = whole_part(self._held, piece)
        if safe:
            if self._thinking is not None:
                self._thinking.close()
            self._add(safe)
            self.waiting = ""

    def think(self, piece: str) -> None:
        """More of what is thought before the answer."""
        if self._thinking is None:
            self._thinking = Thinking()
        self._thinking.add(piece)
        self.waiting = ""

    def tick(self) -> bool:
        """Time goes by; True when that changes what is shown."""
        return self._thinking is not None and self._thinking.tick()

    def _add(self, safe: str) -> None:
        self._answer += safe
