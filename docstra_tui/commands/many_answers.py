"""The answers of one command over many files: several are asked at once, and a finished one is never lost.

Standard output has them in the order of the files. What breaks off is not printed: given again, the command
asks for the rest.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from time import monotonic
from typing import Any

from docstra_tui.commands.answers import interrupts
from docstra_tui.commands.cited import Cited, sent_for
from docstra_tui.commands.console import Console
from docstra_tui.commands.output_folder import OutputFolder
from docstra_tui.commands.printing import Quoting
from docstra_tui.commands.records import cut_short, record_of, sizes, told
from docstra_tui.errors import DocstraError, EngineError
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.many import Answered, Many
from docstra_tui.session.finished_answers import FinishedAnswers, mark_of, unnamed
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.text import shown_name

FEW = 4
"""Files that are asked about one after the other, each answer printed as it is written."""
SAME = 3
"""Errors in a row after which nothing more is asked, when they say the same."""
AGAIN = "The same command asks for the rest."


class ManyAnswers:
    """Asks many requests at once and says what came of each."""

    def __init__(
        self,
        console: Console,
        requests: Sequence[TurnRequest],
        *,
        as_json: bool,
        limit: int,
        cited: Cited,
        show_thinking: bool = False,
        output: OutputFolder | None = None,
        force: bool = False,
        made_by: Sequence[Any] = (),
    ) -> None:
        """`made_by` is what else an answer depends on: the model and its settings."""
        self._console = console
        self._requests = requests
        self._as_json = as_json
        self._limit = limit
        self._cited = cited
        self._show_thinking = show_thinking
        self._output = output
        self._force = force
        self._made_by = made_by
        self._places = output.places(requests) if output is not None else []
        self._finished: FinishedAnswers = output.finished if output is not None else unnamed()
        self._records: dict[int, dict[str, Any]] = {}
        self._names: list[str] = []
        self._marks: list[str] = []
        self._printed = 0
        """Requests whose turn on standard output has come, in their order."""
        self._has_printed = False
        self._has_told = False
        self._errors: list[DocstraError] = []
        self._in_a_row = 0
        """The newest errors, since something was answered."""
        self._kept = 0
        self.model = self.remote = ""
        """Who answers, for the record, where the answer itself does not say."""
        self.was_cancelled = False

    def follow(self, llm: BaseLLM) -> None:
        """Ask everything, up to the first Ctrl+C. Raises `DocstraError` where not all have an answer."""
        prompts = [llm.prompt_builder.asked(one.task, one.focus, (), one.fields) for one in self._requests]
        for prompt, index in zip(prompts, range(len(prompts)), strict=True):
            mark = mark_of([list(prompt.messages), self.model, *self._made_by])
            self._marks.append(mark)
            self._names.append(mark_of([str(self._places[index])]) if self._places else mark)
        missing = self._take_finished()
        many = Many(llm, [prompts[index] for index in missing])
        started = monotonic()
        try:
            self._tell(started)
            while True:
                try:
                    for answered in many:
                        self._take(llm, missing[answered.index], answered, many)
                        self._tell(started)
                    break
                except KeyboardInterrupt:
                    interrupts(signal.SIG_DFL)
                    self.was_cancelled = True
                    break
        finally:
            many.cancel()
            self._console.end_progress()
        self._end()

    def end(self, error: DocstraError | None = None) -> None:
        """Nothing more comes; `error` is why, where it is no proper end."""
        if self._as_json:
            records = [self._records[index] for index in sorted(self._records)]
            failed = {"error": told(error)} if error is not None else {}
            self._console.json({"answers": records, **failed})

    # One after the other

    def _take_finished(self) -> list[int]:
        """What is answered already is not asked again; which are to be asked."""
        missing = []
        for index, (name, mark) in enumerate(zip(self._names, self._marks, strict=True)):
            record = None if self._force else self._finished.find(name, mark)
            if record is None:
                missing.append(index)
                continue
            self._kept += 1
            self._records[index] = record
            self._cite(index)
            if self._output is not None and not self._places[index].exists():
                self._write(index)
        if self._kept:
            self._console.note(
                f"{self._kept:,} of {len(self._requests):,} are answered already; --force asks them again."
            )
        self._print()
        return missing

    def _take(self, llm: BaseLLM, index: int, answered: Answered, many: Many) -> None:
        request, stream = self._requests[index], answered.stream
        named = llm.model_name if llm.server else ""
        record = record_of(request, stream, named or self.model, answered.error, remote=self.remote)
        self._records[index] = record
        self._cite(index)
        if answered.is_whole and stream is not None:
            self._in_a_row = 0
            if self._as_json:
                record["files"] = sizes(llm, request)
            self._finish(index)
            if stream.finish_reason == "length":
                self._console.note(cut_short(f"{request.shown}: the", stream, self._limit))
        elif answered.error is not None:
            self._in_a_row += 1
            self._errors.append(answered.error)
            self._console.note(f"{shown_name(request.shown)}: {answered.error.message}")
            if isinstance(answered.error, EngineError) or self._fails_for_all():
                many.cancel()
        self._print()

    def _cite(self, index: int) -> None:
        if self._as_json:
            self._cited.take(self._records[index], sent_for(self._requests[index]))

    def _finish(self, index: int) -> None:
        """Keep it and write it. Killed between the two, nothing is asked again; but where an older answer
        stands, that would be taken for this one then, so it goes first. Raises `DocstraError`."""
        replaces = self._output is not None and self._places[index].exists()
        if replaces:
            self._write(index)
        self._finished.keep(self._names[index], self._marks[index], self._records[index])
        self._say_problem()
        if not replaces:
            self._write(index)

    def _say_problem(self) -> None:
        """Once, why what is finished is not kept."""
        if self._finished.problem and not self._has_told:
            self._has_told = True
            self._console.note(self._finished.problem)

    def _fails_for_all(self) -> bool:
        """True when one after the other failed of the same: whoever answers is gone, or refuses."""
        newest = {error.message for error in self._errors[-SAME:]}
        return self._in_a_row >= SAME and len(newest) == 1

    def _write(self, index: int) -> None:
        """The answer in its file, where there is one. Raises `DocstraError`."""
        if self._output is None:
            return
        place = self._places[index]
        try:
            self._output.write(place, self._text(index))
        except OSError as error:
            raise DocstraError(f"{place} cannot be written: {error.strerror}.", AGAIN) from error
        self._console.note(f"{shown_name(self._requests[index].shown)} → {shown_name(str(place))}")

    def _print(self) -> None:
        """Everything whose turn has come, on standard output."""
        if self._as_json or self._output is not None:
            return
        while (record := self._records.get(self._printed)) is not None:
            if "error" not in record:
                if record["finish_reason"] == "cancelled":
                    return
                title = f"# {self._requests[self._printed].shown}\n\n"
                self._console.answer(("\n" if self._has_printed else "") + title + self._text(self._printed))
                self._has_printed = True
            self._printed += 1

    def _text(self, index: int) -> str:
        record = self._records[index]
        thinking = (record.get("thinking") or "").strip("\n") if self._show_thinking else ""
        quoted = Quoting().more(thinking) + "\n\n" if thinking else ""
        answer = str(record["answer"])
        return quoted + answer + ("" if answer.endswith("\n") else "\n")

    # All of them

    def _tell(self, started: float) -> None:
        done, total = len(self._records), len(self._requests)
        asked = done - self._kept
        text = f"{done:,} of {total:,} answered"
        if asked >= 2 and done < total:
            left = (monotonic() - started) / asked * (total - done)
            text += f" · {left:.0f} s left" if left < 100 else f" · {left / 60:.0f} min left"
        self._console.progress(text)

    def _end(self) -> None:
        """What there is to say when nothing more comes. Raises `DocstraError` where something failed."""
        total = len(self._requests)
        whole = sum(
            "error" not in record and record["finish_reason"] != "cancelled"
            for record in self._records.values()
        )
        if self.was_cancelled:
            self._console.note(f"Stopped: {whole:,} of {total:,} are answered. {AGAIN}")
            return
        if not self._errors:
            if self._output is None:
                self._finished.forget(self._names)
            return
        first = self._errors[0]
        if not whole and all(error.exit_code == first.exit_code for error in self._errors):
            raise first
        failed = total - whole
        raise DocstraError(
            f"{failed:,} of {total:,} have no answer. {first.message}",
            " ".join(filter(None, [first.hint, AGAIN])),
        )
