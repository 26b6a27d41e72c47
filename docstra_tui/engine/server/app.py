"""The engine's HTTP endpoints: OpenAI's and vLLM's shapes where they exist, ours under `/docstra/`.

Every request ends in exactly one terminal event. A client that disconnects has cancelled: Starlette's
StreamingResponse notices (uvicorn announces ASGI 2.3), the rest goes through `until_gone`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from docstra_tui.engine.client.identity import EngineOptions
from docstra_tui.engine.client.wire import (
    ATTACH_BEAT_SECONDS,
    CountRequest,
    PrefillRequest,
    Stats,
    TokenizeRequest,
)
from docstra_tui.engine.server import counting, thinking
from docstra_tui.engine.server.ahead import AheadReader
from docstra_tui.engine.server.answers import Answers
from docstra_tui.engine.server.facts import Facts
from docstra_tui.engine.server.frames import as_json
from docstra_tui.engine.server.host import Host
from docstra_tui.engine.server.leaving import Leaving
from docstra_tui.engine.server.presence import Presence
from docstra_tui.engine.server.refusals import refuse, to_nobody
from docstra_tui.engine.server.requests import (
    LARGEST_BODY,
    BadRequest,
    OtherModel,
    as_prompt,
    body_of,
    read,
    until_gone,
)
from docstra_tui.engine.server.rest import Rest
from docstra_tui.engine.server.wishes import wished
from docstra_tui.errors import DocstraError
from docstra_tui.llm.measure import WINDOWS_COUNTED, TooLong, largest_body

Shape = TypeVar("Shape")


class EngineApp:
    """One engine's endpoints over its host; `leave` asks the server to stop."""

    def __init__(
        self, options: EngineOptions, host: Host, presence: Presence, leave: Callable[[], None]
    ) -> None:
        self._host = host
        self._presence = presence
        self._leave = leave
        self._leaving = Leaving()
        self._facts = Facts(options, host, presence)
        self._answers = Answers(host, self._facts, presence, self._leaving)
        self._ahead = AheadReader(host)
        self.rest = Rest(options, host, presence)
        self._started = time.monotonic()

    def starlette(
        self, lifespan: Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]] | None = None
    ) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/health", self.health, methods=["GET"]),
                Route("/v1/models", self.models, methods=["GET"]),
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
                Route("/tokenize", self.tokenize, methods=["POST"]),
                Route("/docstra/count", self.count, methods=["POST"]),
                Route("/docstra/attach", self.attach, methods=["GET"]),
                Route("/docstra/prefill", self.prefill, methods=["POST"]),
                Route("/docstra/wake", self.wake, methods=["POST"]),
                Route("/docstra/stats", self.stats, methods=["GET"]),
                Route("/docstra/stop", self.stop, methods=["POST"]),
            ],
            exception_handlers={
                HTTPException: refuse,
                ClientDisconnect: to_nobody,
                DocstraError: refuse,
                Exception: refuse,
            },
            lifespan=lifespan,
        )

    def leaving(self) -> None:
        """Tell everyone who waits or listens that this engine goes."""
        self._leaving.begin()
        self._answers.abort()

    async def health(self, request: Request) -> Response:
        return as_json(self._facts.health(self._answers.waiting))

    async def stats(self, request: Request) -> Response:
        used, total = await self._host.memory()
        return as_json(
            Stats(
                health=self._facts.health(self._answers.waiting),
                memory_used=used,
                memory_total=total,
                uptime_s=time.monotonic() - self._started,
                answers=self._answers.ended,
                ttft_s=self._answers.ttft_s,
                tokens_per_s=self._answers.tokens_per_s,
            )
        )

    async def models(self, request: Request) -> Response:
        card = {
            "id": self._facts.model_name,
            "object": "model",
            "created": 0,
            "owned_by": "docstra-tui",
            "max_model_len": self._facts.window,
        }
        return as_json({"object": "list", "data": [card]})

    async def chat(self, request: Request) -> Response:
        body, sampling = wished(await self._body(request))
        if body.model is not None and body.model not in self._facts.model_names:
            raise OtherModel(f"This engine serves {self._facts.model_name}, not {body.model}.", "model")
        return await self._answers.answer(request.receive, body, sampling)

    async def tokenize(self, request: Request) -> Response:
        body = await self._read(request, TokenizeRequest)
        self.rest.end()
        tokenizer, think = self._facts.tokenizer(), thinking.wished(body)
        try:
            if body.messages is not None:
                ids = await counting.ids_of(request.receive, tokenizer, as_prompt(body.messages), think)
            elif body.prompt is not None:
                ids = await counting.plain_ids(request.receive, tokenizer, body.prompt)
            else:
                raise BadRequest("The request has neither messages nor a prompt.", "messages")
        except TooLong as error:
            if body.return_tokens or body.docstra.text:
                raise self._facts.overflow(error.tokens) from None
            return as_json({"count": error.tokens, "max_model_len": tokenizer.window, "is_least": True})
        answer: dict[str, Any] = {"count": len(ids), "max_model_len": tokenizer.window}
        measured = await self._ahead.measured(ids, compact=body.docstra.compact)
        cached = measured.cached if measured is not None else None
        if cached is not None:
            answer["cached_tokens"] = cached
        if measured is not None and measured.room is not None:
            answer["memory"] = asdict(measured.room)
        if measured is not None and measured.pace is not None:
            answer["reads_per_s"] = measured.pace
        if body.return_tokens:
            answer["tokens"] = list(ids)
        if body.docstra.text:
            decode = tokenizer.tokenizer.decode
            answer["cached_text"] = await asyncio.to_thread(decode, ids[: cached or 0])
            answer["new_text"] = await asyncio.to_thread(decode, ids[cached or 0 :])
        return as_json(answer)

    async def count(self, request: Request) -> Response:
        """The sizes of several prompts that have nothing to do with each other: files, each by itself."""
        body = await self._read(request, CountRequest)
        self.rest.end()
        tokenizer = self._facts.tokenizer()
        prompts = [as_prompt(messages) for messages in body.prompts]
        found = await counting.each(request.receive, tokenizer, prompts, thinking.wished(body))
        counts = [measure.tokens for measure in found]
        least = [measure.is_least for measure in found]
        return as_json({"counts": counts, "is_least": least, "max_model_len": tokenizer.window})

    async def prefill(self, request: Request) -> Response:
        """Read a prompt while nobody asks, so that the question that follows starts at once."""
        body = await self._read(request, PrefillRequest)
        prompt, think = as_prompt(body.messages), thinking.wished(body)
        try:
            with self._presence.request():
                wish = body.docstra
                reading = self._ahead.read(wish.client, prompt, wish.stable, think, compact=wish.compact)
                measure = await until_gone(request.receive, self._leaving.unless_first(reading))
        except ValueError as error:
            raise BadRequest(str(error), "messages") from error
        return as_json({"count": measure.tokens, "cached_tokens": measure.cached})

    async def wake(self, request: Request) -> Response:
        """Somebody begins to type."""
        self.rest.end()
        return as_json({"waking": True}, 202)

    async def attach(self, request: Request) -> Response:
        """Held open by every face for as long as it lives."""
        lasting = request.query_params.get("lasting", "1") != "0"
        self.rest.end()

        async def beats() -> AsyncIterator[str]:
            with self._presence.client(lasting=lasting):
                yield ": attached\n\n"
                while not self._leaving.has_begun:
                    await self._leaving.within(ATTACH_BEAT_SECONDS)
                    yield ": beat\n\n"

        return StreamingResponse(beats(), media_type="text/event-stream")

    async def stop(self, request: Request) -> Response:
        self._leave()
        return as_json({"stopping": True}, 202)

    async def _read(self, request: Request, shape: type[Shape]) -> Shape:
        return read(await self._body(request), shape)

    async def _body(self, request: Request) -> bytearray:
        """The request's body. How large it may be follows the window."""
        window = self._facts.window
        most, refusal = None, DocstraError(f"The request has more than {LARGEST_BODY >> 20} MiB.")
        if window is not None:
            most, refusal = largest_body(window), self._facts.overflow(WINDOWS_COUNTED * window)
        return await body_of(request, most, refusal)
