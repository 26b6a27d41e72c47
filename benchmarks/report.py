"""How a benchmark prints: a line per figure, or one JSON object."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Sequence


class Report:
    """Figures by name, in the order they were measured."""

    def __init__(self, title: str, *, flags: Sequence[str] = ()) -> None:
        """`flags` may be given beside `--json`; another one ends the program, which says what it takes."""
        known = {"--json", *flags}
        if odd := [word for word in sys.argv[1:] if word.startswith("-") and word not in known]:
            about = getattr(sys.modules["__main__"], "__doc__", None) or ""
            asks = odd[0] in ("-h", "--help")
            print(about if asks else f"{odd[0]} is not known here. Flags: {', '.join(sorted(known))}")
            sys.exit(0 if asks else 2)
        self._json = "--json" in sys.argv
        self._figures: dict[str, float | str | None] = {}
        self._say(f"{title}\n")

    def add(self, name: str, value: float | None, meaning: str, target: str = "") -> None:
        """One figure; `meaning` has its unit, `target` what it should be."""
        self._figures[name] = None if value is None else round(value, 4)
        shown = "-" if value is None else f"{value:9.3f}"
        self._say(f"{shown:>9}  {meaning}{f'  (target {target})' if target else ''}\n")

    def say(self, name: str, text: str) -> None:
        """What is no figure: a version, or why one is missing."""
        self._figures[name] = text
        self._say(f"{'':>9}  {name}: {text}\n")

    def end(self) -> None:
        """The last line."""
        if self._json:
            print(json.dumps(self._figures))

    def _say(self, text: str) -> None:
        sys.stderr.write(text) if self._json else sys.stdout.write(text)


def interleaved(
    first: Callable[[], float], second: Callable[[], float], pairs: int
) -> list[tuple[float, float]]:
    """Measure both in turn, so that whatever else the machine does hits both alike."""
    return [(first(), second()) for _ in range(pairs)]


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def median_ratio(pairs: Sequence[tuple[float, float]]) -> float:
    """The median of first over second."""
    return statistics.median(first / second for first, second in pairs)
