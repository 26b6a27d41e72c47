"""What a model is told before all else."""

from __future__ import annotations

from docstra_tui.llm.files.sources import STARTER
from docstra_tui.llm.prompt import CITING, SYSTEM
from docstra_tui.settings import Settings

STARTERS = ("", STARTER)
"""Names of the starter model. Asked for places and quotes it gave no more of them than unasked."""


def system_text(settings: Settings) -> str:
    """The system text that these settings ask for."""
    wanted = settings.answer.citations
    is_starter = settings.server is None and settings.model.name in STARTERS
    return CITING if wanted == "on" or (wanted == "auto" and not is_starter) else SYSTEM
