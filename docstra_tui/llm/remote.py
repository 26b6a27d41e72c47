"""A model behind HTTP: our own engine on a Unix socket, or any OpenAI-compatible server.

The verbs are synchronous; an answer can be cancelled from any thread in every phase. Needs no torch.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from docstra_tui import paths
from docstra_tui.errors import (
    AnswerCutOff,
    ContextOverflow,
    DocstraError,
    EngineDied,
    EngineError,
    RemoteError,
    SettingsError,
    UnsafePath,
)
from docstra_tui.llm import server_errors
from docstra_tui.llm.answer import AnswerStream, Finished
from docstra_tui.llm.base import BaseLLM, Prompt, as_messages
from docstra_tui.llm.http_answer import HttpAnswer
from docstra_tui.llm.prompt import Message
from docstra_tui.llm.sse import LARGEST_EVENT, LONGEST_ANSWER, ChunkReader, ErrorEvent

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS = 5.0
SEND_SECONDS = 60.0
SHORT_ANSWER_SECONDS = 15.0
"""For models, token counts and refusals, from sending to the last byte."""

LARGEST_BODY = 4 * LONGEST_ANSWER
"""Bytes of a body that is no stream."""

CHARACTERS_A_TOKEN = 3.5
"""The estimate where a server cannot count; code is denser than prose."""

RESERVE = 512
"""Tokens that must be left for the answer where the server's window is known and can be counted."""

KEY_FILE = "api_key"


