"""Several answers written together: each step of the model reads the newest token of all of them.

Most of what a step costs is bringing the weights to the processor, once for however many texts. The prompts
are read one after the other, what they have in common once; then every answer has its own sampling, its own
end and its own listener, and another takes its place at once. What somebody waits for goes before: this
stands still for it, between two steps or, while a prompt is read, within a layer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from docstra_tui.errors import DocstraError, EngineDied, MemoryOverflow, NotEnoughMemory
from docstra_tui.llm.answer import Event, Finished, Usage
from docstra_tui.llm.inference import failures
from docstra_tui.llm.inference.answering import Answer
from docstra_tui.llm.inference.cache_layers import seen_by
from docstra_tui.llm.inference.cached_prompt import CachedPrompt, common_prefix
from docstra_tui.llm.inference.decoding.step import Step
from docstra_tui.llm.inference.decoding.writer import Writer
from docstra_tui.llm.inference.decoding.writing import Writing
from docstra_tui.llm.inference.prefill import gate
from docstra_tui.llm.inference.prefix_cache import WORTH_COPYING, PrefixCache
from docstra_tui.llm.inference.recipe import Recipe, Request
from docstra_tui.llm.inference.stopping import Cancelled
from docstra_tui.llm.inference.thread import InferenceThread, Job, Kind
from docstra_tui.llm.inference.threads import ThreadPace


@dataclass(frozen=True)
class Asked:
    """The `matter` of a job: what was asked, and who hears the answer and its one terminal event."""

    request: Request
    sink: Callable[[Event | BaseException], None]


@dataclass(frozen=True)
class Means:
    """What a generator lends to answers that are written together."""

    model: Any
    recipe: Recipe
    writer: Writer
    step: Step
    prefixes: Callable[[], PrefixCache]
    take: Callable[[Request], CachedPrompt]
    """A cache for one more; raises what there is no room for."""
    prefill: Callable[[CachedPrompt, Sequence[int], int], None]
    told: Callable[[int, int, Callable[[Event], None]], AbstractContextManager[None]]
    """Inside, somebody hears how reading goes on behind the first so many of so many tokens."""
    bytes_for: Callable[[int], int]
    pace: Callable[[], ThreadPace]
    after: Callable[[DocstraError], DocstraError]
    """Tidies up behind a failure."""
    dead: Callable[[], EngineDied | None]


class Row:
    """One of the answers."""

    def __init__(self, job: Job, asked: Asked, means: Means, prompt: CachedPrompt) -> None:
        self.job = job
        self.request = asked.request
        self.prompt = prompt
        self.reused = len(prompt.ids)
        self.answer = Answer(means.recipe, asked.request, asked.sink, job.is_cancelled)
        self.writing: Writing

    def begin(self, writer: Writer) -> None:
        """The prompt is read but for its last token, which the first step reads."""
        request, answer = self.request, self.answer
        with torch.inference_mode():
            self.writing = writer.prepared(
                request, self.prompt, answer.reader, answer.streamer, writer.chance(request)
            )
        self.writing.slot.ids = request.ids[-1:]

    def take(self, logits: torch.Tensor) -> Finished | None:
        """Write the next token; the end, if that is it."""
        try:
            with torch.inference_mode():
                self.writing.take(logits)
        except Cancelled:
            return self.answer.finish("cancelled", self.reused)
        return self.answer.finish(self.answer.reason(), self.reused) if self.writing.done else None

    def look(self) -> None:
        """Let the prompt know what its cache holds; while one step follows another nobody asks."""
        self.prompt.ids = self.answer.read or self.prompt.ids


class Together:
    """All answers that one model writes together. Belongs to the inference thread."""

    def __init__(self, means: Means, thread: InferenceThread) -> None:
        self._means = means
        self._thread = thread
        self._rows: list[Row] = []
        self._next: Job | None = None
        """Taken along, and not begun: there is no room for it yet."""
        self._most = means.step.most_slots
        self._paces: dict[int, ThreadPace] = {}
        """By how many are written: more take longer."""
        self._pace: ThreadPace | None = None
        """The one in force; None when something else ran since."""

    def run(self, first: Job) -> None:
        """Answer it, and all of its kind that come meanwhile. Never raises."""
        self._most = self._means.step.most_slots
        self._next = first
        while self._rows or self._has_next():
            ended = failures.attempt(self._go_on)
            if isinstance(ended, DocstraError):
                self._end_all(self._means.after(ended))

    def _go_on(self) -> None:
        self._let_past()
        if (dead := self._means.dead()) is not None:
            self._end_all(dead)
        elif self._has_next() and self._has_room():
            self._begin()
        else:
            rows = list(self._rows)
            for at in range(0, len(rows), self._most):
                self._step(rows[at : at + self._most])

    def _has_next(self) -> bool:
        self._next = self._next or self._thread.another(Kind.BATCH)
        return self._next is not None

    def _has_room(self) -> bool:
        """True when the next one can be written beside the others, or is the only one."""
        if not self._rows:
            return True
        requests = [row.request for row in self._rows]
        if self._next is not None:
            requests.append(_asked(self._next).request)
        size = sum(self._means.bytes_for(len(r.ids) + r.max_new_tokens) for r in requests)
        return len(self._rows) < self._most and self._means.prefixes().has_room(size)

    def _let_past(self) -> None:
        if self._thread.has_before(Kind.BATCH):
            for row in self._rows:
                row.look()
            self._pace = None
            self._thread.let_past(Kind.BATCH)

    # Reading

    def _begin(self) -> None:
        job, self._next = self._next, None
        assert job is not None
        asked = _asked(job)
        self._pace = None
        begun = failures.attempt(lambda: self._read(job, asked), len(asked.request.ids))
        if isinstance(begun, DocstraError):
            begun = self._means.after(begun)
        if isinstance(begun, Row):
            self._rows.append(begun)
        elif isinstance(begun, NotEnoughMemory | MemoryOverflow) and self._rows:
            self._most = len(self._rows)  # its turn comes when one of them has ended
            self._next = job
        else:
            self._end(job, begun)

    def _read(self, job: Job, asked: Asked) -> Row | Finished:
        """Read a prompt; an end instead of a row where somebody cancels."""
        if job.is_cancelled():
            return Finished("cancelled", Usage(len(asked.request.ids), 0, 0))
        means = self._means
        prompt = means.take(asked.request)
        with ExitStack() as undo:
            undo.callback(means.prefixes().forget, prompt)
            row = Row(job, asked, means, prompt)
            try:
                self._read_prompt(row, asked)
            except Cancelled:
                means.prefixes().leave(prompt)
                return row.answer.finish("cancelled", row.reused)
            row.begin(means.writer)
            undo.pop_all()
            return row

    def _read_prompt(self, row: Row, asked: Asked) -> None:
        prompt, ids = row.prompt, row.request.ids
        last = len(ids) - 1
        stops = {last}
        if prompt.needs_snapshots:
            shared = max((common_prefix(ids, other.request.ids) for other in self._rows), default=0)
            stops |= {stop for stop in (shared, row.request.cut) if WORTH_COPYING <= stop < last}
        for stop in sorted(stops):
            while len(prompt.ids) < stop:
                try:
                    with (
                        gate(self._means.model, lambda: row.job.is_cancelled() or self._is_in_the_way()),
                        self._means.told(len(prompt.ids), len(ids), asked.sink),
                    ):
                        self._means.prefill(prompt, ids, stop)
                except Cancelled:
                    prompt.settle()
                    if row.job.is_cancelled() or not self._is_in_the_way():
                        raise
                    self._let_past()
            if stop < last:
                prompt.snapshot(is_cut=True)

    def _is_in_the_way(self) -> bool:
        return self._thread.has_before(Kind.BATCH)

    # Writing

    def _step(self, rows: Sequence[Row]) -> None:
        with self._paced(len(rows)):
            logits = failures.attempt(lambda: self._logits(rows), len(rows[0].request.ids))
        if isinstance(logits, DocstraError):
            self._step_each(rows, logits)
            return
        for at, row in enumerate(rows):
            self._take(row, logits[at : at + 1])

    @contextmanager
    def _paced(self, rows: int) -> Iterator[None]:
        """Inside, as many threads work as are best for so many rows."""
        pace = self._paces.get(rows) or self._paces.setdefault(rows, self._means.pace())
        if pace is not self._pace:
            self._pace = pace
            pace.begin()
        began = time.perf_counter()
        yield
        pace.took(time.perf_counter() - began)

    def _logits(self, rows: Sequence[Row]) -> torch.Tensor:
        with torch.inference_mode():
            logits = self._means.step.logits([row.writing.slot for row in rows])
            logits[0, 0].item()  # waits for the device
        return logits

    def _take(self, row: Row, logits: torch.Tensor) -> None:
        ended = failures.attempt(lambda: row.take(logits), len(row.request.ids))
        if isinstance(ended, DocstraError):
            self._fail(row, ended)
        elif ended is not None:
            self._leave(row, ended)

    def _step_each(self, rows: Sequence[Row], failure: DocstraError) -> None:
        """A step failed: whose fault it was is found out by stepping each one alone. Where memory ran out,
        what can go makes room first, also for a single one."""
        is_short = isinstance(failure, NotEnoughMemory)
        if isinstance(failure, EngineDied) or (len(rows) == 1 and not is_short):
            for row in rows:
                self._fail(row, failure.again())
            return
        if is_short:
            self._most = max(1, len(rows) // 2)
            self._means.prefixes().clear()
            failures.attempt(failures.free_memory)
        for row in rows:
            logits = failures.attempt(lambda row=row: self._logits_alone(row), len(row.request.ids))  # type: ignore[misc]
            if isinstance(logits, DocstraError):
                self._fail(row, logits)
            else:
                self._take(row, logits)

    def _logits_alone(self, row: Row) -> torch.Tensor:
        """The step that failed once more, from where the cache is sure to be."""
        row.look()
        row.prompt.settle()
        written = row.writing.written[0].tolist()
        self._means.prefill(row.prompt, written, len(written) - 1)
        return self._logits([row])

    # Ends

    def _leave(self, row: Row, ended: Finished) -> None:
        kept = failures.attempt(lambda: self._put_back(row))
        if isinstance(kept, DocstraError):
            self._fail(row, kept)
        else:
            self._rows.remove(row)
            self._end(row.job, ended)

    def _put_back(self, row: Row) -> None:
        row.look()
        prefixes, prompt = self._means.prefixes(), row.prompt
        if seen_by(prompt.cache) in (None, len(prompt.ids)):
            prefixes.leave(prompt)
        else:
            prefixes.forget(prompt)  # whatever it holds, it is not what we think

    def _end_all(self, failure: DocstraError) -> None:
        """The device answers no more, or something is wrong that nobody foresaw."""
        rows, self._rows = self._rows, []
        jobs = [*(row.job for row in rows), *([self._next] if self._has_next() and self._next else [])]
        self._next = None
        for row in rows:
            self._means.prefixes().forget(row.prompt)
        for job in jobs:
            self._end(job, failure.again())

    def _fail(self, row: Row, failure: DocstraError) -> None:
        self._rows.remove(row)
        self._means.prefixes().forget(row.prompt)
        self._end(row.job, self._means.after(failure))

    def _end(self, job: Job, ended: Finished | DocstraError) -> None:
        _asked(job).sink(ended)
        self._thread.ended(job)


def _asked(job: Job) -> Asked:
    assert isinstance(job.matter, Asked)
    return job.matter
