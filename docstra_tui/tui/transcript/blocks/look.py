"""What a bit of text is for, as one number, and what that looks like in the theme.

Lines carry looks, not colours, so that another theme costs no layout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style

from docstra_tui.tui.theming.code_theme import STYLES
from docstra_tui.workspace.colouring.code_kinds import KINDS

if TYPE_CHECKING:
    from textual.widget import Widget

PLAIN = 0
STRONG = 1 << 0
EMPHASIS = 1 << 1
STRUCK = 1 << 2
CODE = 1 << 3
LINK = 1 << 4
MUTED = 1 << 5
HEADING = 1 << 6
SUBHEADING = 1 << 7
FENCE = 1 << 8
"""On the ground of a code block."""
BAR = 1 << 9
"""The mark beside a question."""
FAILED = 1 << 10
WARNING = 1 << 11
RULE = 1 << 12
QUOTE = 1 << 13
LISTMARK = 1 << 14
QUESTION = 1 << 15
TOKEN = 20
"""From this bit up a look is the kind of a word of source code (`code_kinds`)."""

CLASSES = {
    STRONG: "transcript--strong",
    EMPHASIS: "transcript--emphasis",
    STRUCK: "transcript--struck",
    CODE: "transcript--code",
    LINK: "transcript--link",
    MUTED: "transcript--muted",
    HEADING: "transcript--heading",
    SUBHEADING: "transcript--subheading",
    FENCE: "transcript--fence",
    BAR: "transcript--bar",
    FAILED: "transcript--failed",
    WARNING: "transcript--warning",
    RULE: "transcript--rule",
    QUOTE: "transcript--quote",
    LISTMARK: "transcript--listmark",
    QUESTION: "transcript--question",
}
"""The component class of each look, in the order in which they are laid over each other."""

CITED = ("transcript--found", "transcript--moved", "transcript--missing", "transcript--unchecked")
"""What was looked up, by what became of it."""
OVERLAYS = (
    *CITED,
    "transcript--selection",
    "transcript--match",
    "transcript--match-current",
    "transcript--cursor",
)
"""What is laid over drawn text."""
MARK = "transcript--mark"
"""The mark beside the block that keys act on."""


def look_of_kind(kind: int) -> int:
    """The look of a kind of word; plain for a kind that is not known."""
    return kind << TOKEN if kind <= len(KINDS) else PLAIN


class Palette:
    """Looks as Rich styles in the theme that is on."""

    def __init__(self, widget: Widget) -> None:
        self._component = {name: widget.get_component_rich_style(name, partial=True) for name in _names()}
        self.ground: Style = widget.rich_style
        self._styles: dict[int, Style] = {PLAIN: self.ground}

    def style(self, look: int) -> Style:
        """The style of a look."""
        style = self._styles.get(look)
        if style is None:
            style = self._styles[look] = self._compose(look)
        return style

    def component(self, name: str) -> Style:
        """The style of a component class, to lay over others."""
        return self._component[name]

    def _compose(self, look: int) -> Style:
        style = self.ground
        for bit, name in CLASSES.items():
            if look & bit:
                style += self._component[name]
        number = look >> TOKEN
        if number:
            style += self._token(STYLES[KINDS[number - 1]])
        return style

    def _token(self, description: str) -> Style:
        from textual.style import Style as TextualStyle

        return TextualStyle.parse(description).rich_style


def _names() -> tuple[str, ...]:
    return (*CLASSES.values(), *OVERLAYS, MARK)
