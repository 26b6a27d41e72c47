"""Keys that arrive in one burst, as SSH delivers typing, all do what they say.

Textual hands a key to the widget that has the focus, but looks the key's binding up later, by the focus
of that moment: of "tick, then back to the composer" typed at once, the tick is lost.
"""

from __future__ import annotations

from textual.binding import NoBinding
from textual.events import Key
from textual.widget import Widget


class OwnKeys(Widget):
    """A widget that runs its own bindings itself, when the key comes."""

    def uses(self, event: Key) -> bool:
        """True when a key that is bound here has something to do now."""
        return True

    async def on_key(self, event: Key) -> None:
        """Run the first action bound to this key, unless it is for the screen or the app."""
        if not self.uses(event):
            return
        try:
            bindings = self._bindings.get_bindings_for_key(event.key)
        except NoBinding:
            return
        for binding in bindings:
            if await self.app.run_action(binding.action, self):
                event.prevent_default().stop()
                return
