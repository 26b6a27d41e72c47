"""One request after the other through one model: read what is new, write, keep the cache.

Everything here runs in the inference thread. Knows nothing about chat, only ids.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch

from docstra_tui.errors import DocstraError, EngineDied, GenerationFailed, ModelError, NotEnoughMemory
from docstra_tui.llm.answer import Event, Finished, FinishReason, Reading, Usage
from docstra_tui.llm.inference import failures, memory, proof
from docstra_tui.llm.inference.answering import Answer
from docstra_tui.llm.inference.cache_layers import seen_by
from docstra_tui.llm.inference.cached_prompt import CachedPrompt
from docstra_tui.llm.inference.decoding.writer import Decode, Writer
from docstra_tui.llm.inference.forward import Forward
from docstra_tui.llm.inference.parking import Parking
from docstra_tui.llm.inference.prefill import (
    LARGEST_CHUNK,
    SMALLEST_CHUNK,
    ChunkSizer,
    decoder_layers,
    gate,
    pace,
    prefill,
    probe,
)
from docstra_tui.llm.inference.prefix_cache import WORTH_COPYING, PrefixCache
from docstra_tui.llm.inference.reading import ReadingProgress
from docstra_tui.llm.inference.recipe import Recipe, Request
from docstra_tui.llm.inference.room import MemoryRoom
from docstra_tui.llm.inference.stopping import Cancelled
from docstra_tui.llm.inference.threads import reading_pace, writing_pace
from docstra_tui.llm.inference.together import Means
from docstra_tui.llm.loading import advice

READ_AGAIN = (
    "Memory ran out while a prompt of {tokens:,} tokens was read. What had been read of others was let go, "
    "and this one was read once more, in smaller pieces."
)


class Heard:
    """Hands on what comes of an answer, and knows whether a word of it is out."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self.anything = False

    def __call__(self, event: Event) -> None:
        self.anything = self.anything or not isinstance(event, Reading)
        self._emit(event)


