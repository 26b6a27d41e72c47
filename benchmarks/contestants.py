"""Who is measured side by side: this engine in each of its ways, and what else has the same model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks import llama_cpp
from benchmarks.bare import Bare
from benchmarks.peer import transformers_serve
from benchmarks.running import running_engine, starter_folder
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.files import starter
from docstra_tui.llm.prompt import Conversation
from docstra_tui.llm.remote import RemoteLLM

WINDOW = 8192
"""Tokens, of the starter."""

OURS: dict[str, dict[str, Any]] = {
    "auto": {},
    "plain": {"engine_decode": "plain"},
    "int8": {"model_quant": "int8"},
    "undrafted": {},
}
"""The ways of this engine, by their settings; `undrafted` is the usual one without drafts."""

NO_DRAFTS = """
from docstra_tui.llm.inference.decoding.drafts import Drafts
Drafts.guess = lambda self, most: []
"""

NODE = Path(__file__).with_name("node_llama.mjs")


@dataclass(frozen=True)
class Timed:
    """One answer."""

    first_s: float
    """From asking to the first of it."""
    seconds: float
    tokens: int
    """Those that were written."""
    text: str = ""

    @property
    def tokens_per_s(self) -> float:
        """Behind the first."""
        return (self.tokens - 1) / max(self.seconds - self.first_s, 1e-9)

    def whole_s(self, tokens: int) -> float:
        """As long as an answer of `tokens` would have taken: models that round otherwise end elsewhere."""
        return self.first_s + (tokens - 1) / self.tokens_per_s


class Contestant(Protocol):
    """One that answers."""

    load_s: float

    def answer(self, asked: Conversation, tokens: int) -> Timed:
        """Greedily, at most so many tokens."""


class Server:
    """Behind HTTP: our own engine, or another's server."""

    def __init__(self, llm: BaseLLM, load_s: float) -> None:
        self.llm = llm
        self.load_s = load_s

    def answer(self, asked: Conversation, tokens: int) -> Timed:
        """Through the client that everybody uses."""
        start = time.monotonic()
        stream = self.llm.stream(asked.messages, max_tokens=tokens, temperature=0.0, stable=asked.stable)
        pieces, first = 0, 0.0
        for _ in stream:
            pieces += 1
            first = first or time.monotonic()
        end = time.monotonic()
        return Timed(
            (first or end) - start, end - start, stream.usage.completion_tokens or pieces, stream.text
        )


class Plain:
    """transformers' own `generate`, in the numeric form in which it is fastest here."""

    def __init__(self, bare: Bare) -> None:
        self.load_s = bare.load_s
        self.dtype = bare.dtype
        self._bare = bare

    def answer(self, asked: Conversation, tokens: int) -> Timed:
        """With nothing around it."""
        told = self._bare.generate(asked.messages, tokens)
        return Timed(told["first_s"], told["seconds"], told["completion_tokens"])


class Node:
    """llama.cpp as node-llama-cpp brings it, prebuilt, without a server."""

    def __init__(self, child: subprocess.Popen[str], renderer: BaseLLM) -> None:
        self._child = child
        self._renderer = renderer
        self.load_s = float(self._receive()["load_s"])

    def answer(self, asked: Conversation, tokens: int) -> Timed:
        """The same prompt to the letter, as our engine renders it."""
        assert self._child.stdin is not None
        shown = self._renderer.show_prompt(asked.messages)
        assert shown is not None
        self._child.stdin.write(json.dumps({"prompt": "".join(shown), "max_tokens": tokens}) + "\n")
        self._child.stdin.flush()
        told = self._receive()
        return Timed(told["first_s"], told["seconds"], told["completion_tokens"])

    def _receive(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError("node-llama-cpp ended")
        told: dict[str, Any] = json.loads(line)
        return told


@contextmanager
def ours(name: str) -> Iterator[Server]:
    """This engine in one of its ways. Raises `DocstraError` where that is not to be had."""
    start = time.monotonic()
    prelude = NO_DRAFTS if name == "undrafted" else ""
    with running_engine(starter_folder(), prelude=prelude, **OURS[name]) as backend:
        yield Server(backend.llm, time.monotonic() - start)


@contextmanager
def plain() -> Iterator[Plain]:
    """`generate` in a process of its own."""
    bare = Bare(starter_folder(), best=True)
    try:
        yield Plain(bare)
    finally:
        bare.close()


@contextmanager
def serve() -> Iterator[Server]:
    """`transformers serve`; it loads with the first question."""
    start = time.monotonic()
    with transformers_serve() as url:
        llm = RemoteLLM(url, starter_folder(), temperature=0.0)
        str(llm.stream("hello", max_tokens=1))
        yield Server(llm, time.monotonic() - start)
        llm.close()


@contextmanager
def llama() -> Iterator[Server]:
    """llama.cpp's server from the wheel."""
    start = time.monotonic()
    with llama_cpp.llama_server(gguf(), WINDOW) as url:
        llm = RemoteLLM(url, temperature=0.0)
        yield Server(llm, time.monotonic() - start)
        llm.close()


@contextmanager
def node(renderer: BaseLLM) -> Iterator[Node]:
    """node-llama-cpp, where `NODE_LLAMA_CPP` names a folder in which it is installed."""
    command = ["node", str(NODE), gguf(), str(WINDOW)]
    folder = os.environ["NODE_LLAMA_CPP"]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            yield Node(child, renderer)
        finally:
            child.kill()


def has_node() -> bool:
    """True where node-llama-cpp can be measured too."""
    return bool(os.environ.get("NODE_LLAMA_CPP")) and shutil.which("node") is not None


def gguf() -> str:
    """The starter's file."""
    starter.resolve(lambda progress: None)
    return str(starter.folder() / starter.FILE)
