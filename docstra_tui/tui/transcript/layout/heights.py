"""Heights in a row, and where each begins, when any of them may change (a Fenwick tree)."""

from __future__ import annotations

from collections.abc import Iterable


class Heights:
    """Every operation but making it takes log(n) steps."""

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights = list(heights)
        self._tree = [0, *self._heights]
        for index in range(1, len(self._tree)):
            above = index + (index & -index)
            if above < len(self._tree):
                self._tree[above] += self._tree[index]

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, index: int) -> int:
        return self._heights[index]

    def set(self, index: int, height: int) -> None:
        """Change one."""
        difference = height - self._heights[index]
        if not difference:
            return
        self._heights[index] = height
        index += 1
        while index < len(self._tree):
            self._tree[index] += difference
            index += index & -index

    def append(self, height: int) -> None:
        """One more at the end."""
        self._heights.append(height)
        index = len(self._heights)
        total = height
        below = index - 1
        stop = index - (index & -index)
        while below > stop:
            total += self._tree[below]
            below -= below & -below
        self._tree.append(total)

    def top(self, index: int) -> int:
        """Where `index` begins; that of the length is the height of all."""
        total = 0
        while index:
            total += self._tree[index]
            index -= index & -index
        return total

    def find(self, y: int) -> tuple[int, int]:
        """Which one is at `y`, and the place in it; the last one for places after the end."""
        index, left = 0, max(0, y)
        step = 1 << len(self._heights).bit_length()
        while step:
            if index + step <= len(self._heights) and self._tree[index + step] <= left:
                index += step
                left -= self._tree[index]
            step >>= 1
        if index >= len(self._heights):
            last = len(self._heights) - 1
            return last, left + self._heights[last]
        return index, left
