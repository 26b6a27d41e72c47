"""How exactly the model keeps what it reads: switched and said. For both faces, on their thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstra_tui.errors import UsageError
from docstra_tui.llm.keeping import FORMS

if TYPE_CHECKING:
    from docstra_tui.workspace.models.answering import AnsweringModel

MEANINGS = {
    "full": "as exactly as the model counts",
    "int8": "in 8 bits, about half the room, and nearly the same answers",
}


class CacheSwitch:
    """What `/cache` does. It holds for every model that answers here after it."""

    def __init__(self, model: AnsweringModel) -> None:
        self._model = model

    def take(self, words: str) -> str:
        """Keep it as somebody wrote, if anything; what to say of it. Raises `UsageError`."""
        wanted = words.strip().lower()
        if wanted:
            form = next((form for form in FORMS if form == wanted), None)
            if form is None:
                raise UsageError(
                    f"What is read is kept {' or '.join(FORMS)}, not {wanted[:40]!r}.", "Write /cache int8."
                )
            self._model.keep(form)
        return self.said

    @property
    def said(self) -> str:
        """What is in force."""
        if self._model.settings.server is not None:
            return "Another server answers, and keeps what it reads as it likes."
        form = self._model.kv_cache
        return f"What is read is kept {form}: {MEANINGS[form]}."
