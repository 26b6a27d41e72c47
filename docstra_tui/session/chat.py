"""A conversation about files: asks the model, keeps the log of turns and items, saves as it goes.

Knows no screen. A turn runs where it is iterated, which a face does in a worker thread; everything
else may be called from any thread and is quick, but for `count`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from docstra_tui.context.budget import Budget
from docstra_tui.context.language import language_of
from docstra_tui.errors import DocstraError, from_wire, to_wire
from docstra_tui.llm.answer import AnswerStream
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import Conversation, Turn, file_fields
from docstra_tui.session.log import WAITING, ContextLog
from docstra_tui.session.store import SessionStore
from docstra_tui.session.turns import Placed, SavedTurn, Status, StoredSession, title_of

RESERVE = 512
"""Tokens of the window kept free for the answer, where nothing else is said."""

_ASKED_STEP = 1e-5
"""Seconds between two turns, at least: their order is their time."""


class ChatSession:
    """One conversation. `store=None` keeps it in memory only."""

    def __init__(
        self,
        llm: BaseLLM,
        root: Path,
        store: SessionStore | None = None,
        *,
        model: str = "",
        reserve: int = RESERVE,
    ) -> None:
        self.llm = llm
        """Who answers; may be set to another model between two turns."""
        self.root = root
        self.model = model or llm.model_name
        """The name that is saved with each answer."""
        self.reserve = reserve
        """Tokens kept free for the answer."""
        self.turns: list[SavedTurn] = []
        """Everything that was asked, oldest first; the last one may be streaming."""
        self.id: str | None = store.create(str(root), self.model) if store is not None else None
        self._store = store
        self._draft = ""
        self._log = ContextLog()
        self._running: RunningTurn | None = None
        self._lock = threading.RLock()

    @classmethod
    def resume(
        cls,
        llm: BaseLLM,
        store: SessionStore,
        session_id: str,
        *,
        model: str = "",
        reserve: int = RESERVE,
    ) -> ChatSession:
        """Go on with a saved session (its id, the beginning of it, or `last`). Raises `StoreError`."""
        found = store.load(session_id)
        session = cls(llm, Path(found.root), model=model, reserve=reserve)
        session.turns = list(found.turns)
        session.id = found.id
        session._store = store
        session._draft = found.draft
        session._log = _saved_log(found)
        return session

    @property
    def title(self) -> str:
        """One line of at most 60 characters, from the first question; empty before it."""
        return title_of(self.turns[0].question) if self.turns else ""

    @property
    def draft(self) -> str:
        """What was typed and not sent."""
        return self._draft

    @draft.setter
    def draft(self, text: str) -> None:
        self._draft = text
        if self._store is not None and self.id is not None:
            self._store.save_draft(self.id, text)

    @property
    def problem(self) -> str | None:
        """Why the conversation is not being saved, ready to show; None while it is."""
        return self._store.problem if self._store is not None else None

    # Context

    @property
    def context(self) -> tuple[ContextItem, ...]:
        """The items the model has or will get with the next question, in the order of the log."""
        with self._lock:
            return self._log.items

    def set_context(self, items: Sequence[ContextItem]) -> None:
        """The files ticked now, in the order of the tree.

        One that is gone leaves the log, one that was edited is replaced in its place, a new one enters
        with the next question.
        """
        with self._lock:
            self._log.choose(items)

    def count(self, question: str = "") -> Budget:
        """What asking `question` now would take. Blocks (it may go over a socket)."""
        measure = self.llm.measure(self._next_prompt(question).messages)
        return Budget(
            measure.tokens, self.llm.window, self.reserve, self.llm.counts_exactly, measure.cached
        )

    def read_ahead(self) -> None:
        """Have the model read what the next question will begin with, while nobody asks.

        Blocks until that is done, or a question or a newer call took its place. Harmless where the
        model keeps no cache.
        """
        prompt = self._next_prompt("")
        self.llm.warm(prompt.messages, prompt.stable)

    def _next_prompt(self, question: str) -> Conversation:
        with self._lock:
            history, waiting = self._history(), self._log.waiting
        return self.llm.prompt_builder.conversation("answer_question", waiting, history, question=question)

    # Turns

    def ask(self, question: str) -> RunningTurn:
        """Ask about the context."""
        return self.run("answer_question", question, {"question": question})

    def document(self, item: ContextItem) -> RunningTurn:
        """Write documentation for one file, which joins the context if it is not there."""
        return self._about_file("document_code", "Document", item)

    def explain(self, item: ContextItem) -> RunningTurn:
        """Explain one file, which joins the context if it is not there."""
        return self._about_file("explain_code", "Explain", item)

    def examples(self, request: str) -> RunningTurn:
        """Write examples for a request, over the context."""
        fields = {"request": request, "language": self._language() or "code", "additional_context": ""}
        return self.run("generate_examples", f"Examples: {request}", fields)

    def custom(self, request: str) -> RunningTurn:
        """A request in the user's own words, sent as it is after the context."""
        return self.run("answer_question", request, {"question": request})

    def run(
        self,
        task: str,
        shown: str,
        fields: Mapping[str, Any],
        *,
        focus: Sequence[ContextItem] = (),
    ) -> RunningTurn:
        """A turn from any template over the context; `shown` stands as the question in the conversation.

        It starts when it is first iterated. Raises `DocstraError` while another one runs.
        """
        with self._lock:
            if self._running is not None and not self._running.ended:
                raise DocstraError("An answer is still being written.", "Stop it first, or wait for it.")
            self._log.add(focus)
            turn = SavedTurn(shown, task, dict(fields), model=self.model)
            if self.turns:
                turn.asked = max(turn.asked, self.turns[-1].asked + _ASKED_STEP)
            self.turns.append(turn)
            self._running = RunningTurn(self, turn)
            return self._running

    def _about_file(self, task: str, verb: str, item: ContextItem) -> RunningTurn:
        language = item.language or language_of(item.path or "") or "source"
        return self.run(task, f"{verb} {item.label}", file_fields([item.label], language), focus=[item])

    def _language(self) -> str:
        """The language most of the context is in; empty when there is none."""
        found = [item.language for item in self.context if item.language]
        return max(found, key=found.count) if found else ""

    def _history(self) -> list[Turn]:
        """The turns the model has answered, with the items that stand in front of each."""
        return [
            Turn(turn.answer, turn.task, turn.fields, self._log.of(turn.id))
            for turn in self.turns
            if turn.has_answer
        ]

    # For a running turn

    def _begin(self, turn: SavedTurn) -> tuple[list[Turn], tuple[ContextItem, ...]]:
        """Place the waiting items, save the question; what to send."""
        with self._lock:
            history = self._history()
            turn.context = self._log.enter(turn.id)
            turn.earlier = self._log.before(turn.id)
        if self._store is not None and self.id is not None:
            self._store.begin_turn(self.id, turn)
        return history, turn.context

    def _add_piece(self, turn: SavedTurn, piece: str) -> None:
        if self._store is not None:
            self._store.add_piece(turn.id, piece)

    def _end(self, turn: SavedTurn) -> None:
        with self._lock:
            if not turn.has_answer:
                self._log.leave(turn.id)
        if self._store is not None:
            self._store.end_turn(turn.id, turn)


