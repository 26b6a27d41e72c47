"""Settings looked at and changed while a folder is open, for both faces. What reads and writes blocks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docstra_tui import config_file, keymap, setting_words, settings, themes
from docstra_tui.errors import UsageError
from docstra_tui.key_names import shown_keys
from docstra_tui.setting_sources import SHORT, flatten, read_toml, variable_of

AT_ONCE = frozenset({"theme"})
"""What holds at once, beside the keys; anything else holds from the next start."""


@dataclass(frozen=True)
class SettingRow:
    """One setting, or the keys of one binding."""

    key: str
    value: str
    """As it is, or will be at the next start. Not yet safe to show."""
    origin: str
    """Where it is from; empty where nobody set it."""
    words: str
    choices: tuple[str, ...] = ()

    @property
    def is_of_keys(self) -> bool:
        """True for a binding's."""
        return self.key.startswith(settings.OF_KEYS)


@dataclass(frozen=True)
class Changed:
    """What a change came to."""

    key: str
    settings: settings.Settings
    """What the files and the environment say now."""
    said: str

    @property
    def is_of_keys(self) -> bool:
        """True for a binding's."""
        return self.key.startswith(settings.OF_KEYS)


class SettingChanges:
    """What `/settings` does."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def rows(self) -> list[SettingRow]:
        """Every setting, then every binding. Raises `SettingsError`."""
        found = settings.load(project=self._root)
        origins = self._origins()
        rows = []
        for key in settings.known_keys():
            value = _value(found, key)
            words, choices = setting_words.meanings()[key], setting_words.choices_of(key)
            if key == "theme":
                choices = tuple(themes.load_all()[0])
            rows.append(SettingRow(key, shown_value(value), origins.get(key, ""), words, choices))
        changed = keymap.in_force(found.keys)
        for name, row in keymap.table().items():
            key = settings.OF_KEYS + name
            keys = shown_keys(keymap.keys_of(name, changed)) or "no key"
            rows.append(SettingRow(key, keys, origins.get(key, ""), row.words))
        return rows

    def take(self, text: str) -> Changed | str:
        """`KEY` says what it is, `KEY VALUE` changes it. Raises `UsageError`, `SettingsError`."""
        key, *words = text.split()
        if words:
            return self.change(key, text.split(maxsplit=1)[1])
        row = next((row for row in self.rows() if row.key == key), None)
        if row is None:
            settings.kind_of(key)  # names the nearest
            raise UsageError(f"There is no setting {key!r}.", "/settings lists them.")
        return f"{row.key} = {row.value} ({row.origin or 'nobody set it'}). {row.words}"

    def change(self, key: str, text: str | None) -> Changed:
        """Have config.toml say this; None: no longer anything. Raises `SettingsError`."""
        if text is None:
            config_file.drop(key)
        else:
            config_file.put(key, config_file.value_of(key, _words(key, text)))
        found = settings.load(project=self._root)
        return Changed(key, found, self._said(key, found, is_set=text is not None))

    def _said(self, key: str, found: settings.Settings, *, is_set: bool) -> str:
        if key.startswith(settings.OF_KEYS):
            name = key.removeprefix(settings.OF_KEYS)
            keys = shown_keys(keymap.keys_of(name, keymap.in_force(found.keys))) or "no key"
            lost = [note for note in keymap.notes(found.keys) if f"is {name}" in note] if is_set else []
            return " ".join([f"{name}: {keys}.", *(f"{note}." for note in lost)])
        stronger = self._origins().get(key, "")
        what = f"{key} is {shown_value(_value(found, key))}"
        if stronger not in ("", settings.CONFIG_FILE):
            return f"{what}: {stronger} is stronger than {settings.CONFIG_FILE}."
        return f"{what}{'' if key in AT_ONCE else ' from the next start on'}."

    def _origins(self) -> Mapping[str, str]:
        """Where each key that somebody set is from; the strongest one."""
        origins = dict.fromkeys(flatten(read_toml(settings.config_path())), settings.CONFIG_FILE)
        own = flatten(read_toml(self._root / settings.PROJECT_FILE, follow=False))
        origins |= dict.fromkeys(own, settings.PROJECT_FILE)
        variables = {variable_of(key): key for key in settings.known_keys()} | SHORT
        origins |= {key: f"${name}" for name, key in variables.items() if name in os.environ}
        return origins


def _value(found: settings.Settings, key: str) -> Any:
    value: Any = found
    for part in key.split("."):
        value = getattr(value, part)
    return value


def shown_value(value: Any) -> str:
    """As somebody would type it."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return " ".join(value)
    return str(value)


def typed_value(row: SettingRow) -> str:
    """What stands in the field where it is changed."""
    return "" if row.value in ("not set", "no key") else row.value


def _words(key: str, text: str) -> list[str]:
    """A list is written with spaces between; anything else is one text."""
    if key.startswith(settings.OF_KEYS) or settings.kind_of(key) != tuple[str, ...]:
        return [text.strip()]
    return text.split()
