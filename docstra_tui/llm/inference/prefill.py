"""Reading a prompt into the cache, so that it can be stopped at any moment.

Neither streamer nor stopping criteria are asked while a prompt is read, so a gate on every decoder
layer and its parts raises instead. Long prompts are read in chunks, sized so that one layer of one chunk
takes under 100 ms: a cancel then takes effect at once, whatever the model and the device.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from docstra_tui.llm.inference.cached_prompt import CachedPrompt
from docstra_tui.llm.inference.forward import Forward
from docstra_tui.llm.inference.stopping import Cancelled

LAYER_SECONDS = 0.09
"""What one layer of one chunk should take; a cancel is allowed 250 ms. At the end of a long prompt it takes
three times as long, most of it in attention, which is one of the parts that wait at the gate."""
SMALLEST_CHUNK, LARGEST_CHUNK = 64, 8192
"""Below the smallest, the fixed cost of a pass is most of it, and a busy machine would only get busier."""
SURE = 512
"""Tokens of a chunk that tells what larger ones will take."""


def decoder_layers(model: Any) -> list[Any]:
    """The decoder's layers in order; for an unknown shape, the longest module list there is."""
    try:
        decoder = model.get_decoder()
    except (AttributeError, NotImplementedError):
        decoder = model
    layers = getattr(decoder, "layers", None)
    if isinstance(layers, torch.nn.ModuleList):
        return list(layers)
    lists: list[list[Any]] = [list(m) for m in model.modules() if isinstance(m, torch.nn.ModuleList)]
    return max(lists, key=len, default=[model])


def gated(model: Any) -> list[Any]:
    """The decoder's layers, and the parts of each."""
    return [part for layer in decoder_layers(model) for part in (layer, *layer.children())]


@contextmanager
def gate(model: Any, is_cancelled: Callable[[], bool]) -> Iterator[Callable[[], None]]:
    """Raise `Cancelled` in front of the next decoder layer, or the next part of one, once `is_cancelled()`.

    Gives a function that opens the gate early: decoding asks its streamer once a token instead, and
    must not pay for a Python call a layer.
    """

    def check(module: Any, args: Any) -> None:
        if is_cancelled():
            raise Cancelled

    handles = [part.register_forward_pre_hook(check) for part in gated(model)]

    def remove() -> None:
        while handles:
            handles.pop().remove()

    try:
        yield remove
    finally:
        remove()


class ChunkSizer:
    """How many tokens to read at once, from the fastest reading seen.

    Not from the latest: on a busy machine every pass is slow whatever its size, and smaller chunks would
    only make more of them.
    """

    def __init__(self, layers: int) -> None:
        self._layers = max(1, layers)
        self._fastest = float("inf")
        """Seconds a token, through all layers."""
        self._most = LARGEST_CHUNK
        self.tokens = 256

    def hold_to(self, most: int) -> None:
        """Read no more at once, for the sake of memory."""
        self._most = max(SMALLEST_CHUNK, min(most, LARGEST_CHUNK))
        self.tokens = min(self.tokens, self._most)

    def learn(self, tokens: int, seconds: float) -> None:
        """`tokens` were read through all layers in `seconds`."""
        # Attention makes later chunks dearer for good: forget slowly.
        self._fastest = min(self._fastest * 1.02, max(seconds, 1e-6) / tokens)
        wanted = int(LAYER_SECONDS * self._layers / self._fastest)
        boldest = self._most if tokens >= SURE else self.tokens * 4
        self.tokens = max(SMALLEST_CHUNK, min(wanted, boldest, self._most))


def probe(forward: Forward, ids: torch.Tensor, sizer: ChunkSizer) -> float:
    """Size the chunks by reading `ids`; the model must be warm. Its `pace`."""
    start = time.monotonic()
    forward(ids, 0, None)[0, 0].item()  # waits for the device
    seconds = time.monotonic() - start
    sizer.learn(ids.shape[1], seconds)
    return pace(int(ids.shape[1]), seconds)


def pace(tokens: int, seconds: float) -> float:
    """Seconds a token of a chunk; one below the smallest counts as that, for it costs nearly as much."""
    return seconds / max(tokens, SMALLEST_CHUNK)


def prefill(
    forward: Forward,
    prompt: CachedPrompt,
    ids: Sequence[int],
    end: int,
    sizer: ChunkSizer,
    took: Callable[[int, int, float], None] = lambda at, tokens, seconds: None,
) -> None:
    """Read `ids` into the cache of `prompt`, from where it stands up to `end`. Runs inside a `gate`.

    `prompt.ids` grows with every chunk that is wholly read, so that a cancel loses one chunk at most.
    `took` hears of each chunk where it began, its tokens and its seconds.
    """
    prompt.mark()  # so that a cancel in the first chunk loses nothing that was here before
    prompt.expect(len(ids))
    whole = torch.tensor([ids[:end]], device=forward.model.device)
    while (at := len(prompt.ids)) < end:
        chunk = list(ids[at : min(at + sizer.tokens, end)])
        start = time.monotonic()
        logits = forward(whole[:, : at + len(chunk)], at, prompt.cache)
        logits[0, 0].item()  # waits for the device, so that the next size is honest
        prompt.ids = [*prompt.ids, *chunk]
        prompt.mark()
        seconds = time.monotonic() - start
        sizer.learn(len(chunk), seconds)
        took(at, len(chunk), seconds)
