"""Servers that hang, drip, lie, flood and break off, against the library and the command line.

Each is asked for its models and for an answer, with limits of half a second in the place of 15 s and 600 s.
Nothing may hang, crash, pass for an answer that is none, or lose the part that came.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.report import Report
from docstra_tui.errors import DocstraError
from docstra_tui.llm.http import connection
from docstra_tui.llm.remote import RemoteLLM
from tests.llm.http.hostile import (
    MODELS,
    SSE,
    Act,
    chunk,
    dripped,
    for_ever,
    half_closes,
    hostile,
    resets,
    response,
    sends,
    sends_and_stalls,
)

NAME = "hostile servers"
CHAT = "/v1/chat/completions"
LIMIT = 0.5
"""Seconds, in the place of every limit of the client."""
GUARD = 20.0
"""Seconds after which something hangs; the machine may have other work."""

PROGRAM = f"""
import sys
from docstra_tui.llm.http import connection
connection.SHORT_SECONDS = {LIMIT}
from docstra_tui.cli import main
sys.exit(main(sys.argv[1:]))
"""

DONE = b"data: [DONE]\n\n"
HALF = "half an answer"
PART = chunk(HALF)
OK = b"HTTP/1.1 200 OK\r\n"
JSON = OK + b"content-type: application/json\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED = SSE.replace(b"\r\n\r\n", b"\r\ntransfer-encoding: chunked\r\n\r\n")
GZIP = OK + b"content-type: application/json\r\ncontent-encoding: gzip\r\n\r\n\x1f\x8b" + b"\0" * 100
LOADING = response(b'{"error": {"code": 503, "message": "Loading model"}}', "503 Service Unavailable")
ERROR = b'{"error": {"code": 500, "message": "no slot"}}'


def event(text: bytes) -> bytes:
    return b"data: " + text + b"\n\n"


def choice(text: bytes) -> bytes:
    return event(b'{"choices": [' + text + b"]}")


GATE = threading.Event()

SLOW: dict[str, Act] = {
    "interim for ever": for_ever(CONTINUE),
    "interim flood": for_ever(CONTINUE * 1000, pause=0),
    "head dripped": dripped(SSE + PART),
    "headers for ever": for_ever(b"x-more: 1\r\n", OK),
    "no word": sends_and_stalls(GATE),
    "head and no more": sends_and_stalls(GATE, SSE),
    "closes at once": sends(),
    "resets at once": resets(),
    "no HTTP": sends(b"SSH-2.0-OpenSSH_9.6\r\n" * 50),
    "a page": sends(response(b"<html><h1>Welcome</h1>", kind="text/html")),
    "gzip": sends(GZIP),
    "redirect": sends(response(b"", "307 Elsewhere", more="location: http://127.0.0.1:9/v1\r\n")),
    "huge body": for_ever(b" " * 1_000_000, JSON, pause=0),
    "body dripped": dripped(JSON + b'{"choices": []}'),
    "deep body": sends(response(b"[" * 500_000)),
    "body that is null": sends(response(b"null")),
    "body that is no text": sends(response(b"\xff\xfe\0\x1b]0;x\x07")),
    "body cut short": sends(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"),
    "bad chunks": sends(CHUNKED, b"zz\r\nnonsense"),
    "refused": sends(response(ERROR, "401 Unauthorized")),
    "refusal dripped": for_ever(b".", b"HTTP/1.1 500 Oops\r\n\r\n"),
    "busy": sends(response(ERROR, "429 Too Many")),
    "loads for ever": sends(LOADING),
}
"""For the list of models and for an answer alike: no text ever comes."""

EMPTY: dict[str, Act] = {
    "only its end": sends(SSE, DONE),
    "empty and stopped": sends(SSE, chunk("", "stop"), DONE),
    "blank and stopped": sends(SSE, chunk("  ", "stop"), DONE),
    "only thinking": sends(SSE, choice(b'{"delta": {"reasoning": "Hm."}}'), chunk("", "length"), DONE),
    "an error, unframed": sends(SSE, ERROR),
    "an error in a line": sends(SSE, b"error: ", ERROR, b"\n\n", DONE),
    "an error as an object": sends(SSE, event(b'{"object": "error", "message": "no slot"}'), DONE),
    "thinks for ever": for_ever(choice(b'{"delta": {"reasoning": "%s"}}' % (b"x" * 500_000)), SSE, pause=0),
    "whole and empty": sends(response(b'{"choices": [{"message": {"content": ""}}]}')),
}

BROKEN: dict[str, Act] = {
    "comments for ever": for_ever(b": wait\n\n", SSE, PART),
    "empty events for ever": for_ever(b"data:\n\n", SSE, PART),
    "events without text for ever": for_ever(choice(b'{"delta": {"content": ""}}'), SSE, PART),
    "stops": sends_and_stalls(GATE, SSE, PART),
    "closes": sends(SSE, PART),
    "closes half": half_closes(GATE, SSE, PART),
    "resets": resets(CHUNKED, b"%x\r\n%s\r\n" % (len(PART), PART)),
    "an event without end": for_ever(b"x" * 500_000, SSE, PART, b"data: ", pause=0),
    "events that cannot be read": for_ever(b"data: {no\n\n", SSE, PART),
    "deep events": for_ever(event(b"[" * 200_000), SSE, PART),
    "an error behind it": sends(SSE, PART, event(ERROR), DONE),
    "an unframed error behind it": sends(SSE, PART, ERROR),
    "ends with an error": sends(SSE, PART, chunk("", "error"), DONE),
    "its choice has an error": sends(
        SSE, PART, choice(b'{"error": {"message": "x"}, "finish_reason": "error"}')
    ),
    "ends for a reason nobody knows": sends(SSE, PART, chunk("", "banana"), DONE),
    "is filtered": sends(SSE, PART, chunk("", "content_filter"), DONE),
    "is refused": sends(
        SSE, choice(b'{"delta": {"refusal": "%s"}, "finish_reason": "stop"}' % HALF.encode())
    ),
    "has no end": for_ever(chunk(HALF * 20_000), SSE, pause=0),
}
"""A part comes, and then something goes wrong."""


@dataclass
class Tally:
    """What went wrong, by kind and case."""

    hung: set[str] = field(default_factory=set)
    crashed: set[str] = field(default_factory=set)
    successes: set[str] = field(default_factory=set)
    """An end that is no proper one, and was not told."""
    lost: set[str] = field(default_factory=set)
    """A part came and is not there."""
    unsaid: set[str] = field(default_factory=set)
    """Without an object on standard output, or without a word."""


def count(report: Report) -> None:
    """All cases, two ways each, and the lists of models."""
    tally = Tally()
    before, connection.SHORT_SECONDS = connection.SHORT_SECONDS, LIMIT
    try:
        with ThreadPoolExecutor(4) as pool:
            jobs = [
                pool.submit(work, name, act, part, tally)
                for part, cases in (("", SLOW | EMPTY), (HALF, BROKEN))
                for name, act in cases.items()
                for work in (_ask_library, _ask_command)
            ]
            jobs += [pool.submit(_list_models, name, act, tally) for name, act in SLOW.items()]
            for job in jobs:
                job.result()
    finally:
        GATE.set()
        connection.SHORT_SECONDS = before
    report.add("servers", len(SLOW) + len(EMPTY) + len(BROKEN), "hostile servers, asked in three ways")
    for name, cases, meaning in (
        ("hung", tally.hung, "hung"),
        ("crashed", tally.crashed, "crashed"),
        ("empty_successes", tally.successes, "passed for an answer"),
        ("lost_parts", tally.lost, "lost the part that came"),
        ("unsaid", tally.unsaid, "were not told in words, or not in the JSON object"),
    ):
        told = f": {', '.join(sorted(cases))}" if cases else ""
        report.add(f"servers_{name}", len(cases), meaning + told, "0")


def _timed(name: str, tally: Tally, work: Callable[[], None]) -> None:
    """`work` in a thread; one that does not end is left behind and counted."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(GUARD)
    if thread.is_alive():
        tally.hung.add(name)


