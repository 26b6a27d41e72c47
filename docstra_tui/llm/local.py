"""A model in this process: load it, count tokens, stream answers.

One inference thread owns the model; `stream` and `submit` may be called from any thread and queue.
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable
from typing import Any

from docstra_tui.errors import ContextOverflow, EngineDied
from docstra_tui.llm.answer import SILENT, AnswerStream, Event, Listener
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.files.sources import ModelSpec, Progress
from docstra_tui.llm.inference import memory
from docstra_tui.llm.inference.chat_tokenizer import ChatTokenizer
from docstra_tui.llm.inference.decoding.writer import Decode
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.recipe import END_MARKS, Request
from docstra_tui.llm.inference.thread import InferenceThread, Job, Kind
from docstra_tui.llm.inference.together import Asked, Together
from docstra_tui.llm.loading import loader as loading
from docstra_tui.llm.measure import Measure, TooLong
from docstra_tui.llm.messages import Prompt
from docstra_tui.llm.sampling import BadSampling, Sampling
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.llm.written import Written

USUAL = Sampling()
"""What a request asks for that asks for nothing."""

ROOM = 256
"""Tokens that a budget for thinking leaves to the answer, or half of what there is."""

BY_FORCE = (
    "The model's chat template has no switch for thinking: what ends it is written in the model's place, "
    "at once where it is off."
)

Sink = Callable[[Event | BaseException], None]
"""Takes what comes of an answer, then exactly one terminal event; called in the inference thread."""


class LocalLLM(BaseLLM):
    """A transformers model in this process; any thread may ask, and answers come one after the other.

    `model_name` is a hub id, a folder, a `.gguf` file, a GGUF repository (`repo:QUANT`) or `starter`; empty
    is the configured model, else the starter. `model_path` is a local path that wins over the name. `device`
    is `auto`, `cpu`, `cuda`, `cuda:1` or `mps`. `cache_gb` is what prompts that were read may take, in 10⁹
    bytes; None is a quarter of what is free after loading. `decode` is how answers are written; `plain` is
    transformers' own `generate`. Blocks until the model is loaded, or fetched. Raises a `ModelError` that
    says what to do, `ValueError` for a number that cannot be meant.
    """

    def __init__(
        self,
        model_name: str = "",
        model_path: str | None = None,
        max_tokens: int = 2000,
        temperature: float = 0.7,
        device: str = "auto",
        *,
        revision: str = "",
        dtype: str = "auto",
        quant: str = "",
        trust_remote_code: bool = False,
        reserve: int = 512,
        cache_gb: float | None = None,
        decode: Decode = "auto",
        progress: Progress | None = None,
        on_tokenizer: Callable[[ChatTokenizer], None] | None = None,
        think: Think = "auto",
    ) -> None:
        super().__init__(model_name, max_tokens=max_tokens, temperature=temperature, think=think)
        spec = ModelSpec(
            name=model_name or _configured_name(model_path),
            path=model_path,
            revision=revision,
            device=device,
            dtype=dtype,
            quant=quant,
            trust_remote_code=trust_remote_code,
        )
        self.stopping_keywords: list[str] = list(END_MARKS)
        """Texts that end an answer and are never shown."""
        self._thread = InferenceThread()
        with contextlib.ExitStack() as undo:
            undo.callback(self._thread.close)
            self._thread.call(lambda: self._load(spec, cache_gb, decode, progress, on_tokenizer))
            undo.pop_all()
        self.reserve = min(reserve, self.window // 2)
        """Tokens of the window kept free for the answer."""

    def _load(
        self,
        spec: ModelSpec,
        cache_gb: float | None,
        decode: Decode,
        progress: Progress | None,
        on_tokenizer: Callable[[ChatTokenizer], None] | None,
    ) -> None:
        def tokenizer_came(tokenizer: Any, window: int) -> None:
            self._chat = ChatTokenizer(tokenizer, window)
            if on_tokenizer is not None:
                on_tokenizer(self._chat)

        loaded = loading.load(spec, progress, tokenizer_came)
        self.model = loaded.model
        """The transformers model."""
        self.tokenizer = loaded.tokenizer
        """The transformers tokenizer."""
        self.model_name = loaded.name
        self.model_path = loaded.path
        """The folder or file that was loaded."""
        self.device = loaded.device
        """`cpu`, `cuda:0`, or `cuda:0+1` for a model that is spread."""
        self.dtype = loaded.dtype
        """`bfloat16`, `float32`, …"""
        self.reason = loaded.reason
        """Why this device and these numbers."""
        self._on_disk, self._file_notes = loaded.on_disk, loaded.notes
        room = memory.for_caches(loaded.model, cache_gb)
        identity = self._on_disk.identity
        self._generator = Generator(loaded.model, loaded.tokenizer, room, identity, decode=decode)
        self.advised = self._generator.recipe.advised
        means = self._generator.means()
        self._together = None if means is None else Together(means, self._thread)
        self._behaviour = self._chat.behaviour()  # it was tried while the weights were read
        if (mark := self._chat.end_mark()) and mark not in self.stopping_keywords:
            self.stopping_keywords.append(mark)

    def _facts(self) -> dict[str, object]:
        return {"device": self.device, "dtype": self.dtype, "window": self.window}

    # The verbs

    @property
    def window(self) -> int:
        return self._chat.window

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about this model, sentences; most have none."""
        every = (
            self._generator.memory_note,
            self._generator.objection,
            self._generator.writer.note,
            *self._chat.notes,
            *self._file_notes,
            self._on_disk.note,
        )
        return tuple(note for note in every if note)

    @property
    def can_switch_thinking(self) -> bool:
        return self._has_switch or self._can_be_ended

    @property
    def think_note(self) -> str:
        if not self._has_switch and self._can_be_ended:
            return BY_FORCE
        return "" if self._behaviour is None else self._behaviour.think_note

    @property
    def _has_switch(self) -> bool:
        return self._behaviour is not None and self._behaviour.think is not None

    @property
    def _can_be_ended(self) -> bool:
        """True where the model thinks between marks that are known."""
        opens = self._behaviour is not None and self._behaviour.opens
        return bool(opens) or self._generator.may_think

    @property
    def queue_length(self) -> int:
        """Requests that wait for their turn."""
        return self._thread.waiting

    @property
    def dead(self) -> EngineDied | None:
        """Why this model answers no more, as an error to raise; None while it answers."""
        return self._generator.dead

    def memory(self) -> memory.Memory:
        """Memory of the model's device, in bytes."""
        return memory.of(self._generator.parking.devices)

    @property
    def is_parked(self) -> bool:
        """True while the model waits in the machine's memory, and its GPU is free."""
        return self._generator.parking.is_parked

    def park(self) -> None:
        """Nobody has asked for long: give memory back until somebody does, once nothing else is to be done.

        From a GPU everything goes to the machine's memory; elsewhere what was read goes, but for the latest.
        """
        self._thread.submit(lambda job: self._generator.park(job.is_cancelled), Kind.IDLE)

    def wake(self) -> None:
        if self.is_parked:
            self._thread.submit(lambda job: self._generator.come_back())

    def count_tokens(self, prompt: Prompt) -> int:
        return self.measure(prompt).tokens

    def stream(
        self,
        prompt: Prompt,
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        stable: int = 0,
        think: Think | None = None,
        batch: bool = False,
        written: Written | None = None,
        listener: Listener = SILENT,
    ) -> AnswerStream:
        source = _QueueSource()
        # The clock starts here: rendering and queueing count.
        stream = AnswerStream(source, written=written, listener=listener)
        source.job = self.submit(
            prompt,
            source.put,
            max_tokens=max_tokens,
            sampling=Sampling(temperature),
            stable=stable,
            think=think,
            batch=batch,
            written=written,
        )
        return stream

    def submit(
        self,
        prompt: Prompt,
        sink: Sink,
        *,
        max_tokens: int | None = None,
        sampling: Sampling = USUAL,
        stable: int = 0,
        think: Think | None = None,
        batch: bool = False,
        compact: bool | None = None,
        written: Written | None = None,
    ) -> Job:
        """Queue a request whose events go to `sink`.

        `stable`, `batch` and `written` as `stream`; `compact` keeps what is read in 8 bits. Raises
        `ContextOverflow` when the prompt leaves less than the reserve, `ValueError` for a malformed prompt or
        setting, `EngineDied` once the device answers no more.
        """
        if self.dead is not None:
            raise self.dead
        wanted = self.max_tokens if max_tokens is None else max_tokens
        _look_at(wanted, sampling, len(self.tokenizer))
        think = self.wished(think)
        compact = self.compacted(compact)
        try:
            asked = self._chat.render(prompt, self._chat.most, think=think)
            ids = asked if written is None else asked + _begun(self._generator, self._chat, asked, written)
        except TooLong as error:
            raise ContextOverflow(error.tokens, self.window, self.reserve, is_least=True) from None
        if len(ids) + self.reserve > self.window:
            raise ContextOverflow(len(ids), self.window, self.reserve)
        window = self._generator.room.require(len(ids), self.reserve, self.window, compact)
        longest = min(wanted, window - len(ids))
        request = Request(
            ids,
            max_new_tokens=longest,
            temperature=sampling.heat(self.temperature),
            keywords=tuple(self.stopping_keywords),
            sampling=sampling,
            thinking=_budget(think, longest),
            cut=self._chat.shared(prompt, asked, stable, think=think),
            parting=self._chat.parting(prompt, asked, think=think),
            compact=compact,
            written=written,
            prompt_length=len(asked),
        )
        kind = Kind.BATCH if batch and not compact else Kind.ASKED

        def work(job: Job) -> None:
            self._on_disk.look()
            if kind is Kind.BATCH and self._together is not None:
                self._together.run(job)
            else:
                sink(self._generator.answer(request, sink, job.is_cancelled))

        return self._thread.submit(work, kind, Asked(request, sink))

    def measure(self, prompt: Prompt) -> Measure:
        try:
            return self.measure_ids(self._chat.render(prompt, self._chat.most, think=self.think))
        except TooLong as error:
            return Measure(error.tokens, None, is_least=True)

    def measure_ids(self, ids: list[int], *, compact: bool | None = None) -> Measure:
        """The same for a prompt that is rendered already."""
        by, compact = self._generator, self.compacted(compact)
        cached, room = by.prefixes.reusable(ids, compact=compact), by.room.of(self.window, compact)
        return Measure(len(ids), cached, room=room, pace=by.progress.pace)

    def warm(self, prompt: Prompt, stable: int) -> Measure:
        measured: list[Measure] = []
        self.submit_warm(prompt, stable, measured.append).done.wait()
        return measured[0] if measured else Measure(0, 0)

    def submit_warm(
        self,
        prompt: Prompt,
        stable: int,
        sink: Callable[[Measure], None],
        *,
        think: Think | None = None,
        compact: bool | None = None,
    ) -> Job:
        """Read a prompt ahead while nobody asks; `sink` hears how far it came, in the inference thread.

        A request that comes meanwhile takes over within a layer, and what was read is kept. Of what no
        question can follow, because it leaves less than the reserve, nothing is read.
        """
        think = self.wished(think)
        in_8_bits = self.compacted(compact)
        try:
            ids = self._chat.stable_prefix(prompt, stable, self._chat.most, think=think)
        except TooLong:
            ids = []
        if len(ids) + self.reserve > self._generator.room.within(self.window, in_8_bits):
            ids = []

        def work(job: Job) -> None:
            sink(Measure(len(ids), self._generator.warm(ids, job.is_cancelled, compact=in_8_bits)))

        return self._thread.submit(work, Kind.IDLE)

    def close(self) -> None:
        self._thread.close()

    def __del__(self) -> None:
        thread = getattr(self, "_thread", None)
        if thread is not None:
            thread.close(seconds=0)


