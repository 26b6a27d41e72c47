"""One turn on the screen: the question, the answer as it grows, and the figures under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import MountError
from textual.widgets import Static

from docstra_tui.text import sanitize_line, sanitize_text, shown_name
from docstra_tui.tui import figures

if TYPE_CHECKING:
    from docstra_tui.tui.widgets.answer_markdown import AnswerMarkdown

FILES_SHOWN = 3


@dataclass(frozen=True)
class TurnEnding:
    """How an answer ended, and its figures; None where unknown."""

    status: str = "done"
    """`done`, `cancelled`, `interrupted` or `failed`."""
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    ttft_s: float | None = None
    tokens_per_s: float | None = None
    error: str = ""
    """What went wrong, one sentence."""
    hint: str = ""
    """What to do next."""
    notes: tuple[str, ...] = ()
    """What became of ticked files since the last look: read again, or not sent."""


class TurnView(Vertical):
    """A question and its answer."""

    DEFAULT_CSS = """
    TurnView {
        height: auto;
        padding: 1 2 0 2;
        & > .question {
            height: auto;
            color: $foreground;
            text-style: bold;
            border-left: outer $secondary;
            padding: 0 1;
            margin: 0 0 1 0;
        }
        & > .footer { height: auto; color: $muted; }
        & > .footer.-failed {
            border-left: outer $error;
            padding: 0 1;
            color: $foreground;
        }
    }
    """

    def __init__(self, question: str, files: Sequence[str], answer: str = "") -> None:
        super().__init__()
        self._question = Static(Content(sanitize_text(question)), classes="question", markup=False)
        self._footer = Static("", classes="footer", markup=False)
        self._files = tuple(files)
        self._answer = sanitize_text(answer)
        self._buffer: list[str] = []
        self._markdown: AnswerMarkdown | None = None
        self._drains = False

    def compose(self) -> ComposeResult:
        yield self._question
        yield self._footer

    async def on_mount(self) -> None:
        if self._answer:
            await self._make_markdown(self._answer)
        await self._drain()

    @property
    def text(self) -> str:
        """The answer as it is shown, Markdown signs included."""
        return self._answer

    def append(self, piece: str) -> None:
        """Show more of the answer."""
        safe = sanitize_text(piece)
        if not self._answer:
            self.wait("")
        self._answer += safe
        self._buffer.append(safe)
        if self.is_mounted and not self._drains:
            self._drains = True
            self.call_later(self._drain)

    def wait(self, text: str) -> None:
        """Say what is being waited for."""
        self._footer.update(Content(text))

    def end(self, ending: TurnEnding) -> None:
        """Show how the answer ended."""
        self._footer.set_class(ending.status == "failed", "-failed")
        self._footer.update(compose_footer(self._files, ending))

    async def _make_markdown(self, text: str = "") -> AnswerMarkdown:
        from docstra_tui.tui.widgets.answer_markdown import AnswerMarkdown

        self._markdown = AnswerMarkdown(text)
        await self.mount(self._markdown, after=self._question)
        return self._markdown

    async def _drain(self) -> None:
        """Hand over what has come, as often as more came meanwhile."""
        self._drains = True
        try:
            while self._buffer and self.is_attached:
                text = "".join(self._buffer)
                self._buffer.clear()
                markdown = self._markdown or await self._make_markdown()
                await markdown.append(text)
        except MountError:
            if self.is_attached and not self.app._exit:
                raise  # only on the way out there is no place left for an answer
        finally:
            self._drains = False


def compose_footer(files: Sequence[str], ending: TurnEnding) -> Content:
    """What was sent, how long it took, and how it ended."""
    if ending.status == "failed":
        lines = [Content.assemble((sanitize_line(ending.error or "The answer failed."), "bold $error"))]
        if ending.hint:
            lines.append(Content.assemble((sanitize_line(ending.hint), "$foreground")))
        return Content("\n").join(lines)
    parts = [_files_line(files)] if files else []
    if ending.prompt_tokens is not None and ending.completion_tokens is not None:
        parts.append(f"{ending.prompt_tokens:,} + {ending.completion_tokens:,} tokens")
    if ending.ttft_s is not None:
        parts.append(f"first token {figures.seconds(ending.ttft_s)}")
    if ending.tokens_per_s is not None:
        parts.append(figures.speed(ending.tokens_per_s))
    parts += [sanitize_line(note) for note in ending.notes]
    line = Content.assemble((" · ".join(parts), "$muted"))
    word = _ending_word(ending)
    if word:
        line = Content.assemble((word, "$warning"), (" · " if parts else "", "$muted")) + line
    return line


def _ending_word(ending: TurnEnding) -> str:
    if ending.status == "cancelled":
        return "stopped"
    if ending.status == "interrupted":
        return "cut off"
    if ending.finish_reason == "length":
        count = f" of {ending.completion_tokens:,} tokens" if ending.completion_tokens else ""
        return f"reached the limit{count}"
    return ""


def _files_line(files: Sequence[str]) -> str:
    shown = ", ".join(shown_name(path.rpartition("/")[2]) for path in files[:FILES_SHOWN])
    more = len(files) - FILES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
