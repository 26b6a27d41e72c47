"""Drawing an answer as it comes: this project's view against Textual's own Markdown stream.

Both run in a real pseudo-terminal of 120×40, one after the other, with the same text at the same rate.
CPU seconds, bytes and the event loop's longest lag are counted from the first piece to the last. The
whole app, with its network leg, status bar and saving, is measured beside them at 3,000 tokens.
`--quick` measures each once, and only what the ratios need; without it this takes about an hour.
"""

from __future__ import annotations

import sys

from benchmarks.drawing_run import Run, run
from benchmarks.drawing_whole import idle_share, run_whole
from benchmarks.report import Report, median

KEYS = (
    "\x1b[5~",
    "\x1b[A",
    "\x1b[6~",
    "[",
    "k",
    "]",
    "\x1b[A",
    "\x1b[B",
    "\x1b[H",
    "\x1b[6~",
    "\x1b[F",
    "\x1b[5~",
)
"""Page up, up, page down, walks over turns, to both ends."""
STOCK_LIMIT = 6_000
"""Tokens up to which the stock widget is run as often as ours. Its cost is quadratic: beyond, it is run
once, at the lower rate, and given up after three times as long as the text takes."""
WHOLE = (3_000, 100)
"""Tokens, and tokens a second, at which the whole app is measured."""
IDLE_SECONDS = 20.0


def main() -> None:
    """Print the figures."""
    quick = "--quick" in sys.argv
    runs = 1 if quick else 3
    sizes = (1_000, 3_000) if quick else (1_000, 3_000, 6_000, 20_000)
    rates = (100,) if quick else (100, 200)
    report = Report(
        f"drawing an answer, 120×40, median of {runs} interleaved run{'s' * (runs > 1)}", flags=["--quick"]
    )
    ours: dict[tuple[int, int], list[Run]] = {}
    for rate in rates:
        for size in sizes:
            _compare(report, size, rate, runs, ours)
    idle = idle_share(IDLE_SECONDS)
    report.add("app_idle_share", idle, "of a core, the whole app while nothing happens", "< 0.005")
    _growth(report, ours, runs, quick)
    _keys(report, quick)
    report.end()


def _compare(report: Report, size: int, rate: int, runs: int, ours: dict[tuple[int, int], list[Run]]) -> None:
    mine: list[Run] = []
    stock: list[Run] = []
    whole: list[Run] = []
    for number in range(runs):
        for name, found in (("ours", mine), ("stock", stock)):
            if name == "ours" or size <= STOCK_LIMIT or (not number and rate == 100):
                one = run(name, size, rate)
                if one is not None:
                    found.append(one)
        if (size, rate) == WHOLE and (one := run_whole(size, rate)) is not None:
            whole.append(one)
    ours[size, rate] = mine
    label = f"{size // 1000}k" + ("" if rate == 100 else f"_at_{rate}")
    what = f"{size // 1000}k tokens at {rate}/s"
    for name, found in (("ours", mine), ("stock", stock)):
        if found:
            report.add(f"{name}_cpu_{label}", median([one.cpu_s for one in found]), f"CPU s, {name}, {what}")
            sent = median([one.bytes / size for one in found])
            report.add(f"{name}_bytes_{label}", sent, f"bytes a token, {name}")
            report.add(f"{name}_lag_{label}", median([one.lag_s for one in found]), f"s, longest lag, {name}")
    target = "≤ 1/6" if label == "3k" else ""
    cpu = _ratio([one.cpu_s for one in mine], [one.cpu_s for one in stock])
    sent_ratio = _ratio([one.bytes for one in mine], [one.bytes for one in stock])
    report.add(f"cpu_ratio_{label}", cpu, "CPU, ours over stock", target)
    report.add(f"bytes_ratio_{label}", sent_ratio, "bytes, ours over stock", target)
    if (size, rate) == WHOLE:
        cpu = _ratio([one.cpu_s for one in whole], [one.cpu_s for one in stock])
        sent_ratio = _ratio([one.bytes for one in whole], [one.bytes for one in stock])
        report.add(f"app_cpu_ratio_{label}", cpu, "CPU, the whole app over stock's view", "≤ 1/5")
        report.add(f"app_bytes_ratio_{label}", sent_ratio, "bytes, the same", "≤ 1/6")


def _ratio(ours: list[float] | list[int], stock: list[float] | list[int]) -> float | None:
    return median(ours) / median(stock) if ours and stock else None


def _growth(report: Report, ours: dict[tuple[int, int], list[Run]], runs: int, quick: bool) -> None:
    """CPU a token of a long answer over that of a short one, at the same rate."""
    rate = 200 if quick else 100
    small, large = ours.get((1_000, rate), []), ours.get((20_000, rate), [])
    if not small or not large:
        small = [one for one in [run("ours", 1_000, rate) for _ in range(3)] if one is not None]
        large = [one for one in [run("ours", 20_000, rate)] if one is not None]
    growth = None
    if small and large:
        growth = (median([one.cpu_s for one in large]) / 20) / median([one.cpu_s for one in small])
    report.add("growth_20k_over_1k", growth, "CPU a token at 20k tokens over that at 1k", "≤ 1.3")


def _keys(report: Report, quick: bool) -> None:
    """How long a key takes to the screen in a long session while an answer comes."""
    found = run("ours", 2_000 if quick else 6_000, 200, turns=10_000, keys=KEYS)
    seconds = sorted(found.report["keys_s"]) if found is not None else []
    at = seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))] if seconds else None
    report.add("key_p99_ms", None if at is None else at * 1000, "ms, key to screen, 10,000 turns", "≤ 50")
    report.add("key_p50_ms", median(seconds) * 1000 if seconds else None, "ms, the same, median")
    opened = found.report["open_s"] if found is not None else None
    report.add("open_10k_s", opened, "s, opening 10,000 turns", "≤ 1")
    report.add("keys", float(len(seconds)), "keys measured")


if __name__ == "__main__":
    main()
