"""`ask --each`: the question to each part of the files at once, and one more that joins the answers.

Standard output has the joined answer; what each part was and said goes to standard error, or into the object.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

from docstra_tui.commands.answers import Answers, interrupts
from docstra_tui.commands.cited import Cited
from docstra_tui.commands.console import Console
from docstra_tui.commands.many_answers import AGAIN
from docstra_tui.commands.records import places, record_of, told
from docstra_tui.errors import DocstraError, EngineError
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.many import Answered, Many
from docstra_tui.session.each import Each, divide, named
from docstra_tui.session.finished_answers import mark_of, unnamed
from docstra_tui.session.scale import Scale
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.text import shown_name
from docstra_tui.workspace.wording import counting


class EachAnswers:
    """Asks one question of more files than fit, and says what came of it."""

    def __init__(
        self,
        console: Console,
        request: TurnRequest,
        *,
        as_json: bool,
        limit: int,
        reserve: int,
        cited: Cited,
        show_thinking: bool = False,
        made_by: Sequence[Any] = (),
    ) -> None:
        """`reserve` are tokens that are kept for an answer, `made_by` what else an answer depends on."""
        self._console = console
        self._request = request
        self._as_json = as_json
        self._limit = limit
        self._reserve = reserve
        self._cited = cited
        self._show_thinking = show_thinking
        self._made_by = made_by
        self._finished = unnamed()
        self._records: dict[int, dict[str, Any]] = {}
        self._left_out: list[str] = []
        self._joining: Answers | None = None
        self.model = self.remote = ""
        """Who answers, for the record, where the answer itself does not say."""
        self.was_cancelled = False

    def follow(self, llm: BaseLLM) -> None:
        """Ask everything, up to the first Ctrl+C. Raises the `DocstraError` that ended it before."""
        each = self._divided(llm)
        self._left_out = list(each.left_out)
        for label in each.left_out:
            self._console.note(f"{shown_name(label)}: left out, this line alone is too long.")
        marks: list[str] = []
        if len(each.parts) > 1:
            marks = [
                mark_of([list(each.conversation(number).messages), self.model, *self._made_by])
                for number in range(len(each.parts))
            ]
            self._ask_parts(llm, each, marks)
            if self.was_cancelled:
                return
        else:
            all_of_it = "The rest" if each.left_out else "All of it"
            self._console.note(f"{all_of_it} fits into one question.")
        request = each.join() if marks else each.first()
        self._joining = Answers(
            self._console,
            [request],
            as_json=self._as_json,
            limit=self._limit,
            cited=self._cited,
            sources=self._request.focus,
            show_thinking=self._show_thinking,
        )
        self._joining.model, self._joining.remote = self.model, self.remote
        try:
            self._joining.follow(llm)
        finally:
            self.was_cancelled = self._joining.was_cancelled
        if not self.was_cancelled:
            self._finished.forget(marks)

    def end(self, error: DocstraError | None = None) -> None:
        """Nothing more comes; `error` is why, where it is no proper end."""
        if not self._as_json:
            return
        joined = self._joining.records[:1] if self._joining is not None else []
        record = joined[0] if joined else record_of(self._request, None, self.model, remote=self.remote)
        if error is not None:
            record["error"] = told(error)
        if self._records:
            record["files"] = places(self._request.focus)
        parts = [self._records[number] for number in sorted(self._records)]
        self._console.json({**record, "parts": parts, "left_out": self._left_out})

    def _divided(self, llm: BaseLLM) -> Each:
        window = llm.window
        reserve = self._reserve if window is None else min(self._reserve, window // 2)
        shape = divide(
            Scale(llm),
            self._request.shown,
            self._request.focus,
            reserve,
            on_progress=lambda done, total: self._console.progress(counting(done, total)),
        )
        self._console.end_progress()
        return Each(llm, self._request.shown, shape)

    def _ask_parts(self, llm: BaseLLM, each: Each, marks: Sequence[str]) -> None:
        missing = [number for number in range(len(marks)) if not self._take_finished(each, marks, number)]
        if len(missing) < len(marks):
            done = len(marks) - len(missing)
            self._console.note(f"{done:,} of {len(marks):,} parts are answered already.")
        prompts = [each.conversation(number) for number in missing]
        many = Many(llm, prompts, max_tokens=each.shape.answer_tokens)
        errors: list[DocstraError] = []
        try:
            self._tell(each)
            for answered in many:
                self._take(llm, each, marks, missing[answered.index], answered)
                if answered.error is not None:
                    errors.append(answered.error)
                    if isinstance(answered.error, EngineError) or len(errors) > 2:
                        many.cancel()
                self._tell(each)
        except KeyboardInterrupt:
            interrupts(signal.SIG_DFL)
            self.was_cancelled = True
        finally:
            many.cancel()
            self._console.end_progress()
        said = f"{len(each.answers):,} of {len(marks):,} parts are answered."
        if self.was_cancelled:
            self._console.note(f"Stopped: {said} {AGAIN}")
        elif errors:
            raise DocstraError(
                f"{errors[0].message} {said}", " ".join(filter(None, [errors[0].hint, AGAIN]))
            ) from errors[0]

    def _take_finished(self, each: Each, marks: Sequence[str], number: int) -> bool:
        record = self._finished.find(marks[number], marks[number])
        if record is None:
            return False
        self._records[number] = record
        self._cite(each, number)
        each.answers[number] = str(record["answer"])
        self._say(each, number)
        return True

    def _take(self, llm: BaseLLM, each: Each, marks: Sequence[str], number: int, answered: Answered) -> None:
        request, part = each.part(number), each.parts[number]
        model = (llm.model_name if llm.server else "") or self.model
        record = record_of(request, answered.stream, model, answered.error, remote=self.remote)
        self._records[number] = {**record, "tokens": part.tokens}
        self._cite(each, number)
        if answered.is_whole:
            each.answers[number] = answered.text
            self._finished.keep(marks[number], marks[number], self._records[number])
            self._say(each, number)

    def _cite(self, each: Each, number: int) -> None:
        if self._as_json:
            self._cited.take(self._records[number], each.parts[number].items, is_of_a_part=True)

    def _say(self, each: Each, number: int) -> None:
        """What a part was, and what came of it."""
        part, record = each.parts[number], self._records[number]
        cut = ", cut" if record["finish_reason"] == "length" else ""
        head = f"Part {number + 1} of {len(each.parts)}, {part.tokens:,} tokens{cut}: {named(part)}"
        self._console.note(head if self._as_json else f"{head}\n\n{str(record['answer']).strip()}\n")

    def _tell(self, each: Each) -> None:
        self._console.progress(f"{len(each.answers):,} of {len(each.parts):,} parts answered")
