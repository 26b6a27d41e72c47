"""The engine's HTTP endpoints: OpenAI's and vLLM's shapes where they exist, ours under `/docstra/`.

Every request ends in exactly one terminal event. A client that disconnects has cancelled: Starlette's
StreamingResponse notices (uvicorn announces ASGI 2.3), the rest goes through `until_gone`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from docstra_tui import __version__
from docstra_tui.engine.client.identity import EngineOptions
from docstra_tui.engine.client.wire import (
    ATTACH_BEAT_SECONDS,
    ChatMessage,
    ChatRequest,
    CountRequest,
    Health,
    PrefillRequest,
    Stats,
    TokenizeRequest,
    WireError,
)
from docstra_tui.engine.server import counting
from docstra_tui.engine.server.ahead import ReadAhead
from docstra_tui.engine.server.host import Host, Tokenizer, as_prompt
from docstra_tui.engine.server.presence import Presence
from docstra_tui.engine.server.reply import Reply
from docstra_tui.engine.server.requests import (
    LARGEST_BODY,
    BadRequest,
    OtherModel,
    TooLarge,
    body_of,
    read,
    until_gone,
)
from docstra_tui.engine.server.wishes import wished
from docstra_tui.errors import (
    ContextOverflow,
    DocstraError,
    EngineDied,
    EngineError,
    ModelError,
    ModelNotFound,
    RemoteError,
    UsageError,
    to_wire,
)
from docstra_tui.llm.answer import Finished, Usage
from docstra_tui.llm.base import WINDOWS_COUNTED, TooLong, largest_body
from docstra_tui.llm.sampling import Sampling

logger = logging.getLogger(__name__)

ROLES = ("system", "user", "assistant")
"""`developer` is OpenAI's newer name for the first."""

T = TypeVar("T")
Shape = TypeVar("Shape")


