"""Markdown for answers: nothing the model said is invisible, and nothing it said is a command.

HTML is shown as it is written, `__init__` and `2*3*4` keep their signs, links open nothing. Imported
with the first answer: the parser is not part of the first frame.
"""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, emphasis
from textual.content import Content
from textual.highlight import highlight
from textual.widgets import Markdown
from textual.widgets.markdown import MarkdownFence

from docstra_tui.text import sanitize_line
from docstra_tui.tui.code_theme import CodeTheme


def _literal_signs(state: StateInline, silent: bool) -> bool:
    """Emphasis, except `_` (names of code) and a `*` between two letters or digits (products)."""
    if state.src[state.pos] == "_":
        return False
    before = state.src[state.pos - 1] if state.pos else " "
    after = state.src[state.pos + 1] if state.pos + 1 < state.posMax else " "
    if before.isalnum() and after.isalnum():
        return False
    return emphasis.tokenize(state, silent)


def make_parser() -> MarkdownIt:
    """A parser that hides no text."""
    # Without linkify: it takes `app.py` for a host in Paraguay.
    parser = MarkdownIt("gfm-like", {"html": False, "linkify": False})
    parser.inline.ruler.at("emphasis", _literal_signs)
    return parser


class CodeFence(MarkdownFence):
    """A fence in the theme's own colours."""

    @classmethod
    def highlight(cls, code: str, language: str, ansi: bool = False, dark: bool = False) -> Content:
        return highlight(code, language=language or "text", theme=CodeTheme)


class AnswerMarkdown(Markdown):
    """One answer."""

    DEFAULT_CSS = """
    AnswerMarkdown {
        height: auto;
        padding: 0;
        margin: 0;
        background: $background;
        color: $foreground;
        & MarkdownFence {
            color: $foreground;
            background: $surface;
            margin: 0 0 1 0;
            overflow: hidden hidden;
        }
        & MarkdownFence > Label { padding: 0 2; width: 1fr; text-wrap: wrap; }
        & MarkdownHeader { margin: 0 0 1 0; width: 1fr; content-align: left middle; }
        & MarkdownH1 { content-align: left middle; }
        & MarkdownBlockQuote {
            background: $surface;
            border-left: outer $muted;
            margin: 0 0 1 0;
        }
        & MarkdownTable { background: $background; }
        & MarkdownTableContent { keyline: thin $selection; }
        & MarkdownTableContent > .header { color: $foreground; }
        & MarkdownHorizontalRule { border-bottom: solid $selection; }
        & MarkdownBullet { color: $muted; }
        MarkdownBlock {
            &:dark > .code_inline { background: $surface; color: $secondary; }
            &:light > .code_inline { background: $surface; color: $secondary; }
        }
    }
    """

    BLOCKS = {  # noqa: RUF012 -- as Textual declares it
        **Markdown.BLOCKS,
        "fence": CodeFence,
        "code_block": CodeFence,
    }

    def __init__(self, text: str = "") -> None:
        super().__init__(text or None, parser_factory=make_parser, open_links=False)

    def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        """Show where a link leads; nothing is opened from here."""
        event.stop()
        self.app.notify(sanitize_line(event.href)[:500], title="Link", timeout=15)
