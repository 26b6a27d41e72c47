"""The cells of a notebook as one text: what somebody wrote, and what was printed, without images.

A `.ipynb` is JSON in which one plot outweighs all of the code. Its cells stand one after the other behind
`# %%` marks, as editors and jupytext write them; what is no code is commented out, so that the whole still
reads as its language. Knows nothing about files.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

ENDING = ".ipynb"

CELLS = "cells"
"""The `detail` of an item that holds the cells of a notebook."""

LARGEST = 32_000_000
"""Bytes that a notebook may have: the most of them are images, and are not sent."""

OUTPUT_LINES, OUTPUT_CHARACTERS = 20, 2_000
"""What is kept of the printed output of one cell."""

NAMED = 8
"""Kinds of output of one cell that are named; the rest is counted."""

_NOTE = "Cells of a notebook, without images and other outputs that are no text."

_MARKS = {
    **dict.fromkeys(("c", "cpp", "csharp", "fsharp", "java", "javascript", "typescript"), "//"),
    **dict.fromkeys(("scala", "kotlin", "groovy", "go", "rust", "swift", "dart", "php"), "//"),
    **dict.fromkeys(("sql", "haskell", "lua"), "--"),
    **dict.fromkeys(("matlab", "octave", "prolog", "erlang"), "%"),
}
"""How a line is commented out; `#` in every other language."""

_OLD_KINDS = {
    **{"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml", "pdf": "application/pdf"},
    **{"html": "text/html", "latex": "text/latex", "json": "application/json"},
    "javascript": "application/javascript",
}
"""What format 3 calls them."""

_LANGUAGE = re.compile(r"[\w+#.-]{1,40}")
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
    return _whole_characters("\n".join(lines) + "\n"), language


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
    source = _lines(_text(cell.get("source", cell.get("input"))))
    if kind == "code":
        yield f"{mark} %% cell {number}"
        yield from source.split("\n") if source else ()
        yield from _commented(_outputs(cell.get("outputs")), mark, title="Output:")
    else:
        yield f"{mark} %% cell {number} [{_name(kind) if isinstance(kind, str) else 'raw'}]"
        yield from _commented(source, mark)
    if isinstance(attached := cell.get("attachments"), dict):
        yield from _commented(_left_out(attached), mark)


def _commented(text: str, mark: str, title: str = "") -> Iterator[str]:
    if not text:
        return
    if title:
        yield f"{mark} {title}"
    yield from (f"{mark} {line}".rstrip() for line in text.split("\n"))


def _outputs(outputs: Any) -> str:
    """What a cell printed, cut where it is long, and how many there are of each thing that is no text."""
    found = [output for output in outputs if isinstance(output, dict)] if isinstance(outputs, list) else []
    text = "\n".join(part for part in map(_output, found) if part)
    lines = text[:OUTPUT_CHARACTERS].split("\n")[:OUTPUT_LINES]
    kept = "\n".join(lines)
    if len(kept) < len(text):
        kept += f"\n… {len(text) - len(kept):,} more characters"
    rest = _left_out(kind for output in found for kind in _payloads(output))
    return "\n".join(part for part in (kept, rest) if part)


def _output(output: dict[str, Any]) -> str:
    kind = output.get("output_type")
    if kind == "stream":
        return _printed(_text(output.get("text")))
    if kind in ("error", "pyerr"):
        return _printed(f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}")
    data = output.get("data", output)  # format 3 has it in the output itself
    return _printed(_plain(data)) if isinstance(data, dict) else ""


def _payloads(output: dict[str, Any]) -> Iterator[str]:
    """The kinds of what an output shows and is not sent; another form of a text that is sent is none."""
    data = output.get("data", output)
    if not isinstance(data, dict):
        return
    has_text = bool(_plain(data))
    for key in map(str, data):
        kind = _OLD_KINDS.get(key, key) if data is output else key
        if "/" in kind and kind != "text/plain" and not (has_text and kind.startswith("text/")):
            yield kind


def _plain(data: dict[str, Any]) -> str:
    return _text(data.get("text/plain", data.get("text")))


def _left_out(names: Iterable[str]) -> str:
    counted = Counter(map(_name, names))
    if not counted:
        return ""
    words = [f"{count} × {name}" if count > 1 else name for name, count in counted.most_common(NAMED)]
    if more := counted.total() - sum(count for _, count in counted.most_common(NAMED)):
        words.append(f"{more:,} more")
    return f"({', '.join(words)} left out)"


def _name(name: str) -> str:
    """On one line, and no longer than a name is."""
    return " ".join(name[:80].split())


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _whole_characters(text: str) -> str:
    """JSON can name halves of characters; nothing can be sent or saved with them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


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
            return _LANGUAGES.get(found, found if _LANGUAGE.fullmatch(found) else "")
    kernel = metadata.get("kernelspec")
    is_python = isinstance(kernel, dict) and str(kernel.get("name", "")).lower().startswith("python")
    return "python" if is_python else ""