class EngineApp:
    """One engine's endpoints over its host; `leave` asks the server to stop."""

    def __init__(
        self, options: EngineOptions, host: Host, presence: Presence, leave: Callable[[], None]
    ) -> None:
        self._options = options
        self._host = host
        self._presence = presence
        self._leave = leave
        self._leaving = asyncio.Event()
        self._door = asyncio.Lock()
        self._waiting = 0
        self._replies: set[Reply] = set()
        self._ahead = ReadAhead(host)
        self._started = time.monotonic()
        self._answers = 0
        self._ttft_s: float | None = None
        self._tokens_per_s: float | None = None

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
                Route("/docstra/stats", self.stats, methods=["GET"]),
                Route("/docstra/stop", self.stop, methods=["POST"]),
            ],
            exception_handlers={
                HTTPException: _refuse,
                ClientDisconnect: _nobody,
                DocstraError: _refuse,
                Exception: _refuse,
            },
            lifespan=lifespan,
        )

    def leaving(self) -> None:
        """Tell everyone who waits or listens that this engine goes."""
        self._leaving.set()
        for reply in list(self._replies):
            reply.abort(_stopped())

    # Endpoints

    async def health(self, request: Request) -> Response:
        return _json(self._health())

    async def stats(self, request: Request) -> Response:
        used, total = await self._host.memory()
        return _json(
            Stats(
                health=self._health(),
                memory_used=used,
                memory_total=total,
                uptime_s=time.monotonic() - self._started,
                answers=self._answers,
                ttft_s=self._ttft_s,
                tokens_per_s=self._tokens_per_s,
            )
        )

    async def models(self, request: Request) -> Response:
        card = {
            "id": self._model_name(),
            "object": "model",
            "created": 0,
            "owned_by": "docstra-tui",
            "max_model_len": self._window(),
        }
        return _json({"object": "list", "data": [card]})

    async def tokenize(self, request: Request) -> Response:
        body = await self._read(request, TokenizeRequest)
        tokenizer = self._tokenizer()
        try:
            if body.messages is not None:
                prompt = as_prompt(plain_messages(body.messages))
                ids = await counting.ids_of(request.receive, tokenizer, prompt)
            elif body.prompt is not None:
                ids = await counting.plain_ids(request.receive, tokenizer, body.prompt)
            else:
                raise BadRequest("The request has neither messages nor a prompt.", "messages")
        except TooLong as error:
            if body.return_tokens or body.docstra.text:
                raise self._overflow(error.tokens) from None
            return _json({"count": error.tokens, "max_model_len": tokenizer.window, "is_least": True})
        answer: dict[str, Any] = {"count": len(ids), "max_model_len": tokenizer.window}
        cached = await self._ahead.cached(ids)
        if cached is not None:
            answer["cached_tokens"] = cached
        if body.return_tokens:
            answer["tokens"] = list(ids)
        if body.docstra.text:
            decode = tokenizer.tokenizer.decode
            answer["cached_text"] = await asyncio.to_thread(decode, ids[: cached or 0])
            answer["new_text"] = await asyncio.to_thread(decode, ids[cached or 0 :])
        return _json(answer)

    async def count(self, request: Request) -> Response:
        """The sizes of several prompts that have nothing to do with each other: files, each by itself."""
        body = await self._read(request, CountRequest)
        tokenizer = self._tokenizer()
        prompts = [as_prompt(plain_messages(messages)) for messages in body.prompts]
        found = await counting.each(request.receive, tokenizer, prompts)
        counts = [measure.tokens for measure in found]
        least = [measure.is_least for measure in found]
        return _json({"counts": counts, "is_least": least, "max_model_len": tokenizer.window})

    async def prefill(self, request: Request) -> Response:
        """Read a prompt while nobody asks, so that the question that follows starts at once."""
        body = await self._read(request, PrefillRequest)
        prompt = as_prompt(plain_messages(body.messages))
        try:
            with self._presence.request():
                reading = self._ahead.read(body.docstra.client, prompt, body.docstra.stable)
                measure = await until_gone(request.receive, self._unless_leaving(reading))
        except ValueError as error:
            raise BadRequest(str(error), "messages") from error
        return _json({"count": measure.tokens, "cached_tokens": measure.cached})

    async def attach(self, request: Request) -> Response:
        """Held open by every face for as long as it lives."""
        lasting = request.query_params.get("lasting", "1") != "0"

        async def beats() -> AsyncIterator[str]:
            with self._presence.client(lasting=lasting):
                yield ": attached\n\n"
                while not self._leaving.is_set():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._leaving.wait(), ATTACH_BEAT_SECONDS)
                    yield ": beat\n\n"

        return StreamingResponse(beats(), media_type="text/event-stream")

    async def stop(self, request: Request) -> Response:
        self._leave()
        return _json({"stopping": True}, 202)

    async def chat(self, request: Request) -> Response:
        body, sampling = wished(await self._body(request))
        if body.model not in (None, "", self._options.identity.model, self._model_name()):
            raise OtherModel(f"This engine serves {self._model_name()}, not {body.model}.", "model")
        reply = Reply()
        handed_on = False
        try:
            with self._presence.request():
                await until_gone(request.receive, self._submit(reply, body, sampling))
                if not body.stream:
                    return await until_gone(request.receive, self._whole(reply))
            response = _AnswerResponse(self._events(reply, body), reply, self._presence, self._ended)
            handed_on = True
            return response
        finally:
            if not handed_on:
                reply.close()
                self._ended(reply)

    # Steps of an answer

    async def _submit(self, reply: Reply, body: ChatRequest, sampling: Sampling) -> None:
        """Through the door one at a time, in the order they came; the door opens when the model is there."""
        prompt = as_prompt(plain_messages(body.messages))
        self._replies.add(reply)
        self._waiting += 1
        try:
            async with self._door:
                model = await self._unless_leaving(self._host.ready())
                try:
                    await reply.submit(
                        model,
                        prompt,
                        max_tokens=body.longest,
                        sampling=sampling,
                        stable=body.docstra.stable,
                    )
                except ValueError as error:
                    raise BadRequest(str(error), getattr(error, "param", "messages")) from error
        finally:
            self._waiting -= 1

    async def _read(self, request: Request, shape: type[Shape]) -> Shape:
        return read(await self._body(request), shape)

    async def _body(self, request: Request) -> bytearray:
        """The request's body. How large it may be follows the window."""
        window = self._window()
        most, refusal = None, DocstraError(f"The request has more than {LARGEST_BODY >> 20} MiB.")
        if window is not None:
            most, refusal = largest_body(window), self._overflow(WINDOWS_COUNTED * window)
        return await body_of(request, most, refusal)

    def _overflow(self, tokens: int) -> ContextOverflow:
        window = self._window() or 0
        return ContextOverflow(tokens, window, min(self._options.reserve, window // 2), is_least=True)

    def _tokenizer(self) -> Tokenizer:
        """Raises why there is none."""
        if self._host.tokenizer is None:
            raise self._host.error or EngineError(
                "The model's tokenizer is not loaded yet.", "Ask again when /health shows a window."
            )
        return self._host.tokenizer

    async def _unless_leaving(self, wait: Awaitable[T]) -> T:
        task = asyncio.ensure_future(wait)
        leaving = asyncio.ensure_future(self._leaving.wait())
        try:
            await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise _stopped()
        finally:
            task.cancel()
            leaving.cancel()

    async def _whole(self, reply: Reply) -> Response:
        text = "".join([piece async for piece in reply.batches()])
        if isinstance(reply.end, BaseException):
            raise reply.end
        assert reply.end is not None
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": reply.end.reason, "logprobs": None}
        return _json(
            self._frame("chat.completion", [choice]) | {"usage": _usage(reply.usage)},
        )

    async def _events(self, reply: Reply, body: ChatRequest) -> AsyncIterator[bytes]:
        frame = self._frame("chat.completion.chunk", [])

        def chunk(delta: dict[str, str], reason: str | None = None) -> bytes:
            frame["choices"] = [{"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}]
            return _event(frame)

        delta = {"role": "assistant"}
        try:
            async for text in reply.batches():
                yield chunk(delta | {"content": text})
                delta = {}
        except Exception as error:
            logger.error("an answer could not be handed on", exc_info=error)
            reply.abort(error)
            yield _event({"error": to_wire(error)})
            return
        if isinstance(reply.end, Finished):
            yield chunk(delta, reply.end.reason)
            if body.stream_options is not None and body.stream_options.include_usage:
                yield _event(frame | {"choices": [], "usage": _usage(reply.usage)})
            yield b"data: [DONE]\n\n"
        elif reply.end is not None:
            yield _event({"error": to_wire(reply.end)})

    def _ended(self, reply: Reply) -> None:
        if reply not in self._replies:
            return
        self._replies.discard(reply)
        self._answers += 1
        if isinstance(reply.end, BaseException):
            self._host.note(reply.end)
        if reply.ttft_s is not None:
            self._ttft_s = reply.ttft_s
        if reply.tokens_per_s is not None:
            self._tokens_per_s = reply.tokens_per_s

    # Facts

    def _health(self) -> Health:
        host, model = self._host, self._host.model
        loading = host.state == "loading"
        progress = host.progress if loading else None
        phase = progress.phase if progress is not None else "start"
        return Health(
            state=host.state,
            identity=self._options.identity,
            version=__version__,
            pid=os.getpid(),
            phase=phase if loading else "",
            done=progress.done if progress is not None else None,
            total=progress.total if progress is not None else None,
            error=None if host.error is None else WireError(**to_wire(host.error)),
            model=self._model_name(),
            device=model.device if model is not None else "",
            dtype=model.dtype if model is not None else "",
            reason=model.reason if model is not None else "",
            notes=model.notes if model is not None else (),
            window=self._window(),
            clients=self._presence.clients,
            queue=self._waiting + (model.queue_length if model is not None else 0),
            leave_after_minutes=self._presence.leave_after_minutes,
        )

    def _model_name(self) -> str:
        model = self._host.model
        return model.model_name if model is not None else self._options.identity.model

    def _window(self) -> int | None:
        tokenizer = self._host.tokenizer
        return tokenizer.window if tokenizer is not None else None

    def _frame(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": kind,
            "created": int(time.time()),
            "model": self._model_name(),
            "choices": choices,
        }


class _AnswerResponse(StreamingResponse):
    """Server-sent events; however it ends, the reply is closed."""

    def __init__(
        self,
        events: AsyncIterator[bytes],
        reply: Reply,
        presence: Presence,
        ended: Callable[[Reply], None],
    ) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"cache-control": "no-store"})
        self._reply = reply
        self._presence = presence
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._presence.request():
                await super().__call__(scope, receive, send)
        finally:
            self._reply.close()
            self._ended(self._reply)


async def _refuse(request: Request, error: Exception) -> Response:
    """Any exception as `{error: {kind, message, hint, details, …}}`, OpenAI's `type` and `code` included."""
    if isinstance(error, TooLarge):
        status, wire = error.status_code, to_wire(error.error)
    elif isinstance(error, HTTPException):
        status = error.status_code
        wire = to_wire(RemoteError(error.detail) if status == 404 else UsageError(error.detail))
    else:
        wire = to_wire(error)
        status = _status(error)
        if isinstance(error, OtherModel):
            wire["kind"] = ModelNotFound.kind
        if status == 500:
            logger.error("a request failed", exc_info=error)
    param = getattr(error, "param", None)
    wire |= {
        "param": param,
        "type": "invalid_request_error" if status < 500 else "server_error",
        "code": wire["kind"],
    }
    return _json({"error": wire}, status)


async def _nobody(request: Request, error: Exception) -> Response:
    """The client is gone: whatever is answered, nobody reads it."""
    return Response(status_code=499)


def _status(error: Exception) -> int:
    if isinstance(error, OtherModel):
        return 404
    if isinstance(error, (ContextOverflow, UsageError)):
        return 400
    if isinstance(error, (ModelError, EngineError)):
        return 503
    return 500


def _stopped() -> EngineDied:
    return EngineDied("The engine was stopped.", "Start it again (F9, in chat /restart) and ask again.")


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _event(value: Any) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def _usage(usage: Usage) -> dict[str, Any]:
    prompt, completion = usage.prompt_tokens or 0, usage.completion_tokens or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": usage.reused_tokens or 0},
    }


def plain_messages(messages: Sequence[ChatMessage]) -> list[dict[str, str]]:
    """Roles and texts. Raises `BadRequest` naming the message that has none."""
    found = []
    for index, message in enumerate(messages):
        try:
            found.append(message.plain())
        except ValueError as error:
            raise BadRequest(str(error), f"messages[{index}].content") from error
        if found[-1]["role"] not in ROLES:
            roles = ", ".join(ROLES)
            raise BadRequest(
                f"A message's role is one of {roles}, not {message.role[:40]!r}.", f"messages[{index}].role"
            )
    return found
