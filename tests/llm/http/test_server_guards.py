"""What no server can do to us: each of these fails when its guard is taken away."""

from __future__ import annotations

import gzip
import html
import json
import socket
import threading
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from docstra_tui.errors import DocstraError, RemoteError
from docstra_tui.llm.http import connection
from docstra_tui.llm.http.errors import LONGEST_QUOTE, quote
from docstra_tui.llm.remote import RemoteLLM
from tests.llm.http.hostile import CHAT, MODELS, SSE, Act, HostileServer, chunk, response, sends

# Compressed bodies


def compressed(body: bytes, kind: str, coding: str = "gzip") -> Act:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-encoding: {coding}\r\n\r\n"
    return sends(head.encode() + gzip.compress(body))


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, gzip"])
def test_a_compressed_body_is_refused_and_none_was_asked_for(server: HostileServer, coding: str) -> None:
    llm = RemoteLLM(server.url)
    server.on(CHAT, compressed(chunk("ok", "stop"), "text/event-stream", coding))
    with pytest.raises(RemoteError, match="compresses its answer"):
        str(llm.stream("Hi"))
    server.on("/v1/models", compressed(MODELS, "application/json", coding))
    with pytest.raises(RemoteError, match="compresses its answer"):
        RemoteLLM(server.url).check()
    assert all(b"accept-encoding: identity\r\n" in request.lower() for request in server.requests)


# Sizes


class Flood:
    """Sends without end, and knows how much of it was taken."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self.sent = 0
        self.is_over = threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        try:
            connection.sendall(self._head)
            while self.sent < 400_000_000:
                connection.sendall(b" " * 1_000_000)
                self.sent += 1_000_000
        finally:
            self.is_over.set()


JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
OOPS = b"HTTP/1.1 500 Oops\r\ncontent-type: application/json\r\n\r\n"
PAGE = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n"
SLACK = 12_000_000
"""Bytes that the kernel's buffers take beyond what is read."""


@pytest.mark.parametrize(
    ("path", "head", "most"),
    [
        ("/v1/models", JSON, connection.LARGEST_BODY),
        (CHAT, JSON, connection.LARGEST_BODY),
        (CHAT, OOPS, connection.LARGEST_REFUSAL),
        (CHAT, PAGE, connection.LARGEST_REFUSAL),
    ],
)
def test_a_body_without_end_is_read_to_its_limit_only(
    server: HostileServer, path: str, head: bytes, most: int
) -> None:
    flood = Flood(head)
    server.on(path, flood)
    with pytest.raises(DocstraError):
        str(RemoteLLM(server.url).stream("Hi"))
    assert flood.is_over.wait(10)
    assert flood.sent <= most + SLACK


# The key


KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=60)

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "upper case": str.upper,
    "in JSON": lambda key: json.dumps(key)[1:-1],
    "in JSON with slashes": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "in a URL": lambda key: urllib.parse.quote(key, safe=""),
    "in HTML": html.escape,
    "over lines": lambda key: "\n".join(key[at : at + 4] for at in range(0, len(key), 4)),
    "with what is not shown": "\u200b".join,
    "with control characters": "\0".join,
}


def bare(text: str) -> str:
    """What a person who wants the key would read out of a sentence."""
    return html.unescape(urllib.parse.unquote(text.replace("\\/", "/").replace(" ", ""))).lower()


def without_escapes(text: str) -> str:
    return text.lower().replace("\\", "")


@settings(deadline=None)
@given(
    KEYS.filter(lambda key: len(without_escapes(key)) >= 6),
    st.sampled_from(sorted(SPELLINGS)),
    st.sampled_from(["", "The key: ", "x" * 5_980, " " * 5_995]),
)
@example('pa"ss\\wo/rd', "in JSON with slashes", "")
@example("a+b/c==&d", "in a URL", "")
def test_no_quoted_sentence_holds_the_key_however_it_is_spelt(key: str, spelling: str, before: str) -> None:
    said = quote(f"{before}<<{SPELLINGS[spelling](key)}>> is wrong", key)
    assert len(said) <= LONGEST_QUOTE
    assert without_escapes(key) not in without_escapes(bare(said))


@settings(deadline=None)
@given(KEYS, st.integers(1, 400))
def test_no_cut_goes_through_a_key(key: str, times: int) -> None:
    said = quote(" " * 5_000 + f"{key} " * times, key)
    assert set(said) <= {"…", " "}


def test_a_long_key_is_known_by_its_beginning_and_hides_what_follows() -> None:
    key = "eyJhbGciOiJSUzI1NiJ9." * 200
    assert quote(f'Bad key "{key}" here', key) == 'Bad key "…" here'
    assert quote(f"Bad key {key[:3000]}", key) == "Bad key …"


@pytest.mark.parametrize(
    "key", ["hf_abcdefghijkl", "AIzaSyA-1234567", "0123456789abcdef", 'pa"ss\\wo/rd', "a+b/c=="]
)
def test_no_error_of_a_server_that_repeats_the_key_holds_it(server: HostileServer, key: str) -> None:
    told = json.dumps({"error": {"message": f"Bad key {key}", "odd": key}}).encode()
    plain = json.dumps({"error": {"odd": key}}).encode()
    acts: list[Act] = [
        *(sends(response(told, status)) for status in ("400 Bad", "401 No", "429 Busy", "500 Oops")),
        sends(response(b"", "307 Elsewhere", more=f"location: http://x/?k={urllib.parse.quote(key)}\r\n")),
        sends(response(plain, "400 Bad")),
        sends(response(key.encode(), kind="text/html")),
        sends(response(b"x", kind=key)),
        sends(response(told)),
        sends(SSE, b"data: ", told, b"\n\n"),
        sends(SSE, told),
        sends(SSE, key.encode()),
        sends(SSE, b"event: error\ndata: ", key.encode(), b"\n\n"),
        sends(SSE, chunk("half"), chunk("", json.dumps(key)[1:-1])),
    ]
    for act in acts:
        server.on(CHAT, act)
        with pytest.raises(DocstraError) as caught:
            str(RemoteLLM(server.url, api_key=key).stream("Hi"))
        assert key.lower() not in str(caught.value).lower()
        assert key.lower() not in bare(str(caught.value))
