"""The user's own templates, given to a model: a saved turn may have been made from one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstra_tui import templates
from docstra_tui.llm.prompt import BUILT_IN

if TYPE_CHECKING:
    from docstra_tui.errors import TemplateError
    from docstra_tui.llm.base import BaseLLM


def give_templates(llm: BaseLLM) -> dict[str, TemplateError]:
    """All of them as they are now, and ours where they stood in the place of one; by name, what is wrong with
    those that cannot be used."""
    wrong: dict[str, TemplateError] = {}
    own = templates.load_all(wrong)
    for name, text in BUILT_IN.items():
        if name not in own:
            llm.add_template(name, text)
    for name, template in own.items():
        llm.add_template(name, template)
    return wrong
