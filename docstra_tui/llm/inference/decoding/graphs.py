"""Steps of decoding that are recorded on the GPU and played: one launch a step instead of hundreds.

A recording has fixed shapes and addresses. So the texts' keys and values stand in lanes (`lanes`), a step
sees a part of them whose length is one of a few, and there is a recording for each number of texts, new ids
and seen tokens that came up. What cannot be recorded is done by another step.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from docstra_tui.error_forms import first_line, words_of
from docstra_tui.errors import EngineDied
from docstra_tui.llm.inference import failures
from docstra_tui.llm.inference.decoding import masked_attention
from docstra_tui.llm.inference.decoding.body import Body, Pass
from docstra_tui.llm.inference.decoding.lanes import Lanes, lane_cache
from docstra_tui.llm.inference.decoding.masked_attention import Attend, Shape
from docstra_tui.llm.inference.decoding.recording import FAILED, Recorder
from docstra_tui.llm.inference.decoding.step import Slot, Step
from docstra_tui.llm.inference.growing_layer import GrowingLayer

logger = logging.getLogger(__name__)

SMALLEST_REACH = 512
"""Tokens that the shortest recording sees."""
FIRST_ROOM = 4096
"""Tokens that a lane has room for at least, if the window is as long: growing throws recordings away."""
MOST_SLOTS = 8
MOST_IDS = 8
"""On a GPU this many rows cost hardly more than one."""
HEADROOM = 1024
"""Tokens that may come in a lane until it has to grow, if there is memory for them."""
LANE_SHARE = 2
"""Lanes may take one part in this many of the memory that is free."""


NOTE = "Writing is slower here than it could be, each token's work is launched piece by piece: {}."


@dataclass
class _Recording:
    """One recorded step."""

    given: torch.Tensor
    """Ids and places, of shape (2, lanes, new): what changes from step to step."""
    room: int
    """Of its lanes."""
    logits: torch.Tensor
    play: Callable[[], None]
    kept: object
    """What has to live as long: its addresses were recorded."""


class GraphStep:
    """Plays recorded steps; `otherwise` takes those that cannot be."""

    def __init__(
        self,
        body: Body,
        otherwise: Step,
        recorder: Callable[[], Recorder],
        *,
        heads: int,
        window: int,
        free_bytes: Callable[[], int],
        first_room: int = 0,
    ) -> None:
        """`recorder` makes one whose recordings share memory and end together; `heads` is how many query
        heads a layer has, `free_bytes` what memory the device has left."""
        self._body = body
        self.otherwise = otherwise
        """What takes the steps that are not recorded."""
        self._recorder = recorder
        self._heads = heads
        self._window = window
        self._free_bytes = free_bytes
        self._first_room = first_room or FIRST_ROOM
        self._lanes: dict[int, Lanes] = {}
        """By how many texts they are for."""
        self._recorders: dict[int, Recorder] = {}
        self._too_long: dict[int, int] = {}
        """By the same, from how many tokens on there was no memory for them."""
        self._recordings: dict[tuple[int, int, int], _Recording] = {}
        """By lanes, new ids and reach."""
        self._ways: dict[tuple[int, int, int], Attend] = {}
        self.note = ""
        """Why nothing is recorded any more, a sentence; empty while something is."""

    @property
    def most_ids(self) -> int:
        return self.otherwise.most_ids if self.note else min(MOST_IDS, self.otherwise.most_ids)

    @property
    def most_slots(self) -> int:
        return self.otherwise.most_slots if self.note else MOST_SLOTS

    def logits(self, slots: Sequence[Slot]) -> torch.Tensor:
        """As `Step.logits`; what it gives back is written over by the next step."""
        found = self._ready(slots)
        if found is None:
            return self._one_by_one(slots)
        recording, at = found
        self._fill(recording, slots, at)
        recording.play()
        for slot in slots:
            for layer in slot.cache.layers:
                layer.wrote(len(slot.ids))
        if len(slots) == 1 and recording.logits.shape[:2] == (1, len(slots[0].ids)):
            return recording.logits[0]
        return torch.cat([recording.logits[n, : len(slot.ids)] for n, slot in zip(at, slots, strict=True)])

    def prepare(self, slots: Sequence[Slot]) -> None:
        """Record what the next steps of these texts play, before anybody takes their time."""
        self._ready(slots)

    def give_up(self, why: str) -> None:
        """Record nothing any more, for a reason in a few words."""
        self.forget()
        self.note = NOTE.format(why)
        logger.info(self.note)

    def forget(self) -> None:
        """Let go of all recordings and lanes, as before weights move; they are made again when needed."""
        for count in list(self._lanes):
            self._drop(count)
        self._too_long.clear()

    def _drop(self, count: int) -> None:
        lanes = self._lanes.pop(count)
        if lanes.device.type == "cuda":  # what is played still may need it
            torch.cuda.synchronize(lanes.device)
        self._recordings = {key: known for key, known in self._recordings.items() if key[0] != count}
        self._recorders.pop(count, None)
        lanes.leave()

    def _ready(self, slots: Sequence[Slot]) -> tuple[_Recording, list[int]] | None:
        """What to play and the lane of each text; None where the other step has to do it."""
        if self.note or len(slots) > MOST_SLOTS or not all(_is_plain(slot) for slot in slots):
            return None
        several = max(len(slot.ids) for slot in slots) > 1
        new = self.most_ids if several else 1
        end = max(slot.start for slot in slots) + new
        count = next(n for n in (1, 2, 4, MOST_SLOTS) if n >= len(slots))
        try:
            lanes = self._roomy(slots[0].cache.layers, count, end)
            if lanes is None:
                return None
            at = lanes.place([slot.cache for slot in slots])
            reach = self._reach(end, lanes.room)
            # Both for one text: a draft's worth is judged by its time, and nothing may be recorded in that.
            for size in {1, self.most_ids} if count == 1 else {new}:
                if (count, size, reach) not in self._recordings:
                    self._recordings[count, size, reach] = self._recorded(lanes, size, reach)
            return self._recordings[count, new, reach], at
        except torch.OutOfMemoryError:
            self.forget()
            self._too_long[count] = end
        except FAILED as error:
            if _is_fatal(error):
                raise
            logger.warning("steps are not recorded", exc_info=error)
            self.give_up(first_line(error, 120) or type(error).__name__)
        return None

    def _roomy(self, like: Sequence[GrowingLayer], count: int, end: int) -> Lanes | None:
        """Lanes for so many texts, each up to `end`; None where there is no memory for them."""
        lanes = self._lanes.get(count)
        if lanes is not None and end <= lanes.room:
            return lanes
        if end >= self._too_long.get(count, end + 1):
            return None
        if lanes is not None:
            self._drop(count)
        usual = max(self._reach(end + HEADROOM), min(self._first_room, self._reach(self._window)))
        for room in sorted({usual, self._reach(end)}, reverse=True):
            if count * room * _token_bytes(like) <= self._free_bytes() // LANE_SHARE:
                with contextlib.suppress(torch.OutOfMemoryError):
                    self._lanes[count] = Lanes(like, count, room, MOST_IDS)
                    self._recorders[count] = self._recorder()
                    return self._lanes[count]
        self._too_long[count] = end
        return None

    def _reach(self, end: int, most: int | None = None) -> int:
        """The least length of a recording that sees `end` tokens: 512, 768, 1024, 1536, 2048, …"""
        reach = SMALLEST_REACH
        while reach < end:
            reach = reach * 3 // 2 if reach.bit_count() == 1 else reach // 3 * 4
        return reach if most is None else min(reach, most)

    def _recorded(self, lanes: Lanes, new: int, reach: int) -> _Recording:
        keys, values = lanes.buffers[0]
        device = keys.device
        given = torch.zeros((2, lanes.count, new), dtype=torch.long, device=device)
        ids, places = given
        # While this is tried and recorded, all lanes write where nobody looks.
        places += torch.arange(new, device=device) + lanes.room
        columns = torch.arange(reach, device=device)
        cache = lane_cache(lanes, places, reach)
        attend = self._way(lanes.count, new, reach, keys, values)

        def work() -> torch.Tensor:
            mask = masked_attention.mask_of(places, columns, keys.dtype)
            # Behind the room there may be no place in a model's table, and a GPU that looks there is lost.
            stands = places * (places < lanes.room)
            return self._body(Pass(ids, stands, mask, cache, attend))

        logits, play = self._recorders[lanes.count](work)
        return _Recording(given, lanes.room, logits, play, work)

    def _way(self, texts: int, new: int, reach: int, keys: torch.Tensor, values: torch.Tensor) -> Attend:
        key = (texts, new, reach)
        if key not in self._ways:
            shape = Shape(texts, self._heads, keys.shape[1], new, reach, keys.shape[3], values.shape[3])
            self._ways[key] = masked_attention.fastest(shape, keys.dtype, keys.device, self._timed)
            logger.info("attention of %s: %s", shape, getattr(self._ways[key], "__name__", ""))
        return self._ways[key]

    def _timed(self, work: Callable[[], torch.Tensor]) -> float:
        """Seconds, as part of a recording: by themselves, short kernels wait for their launches."""

        def several() -> torch.Tensor:
            for _ in range(7):
                work()
            return work()

        result, play = self._recorder()(several)
        return masked_attention.seconds(play, result.device)

    def _fill(self, recording: _Recording, slots: Sequence[Slot], at: Sequence[int]) -> None:
        """Write what this step reads, without waiting for the device."""
        _, count, new = recording.given.shape
        ids = [[0] * new for _ in range(count)]
        # A lane that is not asked for, and an id that is none, are written behind the room.
        places = [[recording.room + n for n in range(new)] for _ in range(count)]
        for lane, slot in zip(at, slots, strict=True):
            known = [0] * len(slot.ids) if isinstance(slot.ids, torch.Tensor) else slot.ids
            ids[lane][: len(slot.ids)] = known
            places[lane][: len(slot.ids)] = range(slot.start, slot.start + len(slot.ids))
        # From memory that is not pinned: the driver has copied it away when this returns.
        recording.given.copy_(torch.tensor([ids, places]), non_blocking=True)
        for lane, slot in zip(at, slots, strict=True):
            if isinstance(slot.ids, torch.Tensor):  # they never left the device
                recording.given[0, lane, : len(slot.ids)].copy_(slot.ids, non_blocking=True)

    def _one_by_one(self, slots: Sequence[Slot]) -> torch.Tensor:
        if len(slots) <= self.otherwise.most_slots:
            return self.otherwise.logits(slots)
        return torch.cat([self.otherwise.logits([slot]) for slot in slots])


def _is_plain(slot: Slot) -> bool:
    """True where every layer of its cache is one of full attention that has read something."""
    return (
        slot.start > 0
        and len(slot.ids) <= MOST_IDS
        and all(
            type(layer) is GrowingLayer and layer.room > 0 and layer.get_seq_length() == slot.start
            for layer in slot.cache.layers
        )
    )


def _token_bytes(layers: Sequence[GrowingLayer]) -> int:
    rooms = [room for layer in layers for room in layer.rooms if room is not None]
    return sum(room.nbytes // max(room.shape[-2], 1) for room in rooms)


def _is_fatal(error: Exception) -> bool:
    """True where the device answers nothing any more; a recording that failed does it no harm."""
    if "captur" in words_of(error).lower():
        return False
    return isinstance(failures.explain(error, 0), EngineDied)
