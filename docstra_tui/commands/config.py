"""The settings in force, and where they are kept."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from docstra_tui import paths, settings
from docstra_tui.commands.arguments import Invocation
from docstra_tui.commands.console import Console


def run(invocation: Invocation) -> int:
    """`config show`, `config path`."""
    console = Console()
    as_json = invocation.options["json"]
    if invocation.action == "path":
        places = {
            "config": str(paths.config_dir() / settings.CONFIG_FILE),
            "state": str(paths.state_dir()),
            "cache": str(paths.cache_dir()),
            "runtime": str(paths.runtime_dir()),
        }
        if as_json:
            console.json(places)
        else:
            console.line(places["config"])
        return 0
    values = in_force(settings.load(invocation.flags))
    if as_json:
        console.json(values)
    else:
        for key, value in values.items():
            if value is None:  # left to the program; TOML has no word for it
                console.line(f"# {key} is not set")
                continue
            console.line(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return 0


def in_force(found: settings.Settings) -> dict[str, Any]:
    """Every setting by its dotted key; a line `key = value` of it is valid in `config.toml`."""
    values: dict[str, Any] = {}
    for key, value in msgspec.to_builtins(found).items():
        if isinstance(value, dict):
            values |= {f"{key}.{inner}": inner_value for inner, inner_value in value.items()}
        else:
            values[key] = value
    return values
