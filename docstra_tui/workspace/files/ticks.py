"""Which files are ticked, and which lines of them, in the order of the tree."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Sequence

from docstra_tui.context.picks import Pick, tree_order, with_lines, without_lines


class Ticks:
    """Thousands of files may be ticked at one key."""

    def __init__(self) -> None:
        self._files: dict[str, list[tuple[int, int]]] = {}
        """Ticked files, and which lines of them; no lines: the whole file."""
        self._order: list[str] = []
        """The ticked files in the order of the tree: sorting thousands at every tick would be felt."""
        self._below: Counter[str] = Counter()
        """How many files below each folder are ticked."""
        self._whole: set[str] = set()
        self._picks: tuple[Pick, ...] | None = None

    @property
    def ticked(self) -> tuple[str, ...]:
        """The ticked files in the order of the tree: folders before files, then by name."""
        return tuple(self._order)

    @property
    def picks(self) -> tuple[Pick, ...]:
        """What is ticked, in the order of the tree."""
        if self._picks is None:
            self._picks = tuple(
                Pick(path, *lines) for path in self._order for lines in (self._files[path] or ((None, None),))
            )
        return self._picks

    @property
    def whole_folders(self) -> tuple[str, ...]:
        """Folders that were ticked as such, none of them below another."""
        return tuple(sorted(f for f in self._whole if not any(up in self._whole for up in ancestors(f))))

    @property
    def outside_whole_folders(self) -> tuple[Pick, ...]:
        """What is ticked by itself."""
        starts = tuple(f"{folder}/" for folder in self.whole_folders)
        return tuple(pick for pick in self.picks if not pick.path.startswith(starts))

    def lines_of(self, path: str) -> tuple[tuple[int, int], ...]:
        """The lines of `path` that are ticked; none when it is ticked as a whole, or not at all."""
        return tuple(self._files.get(path, ()))

    def is_ticked(self, path: str) -> bool:
        """True when `path` or some lines of it are ticked."""
        return path in self._files

    def tick(self, paths: Iterable[str], wanted: bool) -> None:
        """Tick or untick files, as a whole."""
        paths = list(paths)
        self._picks = None
        if not wanted:
            self._remove({path for path in paths if path in self._files})
            return
        new = [path for path in dict.fromkeys(paths) if path not in self._files]
        for path in paths:
            self._files[path] = []
        self._count(new, 1)
        if len(new) > 50:
            self._order = sorted([*self._order, *new], key=tree_order)
        else:
            for path in new:
                insort(self._order, path, key=tree_order)

    def tick_lines(self, path: str, start: int, end: int) -> None:
        """Tick lines of a file, beside those that are ticked already; the whole file no longer."""
        ranges = with_lines(self._files.get(path, ()), start, end)
        if path not in self._files:
            self.tick([path], True)
        self._files[path] = ranges
        self._picks = None
        self._whole -= set(ancestors(path))

    def mention_lines(self, path: str, start: int, end: int) -> None:
        """Tick lines of a file beside what of it is ticked already, which stays exactly as it is: it may
        stand in front of an earlier question."""
        ranges = self._files.get(path)
        if ranges is None:
            self.tick_lines(path, start, end)
        elif ranges:
            self._files[path] = sorted([*ranges, *without_lines(ranges, start, end)])
            self._picks = None

    def untick_lines(self, path: str, start: int, end: int) -> None:
        """These lines, as they were ticked, are no longer."""
        ranges = [lines for lines in self._files.get(path, ()) if lines != (start, end)]
        self._picks = None
        if ranges:
            self._files[path] = ranges
        else:
            self.tick([path], False)

    def tick_picks(self, picks: Iterable[Pick]) -> None:
        """Tick these too: a whole file in place of its lines, lines in place of the whole file."""
        for pick in picks:
            if pick.start_line is None or pick.end_line is None:
                self.tick([pick.path], True)
            else:
                self.tick_lines(pick.path, pick.start_line, pick.end_line)

    def mention(self, picks: Iterable[Pick]) -> None:
        """Tick these too; of a file that is ticked nothing is taken away."""
        picks = list(picks)
        self.tick([pick.path for pick in picks if pick.start_line is None or pick.end_line is None], True)
        for pick in picks:
            if pick.start_line is not None and pick.end_line is not None:
                self.mention_lines(pick.path, pick.start_line, pick.end_line)

    def untick(self, pick: Pick) -> None:
        """This is not ticked any more."""
        if pick.start_line is None or pick.end_line is None:
            self.tick([pick.path], False)
        else:
            self.untick_lines(pick.path, pick.start_line, pick.end_line)

    def tick_whole(self, folder: str, paths: Sequence[str]) -> None:
        """All files below `folder`, which are `paths` in the order of the tree, are ticked now."""
        start = f"{folder}/" if folder else ""
        inside = {path for path in self._order if path.startswith(start)}
        if folder and inside <= set(paths):  # they stand together: no sorting
            kept = [path for path in self._order if path not in inside] if inside else self._order
            *above, (_, folded, name) = tree_order(folder)
            at = bisect_left(kept, (*above, (0, folded, name)), key=tree_order)
            self._order = [*kept[:at], *paths, *kept[at:]]
            self._count([path for path in paths if path not in inside] if inside else paths, 1)
            for path in paths:
                self._files[path] = []
            self._picks = None
        else:
            self.tick(paths, True)
        if folder:
            self._whole.add(folder)

    def untick_below(self, folder: str) -> None:
        """No file below `folder` stays ticked; the empty string is the root."""
        start = f"{folder}/" if folder else ""
        self._remove({path for path in self._order if path.startswith(start)})
        self._whole = {
            whole for whole in self._whole if whole != folder and not whole.startswith(start or "\0")
        }

    def has_ticks_below(self, folder: str) -> bool:
        """True when some file below `folder` is ticked."""
        return self._below[folder] > 0

    def in_tree_order(self) -> tuple[str, ...]:
        """The labels of what is ticked, as the tree shows them."""
        return tuple(pick.label for pick in self.picks)

    def _remove(self, paths: set[str]) -> None:
        if not paths:
            return
        self._picks = None
        self._order = [path for path in self._order if path not in paths]
        for path in paths:
            del self._files[path]
        self._whole -= self._count(paths, -1)

    def _count(self, paths: Iterable[str], step: int) -> set[str]:
        """Files below each folder, more or fewer; the folders."""
        folders: set[str] = set()
        for folder, count in Counter(path.rpartition("/")[0] for path in paths).items():
            for above in (*ancestors(folder), folder):
                self._below[above] += step * count
                folders.add(above)
        return folders


def ancestors(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]
