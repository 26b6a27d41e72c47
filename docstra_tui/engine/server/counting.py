"""Counting prompts for a client: up to eight windows, and only for as long as it waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from starlette.types import Receive

from docstra_tui.engine.server.model import Tokenizer
from docstra_tui.engine.server.requests import BadRequest, until_gone
from docstra_tui.llm.measure import WINDOWS_COUNTED, Measure, TooLong
from docstra_tui.llm.messages import Prompt
from docstra_tui.llm.thinking.wish import Think

T = TypeVar("T")


async def ids_of(receive: Receive, tokenizer: Tokenizer, prompt: Prompt, think: Think) -> list[int]:
    """The ids of a rendered prompt. Raises `TooLong`, `ClientDisconnect`, `BadRequest`."""
    most = WINDOWS_COUNTED * tokenizer.window
    return await _while_wanted(receive, lambda gone: _render(tokenizer, prompt, think, most, gone))


async def plain_ids(receive: Receive, tokenizer: Tokenizer, text: str) -> list[int]:
    """The ids of a text as it stands. Raises as `ids_of`."""
    most = WINDOWS_COUNTED * tokenizer.window
    return await _while_wanted(receive, lambda gone: tokenizer.plain(text, most, gone))


async def each(
    receive: Receive, tokenizer: Tokenizer, prompts: Sequence[Prompt], think: Think
) -> list[Measure]:
    """The sizes of several prompts, one after the other. Raises `ClientDisconnect`, `BadRequest`."""
    most = WINDOWS_COUNTED * tokenizer.window

    def count(gone: Callable[[], bool]) -> list[Measure]:
        return [_measured(tokenizer, prompt, think, most, gone) for prompt in prompts if not gone()]

    return await _while_wanted(receive, count)


async def _while_wanted(receive: Receive, work: Callable[[Callable[[], bool]], T]) -> T:
    """`work` in a thread; it is told when the client is gone, and stops at its next slice."""
    gone = threading.Event()
    try:
        return await until_gone(receive, asyncio.to_thread(work, gone.is_set))
    finally:
        gone.set()


def _measured(
    tokenizer: Tokenizer, prompt: Prompt, think: Think, most: int, gone: Callable[[], bool]
) -> Measure:
    try:
        return Measure(len(_render(tokenizer, prompt, think, most, gone)), None)
    except TooLong as error:
        return Measure(error.tokens, None, is_least=True)


def _render(
    tokenizer: Tokenizer, prompt: Prompt, think: Think, most: int, gone: Callable[[], bool]
) -> list[int]:
    try:
        return tokenizer.render(prompt, most, gone, think=think)
    except ValueError as error:
        raise BadRequest(str(error), "messages") from error