class RemoteLLM(BaseLLM):
    """A language model on a server.

    `base_url` is the URL up to and including `/v1`; `socket` is our own engine's instead. Without a
    `model` it is the first of the server's. The key is `api_key`, else the variable DOCSTRA_API_KEY, else
    a file `api_key` (mode 0600) beside config.toml. `context` is the window in tokens where the server
    does not tell. `first_token_seconds` and `idle_seconds` limit how long a server may be silent, before
    and within an answer; our own engine has no limit. Raises `SettingsError`, `UnsafePath`.
    """

    def __init__(
        self,
        base_url: str | None = None,
        model: str | None = None,
        *,
        socket: str | Path | None = None,
        api_key: str | None = None,
        max_tokens: int = 2000,
        temperature: float = 0.7,
        context: int = 0,
        first_token_seconds: float = 120.0,
        idle_seconds: float = 60.0,
    ) -> None:
        super().__init__(model or "", max_tokens=max_tokens, temperature=temperature)
        if (base_url is None) == (socket is None):
            raise ValueError("RemoteLLM takes either a base_url or a socket.")
        self._socket = None if socket is None else str(socket)
        if base_url is None:
            self._base, self._root, self.server = "http://engine/v1", "http://engine", "The engine"
            self._key = ""
        else:
            self._base, self._root, self.server = _addresses(base_url)
            self._key = _usable_key(api_key if api_key is not None else find_key())
        self._context = context
        self._first_seconds = None if self._socket else first_token_seconds
        self._idle_seconds = None if self._socket else idle_seconds
        self._lock = threading.Lock()
        self._http: httpx2.Client | None = None
        self._asked_model = bool(model)
        self._window: int | None = None
        self._cannot_count = False
        self._counted = False
        self._no_stream_options = False
        self._answers: weakref.WeakSet[HttpAnswer] = weakref.WeakSet()

    # The verbs

    def stream(
        self,
        prompt: Prompt,
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
    ) -> AnswerStream:
        """Start answering and return at once; what the server refuses is raised where it is iterated."""
        messages = as_messages(prompt)
        wanted = self.max_tokens if max_tokens is None else max_tokens
        heat = self.temperature if temperature is None else temperature
        if wanted < 1:
            raise ValueError(f"max_tokens is {wanted}; it must be at least 1")
        if heat < 0:
            raise ValueError(f"temperature is {heat}; it cannot be below 0 (0 is greedy)")
        started = time.monotonic()

        def work(answer: HttpAnswer) -> Finished:
            return self._answer(answer, messages, wanted, heat)

        source = HttpAnswer(work, self.server, self._first_seconds, self._idle_seconds)
        self._answers.add(source)
        return AnswerStream(source, started=started)

    def count_tokens(self, prompt: Prompt) -> int:
        messages = as_messages(prompt)
        if not self._cannot_count:
            body: dict[str, Any] = {"messages": messages, "model": self._model()}
            status, answer = self._ask("POST", f"{self._root}/tokenize", body)
            count = answer.get("count") if isinstance(answer, dict) else None
            if status == 200 and isinstance(count, int):
                self._counted = True
                window = answer.get("max_model_len") if isinstance(answer, dict) else None
                if self._window is None and isinstance(window, int) and window > 0:
                    self._window = window
                return count
            if self._socket is None:
                self._cannot_count = status not in (429, 500, 502, 503, 504)
            elif status != 503:  # 503: the tokenizer is not loaded yet
                raise server_errors.reported(self.server, answer, "", is_ours=True)
        self._counted = False
        characters = sum(len(message["content"]) + 16 for message in messages)
        return max(1, round(characters / CHARACTERS_A_TOKEN))

    @property
    def counts_exactly(self) -> bool:
        """True once the server has counted; False before, and where it cannot."""
        return self._counted

    @property
    def window(self) -> int | None:
        """Tokens; asks the server the first time. Raises `RemoteError`, `EngineDied` when it is not there."""
        if self._window is None:
            self._look_at_models()
        return self._window or self._context or None

    @property
    def known_window(self) -> int | None:
        """`window`, without asking the server."""
        return self._window or self._context or None

    def check(self) -> None:
        """Raises why the server cannot be used: not there, no models, a key it does not take."""
        self._look_at_models()

    def close(self) -> None:
        for answer in list(self._answers):
            answer.cancel()
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()

    # One answer, in its thread

    def _answer(
        self, answer: HttpAnswer, messages: list[Message], max_tokens: int, temperature: float
    ) -> Finished:
        with self._honest_errors():
            body: dict[str, Any] = {
                "messages": messages,
                "max_tokens": self._room(messages, max_tokens),
                "temperature": temperature,
                "stream": True,
            }
            model = self._model()
            if model:
                body["model"] = model
            if not self._no_stream_options:
                body["stream_options"] = {"include_usage": True}
            while True:
                try:
                    return self._stream_once(answer, body)
                except _StreamOptionsRefused:
                    # Nothing was streamed: some servers (transformers serve) know no stream_options.
                    self._no_stream_options = True
                    del body["stream_options"]

    def _stream_once(self, answer: HttpAnswer, body: dict[str, Any]) -> Finished:
        import httpx2

        with self._client().stream(
            "POST",
            f"{self._base}/chat/completions",
            json=body,
            headers={"accept": "text/event-stream"},
            extensions={"trace": answer.trace},
        ) as response:
            if not 200 <= response.status_code < 300:
                self._refuse(response, may_drop_options="stream_options" in body)
            if response.headers.get("content-encoding", "identity") != "identity":
                raise RemoteError(f"{self.server} compresses its answer, although it was asked not to.")
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            reader = ChunkReader()
            if kind == "application/json":  # a server that cannot stream
                self._take_whole(answer, reader, response)
            elif kind == "text/event-stream":
                for event in httpx2.EventSource(response, max_event_size=LARGEST_EVENT):
                    try:
                        answer.report(reader.read(event.event, event.data))
                    except ErrorEvent as error:
                        raise server_errors.reported(
                            self.server, error.body, self._key, is_ours=self._socket is not None
                        ) from None
                    if reader.is_done:
                        break
            else:
                raise self._no_answer(response, kind)
        end = reader.end()
        if end is None:
            raise self._cut_off()
        return end

    def _take_whole(self, answer: HttpAnswer, reader: ChunkReader, response: httpx2.Response) -> None:
        body = _json(_read(response, LARGEST_BODY, None))
        if not isinstance(body, dict):
            raise self._no_answer(response, "application/json")
        if body.get("error"):
            raise server_errors.reported(self.server, body, self._key, is_ours=self._socket is not None)
        answer.report(reader.take(body, "message"))

    def _refuse(self, response: httpx2.Response, *, may_drop_options: bool) -> None:
        body = _read(response, 65536, SHORT_ANSWER_SECONDS)
        if may_drop_options and response.status_code in (400, 422) and b"stream_options" in body:
            raise _StreamOptionsRefused
        value = _json(body)
        if self._socket is not None and isinstance(value, dict):
            raise server_errors.reported(self.server, value, "", is_ours=True)
        raise server_errors.refusal(self.server, response.status_code, response.headers, body, self._key)

    def _no_answer(self, response: httpx2.Response, kind: str) -> RemoteError:
        first = server_errors.quote(_read(response, 4096, SHORT_ANSWER_SECONDS).decode("utf-8", "replace"))
        what = server_errors.quote(kind, self._key) or "something without a content type"
        return RemoteError(
            f"{self._base} answers with {what}, not with a stream: {first[:100]}",
            "The URL goes up to and including /v1 of an OpenAI-compatible server.",
        )

    def _cut_off(self) -> DocstraError:
        if self._socket is not None:
            return EngineDied(
                "The engine went away in the middle of the answer.",
                "Restart it; its log tells why: docstra-tui engine logs.",
            )
        return AnswerCutOff(
            f"{self.server} closed the connection before the answer was complete.",
            "What came is kept; ask again for the rest.",
        )

    def _room(self, messages: list[Message], max_tokens: int) -> int:
        """How long the answer may be. Servers refuse what could pass their window; our engine does not."""
        if self._socket is not None:
            return max_tokens
        window = self._window or self._context
        characters = sum(len(message["content"]) for message in messages)
        if not window or characters + max_tokens <= window:
            return max_tokens
        prompt = self.count_tokens(messages)
        if not self._counted:
            return max_tokens
        if prompt + min(RESERVE, window // 2) > window:
            raise ContextOverflow(prompt, window, min(RESERVE, window // 2))
        return min(max_tokens, window - prompt)

    # Facts about the server

    def _model(self) -> str:
        """What to call the model in a request; our engine needs no name."""
        if self._socket is not None:
            return ""
        if not self.model_name:
            self._look_at_models()
        return self.model_name

    def _look_at_models(self) -> None:
        _, answer = self._ask("GET", f"{self._base}/models", None, must_be_there=True)
        cards = answer.get("data") if isinstance(answer, dict) else None
        cards = [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []
        if not self._asked_model and cards and isinstance(cards[0].get("id"), str):
            self.model_name = cards[0]["id"]
        if not self.model_name and self._socket is None:
            raise RemoteError(f"{self.server} lists no model.", "Name one with --model.")
        card = next((card for card in cards if card.get("id") == self.model_name), None)
        if card is None and self._socket is not None and cards:
            card = cards[0]
        window = card.get("max_model_len") if card is not None else None
        if isinstance(window, int) and window > 0:
            self._window = window

    def _ask(
        self, method: str, url: str, body: dict[str, Any] | None, *, must_be_there: bool = False
    ) -> tuple[int, Any]:
        """Status and JSON (None when it is none). Raises what a connection can do wrong."""
        with (
            self._honest_errors(),
            self._client().stream(method, url, json=body, timeout=self._timeout(10.0)) as response,
        ):
            content = _read(response, LARGEST_BODY, SHORT_ANSWER_SECONDS)
            status = response.status_code
            if must_be_there and status != 200:
                raise server_errors.refusal(self.server, status, response.headers, content, self._key)
            value = _json(content)
            if must_be_there and not isinstance(value, dict):
                first = server_errors.quote(content.decode("utf-8", "replace"), self._key)[:100]
                raise RemoteError(
                    f"{url} answers with something that is not JSON: {first}",
                    "The URL goes up to and including /v1 of an OpenAI-compatible server.",
                )
            return status, value

    # The connection

    def _client(self) -> httpx2.Client:
        import httpx2  # 0.1 s: only when something is asked

        with self._lock:
            if self._http is None:
                # Every request has a connection of its own: shutting one down must not hit another.
                limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
                transport = httpx2.HTTPTransport(
                    uds=self._socket,
                    verify=self._base.startswith("https:"),
                    trust_env=False,
                    limits=limits,
                )
                headers = {"accept-encoding": "identity", "user-agent": "docstra-tui"}
                if self._key:
                    headers["authorization"] = f"Bearer {self._key}"
                # trust_env off: HTTP_PROXY would be sent the key and the code even for 127.0.0.1.
                self._http = httpx2.Client(
                    transport=transport,
                    headers=headers,
                    timeout=self._timeout(None),
                    trust_env=False,
                    follow_redirects=False,
                )
            return self._http

    def _timeout(self, read: float | None) -> httpx2.Timeout:
        import httpx2

        return httpx2.Timeout(read, connect=CONNECT_SECONDS, write=SEND_SECONDS)

    @contextlib.contextmanager
    def _honest_errors(self) -> Iterator[None]:
        """Turns the HTTP library's exceptions into ours; none carries the key."""
        import httpx2

        try:
            yield
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            why = server_errors.quote(str(error), self._key)
            raise self._unreachable(why) from None
        except httpx2.ReadTimeout:
            if self._socket is not None:
                raise EngineError("The engine does not answer.", "Ask again in a moment.") from None
            raise RemoteError(f"{self.server} does not answer.", "Is it busy, or still starting?") from None
        except (httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.WriteError, httpx2.WriteTimeout):
            raise self._cut_off() from None
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            why = server_errors.quote(str(error), self._key)
            raise RemoteError(f"{self.server} cannot be spoken to: {why}") from None
        except (OSError, RuntimeError) as error:  # a closed client, a certificate that cannot be read
            why = server_errors.quote(str(error), self._key)
            raise RemoteError(f"{self.server} cannot be spoken to: {why}") from None

    def _unreachable(self, why: str) -> DocstraError:
        if self._socket is not None:
            return EngineDied(
                "The engine is gone.", "Restart it; its log tells why: docstra-tui engine logs."
            )
        return RemoteError(f"{self.server} cannot be reached: {why}", "Is it running, and is the URL right?")


class _StreamOptionsRefused(Exception):
    """The server knows no `stream_options`; asking again without is safe."""


def find_key() -> str:
    """The key for servers, from DOCSTRA_API_KEY or the key file; empty when there is none.

    Raises `UnsafePath` for a file that others can read.
    """
    key = os.environ.get("DOCSTRA_API_KEY", "")
    if key.strip():
        return key
    path = paths.config_dir() / KEY_FILE
    try:
        with open(path, encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
                raise UnsafePath(f"The key in {path} can be read by others.", f"Run: chmod 600 {path}")
            return file.read(65536)
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The key file {path} cannot be read.", "Mend it or remove it.") from error


def _usable_key(key: str) -> str:
    key = key.strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError(
            "The API key has characters that cannot be sent.", "Look for line breaks or spaces in it."
        )
    return key


def _addresses(base_url: str) -> tuple[str, str, str]:
    """The base, the server's root and its name in sentences. Raises `SettingsError`."""
    try:
        parts = urlsplit(base_url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("http", "https") or parts.username or parts.query or parts.fragment:
        shown = server_errors.quote(base_url)
        raise SettingsError(
            f"The base URL {shown!r} cannot be used.",
            "It looks like http://HOST:PORT/v1; a key belongs into DOCSTRA_API_KEY.",
        )
    name = f"[{host}]" if ":" in host else host
    place = f"{name}:{port}" if port else name
    path = parts.path.rstrip("/")
    root = path.removesuffix("/v1")
    return f"{parts.scheme}://{place}{path}", f"{parts.scheme}://{place}{root}", place


def _read(response: httpx2.Response, most: int, seconds: float | None) -> bytes:
    """A body up to `most` bytes; a server that drips is left after `seconds`. Raises `RemoteError`."""
    deadline = None if seconds is None else time.monotonic() + seconds
    body = bytearray()
    for part in response.iter_raw():
        body += part
        if len(body) >= most:
            del body[most:]
            break
        if deadline is not None and time.monotonic() > deadline:
            raise RemoteError("The server takes too long to finish its answer.")
    return bytes(body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
