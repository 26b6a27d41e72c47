"""The model of a chat whose backend is not open yet: it can hold files, it cannot answer."""

from __future__ import annotations

from docstra_tui.errors import EngineError
from docstra_tui.llm.answer import SILENT, AnswerStream, Listener
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.messages import Prompt
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.llm.written import Written


class NoModel(BaseLLM):
    """Raises where a model would answer or count."""

    def __init__(self) -> None:
        super().__init__("no model")

    def stream(
        self,
        prompt: Prompt,
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        stable: int = 0,
        think: Think | None = None,
        batch: bool = False,
        written: Written | None = None,
        listener: Listener = SILENT,
    ) -> AnswerStream:
        raise _not_open()

    def count_tokens(self, prompt: Prompt) -> int:
        raise _not_open()

    @property
    def window(self) -> int | None:
        return None

    def close(self) -> None:
        pass


def _not_open() -> EngineError:
    return EngineError("No model is open yet.", "Wait until the status bar says ready.")
