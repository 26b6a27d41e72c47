"""Chat requests from the door to their one terminal event, and the figures that are left of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from docstra_tui.background import begin
from docstra_tui.engine.client.wire import ChatRequest
from docstra_tui.engine.server import thinking
from docstra_tui.engine.server.facts import Facts
from docstra_tui.engine.server.frames import END, Frames
from docstra_tui.engine.server.host import Host
from docstra_tui.engine.server.leaving import Leaving, stopped
from docstra_tui.engine.server.presence import Presence
from docstra_tui.engine.server.reply import Reply
from docstra_tui.engine.server.requests import BadRequest, as_begun, as_prompt, until_gone
from docstra_tui.llm.answer import Finished, Reading, Reframed, Thought
from docstra_tui.llm.machine import speeds
from docstra_tui.llm.sampling import Sampling

logger = logging.getLogger(__name__)


class Answers:
    """All that are on their way. Belongs to the event loop."""

    def __init__(self, host: Host, facts: Facts, presence: Presence, leaving: Leaving) -> None:
        self._host = host
        self._facts = facts
        self._presence = presence
        self._leaving = leaving
        self._door = asyncio.Lock()
        self._replies: set[Reply] = set()
        self.waiting = 0
        """Requests that the model has not got yet."""
        self.ended = 0
        """Requests that ended, in whatever way."""
        self.ttft_s: float | None = None
        self.tokens_per_s: float | None = None
        """Of the last answer."""

    async def answer(self, receive: Receive, body: ChatRequest, sampling: Sampling) -> Response:
        """Raises why there is no answer, and `ClientDisconnect`."""
        reply = Reply(wants_reading=body.stream and body.wants_reading)
        handed_on = False
        try:
            with self._presence.request():
                await until_gone(receive, self._submit(reply, body, sampling))
                if not body.stream:
                    return await until_gone(receive, self._whole(reply))
            response = _AnswerResponse(self._events(reply, body), reply, self._presence, self._note)
            handed_on = True
            return response
        finally:
            if not handed_on:
                reply.close()
                self._note(reply)

    def abort(self) -> None:
        """End them all: the engine goes."""
        for reply in list(self._replies):
            reply.abort(stopped())

    async def _submit(self, reply: Reply, body: ChatRequest, sampling: Sampling) -> None:
        """Through the door one at a time, in the order they came; the door opens when the model is there."""
        think, written = thinking.wished(body), None
        if body.continue_final_message:
            prompt, written = as_begun(body.messages)
        else:
            prompt = as_prompt(body.messages)
        self._replies.add(reply)
        self.waiting += 1
        try:
            async with self._door:
                model = await self._leaving.unless_first(self._host.ready())
                try:
                    await reply.submit(
                        model,
                        prompt,
                        max_tokens=body.longest,
                        sampling=sampling,
                        stable=body.docstra.stable,
                        think=think,
                        batch=body.docstra.batch,
                        compact=body.docstra.compact,
                        written=written,
                    )
                except ValueError as error:
                    raise BadRequest(str(error), getattr(error, "param", "messages")) from error
        finally:
            self.waiting -= 1

    async def _whole(self, reply: Reply) -> Response:
        text: list[str] = []
        thoughts: list[str] = []
        async for part in reply.parts():
            if isinstance(part, str):
                text.append(part)
            elif isinstance(part, Thought):
                thoughts.append(part.text)
            elif isinstance(part, Reframed):
                thoughts, text = thoughts + text, []
        if isinstance(reply.end, BaseException):
            raise reply.end
        assert reply.end is not None
        frames = Frames(self._facts.model_name, "chat.completion")
        return frames.whole("".join(text), "".join(thoughts), reply.end.reason, reply.usage)

    async def _events(self, reply: Reply, body: ChatRequest) -> AsyncIterator[bytes]:
        frames = Frames(self._facts.model_name, "chat.completion.chunk")
        delta = {"role": "assistant"}
        try:
            if body.docstra.who:
                yield frames.who(self._facts.who(body.temperature))
            async for part in reply.parts():
                if isinstance(part, Reading):
                    yield frames.reading(part)
                elif isinstance(part, Reframed):
                    yield frames.reframed()
                else:
                    said = {"content": part} if isinstance(part, str) else {"reasoning_content": part.text}
                    yield frames.chunk(delta | said)
                    delta = {}
        except Exception as error:  # headers are out: an event is all that can still say so
            logger.error("an answer could not be handed on", exc_info=error)
            reply.abort(error)
            yield frames.error(error)
            return
        if isinstance(reply.end, Finished):
            yield frames.chunk(delta, reply.end.reason)
            if body.stream_options is not None and body.stream_options.include_usage:
                yield frames.usage(reply.usage)
            yield END
        elif reply.end is not None:
            yield frames.error(reply.end)

    def _note(self, reply: Reply) -> None:
        """It has ended, in whatever way; once is enough."""
        if reply not in self._replies:
            return
        self._replies.discard(reply)
        self.ended += 1
        if isinstance(reply.end, BaseException):
            self._host.note(reply.end)
        if reply.ttft_s is not None:
            self.ttft_s = reply.ttft_s
        if reply.tokens_per_s is not None:
            self.tokens_per_s = reply.tokens_per_s
            self._keep_speed(reply.tokens_per_s, reply.usage.completion_tokens or 0)

    def _keep_speed(self, tokens_per_s: float, tokens: int) -> None:
        """For whoever chooses a model: of a long answer that was written alone."""
        model = self._host.model
        if model is None or self._replies or tokens < speeds.ENOUGH:
            return
        seen = speeds.Speed(tokens_per_s, model.device, model.dtype)
        begin(lambda: speeds.keep(self._facts.model_name, seen), "speed")


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
