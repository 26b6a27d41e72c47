"""The line above the composer: a rule, and in it the files that are offered for what is written.

It is there whether or not there is anything to say, so that nothing moves.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widget import Widget

from docstra_tui.key_hints import press
from docstra_tui.text import shown_name
from docstra_tui.workspace.suggesting.offers import Offer

NAMED = 8
"""Files that are named, where there is room."""
RULE = "─"
BEFORE, BEHIND = 2, 1
"""Cells of the rule in front of the words, and behind them at least."""
BETWEEN = " · "
SAME_EVERYWHERE = frozenset({"__init__", "__main__", "index", "main", "mod", "README"})
"""Names that say nothing without their folder."""


class OfferLine(Widget):
    """One row."""

    DEFAULT_CSS = """
    OfferLine { height: 1; background: $background; color: $rule; }
    """

    class Opened(Message):
        """Somebody wants to see all of it."""

    def __init__(self) -> None:
        super().__init__()
        self._offer = Offer()

    @property
    def offer(self) -> Offer:
        """What is offered."""
        return self._offer

    def show(self, offer: Offer) -> None:
        """Offer this from now on; the same again is not drawn."""
        before, self._offer = self._offer, offer
        if (before.files, before.note) != (offer.files, offer.note):
            self.refresh()

    def render(self) -> Content:
        width = self.size.width
        said = compose_offer(self._offer, width - BEFORE - BEHIND - 2)
        if not said.cell_length:
            return Content(RULE * width)
        return Content.assemble(
            RULE * BEFORE, " ", said, " ", RULE * max(0, width - BEFORE - 2 - said.cell_length)
        )

    def on_click(self, event: Click) -> None:
        if self._offer.files:
            self.post_message(self.Opened())


def compose_offer(offer: Offer, width: int) -> Content:
    """The key, as many names as there is room for, how many more there are, and how much of the index is
    there; nothing where there is nothing, or no room for a name."""
    key = Content.assemble((press("main.suggest", "/suggest"), "$secondary"))
    note = Content.assemble((offer.note, "$muted")) if offer.note else Content()
    names = short_names([one.path for one in offer.files[:NAMED]])
    for count in range(len(names), 0, -1):
        more = f" +{len(names) - count}" if count < len(names) else ""
        words = Content.assemble((BETWEEN.join(names[:count]) + more, "$muted"))
        line = key + Content(" ") + words
        line = line + Content.assemble((BETWEEN, "$muted")) + note if note.cell_length else line
        if line.cell_length <= width:
            return line
    return note if note.cell_length <= width else Content()


def short_names(paths: Sequence[str]) -> list[str]:
    """What tells files apart, ready to be shown: a name, with its folder where others are called the same."""
    names = [path.rpartition("/")[2] for path in paths]

    def shown(path: str, name: str) -> str:
        folder = path[: -len(name)].rstrip("/").rpartition("/")[2]
        is_alone = names.count(name) == 1 and name.partition(".")[0] not in SAME_EVERYWHERE
        return shown_name(name if is_alone or not folder else f"{folder}/{name}")

    return [shown(path, name) for path, name in zip(paths, names, strict=True)]