def _ask_library(name: str, act: Act, part: str, tally: Tally) -> None:
    def work() -> None:
        with hostile() as server:
            server.on(CHAT, act)
            stream = RemoteLLM(server.url, wait_seconds=LIMIT).stream("Hi")
            try:
                for _ in stream:
                    pass
                tally.successes.add(name)
            except DocstraError as error:
                if not error.message:
                    tally.unsaid.add(name)
            except BaseException:  # whatever it is that is not ours: it is counted
                tally.crashed.add(name)
            if not stream.text.startswith(part):
                tally.lost.add(name)

    _timed(name, tally, work)


def _list_models(name: str, act: Act, tally: Tally) -> None:
    def work() -> None:
        with hostile() as server:
            server.on("/v1/models", act)
            began = time.monotonic()
            try:
                RemoteLLM(server.url).check()
                tally.successes.add(f"models: {name}")
            except DocstraError as error:
                if str(server.port) not in error.message:
                    tally.unsaid.add(f"models: {name}")
            except BaseException:  # whatever it is that is not ours: it is counted
                tally.crashed.add(f"models: {name}")
            if time.monotonic() - began > GUARD / 2:
                tally.hung.add(f"models: {name}")

    _timed(f"models: {name}", tally, work)


def _ask_command(name: str, act: Act, part: str, tally: Tally) -> None:
    with hostile() as server, tempfile.TemporaryDirectory() as base:
        server.on("/v1/models", sends(response(MODELS)))
        server.on(CHAT, act)
        places = {
            f"DOCSTRA_{place}_DIR": f"{base}/{place}" for place in ("STATE", "CONFIG", "CACHE", "RUNTIME")
        }
        root = str(Path(__file__).resolve().parents[2])
        environment = os.environ | places | {"PYTHONPATH": root, "DOCSTRA_REMOTE_WAIT_SECONDS": str(LIMIT)}
        command = [sys.executable, "-c", PROGRAM, "ask", "Hi", "--json", "--base-url", server.url]
        try:
            done = subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=GUARD,
                check=False,
            )
        except subprocess.TimeoutExpired:
            tally.hung.add(name)
            return
        has_crashed = b"Traceback" in done.stderr or any(Path(base).rglob("failures.log"))
        if has_crashed or done.returncode not in (0, 1, 3, 4):
            tally.crashed.add(name)
        if done.returncode == 0:
            tally.successes.add(name)
        try:
            found = json.loads(done.stdout)
        except ValueError:
            tally.unsaid.add(name)
            return
        if not found.get("error", {}).get("message") or not done.stderr.strip():
            tally.unsaid.add(name)
        if not str(found.get("answer", "")).startswith(part):
            tally.lost.add(name)
