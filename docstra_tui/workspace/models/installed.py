"""The models of this machine as lists offer them: what each is, whether it fits, how fast it was. Blocks."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docstra_tui import figures
from docstra_tui.engine.client import census
from docstra_tui.llm.files import profile
from docstra_tui.llm.files.catalog import InstalledModel, installed_models
from docstra_tui.llm.files.profile import Profile
from docstra_tui.llm.files.sources import STARTER, absolute
from docstra_tui.llm.files.starter import WHEEL_BYTES
from docstra_tui.llm.machine import int8_figures, memory_free, speeds
from docstra_tui.llm.machine.speeds import Speed
from docstra_tui.workspace.dialogs import MARK, marked

if TYPE_CHECKING:
    from docstra_tui.settings import Settings

GAP, INDENT = "  ", "    "
LEAST_CELLS = 20
UNKNOWN = "—"
LEAST = 512
"""Tokens without which a model does not fit."""


@dataclass(frozen=True)
class Row:
    """One model. Nothing of it is yet safe to show."""

    model: InstalledModel
    profile: Profile
    speed: Speed | None
    is_current: bool
    is_loaded: bool
    """An engine has it already."""
    free: int
    """Bytes for a model on the device that settings name."""

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def problem(self) -> str:
        """Why it cannot be loaded; else empty."""
        return self.profile.problem

    @property
    def room(self) -> int | None:
        """Tokens that it has room for beside its weights, its window at most; None where that is unknown."""
        about = self.profile
        if about.weights is None:
            return None
        left = self.free - int(about.weights * memory_free.WANTED)
        if left <= 0:
            return 0
        if not about.token or not about.window:
            return None
        return min(about.window, left // about.token)

    @property
    def fit(self) -> str:
        """`fits`, `fits 12.4k` of its window, `needs 18 GB`, `loaded`; empty where nobody knows."""
        about = self.profile
        if self.is_loaded:
            return "loaded"
        if about.weights is None or self.problem:
            return ""
        room = self.room
        if room is not None and room < LEAST:
            return f"needs {figures.size(int(about.weights * memory_free.WANTED))}"
        return "fits" if room in (None, about.window) else f"fits {figures.tokens(room)}"

    @property
    def is_too_large(self) -> bool:
        return self.fit.startswith("needs")

    @property
    def columns(self) -> tuple[str, ...]:
        """Size, numbers, window, whether it fits and how fast it wrote."""
        about = self.profile
        window = figures.window(about.window) if about.window else ""
        dtype = figures.SHORT_DTYPES.get(about.dtype, about.dtype)
        speed = figures.speed(self.speed.write) if self.speed is not None else UNKNOWN
        return figures.size(self.model.size), dtype, window, self.fit, "" if self.problem else speed

    @property
    def note(self) -> str:
        """What else is to be known, or what is wrong with it."""
        if self.problem:
            return self.problem
        compared = int8_figures.find(str(self.model.path))
        int8 = f"int8 {compared.words}" if compared is not None else ""
        if self.model.kind != "starter":
            return int8
        small = "small and often wrong"
        if self.model.size is None:
            small += f", fetched when it is first used: {figures.size(WHEEL_BYTES)}"
        return f"{small}; {int8}" if int8 else small


def rows(settings: Settings) -> list[Row]:
    """The one that is meant first, then what fits, what is too large, and what cannot be loaded."""
    wanted = "" if settings.server is not None else absolute(settings.model.name) or STARTER
    free = memory_free.for_device(settings.model.device)
    loaded = census.models()
    found = [
        Row(
            model,
            profile.of(model),
            speeds.find(model.name),
            is_current=model.name == wanted,
            is_loaded=model.name in loaded,
            free=free,
        )
        for model in installed_models()
    ]
    return sorted(found, key=_place)


def _place(row: Row) -> tuple[bool, bool, bool, bool, str]:
    is_starter = row.model.kind == "starter"
    return not row.is_current, bool(row.problem), row.is_too_large, is_starter, row.name.lower()


def details(found: Sequence[Row]) -> list[str]:
    """The columns of each, one below the other; figures stand to the right."""
    table = [row.columns for row in found]
    widths = [max(map(len, column), default=0) for column in zip(*table, strict=True)]
    return ["  ".join(map(_cell, range(len(line)), line, widths)).rstrip() for line in table]


def lines(found: Sequence[Row], width: int) -> list[str]:
    """Each with its columns beside it where there is room for all of them, else below it."""
    columns = details(found)
    label = max((len(row.name) for row in found), default=0)
    is_beside = label + len(MARK + GAP) + max(map(len, columns), default=0) <= width
    shown = []
    for row, told in zip(found, columns, strict=True):
        name = marked(row.name, row.is_current)
        if is_beside:
            shown.append(f"{name}{' ' * (label - len(row.name))}{GAP}{told}".rstrip())
        else:
            shown += [name, *([INDENT + told.strip()] if told.strip() else [])]
        shown += textwrap.wrap(
            row.note, max(width, LEAST_CELLS), initial_indent=INDENT, subsequent_indent=INDENT
        )
    return shown


def _cell(column: int, text: str, width: int) -> str:
    return text.rjust(width) if column in (0, 2, 4) else text.ljust(width)
