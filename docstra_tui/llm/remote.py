"""A model behind HTTP: our own engine on a Unix socket, or any OpenAI-compatible server.

The verbs are synchronous; an answer can be cancelled from any thread in every phase. Needs no torch.
"""

from __future__ import annotations

import time
import uuid
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docstra_tui import address
from docstra_tui.errors import SettingsError
from docstra_tui.llm.answer import SILENT, AnswerStream, Finished, Listener
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.http import connection as http
from docstra_tui.llm.http.answer import HttpAnswer, Limits
from docstra_tui.llm.http.asking import Asking, Question
from docstra_tui.llm.http.connection import Connection
from docstra_tui.llm.http.counting import Counting
from docstra_tui.llm.http.gate import Gate
from docstra_tui.llm.http.key import clean_key, find_key
from docstra_tui.llm.http.load import ServerLoad
from docstra_tui.llm.http.manners import Manners
from docstra_tui.llm.http.models import Served
from docstra_tui.llm.measure import Measure
from docstra_tui.llm.messages import Prompt, as_messages, with_answer
from docstra_tui.llm.prompt import Message
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.llm.written import Written


class RemoteLLM(BaseLLM):
    """A language model on a server.

    `base_url` is the URL up to and including `/v1`: who names it says yes to that host. `socket` is our
    own engine's instead, or `gate` that of a server which a person may still have to say yes to. Without
    a `model` it is the one that the server marks as loaded, else whichever it takes by itself. The key is
    `api_key`, else the variable DOCSTRA_API_KEY, else a file `api_key` (mode 0600) beside config.toml; over
    plain http to another host it goes only with `key_over_http`. `context` is the window in tokens where
    the server does not tell. `wait_seconds` is how long an answer may be without text, before and within
    it, or without a sign that more of the prompt is read; our own engine has no limit. `max_tokens` (1 or
    more) is the longest answer, `temperature` 0 is greedy.

    Making one sends nothing. Raises `SettingsError` for a URL or a key that cannot be used, `UnsafePath` for
    a file of a key that others can read, `ValueError` unless there is exactly one way to a server. What the
    server says or does is raised where it is asked: a `RemoteError`, or an `EngineError` of our own engine.
    Any thread may ask, and answers are written side by side.
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
        self._manners = Manners()
        self._counting = Counting(self._connection, self._manners, self._model, self._rendered_with, context)
        self._served = Served(self._connection, self._manners, self._counting, model or "")
        self._asking = Asking(self._connection, self._manners, self._counting, self._served)
        self._load = ServerLoad(self._connection)
        self._client = uuid.uuid4().hex
        self._told: tuple[bool | None, str] = None, ""
        self._answers: weakref.WeakSet[HttpAnswer] = weakref.WeakSet()

    @property
    def is_loading(self) -> bool:
        return self._asking.is_loading

    @property
    def server(self) -> str:
        return "" if self._connection.is_engine else self._connection.name

    @property
    def can_switch_thinking(self) -> bool | None:
        return self._told[0] if self._connection.is_engine else self._manners.can_switch

    @property
    def think_note(self) -> str:
        return self._told[1] if self._connection.is_engine else self._manners.note(self._connection.name)

    def told_of_switch(self, can_switch: bool | None, note: str) -> None:
        """What our engine says of its model's switch for thinking: whoever watches it tells."""
        self._told = can_switch, note

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
        batch: bool = False,
        written: Written | None = None,
        listener: Listener = SILENT,
    ) -> AnswerStream:
        """Start answering and return at once; what the server refuses is raised where it is iterated."""
        messages = self.admitted(with_answer(prompt, written))
        wanted = self.max_tokens if max_tokens is None else max_tokens
        heat = self.temperature if temperature is None else temperature
        if wanted < 1:
            raise ValueError(f"max_tokens is {wanted}; it must be at least 1")
        if heat < 0:
            raise ValueError(f"temperature is {heat}; it cannot be below 0 (0 is greedy)")
        wish = self.wished(think)
        if written is not None and not self._connection.is_engine:
            wish = "off"  # where an answer has begun there is nothing to think about
        said = {"batch": True} if batch else {}
        extras = self._extras(wish, stable=stable, reading=True, who=True, **said)
        question = Question(messages, wanted, heat, wish, extras, written)
        started = time.monotonic()

        def work(answer: HttpAnswer) -> Finished:
            with self._connection.honest_errors():
                try:
                    if written is not None:
                        self._asking.refuse_to_go_on(written)
                    return self._asking.ask(answer, question)
                finally:
                    self.model_name = self._served.name

        source = HttpAnswer(work, self._connection.name, self._limits)
        self._answers.add(source)
        return AnswerStream(source, started=started, written=written, listener=listener)

    def look_at(self, written: Written) -> None:
        self._asking.refuse_to_go_on(written)

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

    def wake(self) -> None:
        if self._connection.is_engine:
            self._connection.ask("POST", f"{self._connection.root}/docstra/wake")

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
        try:
            self._served.check()
        finally:
            self.model_name = self._served.name

    def waiting(self) -> int | None:
        """Requests that wait at the server; None where nobody tells."""
        return self._load.waiting()

    def close(self) -> None:
        for answer in list(self._answers):
            answer.cancel()
        self._connection.close()

    # What requests say

    def _extras(self, think: Think | None = None, **said: Any) -> dict[str, Any]:
        """The field of a request that only our own engine reads: what is `said`, and how much to think."""
        if not self._connection.is_engine:
            return {}
        wish = self.wished(think)
        if wish != "auto":
            said["think"] = wish
        if self.compacted():
            said["compact"] = True
        return {"docstra": said} if said else {}

    def _rendered_with(self) -> dict[str, Any]:
        """The fields that change how a prompt is rendered, and with that its length."""
        return self._extras() if self._connection.is_engine else self._manners.rendered_with(self.think)

    def _model(self) -> dict[str, str]:
        return self._served.field()


def _refuse_open_way(there: address.Address) -> None:
    """Raises `SettingsError` where a key would be readable on its way to another machine."""
    if there.scheme == "http" and not there.is_this_machine:
        raise SettingsError(
            f"The API key would go to {there.shown} over plain http, where others can read it on the way.",
            "Use https, or allow it with remote.key_over_http = true in config.toml (key_over_http below "
            "[remote.NAME] for a named one), which is usual inside a cluster.",
        )
