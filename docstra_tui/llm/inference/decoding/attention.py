"""Attention of a few new tokens over the cache of one text.

All heads that share keys are rows of one product there: so keys are read once, however many rows there are.
A single row has a second way, each head by itself, which is quicker on some machines. What the last rows may
not see of each other is said by a mask that is made once and cut to length.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from docstra_tui.llm.inference.decoding import products
from docstra_tui.llm.log import logger

TIMED_TOKENS = 1024
SECONDS = 0.05
TIMED_LAYERS = 8
"""Caches that are gone over in turn: one alone would stay at hand."""


class Attention:
    """How rows look at a cache; one for a whole model."""

    def __init__(self, scale: float, groups: int) -> None:
        """`groups` is how many heads of keys there are."""
        self.scale = scale
        self._groups = groups
        self.by_head = True
        """A single row's heads each by itself."""
        self._masks: dict[tuple[int, int], torch.Tensor] = {}
        """By rows and repeats; the last columns are where the rows see each other."""

    def __call__(self, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """`queries` has shape (rows, heads, dimensions), `keys` and `values` (1, groups, tokens, dimensions);
        the last tokens are those of the rows. Of shape (rows, heads · dimensions)."""
        rows, heads, wide = queries.shape
        attend = functional.scaled_dot_product_attention
        if rows == 1 and self.by_head:
            out = attend(
                queries.view(1, heads, 1, wide),
                keys,
                values,
                scale=self.scale,
                enable_gqa=heads != self._groups,
            )
            return out.view(1, -1)
        times = heads // self._groups
        together = queries.view(rows, self._groups, times, wide).transpose(0, 1)
        together = together.reshape(1, self._groups, rows * times, wide)
        mask = None if rows == 1 else self._mask(rows, times, keys)
        out = attend(together, keys, values, attn_mask=mask, scale=self.scale)
        return out.view(self._groups, rows, times, -1).transpose(0, 1).reshape(rows, -1)

    def _mask(self, rows: int, times: int, keys: torch.Tensor) -> torch.Tensor:
        tokens = keys.shape[2]
        known = self._masks.get((rows, times))
        if known is None or known.shape[1] < tokens or known.device != keys.device:
            room = tokens + max(tokens // 4, 256)
            known = torch.zeros(rows, room, dtype=keys.dtype, device=keys.device)
            unseen = torch.ones(rows, rows, dtype=torch.bool, device=keys.device).triu(1)
            known[:, room - rows :].masked_fill_(unseen, -torch.inf)
            known = self._masks[rows, times] = known.repeat_interleave(times, 0)
        return known[:, known.shape[1] - tokens :]

    def choose(self, heads: int, wide: int, dtype: torch.dtype) -> None:
        """Time the two ways of a single row on this CPU, and take the quicker."""
        chance = torch.Generator().manual_seed(0)
        size = (TIMED_LAYERS, 2, 1, self._groups, TIMED_TOKENS, wide)
        caches = torch.randn(size, generator=chance).to(dtype)
        queries = torch.ones(1, heads, wide, dtype=dtype)

        def work(by_head: bool) -> None:
            self.by_head = by_head
            for keys, values in caches:
                self(queries, keys, values)

        ways = {"by head": lambda: work(True), "together": lambda: work(False)}
        took, _ = products.shortest(ways, SECONDS)
        self.by_head = took["by head"] <= took["together"]
        logger.info("attention of one row: %s", took)
