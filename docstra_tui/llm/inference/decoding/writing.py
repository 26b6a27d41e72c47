"""One answer while it is written: what the model reads next, and what comes of the logits behind it.

Everything that decides a token is prepared by transformers' own `generate`, and asked in its order: so every
setting means the same, and a seed gives the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from transformers import GenerationConfig, GenerationMixin, LogitsProcessorList, StoppingCriteriaList

from docstra_tui.llm.inference.cache_layers import crop_to
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
        self._generator = generator
        self._samples = bool(rules.config.do_sample)
        self._length = rules.ids.shape[1]
        self._ids = _with_room(rules.ids, rules.config.max_length)
        self.slot = Slot(cache, self._length - 1, [])
        """What is to be read next. Drafts may be added to its ids before the step."""
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
            if read < len(ids):
                for layer in slot.cache.layers:
                    crop_to(layer, slot.start)
        return read

    def _choose(self, logits: torch.Tensor) -> int:
        rules, ids = self._rules, self.written
        scores = rules.processors(ids, logits.to(ids.device, torch.float32, copy=True))
        if self._samples:
            probabilities = torch.nn.functional.softmax(scores, dim=-1)
            chosen = torch.multinomial(probabilities, num_samples=1, generator=self._generator)
        else:
            chosen = torch.argmax(scores, dim=-1, keepdim=True)
        if self._length == self._ids.shape[1]:
            self._ids = _with_room(self._ids, 2 * self._length)
        self._ids[:, self._length] = chosen[:, 0]
        self._length += 1
        self.done = bool(rules.criteria(self.written, None).all())
        on_host = chosen[0].cpu()
        self._streamer.put(on_host)
        return int(on_host)


def _with_room(ids: torch.Tensor, size: int | None) -> torch.Tensor:
    room = ids.new_zeros((1, max(size or 0, ids.shape[1] + 1)))
    room[:, : ids.shape[1]] = ids
    return room
