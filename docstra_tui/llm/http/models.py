"""Which model of a server answers, and its window: read from the lists that servers give.

A list may hold all that a server could load. Only what it marks as loaded, or a list of one, is taken for
what answers; else a question goes out without a name, and the server takes its own.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from docstra_tui.errors import DocstraError, RemoteError, ServerLoading
from docstra_tui.llm.http.connection import Connection
from docstra_tui.llm.http.counting import Counting
from docstra_tui.llm.http.manners import GO_ON, Manners
from docstra_tui.llm.measure import is_size

Card = dict[str, Any]
"""One model of a list."""

IDS = ("id", "model", "key", "name")
WINDOWS = ("max_model_len", "loaded_context_length", "context_length", "context_window")
"""Where a card tells the window; the second is what LM Studio really loaded it with."""

LOADED_MARKS = ("max_model_len", "loaded_context_length")
"""What only a model that is loaded has."""

PINNED = re.compile(r"pinned to ['\"`]([^'\"`]{1,500})['\"`]")
"""How `transformers serve MODEL` names what it serves, to a question for another."""

LONGEST_ID = 500
"""Characters; what is longer is nobody's name, and would be drawn, saved and sent again and again."""

MOST_SHOWN = 5
"""Models in a sentence."""


def cards_of(answer: Any) -> list[Card]:
    """The models of a list in one of the shapes in use, each with an `id`."""
    listed = answer
    if isinstance(answer, dict):
        listed = answer.get("data") if isinstance(answer.get("data"), list) else answer.get("models")
    cards = []
    for card in listed if isinstance(listed, list) else []:
        if isinstance(card, dict):
            name = next((card[key] for key in IDS if isinstance(card.get(key), str)), "")
            if 0 < len(name) <= LONGEST_ID and card.get("type") not in ("embedding", "embeddings"):
                cards.append(card | {"id": name})
    return cards


def window_of(card: Mapping[str, Any]) -> int | None:
    """The window that a card tells in tokens; what a model was trained with is another thing."""
    meta = card.get("meta")
    told = [card.get(name) for name in WINDOWS]
    told.insert(1, meta.get("n_ctx") if isinstance(meta, dict) else None)
    return next((value for value in told if is_size(value)), None)


def is_loaded(card: Card) -> bool:
    """True where a server marks a model as one that it serves now."""
    status, meta = card.get("status"), card.get("meta")
    state = status.get("value") if isinstance(status, dict) else status
    return (
        "loaded" in (state, card.get("state"))
        or card.get("loaded") is True
        or any(is_size(card.get(name)) for name in LOADED_MARKS)
        or (isinstance(meta, dict) and is_size(meta.get("n_ctx")))
    )


def served_among(cards: Sequence[Card]) -> Card | None:
    """The one that a question without a name is for; None where the list does not tell."""
    if len(cards) == 1:
        return cards[0]
    loaded = [card for card in cards if is_loaded(card)]
    # An adapter is listed beside what it was made for.
    return next((card for card in loaded if not card.get("parent")), loaded[0] if loaded else None)


