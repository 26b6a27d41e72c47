"""A model behind HTTP: our own engine on a Unix socket, or any OpenAI-compatible server.

The verbs are synchronous; an answer can be cancelled from any thread in every phase. Needs no torch.
"""

from __future__ import annotations

import json
import time
import uuid
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docstra_tui import address
from docstra_tui.errors import ContextOverflow, RemoteError, ServerLoading, SettingsError
from docstra_tui.llm.answer import SILENT, AnswerStream, Finished, Listener
from docstra_tui.llm.base import BaseLLM, Prompt, as_messages
from docstra_tui.llm.http import connection as http
from docstra_tui.llm.http.answer import HttpAnswer, Limits
from docstra_tui.llm.http.connection import Connection
from docstra_tui.llm.http.counting import Counting
from docstra_tui.llm.http.errors import RESERVE
from docstra_tui.llm.http.gate import Gate
from docstra_tui.llm.http.key import clean_key, find_key
from docstra_tui.llm.http.server_answer import ServerAnswer, StreamOptionsRefused
from docstra_tui.llm.measure import Measure
from docstra_tui.llm.prompt import Message
from docstra_tui.llm.thinking.wish import Think

LOADING_SECONDS = 1.0
"""Between two questions to a server that still loads its model."""


class RemoteLLM(BaseLLM):
    """A language model on a server.

    `base_url` is the URL up to and including `/v1`: who names it says yes to that host. `socket` is our
    own engine's instead, or `gate` that of a server which a person may still have to say yes to. Without
    a `model` it is the first of the server's. The key is `api_key`, else the variable DOCSTRA_API_KEY,
    else a file `api_key` (mode 0600) beside config.toml; over plain http to another host it goes only
    with `key_over_http`. `context` is the window in tokens where the server does not tell.
    `wait_seconds` is how long an answer may be without text, before and within it; our own engine has no
    limit. Raises `SettingsError`, `UnsafePath`.
    """

    def __init__(
        self,
        base_url: str | None = None,
        model: str | None = None,
        *,
        socket: str | Path | None = None,
        gate: Gate | None = None,
        api_key: str | None = None,
        max_tokens: int = 2000,
        temperature: float = 0.7,
        context: int = 0,
        wait_seconds: float = 600.0,
        key_over_http: bool = False,
        think: Think = "auto",
    ) -> None:
        super().__init__(model or "", max_tokens=max_tokens, temperature=temperature, think=think)
        if sum(way is not None for way in (base_url, socket, gate)) != 1:
            raise ValueError("RemoteLLM takes a base_url, a socket or a gate.")
        if base_url is not None:
            gate = Gate(address.parse(base_url))
        self._gate = gate
        if gate is None:
            self._connection = Connection(None, str(socket), "")
            self._limits: Limits | None = None
        else:
            key = clean_key(find_key() if api_key is None else api_key)
            if key and not key_over_http:
                _refuse_open_way(gate.address)
            self._connection = Connection(gate, None, key)
            self._limits = Limits(wait_seconds, http.SHORT_SECONDS)
        self._counting = Counting(self._connection, self._model, self._extras, context)
        self._is_named = bool(model)
        self._client = uuid.uuid4().hex
        self._knows_stream_options = True
        self._is_loading = False
        self._answers: weakref.WeakSet[HttpAnswer] = weakref.WeakSet()

    @property
    def is_loading(self) -> bool:
        return self._is_loading

    @property
    def server(self) -> str:
        return "" if self._connection.is_engine else self._connection.name

    def _facts(self) -> dict[str, object]:
        return {"server": self._connection.name, "window": self.known_window}

    # The verbs

    def stream(
        self,
        prompt: Prompt,
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        stable: int = 0,
        think: Think | None = None,
        listener: Listener = SILENT,
    ) -> AnswerStream:
        """Start answering and return at once; what the server refuses is raised where it is iterated."""
        messages = self.admitted(prompt)
        wanted = self.max_tokens if max_tokens is None else max_tokens
        heat = self.temperature if temperature is None else temperature
        if wanted < 1:
            raise ValueError(f"max_tokens is {wanted}; it must be at least 1")
        if heat < 0:
            raise ValueError(f"temperature is {heat}; it cannot be below 0 (0 is greedy)")
        extras = self._extras(think, stable=stable, reading=True)
        started = time.monotonic()

        def work(answer: HttpAnswer) -> Finished:
            with self._connection.honest_errors():
                return self._answer(answer, messages, wanted, heat, extras)

        source = HttpAnswer(work, self._connection.name, self._limits)
        self._answers.add(source)
        return AnswerStream(source, started=started, listener=listener)

    def count_tokens(self, prompt: Prompt) -> int:
        return self.measure(prompt).tokens

    def admitted(self, prompt: Prompt) -> list[Message]:
        if self._gate is not None:
            self._gate.look(prompt)
        return as_messages(prompt)

    def measure(self, prompt: Prompt) -> Measure:
        return self._counting.measure(self.admitted(prompt))

    def count_each(self, prompts: Sequence[Prompt]) -> list[Measure]:
        if not self._connection.is_engine:
            return super().count_each(prompts)
        return self._counting.each([as_messages(prompt) for prompt in prompts])

    def warm(self, prompt: Prompt, stable: int) -> Measure:
        if not self._connection.is_engine:
            return Measure(0, None)
        body = {
            "messages": as_messages(prompt),
            **self._extras(stable=stable, client=self._client),
        }
        status, answer = self._connection.ask(
            "POST", f"{self._connection.root}/docstra/prefill", body, bounded=False
        )
        if status != 200 or not isinstance(answer, dict):
            raise self._connection.reported(answer)
        return Measure(int(answer["count"]), answer.get("cached_tokens"))

    def show_prompt(self, prompt: Prompt) -> tuple[str, str] | None:
        """The prompt exactly as the model reads it: the part that is cached, and the part that is new.

        None where the server is not our engine.
        """
        if not self._connection.is_engine:
            return None
        body = {"messages": as_messages(prompt), **self._extras(text=True)}
        status, answer = self._connection.ask("POST", f"{self._connection.root}/tokenize", body)
        if status != 200 or not isinstance(answer, dict):
            raise self._connection.reported(answer)
        return str(answer.get("cached_text", "")), str(answer.get("new_text", ""))

    @property
    def counts_exactly(self) -> bool:
        """True once the server has counted; False before, and where it cannot."""
        return self._counting.is_exact

    @property
    def window(self) -> int | None:
        """Tokens; asks the server until it is known. Raises `RemoteError`, `EngineDied` when it is away."""
        if self._counting.told_window is None:
            self.check()
        return self.known_window

    @property
    def known_window(self) -> int | None:
        """`window`, without asking the server."""
        return self._counting.window

    def check(self) -> None:
        """Ask the server for its models: learn name and window, or raise why it cannot be used.

        A server that does not list models is fine where the model was named.
        """
        engine = self._connection.is_engine
        status, answer = self._connection.ask(
            "GET", f"{self._connection.base}/models", must_succeed=not self._is_named
        )
        if status in (401, 403):
            raise self._connection.refusal(status, {}, b"")
        if status == 503:
            said = self._connection.refusal(status, {}, json.dumps(answer).encode())
            if isinstance(said, ServerLoading):
                raise said
        listed = answer.get("data") if isinstance(answer, dict) else None
        cards = [card for card in listed if isinstance(card, dict)] if isinstance(listed, list) else []
        if not self._is_named and cards and isinstance(cards[0].get("id"), str):
            self.model_name = cards[0]["id"]
        if not self.model_name and not engine:
            raise RemoteError(f"{self._connection.name} lists no model.", "Name one with --model.")
        ours = [card for card in cards if engine or card.get("id") == self.model_name]
        self._counting.learn_window(ours[0] if ours else {})

    def close(self) -> None:
        for answer in list(self._answers):
            answer.cancel()
        self._connection.close()

    # One answer, in its own thread

    def _answer(
        self,
        answer: HttpAnswer,
        messages: list[Message],
        max_tokens: int,
        temperature: float,
        extras: dict[str, Any],
    ) -> Finished:
        body: dict[str, Any] = {
            "messages": messages,
            "max_tokens": self._room(messages, max_tokens),
            "temperature": temperature,
            "stream": True,
            **self._model(),
            **extras,
        }
        while True:
            self._is_loading = False  # as far as anybody knows while the server says nothing
            try:
                options = {"stream_options": {"include_usage": True}} if self._knows_stream_options else {}
                return ServerAnswer(self._connection, answer).read(body | options)
            except StreamOptionsRefused:  # by transformers serve; nothing has been streamed yet
                self._knows_stream_options = False
            except ServerLoading:
                self._is_loading = True
                if not answer.pause(LOADING_SECONDS):
                    raise

    def _room(self, messages: list[Message], max_tokens: int) -> int:
        """How long the answer may be. Servers refuse what might pass their window; our engine shortens it."""
        window = self.known_window
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

    def _extras(self, think: Think | None = None, **said: Any) -> dict[str, Any]:
        """The field of a request that only our own engine reads: what is `said`, and how much to think."""
        if not self._connection.is_engine:
            return {}
        think = self.think if think is None else think
        if think != "auto":
            said["think"] = think
        return {"docstra": said} if said else {}

    def _model(self) -> dict[str, str]:
        """The request's field; our engine needs none."""
        if self._connection.is_engine:
            return {}
        if not self.model_name:
            self.check()
        return {"model": self.model_name}


def _refuse_open_way(there: address.Address) -> None:
    """Raises `SettingsError` where a key would be readable on its way to another machine."""
    if there.scheme == "http" and not there.is_this_machine:
        raise SettingsError(
            f"The API key would go to {there.shown} over plain http, where others can read it on the way.",
            "Use https, or allow it with remote.key_over_http = true in config.toml, which is usual inside "
            "a cluster.",
        )
