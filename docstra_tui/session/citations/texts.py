"""The texts of items, each taken apart once, for all the answers that are about them."""

from __future__ import annotations

from collections import OrderedDict

from docstra_tui.llm.items import OUTLINE, ContextItem
from docstra_tui.session.citations.passages import Text

KEPT = 4_000_000
"""Characters of them. What is known of a text takes about ten times as much."""


class Texts:
    """Those that were looked through last. For one thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, int, bool], Text] = OrderedDict()
        self._size = 0

    def of(self, item: ContextItem) -> Text:
        """That of an item; the same for any other with this content and these lines."""
        first, is_outline = item.start_line or 1, item.detail == OUTLINE
        key = item.sha256, first, is_outline
        text = self._known.get(key)
        if text is None:
            text = self._known[key] = Text(item.content, first, is_outline=is_outline)
            self._size += text.size
        self._known.move_to_end(key)
        while self._size > KEPT and len(self._known) > 1:
            _, old = self._known.popitem(last=False)
            self._size -= old.size
        return text
