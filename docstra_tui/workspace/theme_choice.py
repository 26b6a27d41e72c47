"""The theme that is chosen in a face, and kept: for its folder, and for every folder without its own choice.

A choice holds as long as the settings files say what they said when it was made: who writes another theme
into them wants that one. What is named on the command line or in the environment is stronger than both.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from docstra_tui import paths, settings, themes
from docstra_tui.errors import DocstraError, UsageError
from docstra_tui.themes import ThemeSpec

LARGEST = 10_000
"""Bytes; a larger file is not one of ours."""

EVERYWHERE = "everywhere"


def theme_for(root: Path) -> str:
    """The theme to start with on `root`, where none was named. Raises `SettingsError`."""
    for_all, here = settings.theme_in_files(None), settings.theme_in_files(root)
    own = _read(_place(str(root)), here)
    if own:
        return own
    # A project that sets a theme of its own is not asked for the one of all the others.
    return (_read(_place(EVERYWHERE), for_all) if here == for_all else "") or here


def named(name: str, known: Mapping[str, ThemeSpec]) -> ThemeSpec:
    """The theme that somebody asks for. Raises `UsageError`."""
    if name not in known:
        problem = themes.missing(name, known)
        raise UsageError(problem.message, problem.hint)
    return known[name]


def described(theme: ThemeSpec) -> str:
    """What is said of it in a list; not yet safe to show."""
    return ", ".join(word for word in ("dark" if theme.dark else "light", theme.about) if word)


def keep(root: Path, name: str) -> None:
    """Remember a choice. Blocks. Where nothing can be written, nothing is remembered."""
    for place, project in ((_place(str(root)), root), (_place(EVERYWHERE), None)):
        with suppress(OSError, DocstraError):
            _write(place, {"theme": name, "instead_of": settings.theme_in_files(project)})


def _place(folder: str) -> Path:
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:32] if folder != EVERYWHERE else EVERYWHERE
    return paths.state_dir() / "themes" / f"{name}.json"


def _read(place: Path, configured: str) -> str:
    """The choice that is kept there, if it was made over what the settings say now; else empty."""
    try:
        with open(paths.open_private(place, os.O_RDONLY), encoding="utf-8") as file:
            told: Any = json.loads(file.read(LARGEST))
        name = told["theme"]
        return name if isinstance(name, str) and told["instead_of"] == configured else ""
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def _write(place: Path, told: dict[str, str]) -> None:
    paths.private_folder(paths.state_dir())
    paths.private_folder(place.parent)
    paths.write_private(place, json.dumps(told))
