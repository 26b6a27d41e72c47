"""What a face says about where one is and who answers. Every text is neutralised here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui import figures
from docstra_tui.session.turns import ON
from docstra_tui.text import sanitize_line, shown_name

if TYPE_CHECKING:
    from docstra_tui.llm.base import BaseLLM
    from docstra_tui.workspace.models.backend import Backend, Status

LONGEST_MODEL = 40
"""Characters of a model's name in a line."""


@dataclass(frozen=True)
class Title:
    """Where one is, and who answers; every text is already safe to show."""

    path: str
    model: str = ""
    details: tuple[str, ...] = ()
    """How much it thinks, device, dtype; left out from the right where there is no room."""
    host: str = ""
    """Where the questions go when they leave this machine."""


def title(root: Path, backend: Backend | None, status: Status | None, wanted: str, remote: str = "") -> Title:
    """The title line; `wanted` is the model's name as long as nothing better is known, `remote` what the
    server is called."""
    model = wanted
    if backend is not None:
        model = backend.label or wanted
    host = backend.host if backend is not None else ""
    return Title(
        path=shown_path(root),
        model=answering(model if model != host else "", remote),  # nobody may know its model yet
        details=(
            *filter(None, [thinking(backend.llm) if backend is not None else ""]),
            *(details(status) if status is not None else ()),
        ),
        host=sanitize_line(host),
    )


def answering(model: str, remote: str) -> str:
    """`Qwen3-32B on gpu`, as far as somebody knows its model."""
    parts = [short_model(model)] if model else []
    return sanitize_line(ON.join([*parts, *([remote] if remote else [])]))


def served(told: str) -> str:
    """`Qwen3-32B on gpu` of what is saved with an answer; empty for one of this machine's own engine."""
    return short_told(told) if ON in told else ""


def short_told(told: str) -> str:
    """What is saved with an answer, short."""
    model, on, where = told.rpartition(ON)
    return sanitize_line(f"{short_model(model)}{on}{where}" if on else short_model(told))


def details(status: Status) -> tuple[str, ...]:
    """`cuda:0` and `bf16`, as far as they are known."""
    found = (status.device, figures.SHORT_DTYPES.get(status.dtype, status.dtype))
    return tuple(sanitize_line(detail) for detail in found if detail)


def thinking(llm: BaseLLM) -> str:
    """`thinking off`: how much it is to think; nothing of one that does as it likes anyway."""
    if llm.think == "auto":
        return "thinking auto" if llm.can_switch_thinking else ""
    if isinstance(llm.think, int):
        return f"thinking ≤ {llm.think:,}"
    return f"thinking {llm.think}" + (": no switch" if llm.can_switch_thinking is False else "")


def short_model(name: str) -> str:
    """`SmolLM2-135M-Instruct` of `HuggingFaceTB/SmolLM2-135M-Instruct`, the last part of a path. A server may
    call its model anything: what stands behind the name, where it is, has to stay in sight."""
    short = name.rstrip("/").rpartition("/")[2] or name
    most = LONGEST_MODEL if short.isascii() else LONGEST_MODEL // 2  # others may be two cells wide
    return short if len(short) <= most else short[: most - 1] + "…"


def shown_path(path: Path) -> str:
    """`~/src/httpx`."""
    text = str(path)
    home = os.path.expanduser("~")
    if home != "/" and (text == home or text.startswith(home + "/")):
        text = "~" + text[len(home) :]
    return shown_name(text)
