"""The answers of one command: as they are written, and as the one JSON object that is given in any case.

What breaks off keeps its part: it is printed, or in the object beside the error.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

from docstra_tui.commands.cited import Cited, sent_for
from docstra_tui.commands.console import Console
from docstra_tui.commands.printing import Printing
from docstra_tui.commands.records import cut_short, places, record_of, sizes, told
from docstra_tui.commands.waiting import Waiting
from docstra_tui.errors import DocstraError
from docstra_tui.llm.answer import AnswerStream, Listener
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.turn_request import TurnRequest


class Answers:
    """Asks one request after the other and says what came of it."""

    def __init__(
        self,
        console: Console,
        requests: Sequence[TurnRequest],
        *,
        as_json: bool,
        limit: int,
        cited: Cited,
        sources: Sequence[ContextItem] = (),
        show_thinking: bool = False,
    ) -> None:
        """`sources` are files that the answers come of, where they are not those of the requests."""
        self._console = console
        self._requests = requests
        self._as_json = as_json
        self._limit = limit
        """The longest answer, in tokens."""
        self._cited = cited
        self._sources = sources
        self._show_thinking = show_thinking
        self._records: list[dict[str, Any]] = []
        self._llm: BaseLLM | None = None
        self.model = ""
        """Who answers, for the record, where the answer itself does not say."""
        self.remote = ""
        """What the server is called."""
        self.was_cancelled = False

    def ask_instead(self, requests: Sequence[TurnRequest]) -> None:
        """What is asked, where that is known only now."""
        self._requests = requests

    def follow(self, llm: BaseLLM) -> None:
        """Ask everything, up to the first Ctrl+C. Raises the `DocstraError` that ended it before."""
        self._llm = llm
        for request in self._requests:
            self._follow_one(llm, request)
            if self.was_cancelled:
                return

    @property
    def records(self) -> list[dict[str, Any]]:
        """What came of each request so far, as the object has it."""
        return self._records

    def end(self, error: DocstraError | None = None) -> None:
        """Nothing more comes; `error` is why, where it is no proper end."""
        if not self._as_json:
            return
        if error is not None and not (self._records and "error" in self._records[-1]):
            self._record(self._requests[len(self._records)], None, error)
        if len(self._requests) == 1:
            self._console.json(self._records[0])
        else:
            failed = {"error": told(error)} if error is not None else {}
            self._console.json({"answers": self._records, **failed})

    def _follow_one(self, llm: BaseLLM, request: TurnRequest) -> None:
        is_one_of_many = len(self._requests) > 1
        if is_one_of_many and not self._as_json:
            self._console.answer(f"# {request.shown}\n\n")
        stream: AnswerStream | None = None
        waiting = Waiting(self._console, llm)
        printing = self._printing(llm, waiting)
        heard = Listener(lambda _: waiting.thinks(), None, waiting.reads)
        if printing is not None:
            heard = printing.listener
        try:
            stream = llm.run_task(request.task, context=request.focus, fields=request.fields, listener=heard)
            self._read(stream, waiting, printing)
        except DocstraError as error:
            self._record(request, stream, error)
            if stream is not None and stream.text:  # what is out is no answer of a whole run
                raise DocstraError(error.message, error.hint) from error
            raise
        self._record(request, stream, None)
        if self.was_cancelled:
            self._records[-1]["files"] = places(request.focus)
            self._cited.take(self._records[-1], self._sources or sent_for(request))
            return
        if self._as_json:
            self._records[-1]["files"] = sizes(llm, request)
        if stream.finish_reason == "length":
            which = f"{request.shown}: the" if is_one_of_many else "The"
            self._console.note(cut_short(which, stream, self._limit))
        self._cited.take(self._records[-1], self._sources or sent_for(request))
        if request is not self._requests[-1] and not self._as_json:
            self._console.answer("\n")

    def _printing(self, llm: BaseLLM, waiting: Waiting) -> Printing | None:
        """How an answer is printed; None where it is not."""
        if self._as_json:
            return None
        # Of a server of somebody else's only the end of its thinking may come, and what is piped cannot be
        # taken back.
        holds = bool(llm.server) and llm.think != "off" and not self._console.out_is_terminal
        return Printing(self._console, waiting, show_thinking=self._show_thinking, holds=holds)

    def _read(self, stream: AnswerStream, waiting: Waiting, printing: Printing | None) -> None:
        """Read the answer to its end, or to the first Ctrl+C; a second one ends the process."""
        try:
            with waiting:
                for piece in stream:
                    if printing is None:
                        waiting.end()
                    else:
                        printing.piece(piece)
        except KeyboardInterrupt:
            interrupts(signal.SIG_DFL)
            stream.close()
            stream.finish_reason = "cancelled"
        finally:
            if not stream.ended:
                stream.close()
            if printing is not None:
                printing.end()
        self.was_cancelled = stream.finish_reason == "cancelled"

    def _record(self, request: TurnRequest, stream: AnswerStream | None, error: DocstraError | None) -> None:
        named = self._llm.model_name if self._llm is not None and self._llm.server else ""
        self._records.append(record_of(request, stream, named or self.model, error, remote=self.remote))


def interrupts(handler: Any) -> None:
    """What the next Ctrl+C does."""
    try:
        signal.signal(signal.SIGINT, handler)
    except ValueError:
        pass  # not in the main thread
