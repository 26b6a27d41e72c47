"""One pass of a model over new ids, on top of what a cache holds, prepared as `generate` prepares its own.

`forward` guesses what it is not given, and not always rightly: some models count positions from 0 whatever
the cache holds. So nothing is left to it that `generate` would pass. Knows nothing of prompts.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Iterator
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from docstra_tui.llm.inference.cache_layers import seen_by
from docstra_tui.llm.inference.growing_layer import GrowingLayer

CACHE_NAMES = ("past_key_values", "cache", "cache_params")
"""What `forward` and `generate` call the cache they take: the second from transformers 5.24 on, the third
before that where it holds states alone."""


class Forward:
    """The model as something that reads."""

    def __init__(self, model: Any) -> None:
        self.model = model
        taken = inspect.signature(model.forward).parameters
        self._cache_name = next((name for name in CACHE_NAMES if name in taken), "")
        self._takes_positions = "position_ids" in taken
        self._takes_logits_to_keep = "logits_to_keep" in taken

    @property
    def takes_cache(self) -> bool:
        """False for models that keep their state in a form of their own (RWKV, XLNet)."""
        return bool(self._cache_name)

    def as_argument(self, cache: Any | None) -> dict[str, Any]:
        """The cache as a keyword argument of the model's `forward` and `generate`."""
        return {self._cache_name: cache} if self._cache_name else {}

    def new_cache(self) -> Any:
        """An empty cache of the kind that `generate` makes; its full attention is written in place."""
        cache = DynamicCache(config=self.model.config)
        cache.layers = [GrowingLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers]
        return cache

    @contextlib.contextmanager
    def on_top(self, cache: Any | None, read: int) -> Iterator[dict[str, Any]]:
        """While `generate` goes on from the `read` tokens in `cache`; what it is given for that.

        It asks the cache how many those are. One that holds states alone (Mamba 2) does not know, and all of
        the prompt would be read on top of itself.
        """
        given = {} if cache is None else self.as_argument(cache)
        if cache is None or read == 0 or seen_by(cache) is not None:
            yield given
            return
        prepare = self.model.prepare_inputs_for_generation

        @functools.wraps(prepare)  # its parameters are looked at
        def rest(ids: torch.Tensor, *args: Any, is_first_iteration: bool = False, **given: Any) -> Any:
            if is_first_iteration:
                given.update(next_sequence_length=ids.shape[1] - read, attention_mask=None)
            return prepare(ids, *args, is_first_iteration=is_first_iteration, **given)

        self.model.prepare_inputs_for_generation = rest
        try:
            yield given
        finally:
            del self.model.prepare_inputs_for_generation

    def __call__(self, ids: torch.Tensor, start: int, cache: Any | None, keep: int = 1) -> torch.Tensor:
        """Read `ids[0, start:]` on top of the `start` tokens in `cache`; the logits of the last `keep`.

        `ids`, of shape (1, length), is everything from the first token on. Without a cache all of it is
        read, and nothing remembered.
        """
        given: dict[str, Any] = {"use_cache": cache is not None, **self.as_argument(cache)}
        if self._takes_positions:
            given["position_ids"] = self.model._prepare_position_ids_for_generation(
                ids, {"attention_mask": torch.ones_like(ids)}
            )
        inputs = self.model.prepare_inputs_for_generation(
            ids, next_sequence_length=ids.shape[1] - start, is_first_iteration=True, **given
        )
        if self._takes_logits_to_keep:
            inputs["logits_to_keep"] = keep
        with torch.inference_mode():
            logits: torch.Tensor = self.model(**inputs, return_dict=True).logits
        return logits[0, -keep:]
