"""Notices above the composer: what is wrong and which key mends it, for as long as it is so."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Notices(Static):
    """One line or a few, each under its own key; hidden while there is none."""

    DEFAULT_CSS = """
    Notices {
        height: auto;
        max-height: 6;
        padding: 0 2;
        display: none;
        background: $panel;
    }
    Notices.-some { display: block; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._lines: dict[str, Content] = {}

    def put(self, key: str, text: str, detail: str = "", *, colour: str = "$error") -> None:
        """Show `text` until `clear(key)`; both texts are already safe to show."""
        line = Content.assemble(
            (f"▌ {text}", f"bold {colour}"), (f"  {detail}" if detail else "", "$foreground")
        )
        if self._lines.get(key) != line:
            self._lines[key] = line
            self._redraw()

    def clear(self, key: str) -> None:
        """Take the notice away."""
        if self._lines.pop(key, None) is not None:
            self._redraw()

    def has(self, key: str) -> bool:
        """True while the notice `key` is shown."""
        return key in self._lines

    def _redraw(self) -> None:
        self.set_class(bool(self._lines), "-some")
        self.update(Content("\n").join(list(self._lines.values())))