class RunningTurn(Iterator[str]):
    """An answer in the making: iterate it in a worker thread, cancel it from anywhere.

    Whatever happens, iteration just ends, and `turn` then has its one final status; what went wrong is
    in `turn.error`. The pieces are saved as they come.
    """

    def __init__(self, session: ChatSession, turn: SavedTurn) -> None:
        self.turn = turn
        """Filled in as the answer grows."""
        self._session = session
        self._stream: AnswerStream | None = None
        self._cancelled = threading.Event()
        self._is_started = False
        self._lock = threading.Lock()

    @property
    def ended(self) -> bool:
        """True once the turn has its final status."""
        return self.turn.status != "streaming"

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.ended:
            raise StopIteration
        try:
            stream = self._started_stream()
            piece = next(stream) if stream is not None else None
        except StopIteration:
            piece = None
        except Exception as error:
            self._finish("failed", error if isinstance(error, DocstraError) else from_wire(to_wire(error)))
            raise StopIteration from None
        except BaseException:  # Ctrl+C in a face that reads in its main thread
            self.cancel()
            self._finish("cancelled")
            raise
        if piece is None:
            reason = self._stream.finish_reason if self._stream is not None else "cancelled"
            self._finish("cancelled" if reason == "cancelled" else "done")
            raise StopIteration
        self.turn.answer += piece
        self._session._add_piece(self.turn, piece)
        return piece

    def cancel(self) -> None:
        """Stop. What was written stays; the iteration ends by itself. Never blocks, any thread."""
        with self._lock:
            self._cancelled.set()
            stream = self._stream
            was_started = self._is_started
            self._is_started = True
        if stream is not None:
            stream.cancel()
        elif not was_started:  # nobody may ever iterate it
            self._finish("cancelled")

    def _started_stream(self) -> AnswerStream | None:
        """The stream, started at the first call; None when it was cancelled before that."""
        if self._stream is not None:
            return self._stream
        with self._lock:
            if self._cancelled.is_set():
                return None
            self._is_started = True
        history, context = self._session._begin(self.turn)
        if self._cancelled.is_set():
            return None
        stream = self._session.llm.run_task(
            self.turn.task, context=context, history=history, fields=self.turn.fields
        )
        with self._lock:
            self._stream = stream
        if self._cancelled.is_set():
            stream.cancel()
        return stream

    def _finish(self, status: Status, error: DocstraError | None = None) -> None:
        turn, stream = self.turn, self._stream
        if stream is not None:
            turn.finish_reason = stream.finish_reason
            turn.usage = stream.usage
            turn.ttft_s = stream.ttft_s
            turn.tokens_per_s = stream.tokens_per_s
        turn.error = error
        turn.status = status
        self._session._end(turn)


def _saved_log(found: StoredSession) -> ContextLog:
    """The items as they stood when the last question was asked."""
    if not found.turns:
        return ContextLog()
    last = found.turns[-1]
    answered = {turn.id for turn in found.turns if turn.has_answer}
    placed = [*last.earlier, *(Placed(last.id, item) for item in last.context)]
    order = {turn.id: number for number, turn in enumerate(found.turns)}
    known = [place if place.turn_id in answered else Placed(WAITING, place.item) for place in placed]
    return ContextLog(sorted(known, key=lambda place: order.get(place.turn_id, len(order))))
