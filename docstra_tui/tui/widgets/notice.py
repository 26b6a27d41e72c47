"""Notices above the composer: what is wrong and which key mends it, for as long as it is so."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.events import Resize
from textual.widget import Widget
from textual.widgets import Static

PRESSING = ("$error", "$warning", "$primary")
"""Their colours, what matters most first."""
SHARE = 3
"""One in so many rows of the screen may be taken; the composer and the conversation need the others."""


class Notices(Static):
    """Each under its own key, whole, the most pressing first; hidden while there is none. Where not all
    have room, the last line says how many more there are."""

    DEFAULT_CSS = """
    Notices {
        height: auto;
        padding: 0 2;
        display: none;
        background: $panel;
    }
    Notices.-some { display: block; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._lines: dict[str, Content] = {}
        self._rank: dict[str, int] = {}

    def put(self, key: str, text: str, detail: str = "", *, colour: str = "$error") -> None:
        """Show `text` until `clear(key)`; both texts are already safe to show."""
        line = Content.assemble(
            (f"▌ {text}", f"bold {colour}"), (f"  {detail}" if detail else "", "$foreground")
        )
        if self._lines.get(key) != line:
            self._lines[key] = line
            self._rank[key] = PRESSING.index(colour) if colour in PRESSING else len(PRESSING)
            self._redraw()

    def clear(self, key: str) -> None:
        """Take the notice away."""
        if self._lines.pop(key, None) is not None:
            self._redraw()

    def has(self, key: str) -> bool:
        """True while the notice `key` is shown."""
        return key in self._lines

    def on_resize(self, event: Resize) -> None:
        self._redraw()

    def _redraw(self) -> None:
        self.set_class(bool(self._lines), "-some")
        ordered = [self._lines[key] for key in sorted(self._lines, key=self._rank.__getitem__)]
        shown = Content("\n").join(fit_notices(ordered, self._width, max(2, self.app.size.height // SHARE)))
        if shown != self.content:
            self.update(shown)

    @property
    def _width(self) -> int:
        """Cells of a line; before the first was shown, those it will have."""
        parent = self.parent
        around = parent.size.width if isinstance(parent, Widget) else self.app.size.width
        return max(1, self.content_size.width or around - self.gutter.width)


def fit_notices(notices: Sequence[Content], width: int, rows: int) -> list[Content]:
    """The lines of as many of `notices` as have room, `width` cells wide."""
    lines: list[Content] = []
    for index, notice in enumerate(notices):
        wrapped = notice.wrap(width)
        is_last = index == len(notices) - 1
        if len(lines) + len(wrapped) + (not is_last) <= rows:
            lines += wrapped
            continue
        if not lines:  # better a part of what matters most than nothing
            room = rows - (not is_last)
            cut = wrapped[:room]
            if len(wrapped) > room:
                cut[-1] = (cut[-1].rstrip() + Content(" …")).truncate(width, ellipsis=True)
            lines, index = cut, index + 1
        if index < len(notices):
            more = f"▌ {len(notices) - index} more; a higher window shows them"
            lines.append(Content.assemble((more, "$muted")).truncate(width, ellipsis=True))
        break
    return lines
