"""The tokens of a prompt as the server counts them, as long as it can; estimated where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from docstra_tui.llm.http.connection import Connection
from docstra_tui.llm.http.manners import Manners
from docstra_tui.llm.measure import (
    BODY_SLACK,
    MOST_TOKENS,
    WINDOWS_COUNTED,
    Measure,
    Room,
    estimate,
    is_count,
    is_size,
    largest_body,
)
from docstra_tui.llm.prompt import Message

BUSY = (429, 500, 502, 503, 504)
"""Statuses that may be different the next time."""

TOKENIZE = "/tokenize"
INPUT_TOKENS = "/chat/completions/input_tokens"
"""llama-server's; what it has at the other place knows no messages, and answers them with an empty list."""


class Counting:
    """One server's counts and window. `model` gives the field of a request that names it, `extras` those that
    change how it is rendered, `context` is the window where the server does not tell (0 for unknown)."""

    def __init__(
        self,
        connection: Connection,
        manners: Manners,
        model: Callable[[], dict[str, str]],
        extras: Callable[[], dict[str, Any]],
        context: int,
    ) -> None:
        self._connection = connection
        self._manners = manners
        self._model = model
        self._extras = extras
        self._context = context
        self._places = [TOKENIZE] if connection.is_engine else [TOKENIZE, INPUT_TOKENS]
        """Where the server may be asked to count, as far as is known."""
        self.told_window: int | None = None
        """Tokens, as the server said."""
        self.is_exact = False
        """True once the server has counted; False before, and where it cannot."""

    @property
    def window(self) -> int | None:
        """Tokens, as far as anybody has said."""
        return self.told_window or self._context or None

    def learn_window(self, told: dict[str, Any]) -> None:
        """From an answer of the server that may name it."""
        window = told.get("max_model_len")
        if is_size(window):
            self.told_window = window

    def measure(self, messages: list[Message]) -> Measure:
        """Of messages that were looked over already."""
        if self._places:
            told = self._beyond(messages) or self._ask(messages)
            if told is not None:
                self.is_exact = True
                return told
        self.is_exact = False
        return Measure(estimate(messages), None)

    def each(self, every: list[list[Message]]) -> list[Measure]:
        """Of several prompts in one question to our engine."""
        found = [self._beyond(messages) for messages in every]
        asked = [messages for messages, known in zip(every, found, strict=True) if known is None]
        told = self._ask_for_each(asked) if asked else []
        if told is None:
            self.is_exact = False
            return [Measure(estimate(messages), None) for messages in every]
        self.is_exact, rest = True, iter(told)
        return [known if known is not None else next(rest) for known in found]

    def _ask(self, messages: list[Message]) -> Measure | None:
        """None where the server cannot tell, now or ever."""
        connection, body = self._connection, {"messages": messages, **self._model()}
        for place in list(self._places):
            url = f"{connection.root}{place}" if place == TOKENIZE else f"{connection.base}{place}"
            status, answer, dropped = self._ask_at(url, body)
            told = measured(answer) if status == 200 else None
            if told is not None:
                self._places = [place]
                self._manners.counts_without(dropped)
                self.learn_window(answer)
                return told
            if connection.is_engine and status not in BUSY:
                raise connection.reported(answer)
            if status in BUSY:
                return None
            self._places.remove(place)
        return None

    def _ask_at(self, url: str, body: dict[str, Any]) -> tuple[int, Any, frozenset[str]]:
        """Status and answer, and what had to be left out for it."""
        manners, connection, extras = self._manners, self._connection, self._extras()
        dropped: frozenset[str] = frozenset()
        while True:
            kept = manners.accepted(extras, dropped)
            status, answer = connection.ask("POST", url, body | kept)
            is_refused = status in (400, 422) and not connection.is_engine
            more = manners.to_drop(kept, str(answer)) if is_refused else frozenset()
            if not more:
                return status, answer, dropped
            dropped |= more

    def _ask_for_each(self, prompts: list[list[Message]]) -> list[Measure] | None:
        """None where our engine cannot tell yet."""
        url = f"{self._connection.root}/docstra/count"
        status, answer = self._connection.ask("POST", url, {"prompts": prompts, **self._extras()})
        if status in BUSY:
            return None
        if status != 200 or not isinstance(answer, dict):
            raise self._connection.reported(answer)
        self.learn_window(answer)
        both = zip(answer["counts"], answer["is_least"], strict=True)
        return [Measure(int(tokens), None, is_least=bool(is_least)) for tokens, is_least in both]

    def _beyond(self, messages: list[Message]) -> Measure | None:
        """What is known of a prompt that is too large to be worth counting: it is not even sent for that."""
        window = self.window
        if window is None or not (self._connection.is_engine or self.is_exact):
            return None
        characters = sum(len(message["content"]) for message in messages)
        if characters <= largest_body(window) - BODY_SLACK:
            return None
        return Measure(WINDOWS_COUNTED * window, None, is_least=True)


def measured(answer: Any) -> Measure | None:
    """The count in a server's answer; None where it tells none. No prompt has no tokens."""
    if not isinstance(answer, dict):
        return None
    cached, tokens = answer.get("cached_tokens"), answer.get("tokens")
    told = [
        answer.get("count"),
        answer.get("input_tokens"),
        len(tokens) if isinstance(tokens, list) else None,
    ]
    count = next((count for count in told if is_size(count)), None)
    if count is None:
        return None
    known = cached if is_count(cached) else None
    is_least, pace = answer.get("is_least") is True, answer.get("reads_per_s")
    known_pace = float(pace) if isinstance(pace, int | float) and 0 < pace < MOST_TOKENS else None
    return Measure(count, known, is_least, _room(answer.get("memory")), known_pace)


def _room(told: Any) -> Room | None:
    """As only our own engine tells it."""
    if not isinstance(told, dict) or not isinstance(tokens := told.get("tokens"), int):
        return None
    compact = told.get("compact")
    return Room(tokens, compact if isinstance(compact, int) else None, told.get("on_gpu") is True)
