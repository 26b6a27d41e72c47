"""One answer while it is written: what the model reads next, and what comes of the logits behind it.

Everything that decides a token is prepared by transformers' own `generate`, and asked in its order: so every
setting means the same, and a seed gives the same answer.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from transformers import GenerationConfig, GenerationMixin, LogitsProcessorList, StoppingCriteriaList

from docstra_tui.llm.inference.cache_layers import begin_draft, crop_to, end_draft
from docstra_tui.llm.inference.decoding.choice import Choice
from docstra_tui.llm.inference.decoding.step import Slot
from docstra_tui.llm.inference.forward import Forward


class Streamer(Protocol):
    """Takes each id as it is written (`streaming.AnswerStreamer`); raises to leave."""

    def put(self, value: torch.Tensor) -> None: ...


@dataclass(frozen=True, eq=False)
class Rules:
    """How the tokens of one answer are chosen, and when it is over."""

    ids: torch.Tensor
    """The prompt, of shape (1, length)."""
    processors: LogitsProcessorList
    criteria: StoppingCriteriaList
    config: GenerationConfig


def fits(model: Any) -> bool:
    """False for a model that brings a `generate` of its own, which may do anything."""
    kind = type(model)
    return (
        getattr(kind, "generate", None) is GenerationMixin.generate
        and getattr(kind, "_sample", None) is GenerationMixin._sample
    )


def rules(model: Any, ids: torch.Tensor, **given: Any) -> Rules:
    """What `generate` makes of what it is given: `generation_config`, `logits_processor`, `streamer` and so
    on. The streamer gets the prompt."""

    def taken(
        model: Any,
        input_ids: torch.Tensor,
        logits_processor: LogitsProcessorList,
        stopping_criteria: StoppingCriteriaList,
        generation_config: GenerationConfig,
        **rest: Any,
    ) -> Rules:
        return Rules(input_ids, logits_processor, stopping_criteria, generation_config)

    found = model.generate(ids, attention_mask=torch.ones_like(ids), custom_generate=taken, **given)
    assert isinstance(found, Rules)
    return found


class Writing:
    """One answer. Give its `slot` to a step, and `take` what comes of it, until it is `done`."""

    def __init__(
        self, rules: Rules, cache: Any, streamer: Streamer, generator: torch.Generator | None = None
    ) -> None:
        """`cache` holds a beginning of the prompt. Without a generator, chance is torch's own."""
        self._rules = rules
        self._streamer = streamer
        self._choice = Choice(
            rules.processors,
            samples=bool(rules.config.do_sample),
            generator=generator,
            on_cpu=rules.ids.device.type == "cpu",
        )
        self._length = rules.ids.shape[1]
        self._ids = _with_room(rules.ids, rules.config.max_length)
        self._on_host = self._ids.cpu()  # the same where that is the host
        self._told = self._length
        """How many of the ids the streamer knows."""
        self._coming: deque[Arrival] = deque()
        """Those behind them."""
        self.slot = Slot(cache, self._length - 1, [])
        """What is to be read next."""
        self.done = False

    @property
    def ids(self) -> list[int]:
        """All ids so far, the prompt's among them."""
        found: list[int] = self.written[0].tolist()
        return found

    @property
    def written(self) -> torch.Tensor:
        """All ids so far, of shape (1, length)."""
        return self._ids[:, : self._length]

    def begin(self, forward: Forward, read: int) -> None:
        """Read the prompt from the `read` tokens on that are in the cache, and choose the first token."""
        logits = forward(self.written, read, self.slot.cache)
        self.slot.ids = self.written[0, -1:].tolist()
        self.take(logits)

    def take(self, logits: torch.Tensor) -> int:
        """Choose from the logits behind each id of the slot, and hand what was chosen to the streamer.

        How many tokens were written: one, and one for each draft that was right. What was drafted wrongly
        leaves the cache; so it does where the streamer raises.
        """
        slot = self.slot
        ids, slot.ids = slot.ids, []
        read = 0
        try:
            for row, draft in enumerate([*ids[1:], None]):
                read = row + 1
                token = self._choose(logits[row : row + 1])
                if self.done or token != draft:
                    slot.ids = [token]
                    break
        finally:
            slot.start += read
            if len(ids) > 1:
                end_draft(slot.cache, slot.start)
        return read

    def draft(self, guess: list[int]) -> None:
        """Have it read with the latest token what may come behind it."""
        if guess:
            begin_draft(self.slot.cache)
            self.slot.ids = [*self.slot.ids, *guess]

    @property
    def unheard(self) -> int:
        """How many tokens were chosen that nobody has looked at."""
        return len(self._coming)

    @property
    def left(self) -> int | None:
        """How many tokens may follow those that were chosen; None for any number."""
        most = self._rules.config.max_length
        return None if most is None else max(most - self._length, 0)

    @property
    def is_full(self) -> bool:
        """True where no token may follow those that were chosen."""
        return self.left == 0

    def room_for_drafts(self, most: int) -> int:
        """How many of `most` tokens may be drafted: one is written behind them, and what would stand behind
        the end is nowhere in some models' tables of places."""
        return most if self.left is None else max(min(most, self.left - 1), 0)

    def go_ahead(self, logits: torch.Tensor) -> None:
        """Choose from the logits behind the one id of the slot, without looking at it: `hear` does."""
        self.slot.start += 1
        self.slot.ids = self._pick(logits)

    def hear(self) -> int:
        """Hand the next token to the streamer, when it has come, and see whether it ends the answer."""
        token = self._coming.popleft().wait()
        self._told += 1
        if self._on_host is not self._ids:
            self._on_host[:, self._told - 1] = token
        self.done = bool(self._rules.criteria(self._on_host[:, : self._told], None).all())
        self._streamer.put(token)
        if not self._coming:
            self.slot.ids = [int(token)]
        return int(token)

    def settle(self) -> None:
        """Take back what was chosen and not heard of, and read for it: the answer was over before."""
        self._coming.clear()
        self._length = self._told
        if self.slot.start > self._told - 1:
            self.slot.start = self._told - 1
            self._crop()

    def _choose(self, logits: torch.Tensor) -> int:
        self._pick(logits)
        return self.hear()

    def _pick(self, logits: torch.Tensor) -> torch.Tensor:
        chosen = self._choice(self.written, logits)
        if self._length == self._ids.shape[1]:
            is_here = self._on_host is self._ids
            self._ids = _with_room(self._ids, 2 * self._length)
            self._on_host = self._ids if is_here else _with_room(self._on_host, 2 * self._length)
        self._ids[:, self._length] = chosen
        self._length += 1
        self._coming.append(Arrival(chosen, self._choice.is_sound))
        return chosen

    def _crop(self) -> None:
        for layer in self.slot.cache.layers:
            crop_to(layer, self.slot.start)


