"""Keys that arrive in one burst, as SSH delivers typing, all do what they say.

Textual hands a key to the widget that has the focus, but looks the key's binding up later, by the focus
of that moment: of "tick, then back to the composer" typed at once, the tick is lost.
"""

from __future__ import annotations

from collections.abc import Container
from typing import ClassVar

from textual.binding import Binding
from textual.events import Key
from textual.widget import Widget

from docstra_tui.key_names import character_of
from docstra_tui.tui.driver.mapped_keys import bindings_of


class OwnKeys(Widget):
    """A widget that runs its own bindings itself, when the key comes."""

    ALWAYS: ClassVar[Container[str | None]] = ()
    """Ids of what acts by a key that is written even where such keys are not taken."""

    @property
    def takes_letters(self) -> bool:
        """True while keys that are written have something to do here."""
        return True

    def uses(self, binding: Binding) -> bool:
        """True while the key of a binding has something to do."""
        return self.takes_letters or not character_of(binding.key) or binding.id in self.ALWAYS

    def says(self, binding: Binding) -> bool:
        """True while the line of keys has it: where it would do nothing, it is no help."""
        return True

    async def on_key(self, event: Key) -> None:
        """Run the first action bound to this key, unless it is for the screen or the app."""
        bound = bindings_of(self).key_to_bindings.get(event.key, ())
        for binding in filter(self.uses, bound):
            if await self.app.run_action(binding.action, self):
                event.prevent_default().stop()
                self.refresh_bindings()  # what is marked now has other keys
                return
