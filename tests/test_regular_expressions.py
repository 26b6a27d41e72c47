"""Regular expressions mean the same on every Python that is supported."""

from __future__ import annotations

import re
from pathlib import Path

import docstra_tui
from docstra_tui.context.files import dialects
from docstra_tui.context.outline.headings import sections

TAKEN_WHOLE = re.compile(r"\)(?:[*+?]|\{{1,2}\d*,?\d*\}{1,2})\+")


def test_no_group_is_repeated_possessively() -> None:
    """Before Python 3.11.5 `(?:…)*+` may miss what it ought to match where the group looks ahead or goes back
    (CPython's issue 106052), and Debian 12 has 3.11.2; `(?>(?:…)*)` says the same, and always worked."""
    package = Path(docstra_tui.__file__).parent
    found = [
        f"{file.relative_to(package)}:{number}"
        for file in sorted(package.rglob("*.py"))
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if TAKEN_WHOLE.search(line)
    ]
    assert found == []


def test_strings_without_an_end_are_read_once() -> None:
    """Each mark that is escaped would begin another one, as long as all that is left: an hour for this."""
    marks = 200_000
    for language, rest in (("json", '{"b": 1}'), ("toml", "b = 1")):
        found = sections('"' + '\\"' * marks + f"\n{rest}\n", language) or []
        assert [title.strip('"') for title, *_ in found] == ["b"]
    for mark in "'\"":
        head = mark + f"\\{mark}" * (dialects.LOOKED_AT // 3)
        assert dialects.by_ending(".h", f"{head}\nnamespace a {{}}\n") == "cpp"
