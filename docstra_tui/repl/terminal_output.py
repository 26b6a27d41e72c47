"""What is drawn, to a terminal that has few characters: each of the others as one that takes its cells."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from prompt_toolkit.application import create_app_session, get_app_session
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.utils import get_cwidth

from docstra_tui.charset import IN_A_CELL, is_wide


class NarrowOutput(Vt100_Output):
    """prompt_toolkit's writes `?` for all of them, and one for what is two cells wide."""

    def write(self, data: str) -> None:
        """Written as drawn: the renderer counts cells."""
        super().write(data if data.isascii() else "".join(map(self._drawn, data)))

    def _drawn(self, character: str) -> str:
        try:
            character.encode(self.encoding())
        except UnicodeEncodeError:
            return IN_A_CELL.get(character) or "?" * get_cwidth(character)
        return character


@contextlib.contextmanager
def own_output() -> Iterator[None]:
    """Prompts are drawn with what the terminal has; where it has everything nothing is changed."""
    found = get_app_session().output
    if type(found) is not Vt100_Output or is_wide(found.encoding()):
        yield
        return
    output = NarrowOutput(
        found.stdout,
        found.get_size,
        found.term,
        found.default_color_depth,
        found.enable_bell,
        found.enable_cpr,
    )
    with create_app_session(output=output):
        yield
