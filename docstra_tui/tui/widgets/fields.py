"""Fields for text whose keys have ids, so that they can be others."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Input, TextArea

from docstra_tui.tui.driver.mapped_keys import bindings_of, named_bindings


class LineField(Input):
    """Of one line; its cursor does not blink."""

    BINDINGS: ClassVar[list[BindingType]] = named_bindings(Input.BINDINGS, "line")

    def __init__(self, value: str = "", *, placeholder: str = "", select_on_focus: bool = True) -> None:
        super().__init__(value=value, placeholder=placeholder, select_on_focus=select_on_focus, compact=True)
        self.cursor_blink = False


class TextField(TextArea):
    """Of many lines."""

    BINDINGS: ClassVar[list[BindingType]] = named_bindings(
        TextArea.BINDINGS,
        "edit",
        but=("undo", "select_line", "select_all"),  # the composer has its own; F6 and F7 go elsewhere
    )

    def does(self, key: str, action: str) -> bool:
        """True where this key is bound here to an action, for whoever hears of keys before Textual looks."""
        return any(binding.action == action for binding in bindings_of(self).key_to_bindings.get(key, ()))
