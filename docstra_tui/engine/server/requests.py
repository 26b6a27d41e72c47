"""What comes in: bodies within bounds, read strictly, and only for as long as somebody waits.

Whatever is wrong with a request is its sender's error, in OpenAI's shape, with the field's name.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from docstra_tui.engine.client.wire import ChatMessage
from docstra_tui.errors import DocstraError, UsageError
from docstra_tui.llm.prompt import Message
from docstra_tui.llm.thinking.whole import begun
from docstra_tui.llm.written import Written

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes, as long as no window is known."""

LARGEST_DRAIN = 1 << 30
"""Bytes that are still taken in, and thrown away, of a body that is too large: a client that is cut off
while it sends never reads why."""

AT = re.compile(r" - at `(?:key in )?\$\.?(.*?)`$")
"""How the reader says where a value stands."""

ROLES = ("system", "user", "assistant")
"""`developer` is OpenAI's newer name for the first."""

Shape = TypeVar("Shape")
T = TypeVar("T")


class BadRequest(UsageError):
    """A request that cannot be honoured; `param` is the field that is to blame, if it is one."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class OtherModel(BadRequest):
    """Asked for a model that this engine does not serve."""


class TooLarge(HTTPException):
    """A body that is too large, with what is to be said about it."""

    def __init__(self, error: DocstraError) -> None:
        super().__init__(413, error.message)
        self.error = error


async def body_of(request: Request, most: int | None, refusal: DocstraError) -> bytearray:
    """The body, of at most so many bytes. Raises `TooLarge` with `refusal`, `ClientDisconnect`."""
    most = LARGEST_BODY if most is None else most
    body, size = bytearray(), 0
    async for part in request.stream():
        size += len(part)
        if size <= most:
            body += part
        elif size > LARGEST_DRAIN:
            break
        else:
            body.clear()
    if size > most:
        raise TooLarge(refusal)
    return body


def read(body: bytes | bytearray, shape: type[Shape]) -> Shape:
    """JSON of one shape. Raises `BadRequest`: broken JSON or Unicode, too deep, a value of another type."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise refused(error) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadRequest(f"The request's body is no JSON: {error}.") from None
    except RecursionError:
        raise BadRequest("The request's body is nested too deep.") from None


def refused(error: msgspec.ValidationError) -> BadRequest:
    """A value of another type, with the field where it stands."""
    said = str(error)
    at = AT.search(said)
    where = at[1].replace("[...]", "") if at is not None else ""  # a key of a mapping, which it does not name
    missing = re.search(r"missing required field `(\w+)`", said)
    param = ".".join(filter(None, (where, missing[1] if missing is not None else "")))
    place = f" ({where})" if where else ""
    return BadRequest(f"The request cannot be honoured: {AT.sub('', said)}{place}.", param or None)


def as_prompt(messages: Sequence[ChatMessage]) -> list[Message]:
    """Roles and texts, as the library takes them. Raises `BadRequest` naming the message that has none."""
    found: list[Message] = []
    for index, message in enumerate(messages):
        try:
            plain = message.plain()
        except ValueError as error:
            raise BadRequest(str(error), f"messages[{index}].content") from error
        if plain["role"] not in ROLES:
            roles = ", ".join(ROLES)
            raise BadRequest(
                f"A message's role is one of {roles}, not {message.role[:40]!r}.", f"messages[{index}].role"
            )
        found.append({"role": plain["role"], "content": plain["content"]})
    return found


def as_begun(messages: Sequence[ChatMessage]) -> tuple[list[Message], Written]:
    """A conversation up to an answer that is to be gone on with, and that answer. Raises `BadRequest`."""
    *asked, last = as_prompt(messages)
    where = f"messages[{len(asked)}]"
    if last["role"] != "assistant" or not asked:
        raise BadRequest("continue_final_message wants a last message of the assistant.", f"{where}.role")
    try:
        return asked, begun(last["content"], messages[-1].reasoning_content or "")
    except ValueError as error:
        raise BadRequest(str(error), f"{where}.content") from error


async def until_gone(receive: Receive, wait: Awaitable[T]) -> T:
    """What `wait` gives, unless the client disconnects first: then `ClientDisconnect`, and it is cancelled.

    The request's body must have been read.
    """

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    task = asyncio.ensure_future(wait)
    listener = asyncio.ensure_future(gone())
    try:
        await asyncio.wait({task, listener}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientDisconnect
    finally:
        task.cancel()
        listener.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await listener
