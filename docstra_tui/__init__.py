"""docstra-tui: ask your code, on your GPU box, over plain SSH.

    from docstra_tui import Project

    for file in Project("~/src/httpx").suggest("How does the client retry?"):
        print(file.path, file.reason)

`verify(answer, items)` checks what an answer says of files that were sent. The model library is
`docstra_tui.llm`. Names load on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docstra_tui.context.project import Project as Project
    from docstra_tui.session.citations.checking import verify as verify

__version__ = "0.1.0"


_NAMES = {"Project": "context.project", "verify": "session.citations.checking"}


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
