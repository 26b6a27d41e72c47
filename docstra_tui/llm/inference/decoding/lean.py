"""A step made for models of the usual kind: only their arithmetic, for several texts at once.

transformers' own forward pass does the same and much around it, which for one token is half of its time. All
new ids go through each weight together; attention goes from text to text, each over its own cache, so texts
of any lengths can be together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from docstra_tui.error_forms import words_of
from docstra_tui.llm.inference import memory, proof
from docstra_tui.llm.inference.decoding.attention import Attention
from docstra_tui.llm.inference.decoding.body import Pass
from docstra_tui.llm.inference.decoding.decoder import Decoder, Unusual
from docstra_tui.llm.inference.decoding.step import MOST_IDS, Slot, Step
from docstra_tui.llm.inference.forward import Forward
from docstra_tui.llm.inference.growing_layer import GrowingLayer
from docstra_tui.llm.log import logger
from docstra_tui.llm.machine.kept import Kept

MOST_SLOTS = 8
COPY_SHARE = 4
"""Copies of the weights may take one part in this many of the memory that is free."""
TOKENS, READ, LITTLE = 24, 15, 3
"""Of the proof: of all its text, those that the model itself reads first, and those of a text that begins."""
ODD = (Unusual, RuntimeError, NotImplementedError, AttributeError, TypeError, ValueError, LookupError)
"""What is raised where a model is of another kind than it seemed."""
PROVEN = Kept("lean", 1)
"""`true` for what was proven at an earlier start; what failed is tried again."""
KINDS = "not all its layers attend to all of the text"
WRONG = "its own forward pass says something else, by {:.1e}"


class LeanStep:
    """`otherwise` takes texts whose cache is of another kind."""

    most_ids = MOST_IDS
    most_slots = MOST_SLOTS

    def __init__(self, decoder: Decoder, otherwise: Step) -> None:
        self.decoder = decoder
        self._otherwise = otherwise
        self.attention = Attention(decoder.scale, decoder.layers[0].groups)

    def choose(self, free_bytes: int) -> str:
        """Find out what is quickest on this machine; what was chosen, in a few words."""
        layer, chosen = self.decoder.layers[0], self.decoder.choose(free_bytes)
        if self.decoder.device.type == "cpu":
            self.attention.choose(layer.heads, layer.wide, self.decoder.dtype)
        return f"{chosen} {self.attention.by_head}"

    def logits(self, slots: Sequence[Slot]) -> torch.Tensor:
        if not all(_is_plain(slot, len(self.decoder.layers)) for slot in slots):
            return torch.cat([self._otherwise.logits([slot]) for slot in slots])
        return self.read(slots, [slot.start for slot in slots])

    def read(self, slots: Sequence[Slot], starts: Sequence[int]) -> torch.Tensor:
        """The same where the new ids of each slot stand at another place in the text than in the cache."""
        device = self.decoder.device
        ids = torch.cat([_ids(slot, device) for slot in slots])
        places = torch.tensor(
            [start + n for slot, start in zip(slots, starts, strict=True) for n in range(len(slot.ids))],
            device=device,
        )

        def attend(
            number: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
        ) -> torch.Tensor:
            if len(slots) == 1:
                return self._attend(slots[0], number, queries, keys, values)
            seen, at = [], 0
            for slot in slots:
                end = at + len(slot.ids)
                seen.append(self._attend(slot, number, queries[at:end], keys[at:end], values[at:end]))
                at = end
            return torch.cat(seen)

        logits = self.decoder(ids, places, attend)
        for slot in slots:
            for layer in slot.cache.layers:
                layer.wrote(len(slot.ids))
        return logits

    def _attend(
        self, slot: Slot, number: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
    ) -> torch.Tensor:
        new, start = keys.shape[0], slot.start
        layer = slot.cache.layers[number]
        keys, values = keys.transpose(0, 1)[None], values.transpose(0, 1)[None]
        layer.make_room(new, keys, values)
        known_keys, known_values = layer.rooms
        known_keys.narrow(2, start, new).copy_(keys)
        known_values.narrow(2, start, new).copy_(values)
        end = start + new
        return self.attention(queries, known_keys.narrow(2, 0, end), known_values.narrow(2, 0, end))


class LeanBody:
    """The same arithmetic for recorded steps, which bring attention and cache (`body.Body`)."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def __call__(self, given: Pass) -> torch.Tensor:
        lanes, new = given.ids.shape

        def attend(
            number: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
        ) -> torch.Tensor:
            query, key, value = (
                rows.view(lanes, new, *rows.shape[1:]).transpose(1, 2) for rows in (queries, keys, values)
            )
            keys, values = given.cache.layers[number].update(key, value)
            seen = given.attend(query, keys, values, given.mask, self._decoder.scale)
            return seen.transpose(1, 2).reshape(lanes * new, -1)

        logits = self._decoder(given.ids.flatten(), given.places.flatten(), attend)
        return logits.view(lanes, new, -1)


