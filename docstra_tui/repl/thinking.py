"""What a model thinks before it answers, in the terminal: a line that is rewritten, then one that stays."""

from __future__ import annotations

import time

from docstra_tui.repl.printer import Printer
from docstra_tui.session.turns import SavedTurn
from docstra_tui.workspace.thoughts import Thoughts, count_words
from docstra_tui.workspace.wording import thought_words

STEP_SECONDS = 0.2
"""How often the line is rewritten, at most."""
SHOWN_BY = "/thought shows it"


class ThinkingLine:
    """Of the turn that runs. Main thread."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._thoughts = Thoughts()
        self._drawn = 0.0

    def begin(self) -> None:
        """Another turn."""
        self._thoughts = Thoughts()

    @property
    def is_open(self) -> bool:
        """True while the model thinks."""
        return self._thoughts.is_open

    def add(self, text: str) -> None:
        """More of it came."""
        self._thoughts.count(text)
        self._thoughts.watch()
        if time.monotonic() - self._drawn >= STEP_SECONDS:
            self.show()

    def show(self) -> None:
        """Say how far it is."""
        self._drawn = time.monotonic()
        self._thoughts.tick()
        self._printer.progress(" · ".join(self._thoughts.words), "dim")

    def close(self) -> None:
        """The answer begins, or the turn is over: how much it was stays there."""
        if self._thoughts.is_open:
            self._thoughts.close()
            self._printer.line(" · ".join((*self._thoughts.words, SHOWN_BY)), "dim")

    def reframe(self, text: str) -> None:
        """What was printed as the answer was thought."""
        self._thoughts.count(text)
        self._printer.line("What stands above was thought before the answer.", "dim")


def saved_thought(turn: SavedTurn) -> str:
    """How long and how much was thought in an earlier turn."""
    words = count_words(turn.thinking)
    return " · ".join((*thought_words(turn.thinking_s, turn.usage.thinking_tokens, words), SHOWN_BY))
