"""What waits for its turn, above the composer: the first question, how many more, and what Escape does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line

if TYPE_CHECKING:
    from docstra_tui.workspace.turns.queue import TurnQueue


class QueueLine(Static):
    """A few lines, or nothing."""

    DEFAULT_CSS = """
    QueueLine {
        height: auto;
        max-height: 3;
        padding: 0 2;
        color: $warning;
        display: none;
    }
    QueueLine.-some { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._shown = ""

    def show(self, queue: TurnQueue) -> None:
        """Say what is so now; the same again costs nothing."""
        text = _words(queue)
        self.set_class(bool(text), "-some")
        if text and text != self._shown:
            self._shown = text
            self.update(Content(text))


def _words(queue: TurnQueue) -> str:
    waiting = queue.waiting
    if not waiting:
        return f"{queue.editing.words} ({press('main.back')} leaves it)" if queue.editing is not None else ""
    more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
    until = "" if queue.ready else " until the model is ready"
    state = "is being saved" if queue.is_saving else f"waits{until}"
    typed = sum(request.typed for request in waiting)
    escape = "forgets it" if not typed else "gives it back" if len(waiting) == 1 else "gives the last back"
    back = f"{press('main.back')} {escape}"
    keys = back if len(waiting) == 1 else f"{back}, {press('main.waiting')} lists them"
    return f"{state}: {sanitize_line(waiting[0].shown)[:200]}{more} ({keys})"
