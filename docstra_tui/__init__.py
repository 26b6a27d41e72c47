"""docstra-tui: ask your code, on your GPU box, over plain SSH.

    from docstra_tui import Project

    for file in Project("~/src/httpx").suggest("How does the client retry?"):
        print(file.path, file.reason)

The model library is `docstra_tui.llm`. Names load on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docstra_tui.context.project import Project as Project

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name != "Project":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.context.project"), name)
