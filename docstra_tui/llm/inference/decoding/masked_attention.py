"""Attention over a buffer of which only a part counts, by a mask: its shape stays while the text grows.

How it is computed fastest differs from device to device and with the length, so the ways are timed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch.nn import functional

from docstra_tui.llm.inference.decoding.recording import FAILED

RUNS = 7
"""Times that each way is timed."""
ROUNDING = 3e-2
"""How far off a way may be from the plainest, as a share of the spread of that, in half precision."""


class Attend(Protocol):
    """One way."""

    def __call__(
        self, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor, scale: float
    ) -> torch.Tensor:
        """`query` has shape (texts, heads, new, dimensions), as has what comes back; `keys` and `values`
        have fewer heads or as many. `mask`, (texts, 1, new, tokens), is added: minus infinity where a token
        is not seen."""
        ...


def packed(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor, scale: float
) -> torch.Tensor:
    """torch's own kernel; the heads that share keys are rows of one."""
    rows, mask = _as_rows(query, keys, mask)
    out = functional.scaled_dot_product_attention(rows, keys, values, attn_mask=mask, scale=scale)
    return out.reshape(*query.shape[:3], values.shape[-1])


def grouped(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor, scale: float
) -> torch.Tensor:
    """Two products of matrices, which spread over a large GPU however few the heads are."""
    rows, mask = _as_rows(query, keys, mask)
    scores = torch.add(mask, torch.matmul(rows, keys.transpose(-1, -2)), alpha=scale)
    seen = torch.softmax(scores, -1, dtype=torch.float32).to(values.dtype)
    return torch.matmul(seen, values).reshape(*query.shape[:3], values.shape[-1])


def repeated(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor, scale: float
) -> torch.Tensor:
    """torch's own kernel, each head with keys of its own; copies them, and is right everywhere."""
    times = query.shape[1] // keys.shape[1]
    if times > 1:
        keys, values = keys.repeat_interleave(times, 1), values.repeat_interleave(times, 1)
    return functional.scaled_dot_product_attention(query, keys, values, attn_mask=mask, scale=scale)


def mask_of(places: torch.Tensor, columns: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """What is added for tokens at `places`, (texts, new), which see themselves and all before them."""
    is_seen = (columns <= places[..., None])[:, None]
    nothing = torch.zeros((), dtype=dtype, device=places.device)
    return torch.where(is_seen, nothing, nothing - torch.inf)


WAYS: tuple[Attend, ...] = (grouped, packed, repeated)


def _as_rows(
    query: torch.Tensor, keys: torch.Tensor, mask: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The query heads that share keys as so many more rows of one head, and the mask for them."""
    texts, heads, new, width = query.shape
    shared = keys.shape[1]
    times = heads // shared
    rows = query.reshape(texts, shared, times * new, width)
    if times > 1 and new > 1:
        mask = mask.repeat(1, 1, times, 1)
    return rows, mask


@dataclass(frozen=True)
class Shape:
    """What attention is timed for."""

    texts: int
    heads: int
    key_heads: int
    new: int
    tokens: int
    width: int
    value_width: int


def fastest(
    shape: Shape,
    dtype: torch.dtype,
    device: torch.device,
    timed: Callable[[Callable[[], torch.Tensor]], float] | None = None,
) -> Attend:
    """The way that is quickest here and right; the plainest where none other works."""
    clock = timed or (lambda work: seconds(work, device))
    chance = torch.Generator(device).manual_seed(0)  # its own: an answer may be in the making, with a seed

    def some(heads: int, tokens: int, width: int) -> torch.Tensor:
        size = (shape.texts, heads, tokens, width)
        return torch.randn(size, device=device, generator=chance).to(dtype)

    query = some(shape.heads, shape.new, shape.width)
    keys = some(shape.key_heads, shape.tokens, shape.width)
    values = some(shape.key_heads, shape.tokens, shape.value_width)
    # About half is seen, and always something.
    ends = torch.arange(shape.new, device=device) + max(shape.tokens // 2 - shape.new, 0)
    mask = mask_of(ends.expand(shape.texts, -1), torch.arange(shape.tokens, device=device), dtype)
    scale = shape.width**-0.5
    right = repeated(query, keys, values, mask, scale).float()
    best, least = WAYS[-1], float("inf")
    for way in WAYS:
        try:
            off = (way(query, keys, values, mask, scale).float() - right).std() / right.std()
            if not off.item() <= ROUNDING:
                continue
            took = clock(lambda way=way: way(query, keys, values, mask, scale))  # type: ignore[misc]
        except torch.OutOfMemoryError:
            raise
        except FAILED:  # a kernel that this device or build of torch does not have
            continue
        if took < least:
            best, least = way, took
    return best


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """What it takes, the least of some runs; on a GPU by its own clock."""
    work()
    if device.type != "cuda":
        return min(_wall(work) for _ in range(RUNS))
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    taken = []
    for _ in range(RUNS):
        start.record()
        work()
        end.record()
        end.synchronize()
        taken.append(float(start.elapsed_time(end)) / 1e3)
    return min(taken)


def _wall(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
