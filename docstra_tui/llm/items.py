"""Context items: a file, or part of one, exactly as it is sent to the model.

An item is rendered with its path and line range in a fence longer than any fence inside it, so that
no file can end its own frame and speak as something else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

BACKTICKS = re.compile(r"`{3,}")

OUTLINE = "outline"
"""The `detail` of an item that stands for a file of which only the outline is sent."""

Context = str | Mapping[str, Any] | Iterable[Any]
"""What the tasks accept: text, one item, a list of items, or a mapping of values."""

Key = tuple[str | None, int | None, int | None]
"""Path and lines of an item: what it is known by, whatever its content is."""

_PLACE = frozenset({"path", "language", "start_line", "end_line", "sha256", "detail", "metadata"})
"""The keys of an item but for its content."""


@dataclass(frozen=True)
class ContextItem:
    """One piece of context: what was read, from where, and its fingerprint."""

    content: str
    """The text as sent."""
    path: str | None = None
    """Relative to the project's root, `/` between parts; None for code that has no name."""
    language: str = ""
    """The fence's info string: `python`, `rust`; empty when unknown."""
    start_line: int | None = None
    """First line, from 1; None when the whole file is meant or nothing is known."""
    end_line: int | None = None
    """Last line, inclusive."""
    sha256: str = ""
    """Hex digest of the UTF-8 bytes of `content`; filled in when left empty."""
    detail: str = ""
    """What `content` is of the file where it is not its text: `outline`, `cells`; empty for the text."""

    def __post_init__(self) -> None:
        if not self.sha256:
            object.__setattr__(self, "sha256", digest_of(self.content))

    @property
    def key(self) -> Key:
        """What makes two items the same place: path and lines, not content."""
        return (self.path, self.start_line, self.end_line)

    @property
    def label(self) -> str:
        """`src/a.py:10-40`, `src/a.py (outline)`, or `the code` for an item without a path."""
        if self.path is None:
            return "the code"
        lines = "" if self.start_line is None else f":{self.start_line}-{self.end_line or ''}"
        return f"{self.path}{lines} ({self.detail})" if self.detail else f"{self.path}{lines}"

    def render(self) -> str:
        """The item as the model sees it: a header with its place, then the fenced text."""
        fence = "`" * max(3, 1 + max((len(run) for run in BACKTICKS.findall(self.content)), default=2))
        newline = "" if self.content.endswith("\n") else "\n"
        info = re.sub(r"[^\w+#.-]", "", self.language)
        block = f"{fence}{info}\n{self.content}{newline}{fence}"
        if self.path is None:
            return block
        # A JSON string: a newline or a quote in a file's name cannot forge a second header.
        header = f"File {json.dumps(self.path, ensure_ascii=False)}"
        if self.start_line is not None:
            end = self.end_line if self.end_line is not None else "?"
            header += f", lines {self.start_line}-{end}"
        return f"{header}:\n{block}"


def digest_of(content: str) -> str:
    """The SHA-256 of a text's UTF-8 bytes, as hex digits."""
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def as_items(context: Context) -> str | tuple[ContextItem, ...]:
    """`context` as items; a string stays the string it is.

    A mapping with `content` is one item with the keys of `ContextItem`, or the origin's
    `{content, metadata{document_id, start_line, end_line}}`; a missing path is shown as `unknown`. One
    without holds values: a `key: value` line each, as text, or as a nameless item in a list. Raises
    `ValueError` (a place and no content) or `TypeError`.
    """
    if isinstance(context, str):
        return context
    if isinstance(context, Mapping) and _holds_values(context):
        return value_lines(context)
    if isinstance(context, (ContextItem, Mapping)):
        return (_as_item(context),)
    return tuple(_as_item(item) for item in context)


def value_lines(values: Mapping[Any, Any]) -> str:
    """A mapping as text: one `key: value` line each."""
    return "\n".join(f"{key}: {value}" for key, value in values.items())


def _holds_values(mapping: Mapping[Any, Any]) -> bool:
    """False for an item, also for one that names its place and has lost its content."""
    if "content" in mapping:
        return False
    return not (mapping.keys() & {"path", "metadata"} and mapping.keys() <= _PLACE)


def _as_item(item: Any) -> ContextItem:
    if isinstance(item, ContextItem):
        return item
    if isinstance(item, str):
        return ContextItem(item, path="unknown")
    if not isinstance(item, Mapping):
        raise TypeError(f"A context item is a mapping with 'content', not {type(item).__name__}.")
    if _holds_values(item):
        return ContextItem(value_lines(item))
    content = item.get("content")
    if not isinstance(content, str):
        raise ValueError("A context item needs 'content', a string.")
    metadata = item.get("metadata")
    place: Mapping[str, Any] = metadata if isinstance(metadata, Mapping) else {}
    path = item.get("path") or place.get("document_id") or "unknown"
    start = item.get("start_line", place.get("start_line"))
    end = item.get("end_line", place.get("end_line"))
    return ContextItem(
        content,
        path=str(path),
        language=str(item.get("language") or place.get("language") or ""),
        start_line=_as_line(start),
        end_line=_as_line(end),
    )


def _as_line(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
