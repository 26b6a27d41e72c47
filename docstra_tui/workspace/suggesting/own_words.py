"""The model's own words for a question, asked for in the background: what the faces say and do about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from docstra_tui.errors import NoAnswer
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.jobs import Deliver, JobQueue

if TYPE_CHECKING:
    from docstra_tui.llm.base import BaseLLM

ASKING = "asking the model for words…"


def looked_for(words: Sequence[str]) -> str:
    """What is said when they are there."""
    if not words:
        return "The model had no words of its own."
    return f"Looked for too: {', '.join(map(sanitize_line, words))}."


class OwnWords:
    """For a face that does not wait. One question at a time; the newest counts."""

    def __init__(self, deliver: Deliver) -> None:
        self._jobs = JobQueue("own words", deliver)
        self._asked = ""

    @property
    def is_asking(self) -> bool:
        """True until they are there."""
        return bool(self._asked)

    def ask(
        self,
        llm: BaseLLM,
        question: str,
        done: Callable[[tuple[str, ...]], object],
        failed: Callable[[Exception], object],
    ) -> None:
        """Hand over the words for a question, unless `forget` or another question comes meanwhile."""
        self._asked = question

        def work() -> tuple[str, ...]:
            try:
                return llm.own_words(question)
            except NoAnswer:
                return ()

        def ended(then: Callable[[], object]) -> None:
            if self._asked == question:
                self._asked = ""
                then()

        self._jobs.do(
            work,
            lambda words: ended(lambda: done(words)),
            lambda error: ended(lambda: failed(error)),
            key="words",
        )

    def forget(self) -> None:
        """Nobody wants them any more."""
        self._asked = ""

    def close(self) -> None:
        """Ask nothing more; any thread, never blocks."""
        self._jobs.close()
