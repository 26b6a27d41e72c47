"""What a command writes where the encoding has few characters."""

from __future__ import annotations

import io

import pytest

from docstra_tui.commands.console import Console


@pytest.mark.parametrize(
    ("is_terminal", "encoding", "written"),
    [
        (True, "ascii", "-> x...\\xe9\\U0001f600\\udcff -\n"),
        (True, "latin-1", "-> x...\xe9\\U0001f600\\udcff \xb7\n"),
        (True, "utf-8", "→ x…é😀\\udcff ·\n"),
        (False, "ascii", "\\u2192 x\\u2026\\xe9\\U0001f600\\udcff \\xb7\n"),
    ],
)
def test_a_terminal_of_few_characters_gets_signs_as_people_type_them(
    is_terminal: bool, encoding: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = io.BytesIO()
    stream = io.TextIOWrapper(held, encoding, newline="")
    monkeypatch.setattr(stream, "isatty", lambda: is_terminal)
    Console(stream, stream).line_exact("→ x…é😀\udcff ·")
    assert held.getvalue().decode(encoding) == written
