"""The cells of a notebook as one text: what somebody wrote, and what was printed, without images.

A `.ipynb` is JSON in which one plot outweighs all of the code. Its cells stand one after the other behind
`# %%` marks, as editors and jupytext write them; what is no code is commented out, so that the whole still
reads as its language. Knows nothing about files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

ENDING = ".ipynb"

CELLS = "cells"
"""The `detail` of an item that holds the cells of a notebook."""

LARGEST = 32_000_000
"""Bytes that a notebook may have: the most of them are images, and are not sent."""

OUTPUT_LINES, OUTPUT_CHARACTERS = 20, 2_000
"""What is kept of the printed output of one cell."""

_NOTE = "Cells of a notebook, without images and other outputs that are no text."

_MARKS = {
    **dict.fromkeys(("c", "cpp", "csharp", "fsharp", "java", "javascript", "typescript"), "//"),
    **dict.fromkeys(("scala", "kotlin", "groovy", "go", "rust", "swift", "dart", "php"), "//"),
    **dict.fromkeys(("sql", "haskell", "lua"), "--"),
    **dict.fromkeys(("matlab", "octave", "prolog", "erlang"), "%"),
}
"""How a line is commented out; `#` in every other language."""

_LANGUAGES = {"ipython": "python", "python3": "python", "c++": "cpp", "c#": "csharp", "f#": "fsharp"}
_EMBEDDED = re.compile(r"(data:[\w/+.-]+;base64,)[A-Za-z0-9+/=]{100,}")
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def cells_of(text: str) -> tuple[str, str] | None:
    """The cells of a notebook and its language, which may be empty; None for what is no notebook."""
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        return None
    language = _language(notebook.get("metadata"))
    mark = _MARKS.get(language, "#")
    lines = [f"{mark} {_NOTE}"]
    for number, cell in enumerate(_cells(notebook), 1):
        lines += ["", *_cell(cell, number, mark)]
    return "\n".join(lines) + "\n", language


def _cells(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Those of format 4, and those in the worksheets of format 3."""
    places = [notebook]
    if isinstance(sheets := notebook.get("worksheets"), list):
        places += [sheet for sheet in sheets if isinstance(sheet, dict)]
    for place in places:
        found = place.get("cells")
        yield from (cell for cell in found if isinstance(cell, dict)) if isinstance(found, list) else ()


def _cell(cell: dict[str, Any], number: int, mark: str) -> Iterator[str]:
    kind = cell.get("cell_type")
    source = _text(cell.get("source", cell.get("input")))
    if kind == "code":
        yield f"{mark} %% cell {number}"
        yield from source.split("\n") if source else ()
        yield from _commented(_outputs(cell.get("outputs")), mark, title="Output:")
    else:
        yield f"{mark} %% cell {number} [{kind if isinstance(kind, str) else 'raw'}]".replace("\n", " ")
        yield from _commented(source, mark)


def _commented(text: str, mark: str, title: str = "") -> Iterator[str]:
    if not text:
        return
    if title:
        yield f"{mark} {title}"
    yield from (f"{mark} {line}".rstrip() for line in text.split("\n"))


def _outputs(outputs: Any) -> str:
    """What a cell printed, cut where it is long, and a word for each thing that is no text."""
    parts = (
        [_output(output) for output in outputs if isinstance(output, dict)]
        if isinstance(outputs, list)
        else []
    )
    text = "\n".join(part for part in parts if part)
    lines = text[:OUTPUT_CHARACTERS].split("\n")[:OUTPUT_LINES]
    kept = "\n".join(lines)
    if len(kept) < len(text):
        kept += f"\n… {len(text) - len(kept):,} more characters"
    return kept


def _output(output: dict[str, Any]) -> str:
    kind = output.get("output_type")
    if kind == "stream":
        return _printed(_text(output.get("text")))
    if kind in ("error", "pyerr"):
        return _printed(f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}")
    data = output.get("data", output)  # format 3 has it in the output itself
    if not isinstance(data, dict):
        return ""
    plain = _text(data.get("text/plain", data.get("text")))
    if plain:
        return _printed(plain)
    left_out = [key for key in data if isinstance(key, str) and "/" in key]
    return f"({', '.join(left_out)} left out)" if left_out else ""


def _printed(text: str) -> str:
    """As it stood there in the end: without colours, and only the last state of a line that was rewritten."""
    lines = _COLOURS.sub("", text).rstrip("\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def _text(told: Any) -> str:
    """Text is one string or a list of them."""
    if isinstance(told, list):
        told = "".join(part for part in told if isinstance(part, str))
    return _EMBEDDED.sub(r"\1…", told) if isinstance(told, str) else ""


def _language(metadata: Any) -> str:
    """As the notebook tells it; by the kernel's name only where that is Python."""
    if not isinstance(metadata, dict):
        return ""
    for group, key in (("language_info", "name"), ("kernelspec", "language")):
        name = metadata[group].get(key) if isinstance(metadata.get(group), dict) else None
        if isinstance(name, str) and name.strip():
            found = name.strip().lower()
            return _LANGUAGES.get(found, found)
    kernel = metadata.get("kernelspec")
    is_python = isinstance(kernel, dict) and str(kernel.get("name", "")).lower().startswith("python")
    return "python" if is_python else ""