class Arrival:
    """A token on its way from the device that chose it to the host."""

    def __init__(self, chosen: torch.Tensor, is_sound: torch.Tensor | None = None) -> None:
        """`is_sound` says whether it was chosen from numbers, where nobody has looked yet."""
        both = chosen if is_sound is None else torch.cat([chosen, is_sound.to(chosen.dtype).view(1)])
        self._here = both
        self._event: Any = None
        if chosen.device.type == "cuda":
            # Into memory that stays where it is, so that nobody waits now.
            self._here = torch.empty(both.shape, dtype=both.dtype, pin_memory=True)
            self._here.copy_(both, non_blocking=True)
            self._event = torch.cuda.Event(blocking=True)
            self._event.record(torch.cuda.current_stream(chosen.device))

    def wait(self) -> torch.Tensor:
        """It, on the host. Raises `RuntimeError`, as torch does, where it was not chosen from numbers."""
        if self._event is not None:
            self._event.synchronize()
        here = self._here.cpu()
        if here.shape[0] > 1 and not here[1]:
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
        return here[:1]


def _with_room(ids: torch.Tensor, size: int | None) -> torch.Tensor:
    room = ids.new_zeros((1, max(size or 0, ids.shape[1] + 1)))
    room[:, : ids.shape[1]] = ids
    return room
