"""What `benchmarks.gpu` measures of one model: each part by itself, plain `generate` beside this engine."""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable
from typing import Any, Self

import torch
from transformers import AutoModelForCausalLM, LlamaConfig

from docstra_tui.errors import DocstraError
from docstra_tui.llm.answer import Event, Finished
from docstra_tui.llm.inference.decoding.step import Slot, Step
from docstra_tui.llm.inference.forward import Forward
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.recipe import Request
from tests.tiny_models import tiny_tokenizer


def bandwidth(device: torch.device, size: int) -> float:
    """Bytes a second that a copy on the device reads and writes."""
    source = torch.empty(size, dtype=torch.uint8, device=device).fill_(1)
    target = torch.empty_like(source)
    return 2 * size / min(seconds_of(lambda: target.copy_(source), device) for _ in range(3))


def seconds_of(work: Callable[[], object], device: torch.device) -> float:
    """What it takes; the device has done all of it when the clock stops."""
    _wait(device)
    start = time.perf_counter()
    work()
    _wait(device)
    return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class Subject:
    """A model of random weights, and the engine's generator over it."""

    def __init__(self, shape: dict[str, Any], window: int, device: torch.device, runs: int) -> None:
        self.device = device
        self.runs = runs
        """How often each thing is measured; the median counts."""
        self._config = LlamaConfig(
            **shape, max_position_embeddings=window, bos_token_id=None, eos_token_id=None, pad_token_id=None
        )
        self._random = random.Random(0)

    def __enter__(self) -> Self:
        dtype = torch.bfloat16 if self.device.type == "cuda" else torch.float32
        with torch.device(self.device):
            self.model = AutoModelForCausalLM.from_config(self._config, dtype=dtype).eval()
        self.model.generation_config.eos_token_id = None
        tokenizer = tiny_tokenizer("llama", self._config.max_position_embeddings)
        tokenizer.eos_token = None  # every answer is as long as it may be
        start = time.perf_counter()
        self.generator = Generator(self.model, tokenizer, 8 << 30)
        self.ready_s = time.perf_counter() - start
        """What the generator tried out before it was ready."""
        return self

    def __exit__(self, *error: object) -> None:
        del self.model, self.generator
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    @property
    def step(self) -> Step | None:
        """What writes; None where that is `generate`."""
        return self.generator.writer.step

    def ids(self, count: int) -> list[int]:
        """A text that was never read before."""
        return [self._random.randrange(300, self._config.vocab_size) for _ in range(count)]

    def token_bytes(self, context: int) -> int:
        """Bytes that one token's step has to read, behind so many others."""
        weights = sum(parameter.nbytes for parameter in self.model.parameters())
        if not self._config.tie_word_embeddings:
            weights -= self.model.get_input_embeddings().weight.nbytes
        shape, width = self._config, self.model.dtype.itemsize
        heads = shape.num_key_value_heads * shape.head_dim
        return int(weights + 2 * shape.num_hidden_layers * heads * context * width)

    def ask(self, ids: list[int], tokens: int) -> tuple[float, list[int]]:
        """Seconds of one answer of this engine, and what was read and written then."""
        ended: Finished | DocstraError | None = None

        def whole() -> None:
            nonlocal ended
            ended = self.generator.answer(Request(ids, tokens, 0.0), _ignore, lambda: False)

        seconds = seconds_of(whole, self.device)
        if not isinstance(ended, Finished):
            raise RuntimeError(f"no answer: {ended}")
        if ended.usage.completion_tokens != tokens:
            raise RuntimeError(f"{ended.usage.completion_tokens} tokens were written, not {tokens}")
        latest = self.generator.prefixes._prompts[-1]
        return seconds, list(latest.ids)

    def plain(self, ids: list[int], tokens: int) -> float:
        """Seconds of one `generate`."""
        inputs = torch.tensor([ids], device=self.device)

        def whole() -> None:
            self.model.generate(
                inputs,
                attention_mask=torch.ones_like(inputs),
                max_new_tokens=tokens,
                do_sample=False,
                pad_token_id=0,
            )

        return seconds_of(whole, self.device)


def measure(
    subject: Subject, name: str, figures: Any, copied: float, *, short: int, long: int, written: int
) -> None:
    """All parts for one model. `copied` is the bandwidth."""

    def add(what: str, value: float | str | None, meaning: str) -> None:
        figures.add(f"{name}_{what}", value, meaning)

    add("ready_s", subject.ready_s, "s until the generator was ready, recordings among them")
    step = subject.step
    add("step", type(step).__name__, "what takes the steps")
    parts: dict[str, Callable[[], None]] = {
        f"writing_{short}": lambda: _writing(subject, add, copied, short, written),
        f"writing_{long}": lambda: _writing(subject, add, copied, long, written),
        "questions": lambda: _questions(subject, add, long),
        "rows": lambda: _rows(subject, add, short),
        "admission": lambda: _admission(subject, add, long),
        "parked": lambda: _parked(subject, add, short),
    }
    for part, work in parts.items():
        figures.part(f"{name}_{part}", work)
    add("note", str(getattr(subject.step, "note", "")), "what the step has to say")


Add = Callable[[str, "float | str | None", str], None]


