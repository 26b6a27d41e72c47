"""The line above the status: what the keys do in the pane that has the cursor, then everywhere."""

from __future__ import annotations

from collections.abc import Iterator

from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from docstra_tui.key_names import shown_key
from docstra_tui.keymap import OFF
from docstra_tui.tui.driver.mapped_keys import bindings_of
from docstra_tui.tui.widgets.own_keys import OwnKeys

GAP = "  "


class KeyLine(Widget):
    """As many keys as there is room for."""

    DEFAULT_CSS = """
    KeyLine {
        height: 1;
        background: $background;
        color: $muted;
        padding: 0 1;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[tuple[str, str]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._look)

    def _look(self, screen: Screen[object]) -> None:
        shown = list(keys_at(screen.focused or screen))
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def render(self) -> Content:
        return compose_keys(self._shown, self.size.width)


def keys_at(node: Widget) -> Iterator[tuple[str, str]]:
    """Each key with a word for what it does there, the nearest first."""
    maps = [(owner, bindings_of(owner)) for owner in node.ancestors_with_self]
    first = {key for _, bindings in maps for key, binding in bindings if binding.priority}
    keys: set[str] = {OFF}
    said: set[str] = set()
    for owner, bindings in maps:
        places = {binding.id: place for place, (_, binding) in reversed([*enumerate(owner._bindings)])}
        for key, binding in sorted(bindings, key=lambda found: places.get(found[1].id, 0)):
            if key in keys or (key in first and not binding.priority) or not _acts(owner, binding):
                continue
            keys.add(key)
            if binding.show and binding.description and binding.id not in said:
                said.add(binding.id or "")
                yield shown_key(key), binding.description.lower()


def _acts(owner: object, binding: Binding) -> bool:
    """False for what would do nothing now."""
    if isinstance(owner, OwnKeys) and not (owner.uses(binding) and owner.says(binding)):
        return False
    name, _, given = binding.action.partition("(")
    if not isinstance(owner, Widget) or "." in name:
        return True
    return owner.check_action(name, (given.rstrip(")"),)) is not False


def compose_keys(keys: list[tuple[str, str]], width: int) -> Content:
    """Those that fit; none is cut."""
    line = Content("")
    for key, words in keys:
        gap = GAP if line.cell_length else ""
        longer = line + Content.assemble(gap, (key, "$secondary"), f" {words}")
        if longer.cell_length > width:
            break
        line = longer
    return line
