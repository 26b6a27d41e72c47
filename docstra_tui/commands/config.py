"""The settings in force, where they are kept, and how they are changed."""

from __future__ import annotations

import json
import os
from typing import Any

import msgspec

from docstra_tui import config_file, paths, setting_words, settings
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.errors import UsageError
from docstra_tui.remotes import OF_REMOTES, Remote
from docstra_tui.setting_sources import SHORT, variable_of


def run(invocation: Invocation) -> int:
    """Do what the action says."""
    console = Console()
    words = list(invocation.words)
    match invocation.action:
        case "set":
            if len(words) < 2:
                raise UsageError("set takes a key and its value.", f"As: {PROGRAM} config set theme paper")
            return _set(console, words[0], words[1:], as_json=invocation.options["json"])
        case "unset":
            if len(words) != 1:
                raise UsageError("unset takes one key.", f"As: {PROGRAM} config unset theme")
            return _unset(console, words[0], as_json=invocation.options["json"])
    if words:
        raise UsageError(f"{words[0]!r} is one word too many.", f"See {PROGRAM} config --help.")
    match invocation.action:
        case "edit":
            from docstra_tui.commands.config_editing import edit

            return edit(console)
        case "schema":
            console.json(setting_words.schema())
        case "path":
            _paths(console, as_json=invocation.options["json"])
        case _:
            _show(console, settings.load(invocation.flags), as_json=invocation.options["json"])
    return 0


def _paths(console: Console, *, as_json: bool) -> None:
    places = {
        "config": str(settings.config_path()),
        "state": str(paths.state_dir()),
        "cache": str(paths.cache_dir()),
        "runtime": str(paths.runtime_dir()),
    }
    if as_json:
        console.json(places)
    else:
        console.line(places["config"])


def _show(console: Console, found: settings.Settings, *, as_json: bool) -> None:
    values = in_force(found)
    if as_json:
        console.json(values)
        return
    for key, value in values.items():
        if value is None:  # left to the program; TOML has no word for it
            console.line(f"# {key} is not set")
            continue
        console.line(f"{key} = {json.dumps(value, ensure_ascii=False)}")


def in_force(found: settings.Settings) -> dict[str, Any]:
    """Every setting by its dotted key; a line `key = value` of it is valid in `config.toml`."""
    values: dict[str, Any] = {}
    for key, value in msgspec.to_builtins(found).items():
        if key == "remotes":
            values |= {
                f"{OF_REMOTES}{name}.{field}": inner
                for name, remote in value.items()
                for field, inner in remote.items()
                if inner != getattr(Remote(), field)
            }
        elif isinstance(value, dict):
            values |= {f"{key}.{inner}": inner_value for inner, inner_value in value.items()}
        else:
            values[key] = value
    return values


def _set(console: Console, key: str, words: list[str], *, as_json: bool) -> int:
    value = config_file.value_of(key, words)
    config_file.put(key, value)
    if as_json:
        console.json({"key": key, "value": value, "config": str(settings.config_path())})
        return 0
    console.line(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    _say_what_else(console, key)
    return 0


def _unset(console: Console, key: str, *, as_json: bool) -> int:
    if not key.startswith(settings.OF_KEYS):
        settings.kind_of(key)
    was_set = config_file.drop(key)
    if as_json:
        console.json({"key": key, "was_set": was_set, "config": str(settings.config_path())})
    elif was_set:
        console.note(f"{key} has its default again.")
        _say_what_else(console, key)
    else:
        console.note(f"{settings.config_path()} does not set {key}.")
    return 0


def _say_what_else(console: Console, key: str) -> None:
    """What is stronger than the file, and what lost its key."""
    variables = (variable_of(key), *(name for name, short in SHORT.items() if short == key))
    for variable in variables:
        if variable in os.environ:
            console.note(f"${variable} is stronger, where it is set.")
    if key.startswith(settings.OF_KEYS):
        from docstra_tui.commands.config_editing import say_keys

        say_keys(console)
