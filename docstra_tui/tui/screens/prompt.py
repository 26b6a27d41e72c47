"""The prompt view: what the model reads with the next question, to the letter, and what of it is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.errors import DocstraError
from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line, sanitize_text
from docstra_tui.tui.widgets.prompt_text import Cite, Kind, PromptText
from docstra_tui.workspace.jobs import JobQueue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docstra_tui.llm.items import ContextItem
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.citations.citation import Citation
    from docstra_tui.session.citations.standing import Standing
    from docstra_tui.session.prompt_shown import PromptShown


class PromptScreen(ModalScreen[None]):
    """Shows the next prompt."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,f8", "leave", "Back", tooltip="Close the prompt", id="prompt.back"),
    ]

    def __init__(
        self,
        session: ChatSession,
        question: str,
        citations: Sequence[Citation] = (),
        items: Sequence[ContextItem] = (),
        marked: int = -1,
    ) -> None:
        """`citations` of an answer are marked where they stand in `items`; the text begins at the one that is
        `marked`."""
        super().__init__()
        self._citations = tuple(citations)
        self._items = tuple(items)
        self._marked = marked
        self._session = session
        self._question = question
        # Held, not looked for: what comes while the screen closes finds no widget in it any more.
        self._heading = Static(Content("The next prompt"), classes="box-title", markup=False)
        self._text = PromptText()
        self._hint = Static(Content(_hint()), classes="box-hint", markup=False)

    def compose(self) -> ComposeResult:
        with Vertical(classes="wide-box"):
            yield self._heading
            yield self._text
            yield self._hint

    def on_mount(self) -> None:
        self._jobs = JobQueue("prompt", self.call_later)
        self._text.focus()
        session, question = self._session, self._question

        def work() -> tuple[PromptShown, list[Standing]]:
            from docstra_tui.session.citations.standing import standing

            prompt = session.show_prompt(question)
            places = standing(prompt.cached_text, prompt.new_text, self._items, self._citations)
            return prompt, places

        self._jobs.do(work, lambda found: self._show(*found), self._fail)

    def on_unmount(self) -> None:
        self._jobs.close()

    def action_leave(self) -> None:
        self.dismiss()

    def _show(self, prompt: PromptShown, places: Sequence[Standing]) -> None:
        if self.is_mounted:
            title = f"The next prompt: {title_of(prompt)}"
            self._heading.update(Content(title))
            reused, new = sanitize_text(prompt.cached_text), sanitize_text(prompt.new_text)
            self._text.cite([self._place(place) for place in places], self._marked)
            self._text.show(reused, border_of(prompt), new)
            if self._citations:
                how = f"{press('prompt.citation-next')} references" if places else "no reference stands here"
                self._hint.update(Content(f"{_hint()} · {how}"))

    def _place(self, place: Standing) -> Cite:
        from docstra_tui.session.citations.report import MARKS

        kind: Kind = "new" if place.is_new else "reused"
        return Cite(kind, place.line, place.number, MARKS[self._citations[place.number].status])

    def _fail(self, error: Exception) -> None:
        if self.is_mounted:
            message = error.message if isinstance(error, DocstraError) else str(error)
            self._text.show("", sanitize_line(message)[:300], "")


def _hint() -> str:
    return (
        f"= reused · + new · {press('prompt.border')} where it breaks · "
        f"{press('prompt.up')}{press('prompt.down')} PgUp PgDn · {press('prompt.back')} back"
    )


def title_of(prompt: PromptShown) -> str:
    """`12,400 tokens, 12,100 reused, 300 new`."""
    sign = "" if prompt.budget.exact else "≈"
    total = f"{sign}{prompt.budget.used:,} tokens"
    cached = prompt.budget.cached
    if cached is None:
        return f"{total}; how many of them are read is not known"
    return f"{total}, {cached:,} reused, {prompt.budget.used - cached:,} new"


def border_of(prompt: PromptShown) -> str:
    """What stands between the two parts."""
    cached = prompt.budget.cached
    why = f"\nwhy: {sanitize_line(prompt.why)}" if prompt.why else ""
    if cached is None:
        return sanitize_line(prompt.why)
    return f"{cached:,} tokens are reused up to here, {prompt.budget.used - cached:,} are new{why}"