def lean(forward: Forward, otherwise: Step, ids: torch.Tensor, files: str = "") -> Step:
    """A `LeanStep` for this model where it is of the usual kind and proven right, else `otherwise`.

    `ids`, of shape (1, length), are ordinary text; what was proven of a model from the same `files` is not
    proven again.
    """
    try:
        if not all(type(layer) is GrowingLayer for layer in forward.new_cache().layers):
            raise Unusual(KINDS)
        step = LeanStep(Decoder(forward.model), otherwise)
        chosen = step.choose(memory.free(forward.model) // COPY_SHARE)
        _prove(step, forward, ids, files, chosen)
    except torch.OutOfMemoryError:
        raise
    except ODD as error:
        logger.info("the model writes with its own forward pass: %s", words_of(error))
        return otherwise
    return step


def _prove(step: LeanStep, forward: Forward, ids: torch.Tensor, files: str, chosen: str) -> None:
    """Raise `Unusual` where the step is not what the model's forward pass is."""
    key = proof.key_of(forward.model, files)
    key = key and f"{key} {chosen}"
    if key and PROVEN.find(key) is True:
        return
    with torch.inference_mode():
        off = deviation(step, forward, ids)
    if not off <= proof.limit_of(forward.model):
        raise Unusual(WRONG.format(off))
    logger.info("the lean step's logits are off by %.1e", off)
    if key:
        PROVEN.keep(key, True)


def deviation(step: LeanStep, forward: Forward, ids: torch.Tensor) -> float:
    """How far the logits are off at worst: of one id, of several, of two texts together, and far on."""
    proven = _Proof(step, forward, ids)
    off = [proven.alone(), proven.together(), proven.far()]
    return float(torch.stack(off).max())  # one that is no number stays none


class _Proof:
    """One pass of the model's own over the same text twice, at the window's beginning and at its end: some
    models turn or weigh otherwise far on. The step then goes on from what that pass remembered."""

    def __init__(self, step: LeanStep, forward: Forward, ids: torch.Tensor) -> None:
        self._step = step
        self._forward = forward
        self._ids = ids[0, :TOKENS]
        window = int(getattr(forward.model.config.get_text_config(), "max_position_embeddings", 0) or 0)
        self._far = max(window - TOKENS, 0)
        self._known = forward.new_cache()
        near = torch.arange(TOKENS, device=ids.device)
        given = {"position_ids": torch.stack((near, near + self._far)), "use_cache": True}
        both = self._ids[None].expand(2, -1)
        out = forward.model(both, return_dict=True, **given, **forward.as_argument(self._known))
        self._right: torch.Tensor = out.logits

    def alone(self) -> torch.Tensor:
        """One id after a beginning, then several at once."""
        cache, at, off = self._read(0, READ), READ, []
        for new in (1, TOKENS - READ - 2, 1):
            logits = self._step.logits([self._slot(cache, at, at + new)])
            off.append(_off(logits, self._right[0, at : at + new]))
            at += new
        return torch.stack(off).max()

    def together(self) -> torch.Tensor:
        """Two texts in one step, one of them from its beginning on."""
        slots = [self._slot(self._read(0, READ), READ, READ + 2), self._slot(self._read(0, 0), 0, LITTLE)]
        right = torch.cat((self._right[0, READ : READ + 2], self._right[0, :LITTLE]))
        return _off(self._step.logits(slots), right)

    def far(self) -> torch.Tensor:
        slot = self._slot(self._read(1, READ), READ, TOKENS)
        return _off(self._step.read([slot], [self._far + READ]), self._right[1, READ:])

    def _slot(self, cache: Any, at: int, end: int) -> Slot:
        return Slot(cache, at, self._ids[at:end].tolist())

    def _read(self, row: int, end: int) -> Any:
        """What the pass remembers of the first tokens of one of its two texts."""
        cache = self._forward.new_cache()
        for layer, known in zip(cache.layers, self._known.layers, strict=True):
            if end:
                layer.update(known.keys[row : row + 1, :, :end], known.values[row : row + 1, :, :end])
        return cache


def _off(logits: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """See `proof.ROUNDING`; of all rows together, for rounding hits one of many harder."""
    logits, right = logits.float(), right.float()
    return ((logits - right).std(-1) / right.std(-1)).mean()


def _is_plain(slot: Slot, layers: int) -> bool:
    """True where the cache is one of full attention."""
    known = slot.cache.layers
    return len(known) == layers and all(type(layer) is GrowingLayer for layer in known)


def _ids(slot: Slot, device: torch.device) -> torch.Tensor:
    return slot.ids if isinstance(slot.ids, torch.Tensor) else torch.tensor(slot.ids, device=device)
