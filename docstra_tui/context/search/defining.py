"""What a text defines: by a parser, by its lines, or not at all, as its language has it.

May parse, so it belongs into a process that may be killed.
"""

from __future__ import annotations

from collections.abc import Sequence

from docstra_tui.context.outline.grammars import GRAMMARS
from docstra_tui.context.outline.python_lines import python_tags
from docstra_tui.context.outline.tag import Tag
from docstra_tui.context.outline.tags import tags

PARSED = 1_000_000
"""Characters up to which a program is parsed; more of it is looked through line by line."""
DEFINITIONS = 4_000
"""That are kept of one file."""


def found(content: str, language: str, apart: Sequence[str], *, parse: bool = True) -> list[Tag]:
    """All that is defined; `apart` is the text in its pieces. Without `parse` no parser of C meets it."""
    if language == "python":
        return python_tags(content, apart)
    if parse and language in GRAMMARS and len(content) <= PARSED:
        known = tags(content, language)
        if known is not None:
            return known
    from docstra_tui.context.outline.definers import defined  # whoever waits has its parser sooner

    return defined(content, language)


def kept(tags: Sequence[Tag]) -> list[Tag]:
    """Those of them that are remembered of a file."""
    return [tag for tag in tags if tag.name][:DEFINITIONS]  # a heading may say nothing
