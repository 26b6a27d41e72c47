"""The models of this machine as a list offers them: a name, and a few words beside it. Blocks."""

from __future__ import annotations

from docstra_tui import figures
from docstra_tui.llm.files import int8_figures
from docstra_tui.llm.files.catalog import InstalledModel, installed_models
from docstra_tui.llm.files.starter import WHEEL_BYTES


def rows() -> list[tuple[str, str]]:
    """Each model's name, and what it is."""
    return [(model.name, details(model)) for model in installed_models()]


def details(model: InstalledModel) -> str:
    """`hub 1.2 GB`, and what int8 brings where that was compared."""
    compared = int8_figures.find(str(model.path))
    return f"{_kind(model)}; int8 {compared.words}" if compared is not None else _kind(model)


def _kind(model: InstalledModel) -> str:
    """Of the starter that it is small, for its name is its kind as well."""
    if model.kind != "starter":
        return f"{model.kind} {figures.size(model.size)}".strip()
    if model.size is None:
        return f"small and often wrong, fetched when it is first used: {figures.size(WHEEL_BYTES)}"
    return f"small and often wrong, {figures.size(model.size)}"
