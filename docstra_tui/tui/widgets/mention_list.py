"""What an `@` in the composer may mean: a short list above it. The composer keeps the focus."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from docstra_tui.text import shown_name
from docstra_tui.tui.widgets.list_pages import move

SHOWN = 50


class MentionList(OptionList, can_focus=False):
    """Paths to choose from; hidden while there is nothing to choose."""

    DEFAULT_CSS = """
    MentionList {
        display: none;
        height: auto;
        max-height: 34vh;
        margin: 0 2;
        background: $panel;
        scrollbar-size-vertical: 1;
        & > .option-list--option-highlighted { background: $selection; color: $foreground; }
        &:focus > .option-list--option-highlighted { background: $selection; color: $foreground; }
    }
    MentionList.-open { display: block; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False, compact=True)
        self._paths: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """True while it can be chosen from."""
        return bool(self._paths)

    @property
    def chosen(self) -> str | None:
        """The path under the cursor."""
        at = self.highlighted
        return self._paths[at] if at is not None and at < len(self._paths) else None

    def value_at(self, index: int) -> str:
        """What a row stands for."""
        return self._paths[index]

    def has(self, path: str) -> bool:
        """True while this is one of them."""
        return path in self._paths

    def offer(self, paths: Sequence[str]) -> None:
        """Offer these, the likeliest first; none closes the list."""
        shown = tuple(paths[:SHOWN])
        if shown != self._paths:
            self._paths = shown
            self.clear_options()
            self.add_options(Option(self._label(path)) for path in shown)
            self.highlighted = 0 if shown else None
        self.set_class(self.is_open, "-open")

    def _label(self, value: str) -> Content:
        """One of them as it is shown."""
        return Content(shown_name(value))

    def step(self, step: int) -> None:
        """Move the cursor."""
        move(self, step)
