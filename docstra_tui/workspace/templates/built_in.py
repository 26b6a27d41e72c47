"""The templates that come along, as the files that one may copy and change."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from docstra_tui import templates
from docstra_tui.llm.prompt import BUILT_IN
from docstra_tui.templates import FENCE, Template

WHERE = "built in"

HEADS: Mapping[str, str] = MappingProxyType(
    {
        "answer_question": (
            'title = "Answer a question"\n'
            'description = "What every question is sent as, and /ask: the files, then its words."\n\n'
            '[fields.question]\nasks = "The question"\n'
        ),
        "document_code": (
            'title = "Document"\n'
            'description = "What /document asks of each file: documentation in the style of its language."\n'
        ),
        "explain_code": (
            'title = "Explain"\n'
            'description = "What /explain asks of each file: what it is for and how it works."\n'
        ),
        "generate_examples": (
            'title = "Examples"\n'
            'description = "What /examples asks: short, complete examples of code."\n\n'
            '[fields.request]\nasks = "Examples of what"\n'
        ),
    }
)
"""What is said of each of them."""


def built_in() -> dict[str, Template]:
    """All of them by name."""
    sources = {name: f"{FENCE}\n{head}{FENCE}\n{BUILT_IN[name]}\n" for name, head in HEADS.items()}
    return {name: templates.parse(name, source, WHERE) for name, source in sources.items()}
