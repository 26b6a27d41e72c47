"""The user's own templates, given to a model: a saved turn may have been made from one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstra_tui import templates
from docstra_tui.errors import DocstraError

if TYPE_CHECKING:
    from docstra_tui.llm.base import BaseLLM


def give_templates(llm: BaseLLM) -> DocstraError | None:
    """All of them; why it was given none."""
    try:
        own = templates.load_all()
    except DocstraError as error:
        return error
    for name, text in own.items():
        llm.add_template(name, text)
    return None
