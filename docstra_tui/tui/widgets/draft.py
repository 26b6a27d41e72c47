"""Something that was written to be sent: where it is until it is on its way, so that it is never lost."""

from __future__ import annotations

from dataclasses import dataclass

from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.workspace.turns.waiting import joined


@dataclass(frozen=True)
class Draft:
    """A question, or a command with its words."""

    composer: Composer
    text: str
    """As the composer takes it: `/custom count the words`; empty where nothing was written."""
    is_in_composer: bool = True
    """False for what was written in a dialog, which is closed by now."""

    @property
    def is_changed(self) -> bool:
        """True when somebody changed what was to be sent; what is typed behind it is the next one."""
        return self.is_in_composer and not self.composer.text.lstrip("\n").startswith(self.text)

    def sent(self) -> None:
        """It is on its way: the composer is free for the next one."""
        if self.is_in_composer:
            self.composer.take(self.text)

    def keep(self) -> None:
        """It is not sent: it stays in the composer, or comes there, above what was begun."""
        if not self.is_in_composer and self.text:
            self.composer.write(joined(self.text, self.composer.kept))
