"""The way to a server: its addresses, one HTTP client, and errors in our own words.

Knows the difference between our engine (a Unix socket) and any other server (a URL), and nothing of
prompts or answers. The HTTP library is imported with the first question, not before.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from docstra_tui.errors import AnswerCutOff, DocstraError, EngineDied, EngineError, RemoteError
from docstra_tui.llm.http import errors as server_errors
from docstra_tui.llm.http.exchange import Exchange, within
from docstra_tui.llm.http.gate import Gate

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS = 5.0
SEND_SECONDS = 60.0
SHORT_SECONDS = 15.0
"""To the last byte, names and headers included, for everything but an answer: a server may drip."""

LARGEST_BODY = 8_000_000
"""Bytes of a body that is no stream."""

LARGEST_REFUSAL = 65536

METRICS_SECONDS = 3.0
LARGEST_METRICS = 1_000_000
"""Bytes; how busy a server is, is not worth more."""

LOG_HINT = "Restart it; its log tells why: docstra-tui engine logs."
URL_HINT = "The URL goes up to and including /v1 of an OpenAI-compatible server."

_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
"""In front of what the system says; no reader needs the number."""

Trace = Callable[[str, dict[str, Any]], None]


class Connection:
    """One server: our engine's `socket`, or the one behind `gate`, which every request passes."""

    def __init__(self, gate: Gate | None, socket: str | None, key: str) -> None:
        self._gate = gate
        self._socket = socket
        self._key = key
        self._lock = threading.Lock()
        self._http: httpx2.Client | None = None
        self._short: weakref.WeakSet[Exchange] = weakref.WeakSet()
        """Questions to a server that somebody waits for."""
        if gate is None:
            self.base, self.root, self.name = "http://engine/v1", "http://engine", "The engine"
        else:
            at = gate.address
            self.base, self.root, self.name = at.base, at.root, at.shown

    @property
    def is_engine(self) -> bool:
        """True for our own engine."""
        return self._socket is not None

    def ask(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        must_succeed: bool = False,
        bounded: bool = True,
    ) -> tuple[int, Any]:
        """Status and JSON (None when it is none) of a question that is answered within `SHORT_SECONDS`.

        With `bounded=False` the answer may take as long as it takes. Raises `RemoteError`, `EngineDied`.
        """
        if not bounded:
            return self._ask(method, url, body, must_succeed, Exchange(self.name))
        seconds, exchange = SHORT_SECONDS, self._begun()
        return within(
            seconds,
            lambda: self._ask(method, url, body, must_succeed, exchange),
            exchange,
            lambda: self._late(f"has not answered {urlsplit(url).path} within {seconds:g} s"),
        )

    def text(self, url: str) -> str:
        """What a page of the server says, its beginning, within `METRICS_SECONDS`; empty where there is none.
        Raises `RemoteError`."""
        exchange = self._begun()

        def read() -> str:
            with self._reply("GET", url, None, exchange) as response:
                content = self.read(response, LARGEST_METRICS)
                return content.decode("utf-8", "replace") if response.status_code == 200 else ""

        seconds = METRICS_SECONDS
        return within(seconds, read, exchange, lambda: self._late(f"has not answered within {seconds:g} s"))

    def _begun(self) -> Exchange:
        """A short question, which `close` ends."""
        exchange = Exchange(self.name)
        if not self.is_engine:
            with self._lock:
                self._short.add(exchange)
        return exchange

    def _ask(
        self, method: str, url: str, body: Any, must_succeed: bool, exchange: Exchange
    ) -> tuple[int, Any]:
        with self._reply(method, url, body, exchange) as response:
            content = self.read(response, LARGEST_BODY)
            if must_succeed and response.status_code != 200:
                raise server_errors.refusal(
                    self.name, response.status_code, response.headers, content, self._key
                )
            value = parse(content)
            if must_succeed and not isinstance(value, dict | list):
                raise RemoteError(
                    f"{url} answers with something that is not JSON: {self._first_words(content)}", URL_HINT
                )
            return response.status_code, value

    @contextlib.contextmanager
    def _reply(self, method: str, url: str, body: Any, exchange: Exchange) -> Iterator[httpx2.Response]:
        """To a short question, its headers read."""
        timeout, trace = self._timeout(None), exchange.trace
        with (
            self.honest_errors(),
            self._client().stream(
                method, url, json=body, timeout=timeout, extensions={"trace": trace}
            ) as response,
        ):
            self._refuse_compressed(response)
            yield response

    @contextlib.contextmanager
    def open(self, url: str, body: Any, trace: Trace) -> Iterator[httpx2.Response]:
        """A streamed POST, its headers read. `trace` sees the connection before anything is sent on it."""
        with self._client().stream(
            "POST",
            url,
            json=body,
            headers={"accept": "text/event-stream"},
            extensions={"trace": trace},
        ) as response:
            self._refuse_compressed(response)
            yield response

    def _refuse_compressed(self, response: httpx2.Response) -> None:
        """A small compressed body can be a large one; we asked for none."""
        if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise RemoteError(
                f"{self.name} compresses its answer, although it was asked not to.",
                "Turn that off for this address, in the server or in the proxy before it.",
            )

    def close(self) -> None:
        """Whoever waits for a server waits no more. Harmless when called twice; a later question opens it
        again."""
        with self._lock:
            http, self._http = self._http, None
            short = list(self._short)
        for exchange in short:
            exchange.cancel()
        if http is not None:
            http.close()

    # Errors

    @contextlib.contextmanager
    def honest_errors(self) -> Iterator[None]:
        """Turns the HTTP library's exceptions into ours; none carries the key."""
        import httpx2

        try:
            yield
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise self._unreachable(error) from None
        except httpx2.ReadTimeout:
            raise self._late("does not answer") from None
        except (httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.WriteError, httpx2.WriteTimeout):
            raise self.cut_off() from None
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, RuntimeError) as error:
            # OSError: a certificate file; RuntimeError: a client that was closed meanwhile
            why = server_errors.quote(str(error), self._key)
            raise RemoteError(f"{self.name} cannot be spoken to: {why}") from None

    def cut_off(self) -> DocstraError:
        """The error for an answer that ended before it was complete."""
        if self.is_engine:
            return EngineDied("The engine went away in the middle of the answer.", LOG_HINT)
        return AnswerCutOff(
            f"{self.name} closed the connection before the answer was complete.",
            "What came is kept; ask again for the rest.",
        )

    def refusal(self, status: int, headers: Any, content: bytes) -> DocstraError:
        """The error for a status that is not 2xx."""
        value = parse(content)
        if self.is_engine and isinstance(value, dict):
            return self.reported(value)
        return server_errors.refusal(self.name, status, headers, content, self._key)

    def reported(self, body: Any) -> DocstraError:
        """The error that the server describes in a body or an event."""
        return server_errors.reported(self.name, body, self._key, is_ours=self.is_engine)

    def no_answer(self, kind: str, content: bytes) -> RemoteError:
        """The error for a 2xx that is no answer: most often a web page."""
        what = server_errors.quote(kind, self._key) or "something without a content type"
        return RemoteError(
            f"{self.base} answers with {what}, not with an answer: {self._first_words(content)}", URL_HINT
        )

    def read(self, response: httpx2.Response, most: int) -> bytes:
        """A body, up to `most` bytes; whoever waits for it knows how long it may take."""
        return self.joined(response.iter_raw(), most)

    def joined(self, parts: Iterable[bytes], most: int) -> bytes:
        """The parts of a body, up to `most` bytes."""
        body = bytearray()
        for part in parts:
            body += part
            if len(body) >= most:
                del body[most:]
                break
        return bytes(body)

    def _late(self, what: str) -> DocstraError:
        if self.is_engine:
            return EngineError(f"{self.name} {what}.", "Ask again in a moment.")
        return RemoteError(f"{self.name} {what}.", "Is it busy, or still starting?")

    def _unreachable(self, error: Exception) -> DocstraError:
        if self.is_engine:
            return EngineDied("The engine is gone.", LOG_HINT)
        why = server_errors.quote(_ERRNO.sub("", str(error)), self._key)
        return RemoteError(f"{self.name} cannot be reached: {why}", "Is it running, and is the URL right?")

    def quote(self, text: str) -> str:
        """Words of the server, harmless and without the key."""
        return server_errors.quote(text, self._key)

    def _first_words(self, content: bytes) -> str:
        return self.quote(content.decode("utf-8", "replace"))[:100]

    # The client

    def _client(self) -> httpx2.Client:
        if self._gate is not None:
            self._gate.check()
        import httpx2  # 0.1 s

        with self._lock:
            if self._http is None:
                # Every request has a connection of its own: shutting one down must not hit another.
                limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
                transport: httpx2.BaseTransport = httpx2.HTTPTransport(
                    uds=self._socket,
                    verify=self.base.startswith("https:"),
                    trust_env=False,
                    limits=limits,
                )
                if self._gate is not None and self._gate.address.loopback:
                    from docstra_tui.llm.http.loopback import LoopbackTransport

                    transport = LoopbackTransport(transport, self._gate.address.loopback)
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


def parse(body: bytes) -> Any:
    """JSON, or None for what is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