class Generator:
    """The model, its caches, and what it takes to survive a request."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        cache_bytes: int,
        files: str = "",
        *,
        decode: Decode = "auto",
    ) -> None:
        """`files` says which files the weights were read from (`weights.OnDisk.identity`)."""
        self._model = model
        self._tokenizer = tokenizer
        self.recipe = Recipe(tokenizer, advice.take(model))
        """How its answers are written."""
        self._sizer = ChunkSizer(len(decoder_layers(model)))
        self._forward = Forward(model)
        self.writer = Writer(self._forward, self.recipe, decode)
        self.progress = ReadingProgress()
        self._cache_bytes = cache_bytes
        self.parking = Parking(model)
        """Where its tensors are."""
        self.room = MemoryRoom(model, self.parking)
        """How long a prompt may be for the memory that is free."""
        self._largest_chunk = LARGEST_CHUNK
        self.memory_note = ""
        """That memory ran out under the latest question, which was read once more; empty where it did not."""
        self.prefixes = self._new_prefixes()
        """What has been read before."""
        on_cpu = getattr(model.device, "type", "cpu") == "cpu"
        threads = torch.get_num_threads() if on_cpu else 1
        # On a busy machine all threads wait for each other at every step, and these are many short steps.
        few = max(1, threads // 2)
        torch.set_num_threads(few)
        self._reading = reading_pace(few, torch.set_num_threads)
        self._writing = writing_pace(few, torch.set_num_threads)
        self._died: EngineDied | None = None
        try:
            self.objection = proof.objection(self._forward, tokenizer, files)
            """Why every prompt is read in one piece and forgotten, one sentence; empty where it is kept."""
            if not self.objection:
                self.writer.choose(proof.sample(model, tokenizer), files)
            pace = self._try_out()
        finally:
            torch.set_num_threads(threads)  # what the next load of this process finds
        self.progress.expect(pace)
        self._threads = threads
        self._reading = reading_pace(threads, torch.set_num_threads, known=pace)
        self._writing = writing_pace(threads, torch.set_num_threads)

    def _try_out(self) -> float:
        """Write one token, so that what fails on every question fails at load; and size the chunks.

        The seconds a token that reading takes.
        """
        ids = proof.sample(self._model, self._tokenizer)
        request = Request(ids[0].tolist(), 1, 0.0)
        ended = self.answer(request, lambda text: None, lambda: False)
        if isinstance(ended, GenerationFailed) and not self.objection:
            self.objection = proof.NO_CACHE
            ended = self.answer(request, lambda text: None, lambda: False)
        if (known := self.prefixes.latest) is not None:
            self.room.learn(known.cache)
        self.prefixes.clear()
        if isinstance(ended, GenerationFailed):
            raise ModelError(
                f"The model is loaded but cannot write: {ended.message}",
                "Pick another model, or serve this one with a program that knows it and use --base-url.",
            )
        if isinstance(ended, DocstraError):
            raise ended
        return probe(self._forward, ids, self._sizer)

    @property
    def may_think(self) -> bool:
        """True where the model's thinking would be known as such, and could be ended."""
        return self.recipe.may_think

    @property
    def dead(self) -> EngineDied | None:
        """Why the device answers nothing but errors, as an error to raise; None while it answers."""
        return None if self._died is None else self._died.again()

    def answer(
        self, request: Request, emit: Callable[[Event], None], is_cancelled: Callable[[], bool]
    ) -> Finished | DocstraError:
        """Write the answer through `emit` and return its one terminal event. Never raises.

        Where memory runs out before a word of it is out, it is read once more, in smaller pieces.
        """
        self.memory_note = ""
        heard = Heard(emit)
        ended = self._answered(request, heard, is_cancelled)
        if isinstance(ended, NotEnoughMemory) and not heard.anything:
            self._largest_chunk = max(SMALLEST_CHUNK, self._sizer.tokens // 4)
            ended = self._answered(request, heard, is_cancelled)
            if isinstance(ended, Finished):
                self.memory_note = READ_AGAIN.format(tokens=len(request.ids))
        return ended

    def _answered(
        self, request: Request, emit: Callable[[Event], None], is_cancelled: Callable[[], bool]
    ) -> Finished | DocstraError:
        if self._died is not None:
            return self._died.again()
        ended = failures.attempt(lambda: self._answer(request, emit, is_cancelled), len(request.ids))
        return self._after(ended) if isinstance(ended, DocstraError) else ended

    def _answer(
        self, request: Request, emit: Callable[[Event], None], is_cancelled: Callable[[], bool]
    ) -> Finished:
        if is_cancelled():
            return Finished("cancelled", Usage(len(request.ids), 0, 0))
        self.parking.come_back()
        longest = len(request.ids) + request.max_new_tokens
        # Others may have taken it while this one waited.
        self.room.require(len(request.ids), 0, longest, request.compact)
        reason: FinishReason = "cancelled"
        prompt = (
            None
            if self.objection
            else self._take(request.ids, request.max_new_tokens, compact=request.compact)
        )
        reused = len(prompt.ids) if prompt is not None else 0
        began = time.monotonic()

        def has_read() -> None:
            open_gate()
            if prompt is None:  # nobody else knows what it took
                self.progress.took(0, len(request.ids), time.monotonic() - began)

        with gate(self._model, is_cancelled) as open_gate:
            answer = Answer(self.recipe, request, emit, is_cancelled, has_read)
            self._reading.begin()
            try:
                with self._told(reused, len(request.ids), emit):
                    if prompt is not None:
                        self._read(request, prompt)
                self.writer.write(request, prompt, answer.reader, answer.streamer, self._writing)
                reason = answer.reason()
            except Cancelled:
                pass
        ended = answer.finish(reason, reused)
        if prompt is not None:
            self._keep(answer, prompt)
        return ended

    def warm(self, ids: Sequence[int], is_cancelled: Callable[[], bool], *, compact: bool = False) -> int:
        """Read `ids` ahead of a question; how many of them are cached then. Never raises."""
        if self._died is not None or self.objection or len(ids) < 2:
            return 0
        read = failures.attempt(lambda: self._warm(ids, is_cancelled, compact), len(ids))
        if isinstance(read, DocstraError):
            self._after(read)
            return 0
        return read

    def park(self, is_wanted_back: Callable[[], bool]) -> None:
        """Nobody has asked for long: let go of the GPU, or where there is none of all that was read but the
        latest. Never raises."""

        def leave() -> None:
            self.writer.forget()
            held = [*self.prefixes.tensors(), *self.writer.tensors()]
            if not self.parking.go(held, is_wanted_back) and not self.parking.is_possible:
                self.prefixes.keep_latest()
            memory.give_back()
            self.room.held = self.prefixes.can_go

        self._aside(leave)

    def come_back(self) -> None:
        """Somebody is about to ask. Never raises: the question will say what is wrong."""
        self._aside(self.parking.come_back)

    def _aside(self, step: Callable[[], None]) -> None:
        ended = self._died or failures.attempt(step)
        if isinstance(ended, EngineDied):
            self._after(ended)

    def _warm(self, ids: Sequence[int], is_cancelled: Callable[[], bool], compact: bool) -> int:
        self.parking.come_back()
        if self.prefixes.refresh(ids, compact=compact):
            return len(ids)
        prompt = self._take(ids, compact=compact)
        try:
            with gate(self._model, is_cancelled):
                self._prefill(prompt, ids, len(ids))
        except Cancelled:
            prompt.settle()
        prompt.snapshot()
        self.prefixes.keep(prompt)
        self.room.held = self.prefixes.can_go
        return len(prompt.ids)

    def _take(self, ids: Sequence[int], more: int = 0, *, compact: bool) -> CachedPrompt:
        """The cache to read `ids` into and to write `more` behind, within the memory that is free now."""
        self._has_now()
        return self.prefixes.take(ids, more, compact=compact)

    def _has_now(self) -> None:
        """Hold to the memory that is free."""
        self.room.held = self.prefixes.can_go
        self._sizer.hold_to(min(self._largest_chunk, self.room.chunk))
        self.prefixes.free = self.room.for_caches + self.prefixes.nbytes() - self.prefixes.can_go

    def _read(self, request: Request, prompt: CachedPrompt) -> None:
        """Read the prompt, stopping where its cache is worth remembering: behind the files, and where the
        next turn will leave it.

        The last chunk of a prompt that can be cropped is left to who writes, who must read at least
        one token for its logits.
        """
        ids, last = request.ids, len(request.ids) - 1
        if not prompt.needs_snapshots:
            while (left := last - len(prompt.ids)) > self._sizer.tokens:  # another number after each chunk
                self._prefill(prompt, ids, last - left + self._sizer.tokens)
            return
        parting = min(request.parting, last) or last
        end = last if last - parting > WORTH_COPYING else parting  # the same question may be asked again
        for stop in sorted({request.cut, parting, end}):
            if len(prompt.ids) <= stop <= last and stop:
                self._prefill(prompt, ids, stop)
                prompt.snapshot(is_cut=stop == request.cut or stop < end)
        self._prefill(prompt, ids, last)

    def _prefill(self, prompt: CachedPrompt, ids: Sequence[int], end: int) -> None:
        def took(at: int, tokens: int, seconds: float) -> None:
            self._reading.took(pace(tokens, seconds))
            self.progress.took(at, tokens, seconds)

        self._reading.begin()
        prefill(self._forward, prompt, ids, end, self._sizer, took)

    def _told(self, done: int, total: int, emit: Callable[[Event], None]) -> AbstractContextManager[None]:
        return self.progress.told_where_long(done, total, self._sizer.tokens, emit)

    def means(self) -> Means | None:
        """What answers need that are written together; None where each is written by itself."""
        step = self.writer.step
        if step is None or self.objection:
            return None
        return Means(
            self._model,
            self.recipe,
            self.writer,
            step,
            prefixes=lambda: self.prefixes,
            take=self._take_beside,
            prefill=self._prefill,
            told=self._told,
            bytes_for=self.room.bytes_for,
            pace=lambda: writing_pace(self._threads, torch.set_num_threads),
            after=self._after,
            dead=lambda: self.dead,
        )

    def _take_beside(self, request: Request) -> CachedPrompt:
        self.parking.come_back()
        ids, more = request.ids, request.max_new_tokens
        self.room.require(len(ids), 0, len(ids) + more)
        self._has_now()
        return self.prefixes.take_beside(ids, more)

    def _keep(self, answer: Answer, prompt: CachedPrompt) -> None:
        read = answer.read
        if read is None:
            prompt.settle()
        else:
            prompt.ids = read
            prompt.parting = answer.request.parting or None
            if seen_by(prompt.cache) not in (None, len(prompt.ids)):
                self.prefixes.forget_taken()  # whatever it holds, it is not what we think
                return
        self.prefixes.keep(prompt)
        self.room.held = self.prefixes.can_go

    def _after(self, failure: DocstraError) -> DocstraError:
        """Tidy up after a failure, and say what it was: it may turn out to be the end. Never raises."""
        has_died = isinstance(failure, EngineDied)
        steps: list[Callable[[], object]] = [self.prefixes.forget_taken]
        if has_died or isinstance(failure, NotEnoughMemory):
            steps += [self.prefixes.clear, self.writer.forget]
        if not has_died:  # a poisoned device raises at every touch
            steps.append(failures.free_memory)
        for step in steps:
            worse = failures.attempt(step)
            if isinstance(worse, DocstraError) and step != failures.free_memory:
                self.prefixes = self._new_prefixes()  # whatever it holds, it is not what we think
            if isinstance(worse, EngineDied):
                failure = worse
        if isinstance(failure, EngineDied):
            self._died = failure.again()
        return failure

    def _new_prefixes(self) -> PrefixCache:
        return PrefixCache(self._forward.new_cache, self._cache_bytes)
