"""Some lines of a context item: cut from the snapshot that was read, never from the disk again."""

from __future__ import annotations

from collections.abc import Iterable

from docstra_tui.llm.items import ContextItem


def line_span(item: ContextItem) -> tuple[int, int]:
    """The numbers of the first and last line that an item holds; `(1, 0)` for an empty file."""
    first = item.start_line or 1
    return first, first + len(_lines(item.content)) - 1


def cut_lines(item: ContextItem, start: int, end: int) -> ContextItem:
    """The lines `start` to `end` (included, numbered as in the file). Raises `ValueError` outside."""
    first, last = line_span(item)
    if not first <= start <= end <= last:
        raise ValueError(f"{item.label} has lines {first}-{last}, not {start}-{end}.")
    content = "".join(_lines(item.content)[start - first : end - first + 1])
    return ContextItem(content, item.path, item.language, start, end, detail=item.detail)


def find_lines(
    items: Iterable[ContextItem], path: str, start: int | None, end: int | None
) -> ContextItem | None:
    """The item of these lines of a file, or of the whole of it; else these lines of an item that holds
    them. None where no item does."""
    same = [item for item in items if item.path == path]
    exact = next((item for item in same if item.key == (path, start, end)), None)
    if exact is not None or start is None or end is None:
        return exact
    for item in same:
        first, last = line_span(item)
        if first <= start <= end <= last:
            return cut_lines(item, start, end)
    return None


def _lines(content: str) -> list[str]:
    """With their ends; only a line feed ends one, as in `reader`."""
    lines = [line + "\n" for line in content.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
