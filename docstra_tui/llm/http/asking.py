"""One question to a server, asked again as often as the server's own words make that worthwhile.

It is asked again where the server only loads its model, refuses a field that it does not know, is there for
one model only, or wants a shorter answer: in all of these nothing was written yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from docstra_tui.errors import ContextOverflow, NotAllowed, ServerLoading
from docstra_tui.llm.answer import Finished, Sent
from docstra_tui.llm.http import manners as wording
from docstra_tui.llm.http.answer import HttpAnswer
from docstra_tui.llm.http.connection import Connection
from docstra_tui.llm.http.counting import Counting
from docstra_tui.llm.http.errors import RESERVE
from docstra_tui.llm.http.manners import Manners
from docstra_tui.llm.http.models import Served
from docstra_tui.llm.http.sent import settings_of
from docstra_tui.llm.http.server_answer import Refused, ServerAnswer
from docstra_tui.llm.prompt import Message
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.llm.written import Written

GOING_ON = "Ask again instead; vLLM, SGLang, llama-server and our own engine can."

LOADING_SECONDS = 1.0
"""Between two questions to a server that still loads its model."""


@dataclass(frozen=True)
class Question:
    """What is asked."""

    messages: list[Message]
    max_tokens: int
    temperature: float
    think: Think = "auto"
    extras: dict[str, Any] = field(default_factory=dict)
    """What only our own engine reads."""
    written: Written | None = None
    """What there is of the answer, where one is gone on with."""


class Asking:
    """One server's questions."""

    def __init__(self, connection: Connection, manners: Manners, counting: Counting, served: Served) -> None:
        self._connection = connection
        self._manners = manners
        self._counting = counting
        self._served = served
        self.is_loading = False
        """True while the server says that it still loads its model."""

    def ask(self, answer: HttpAnswer, question: Question) -> Finished:
        """Ask and report what comes. Raises `DocstraError`."""
        dropped: frozenset[str] = frozenset()
        while True:
            self.is_loading = False  # as far as anybody knows while the server says nothing
            attempt = ServerAnswer(self._connection, answer, self._manners, question.think, question.written)
            try:
                body = self._manners.accepted(self._body(question), dropped)
                server = "" if self._connection.is_engine else self._connection.name
                settings = settings_of(body, question.think, server, self._connection.quote)
                answer.report([Sent(settings)], is_telling=False)
                return attempt.read(body, settings)
            except Refused as refused:
                more = self._manners.to_drop(body, refused.words) - dropped
                if self._served.learn_pin(refused.words):
                    continue
                if not more or refused.status not in (400, 422):
                    raise self._served.unnamed() or refused.error from None
                dropped |= more
            except ContextOverflow as error:
                room = error.limit - error.prompt_tokens
                fits = not error.is_least and error.reserve <= room < question.max_tokens
                if attempt.has_begun or not fits:
                    raise
                question = replace(question, max_tokens=room)
            except ServerLoading:
                self.is_loading = True
                if attempt.has_begun or not answer.pause(LOADING_SECONDS):
                    raise
            finally:
                if attempt.was_let_in:
                    self._manners.refused |= dropped
                    self._served.learn_name(attempt.model)

    def refuse_to_go_on(self, written: Written) -> None:
        """Raises `NotAllowed` where the server cannot go on with an answer, as far as it says; and why it
        cannot be asked."""
        if self._connection.is_engine:
            return
        if not self._manners.goes_on:
            self._served.check()
        name = self._connection.name
        if not self._manners.goes_on:
            raise NotAllowed(f"{name} does not say that it can go on with an answer.", GOING_ON)
        if written.is_thinking:
            raise NotAllowed(f"{name} can go on with an answer, but not with thinking.", "Ask again instead.")

    def _body(self, question: Question) -> dict[str, Any]:
        manners, written = self._manners, question.written
        messages: list[dict[str, Any]] = [dict(message) for message in question.messages]
        body: dict[str, Any] = {
            "messages": messages,
            "max_tokens": self._room(question.messages, question.max_tokens),
            "temperature": question.temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
            **self._served.field(),
            **question.extras,
        }
        if written is not None:
            messages[-1] |= {"reasoning_content": written.thinking} if self._connection.is_engine else {}
            body |= {"continue_final_message": True, "add_generation_prompt": False}
        if not self._connection.is_engine:
            body |= wording.thinking(question.think, is_llama_server=manners.is_llama_server)
            if manners.is_llama_server:
                body["return_progress"] = True
        return body

    def _room(self, messages: list[Message], max_tokens: int) -> int:
        """How long the answer may be. Servers refuse what might pass their window; our engine shortens it."""
        window = self._counting.window
        characters = sum(len(message["content"]) for message in messages)
        if self._connection.is_engine or not window or characters + max_tokens <= window:
            return max_tokens
        prompt = self._counting.measure(messages)
        if not self._counting.is_exact:
            return max_tokens
        reserve = min(RESERVE, window // 2)
        if prompt.tokens + reserve > window:
            raise ContextOverflow(prompt.tokens, window, reserve, is_least=prompt.is_least)
        return min(max_tokens, window - prompt.tokens)
