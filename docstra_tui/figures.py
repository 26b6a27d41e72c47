"""How numbers are written, on every face: short, with their unit, and a dash of honesty.

Unknown figures give an empty string; the caller leaves them out.
"""

from __future__ import annotations

import time

SHORT_DTYPES = {"bfloat16": "bf16", "float16": "f16", "float32": "f32"}


def tokens(count: int | None) -> str:
    """`812`, `12.4k`, `131k`."""
    if count is None:
        return "?"
    if count < 1000:
        return str(count)
    thousands = count / 1000
    return f"{thousands:.1f}k" if thousands < 99.95 else f"{thousands:.0f}k"


def used_of(used: int | None, limit: int | None, exact: bool = True, is_least: bool = False) -> str:
    """`12.4k / 32k tokens`; `≈` before an estimate, `?` for an unknown window. `more than 8 windows of 32k
    tokens` where nobody counted further."""
    if is_least and used and limit:
        return f"more than {used // limit} windows of {window(limit)} tokens"
    sign = "" if exact or used is None else "≈"
    of = "?" if not limit else window(limit)
    return f"{sign}{tokens(used)} / {of} tokens"


def window(limit: int) -> str:
    """Windows are powers of two more often than not: 32,768 is called 32k."""
    return f"{limit // 1024}k" if limit % 1024 == 0 else tokens(limit)


def memory(used: int | None, total: int | None) -> str:
    """`61 / 80 GB`, `0.4 / 15 GB`; empty when unknown. Decimal gigabytes."""
    if not used or not total:
        return ""
    giga = used / 1e9
    left = f"{giga:.1f}" if giga < 10 else f"{giga:.0f}"
    return f"{left} / {total / 1e9:.0f} GB"


def size(count: int | None) -> str:
    """Bytes as `94 MB` or `1.2 GB`."""
    if count is None:
        return ""
    return f"{count / 1e6:.0f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"


def count(number: int, noun: str) -> str:
    """`1 model`, `3,000 models`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def seconds(value: float | None) -> str:
    """`0.2 s`, `14 s`."""
    if value is None:
        return ""
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"


def speed(value: float | None) -> str:
    """`41 tok/s`."""
    if value is None:
        return ""
    return f"{value:.1f} tok/s" if value < 10 else f"{value:.0f} tok/s"


def moment(since_1970: float) -> str:
    """`2026-11-27 13:05`, local time; a dash for a time that is unknown (0) or beyond any calendar."""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(since_1970)) if since_1970 > 0 else "-"
    except (OverflowError, ValueError, OSError):
        return "-"


def share(done: int | None, total: int | None) -> str:
    """`34%`; empty when the total is unknown."""
    if not total or done is None:
        return ""
    return f"{min(100, 100 * done // total)}%"