class Served:
    """The model that a server answers with: the one that was named, else the one that it says."""

    def __init__(self, connection: Connection, manners: Manners, counting: Counting, named: str) -> None:
        self._connection = connection
        self._manners = manners
        self._counting = counting
        self._is_named = bool(named)
        self._is_asked = False
        self._has_looked_further = False
        self._listed: list[str] = []
        self.name = named
        """What is shown of it; empty where nobody knows yet."""
        self.asked_for: str | None = named or None
        """What a question names; None where the server takes its own."""

    def field(self) -> dict[str, str]:
        """The request's field; asks the server first where nobody named a model."""
        if self._connection.is_engine:
            return {}
        if self.asked_for is None and not self._is_asked:
            self.check()
        return {} if self.asked_for is None else {"model": self.asked_for}

    def check(self) -> None:
        """Ask for the list: learn name and window, or raise why the server cannot be used."""
        connection = self._connection
        cards = cards_of(self._list())
        self._is_asked = True
        self._listed = [card["id"] for card in cards]
        owners = {card.get("owned_by") for card in cards if isinstance(card.get("owned_by"), str)}
        self._manners.is_llama_server |= "llamacpp" in owners
        self._manners.is_known_to_go_on |= not GO_ON.isdisjoint(owners)
        card = self._ours(cards)
        if not self._is_named and card is not None:
            shown = card["id"] if connection.is_engine else connection.quote(card["id"])
            if self.name not in ("", shown):  # it serves another one now
                self._counting.told_window, self._has_looked_further = None, False
                self._manners.forget_model()
            self.name = shown
            self.asked_for = None if connection.is_engine else card["id"]
        self._learn_window(card, cards)

    def _list(self) -> Any:
        """What the server lists; only where a model was named may it be nothing."""
        connection, url = self._connection, f"{self._connection.base}/models"
        status, answer = connection.ask("GET", url, must_succeed=not self._is_named)
        if status in (401, 403):
            raise connection.refusal(status, {}, b"")
        if status == 503:
            said = connection.refusal(status, {}, json.dumps(answer).encode())
            if isinstance(said, ServerLoading):
                raise said
        return answer

    def _ours(self, cards: Sequence[Card]) -> Card | None:
        if self._connection.is_engine:
            return cards[0] if cards else None
        if self.asked_for is not None:
            found = next((card for card in cards if card["id"] == self.asked_for), None)
            if found is not None or self._is_named:
                return found
        return served_among(cards)

    def _learn_window(self, card: Card | None, cards: Sequence[Card]) -> None:
        window = window_of(card) if card is not None else None
        if card is not None and window is None and card.get("parent"):
            window = next((window_of(other) for other in cards if other["id"] == card["parent"]), None)
        if window is None and self._counting.told_window is None and not self._connection.is_engine:
            window = self._further()
        if window is not None:
            self._counting.told_window = window

    def _further(self) -> int | None:
        """From what llama-server and LM Studio tell elsewhere; asked for once."""
        if self._has_looked_further:
            return None
        self._has_looked_further = True
        with contextlib.suppress(DocstraError):
            status, answer = self._connection.ask("GET", f"{self._connection.root}/props")
            if status == 200 and isinstance(answer, dict):
                settings = answer.get("default_generation_settings")
                window = settings.get("n_ctx") if isinstance(settings, dict) else answer.get("n_ctx")
                if is_size(window):
                    self._manners.is_llama_server = True
                    return window
            status, answer = self._connection.ask("GET", f"{self._connection.root}/api/v0/models")
            card = self._ours(cards_of(answer)) if status == 200 else None
            if card is not None and is_loaded(card):
                return window_of(card)
        return None

    # What an answer, or its refusal, tells

    def learn_name(self, name: str) -> None:
        """An answer said who gave it."""
        if not self.name and name:
            self.name = name.removesuffix("@main")  # a revision, by transformers serve

    def learn_pin(self, words: str) -> bool:
        """True where a refusal says which model it would have been, and nobody named another."""
        found = PINNED.search(words)
        if found is None or self._is_named or self.asked_for == found[1]:
            return False
        self.name, self.asked_for = self._connection.quote(found[1]), found[1]
        self._is_named = True
        return True

    def unnamed(self) -> RemoteError | None:
        """Why a question without a model may have been refused; None where it named one."""
        if self._connection.is_engine or self.asked_for is not None:
            return None
        shown = ", ".join(map(self._connection.quote, self._listed[:MOST_SHOWN]))
        rest = f" and {len(self._listed) - MOST_SHOWN} more" if len(self._listed) > MOST_SHOWN else ""
        which = f" It lists {shown}{rest}." if shown else " It lists none."
        return RemoteError(
            f"{self._connection.name} does not say which model it serves.{which}", "Name one with --model."
        )
