"""What any client does with an engine that runs."""

from __future__ import annotations

import json
import queue
import threading
from typing import Any

import httpx2
import msgspec

from docstra_tui.engine.client import contact
from docstra_tui.engine.client.wire import Health
from tests.engine.engines import RunningEngine

QUESTION = {"messages": [{"role": "user", "content": "What is this?"}]}


def client(engine: RunningEngine) -> httpx2.Client:
    transport = httpx2.HTTPTransport(uds=str(engine.socket))
    return httpx2.Client(transport=transport, base_url="http://engine", timeout=10, trust_env=False)


def health(engine: RunningEngine) -> Health:
    return msgspec.json.decode(contact.ask(engine.socket, "/health"), type=Health)


def events(response: httpx2.Response) -> list[Any]:
    found = [line[6:] for line in response.iter_lines() if line.startswith("data: ")]
    return [line if line == "[DONE]" else json.loads(line) for line in found]


def in_background(work: Any) -> queue.Queue[Any]:
    result: queue.Queue[Any] = queue.Queue()

    def run() -> None:
        try:
            result.put(work())
        except BaseException as error:
            result.put(error)

    threading.Thread(target=run, daemon=True).start()
    return result