LocalModelClient = LocalLLM
"""The origin's name of the class."""


class _QueueSource:
    """Carries events from the inference thread to the reader of an `AnswerStream`."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[Event | BaseException] = queue.SimpleQueue()
        self.put = self._events.put
        self.job: Job | None = None

    def next_event(self) -> Event:
        event = self._events.get()
        if isinstance(event, BaseException):
            raise event
        return event

    def cancel(self) -> None:
        if self.job is not None:
            self.job.cancel()


def _look_at(wanted: int, sampling: Sampling, vocabulary: int) -> None:
    """Raises `ValueError` for no tokens at all, and for ids that there are not."""
    if wanted < 1:
        raise ValueError(f"max_tokens is {wanted}; it must be at least 1")
    if any(id_ >= vocabulary for id_ in sampling.logit_bias):
        raise BadSampling("logit_bias", f"names an id beyond the vocabulary of {vocabulary:,}.")


def _begun(generator: Generator, chat: ChatTokenizer, asked: list[int], written: Written) -> list[int]:
    """What there is of an answer as ids behind its prompt."""
    return generator.recipe.written_ids(asked, written, generator.prefixes.behind(asked), chat.behind)


def _budget(think: Think, longest: int) -> int | None:
    """The most tokens that may be thought in an answer of `longest` tokens; None for any number.

    Where the template cannot be told of off, a block is closed at once. Who names a budget wants an answer
    behind it, so some of the room is kept for that.
    """
    if think == "off":
        return 0
    return min(think, longest - min(ROOM, longest // 2)) if isinstance(think, int) else None


def _configured_name(path: str | None) -> str:
    """The model that the user's settings name; the starter when they name none."""
    from docstra_tui import settings

    return path or settings.load().model.name or "starter"
