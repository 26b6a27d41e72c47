"""Words of a question that look like files and are none."""

from __future__ import annotations

from collections.abc import Sequence

from docstra_tui.key_hints import press


def once_more() -> str:
    """What to say beside a word that names no file and may be only a word."""
    return f"{press('composer.send')} again sends it as it is."


class UnknownNames:
    """Sent once more, a word that names no file is only a word."""

    def __init__(self) -> None:
        self._text = ""

    def forget(self) -> None:
        """Something that names nothing was sent."""
        self._text = ""

    def hold_back(self, text: str, problems: Sequence[str], *, must_exist: bool = False) -> bool:
        """True where what a text names is not all there, and that was not said of this text just before."""
        is_held_back = bool(problems) and (must_exist or text != self._text)
        self._text = text if is_held_back else ""
        return is_held_back
