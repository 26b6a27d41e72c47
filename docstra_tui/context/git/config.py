"""A repository's `config`, as far as it says how the rest is to be read. Nothing it names is read or run."""

from __future__ import annotations

import re

_SECTION = re.compile(r"\[\s*([\w.-]+)\s*(?:\"((?:[^\"\\]|\\.)*)\")?\s*\]")
_VALUE = re.compile(r"([A-Za-z][\w-]*)\s*(?:=\s*(.*))?$")


class Config:
    """Values by `section.key`; of a section with a name in quotes only that it is there."""

    def __init__(self, text: str) -> None:
        self._values: dict[str, str] = {}
        section = ""
        for line in text.splitlines():
            line = line.strip()
            found = _SECTION.match(line)
            if found is not None:
                section = found[1].lower() + ('."' + found[2] + '"' if found[2] is not None else "")
                line = line[found.end() :].strip()
            value = _VALUE.match(line)
            if value is not None and section:
                self._values[f"{section}.{value[1].lower()}"] = _plain(value[2])

    @property
    def includes(self) -> bool:
        """True when it names other files to be read too."""
        return any(key == "include.path" or key.startswith("includeif.") for key in self._values)

    @property
    def extensions(self) -> dict[str, str]:
        """What else a reader has to know, by its name."""
        start = "extensions."
        return {key[len(start) :]: value for key, value in self._values.items() if key.startswith(start)}

    def text(self, key: str) -> str | None:
        """A value as it stands there."""
        return self._values.get(key)

    def is_on(self, key: str, otherwise: bool) -> bool:
        """A value that says yes or no."""
        value = self._values.get(key)
        return otherwise if value is None else value.lower() in ("true", "yes", "on", "1", "")


def _plain(value: str | None) -> str:
    """Without its comment and its quotes; a key by itself says yes."""
    if value is None:
        return "true"
    kept: list[str] = []
    is_quoted = False
    letters = iter(value)
    for letter in letters:
        if letter == '"':
            is_quoted = not is_quoted
        elif letter == "\\":
            kept.append({"n": "\n", "t": "\t"}.get(after := next(letters, ""), after))
        elif letter in "#;" and not is_quoted:
            break
        else:
            kept.append(letter)
    return "".join(kept).strip()