def _writing(subject: Subject, add: Add, copied: float, context: int, written: int) -> None:
    """Seconds a token: a longer answer less one of a single token, over the same text."""
    ids = subject.ids(context)
    subject.ask(ids, written + 1), subject.plain(ids, 2)  # recordings are made, kernels are loaded
    ours, plain = [], []
    for _ in range(subject.runs):
        ours.append((subject.ask(ids, written + 1)[0] - subject.ask(ids, 1)[0]) / written)
        plain.append((subject.plain(ids, written + 1) - subject.plain(ids, 1)) / written)
    took, before = statistics.median(ours), statistics.median(plain)
    add(f"writes_{context}", 1 / took, f"tokens/s, this engine, behind {context} tokens")
    add(f"plain_writes_{context}", 1 / before, "tokens/s, plain generate")
    add(f"over_plain_{context}", before / took, "this engine over plain generate (target ≥ 3)")
    share = subject.token_bytes(context + written // 2) / took / copied
    add(f"share_{context}", share, "of the bandwidth (target ≥ 0.60, goal 0.70)")


def _questions(subject: Subject, add: Add, context: int) -> None:
    """The first question reads all of it, the second only what is new."""
    fresh, second, plain = [], [], []
    for _ in range(subject.runs):
        ids = subject.ids(context)
        seconds, known = subject.ask(ids, 1)
        fresh.append(seconds)
        second.append(subject.ask([*known, *subject.ids(32)], 1)[0])
        plain.append(subject.plain(subject.ids(context), 1))
    add("first_s", statistics.median(fresh), f"s, first token of a question of {context} tokens")
    add("reads", context / statistics.median(fresh), "tokens/s, reading")
    add(
        "reading_over_plain",
        statistics.median(fresh) / statistics.median(plain),
        "over plain (target ≤ 1.05)",
    )
    add(
        "second_over_first", statistics.median(second) / statistics.median(fresh), "a second question over it"
    )


def _rows(subject: Subject, add: Add, context: int) -> None:
    """What a step takes for drafts, and for several texts at once."""
    step = subject.step
    if step is None:
        return
    subject.generator.prefixes.clear()
    forward = Forward(subject.model)
    texts = [subject.ids(context) for _ in range(min(8, step.most_slots))]
    with torch.inference_mode():
        caches = [_read(forward, ids) for ids in texts]

        def taken(count: int, new: int) -> float:
            seconds = []
            for _ in range(3 * subject.runs):
                slots = [Slot(cache, cache.get_seq_length(), [7] * new) for cache in caches[:count]]
                seconds.append(seconds_of(lambda slots=slots: step.logits(slots), subject.device))  # type: ignore[misc]
            return statistics.median(seconds)

        one = taken(1, 1)
        add("step_s", one, "s, a step by itself")
        if step.most_ids > 1:
            several = min(8, step.most_ids)
            add("drafts_step", taken(1, several) / one, f"a step of {several} new ids over one of one")
        if len(caches) > 1:
            together = taken(len(caches), 1)
            add(
                "together",
                len(caches) * one / together,
                f"{len(caches)} texts together over one by one (≥ 2.5)",
            )


def _read(forward: Forward, ids: list[int]) -> Any:
    cache = forward.new_cache()
    forward(torch.tensor([ids], device=forward.model.device), 0, cache)
    return cache


def _admission(subject: Subject, add: Add, context: int) -> None:
    """What is told of memory beforehand, and that a prompt without room for it is refused, not tried."""
    generator = subject.generator
    room = generator.room
    generator.prefixes.clear()
    subject.ask(subject.ids(context), 1)
    add(
        "told_over_taken",
        room.bytes_for(context) / max(generator.prefixes.nbytes(), 1),
        "bytes told over taken",
    )
    if subject.device.type != "cuda":
        return
    generator.prefixes.clear()
    room.held = 0
    torch.cuda.empty_cache()
    wanted = room.bytes_for(context) // 2
    filler = torch.empty(
        max(torch.cuda.mem_get_info(subject.device)[0] - wanted, 0),
        dtype=torch.uint8,
        device=subject.device,
    )
    ended = generator.answer(Request(subject.ids(context), 1, 0.0), _ignore, lambda: False)
    add("refused", type(ended).__name__, f"a question of {context} tokens with memory for half of it")
    del filler
    torch.cuda.empty_cache()
    add("after_it_s", subject.ask(subject.ids(context), 1)[0], "s, the same with memory again")


def _parked(subject: Subject, add: Add, context: int) -> None:
    """Weights to the machine's memory and back."""
    generator = subject.generator
    ids = subject.ids(context)
    subject.ask(ids, 2)
    before = _allocated(subject.device)
    add("park_s", seconds_of(lambda: generator.park(lambda: False), subject.device), "s to park")
    add(
        "parked_share",
        1 - _allocated(subject.device) / max(before, 1),
        "of the device's memory that is free then",
    )
    add("back_s", seconds_of(generator.come_back, subject.device), "s to come back")
    add("question_after_s", subject.ask(ids, 2)[0], "s, the same question after it")


def _allocated(device: torch.device) -> int:
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else 0


def _ignore(event: Event) -> None:
    """Nobody listens."""
