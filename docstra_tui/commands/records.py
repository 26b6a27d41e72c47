"""One answer as `--json` gives it: the same fields whatever came of it, null where nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docstra_tui.errors import DocstraError
from docstra_tui.llm.answer import AnswerStream
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.turn_request import TurnRequest


def record_of(
    request: TurnRequest,
    stream: AnswerStream | None,
    model: str,
    error: DocstraError | None = None,
    *,
    remote: str = "",
) -> dict[str, Any]:
    """What came of a request; without an answer, or with the part that came and `error`."""
    usage = stream.usage if stream is not None else None
    record = {
        "answer": stream.text if stream is not None else "",
        "thinking": (stream.thinking or None) if stream is not None else None,
        "model": model or None,
        "finish_reason": stream.finish_reason if stream is not None else None,
        "files": places(request.focus),
        "prompt_tokens": usage.prompt_tokens if usage is not None else None,
        "completion_tokens": usage.completion_tokens if usage is not None else None,
        "reused_tokens": usage.reused_tokens if usage is not None else None,
        "thinking_tokens": usage.thinking_tokens if usage is not None else None,
        "ttft_s": stream.ttft_s if stream is not None else None,
        "tokens_per_s": stream.tokens_per_s if stream is not None else None,
        "thinking_s": stream.thinking_s if stream is not None else None,
        "settings": stream.settings if stream is not None else None,
        "citations": [],
    }
    if remote:
        record["remote"] = remote
    return record if error is None else {**record, "error": told(error)}


def cut_short(which: str, stream: AnswerStream, limit: int) -> str:
    """What there is to say of an answer that reached its limit; `which` begins the sentence."""
    written = stream.usage.completion_tokens or limit
    return f"{which} answer was cut at {written:,} tokens; --max-tokens allows more."


def told(error: DocstraError) -> dict[str, str]:
    """An error as the object has it."""
    return {"message": error.message, **({"hint": error.hint} if error.hint else {})}


def places(items: Sequence[ContextItem]) -> list[dict[str, Any]]:
    """Each file, without what it weighs."""
    return [_place(item, None) for item in items if item.path is not None]


def sizes(llm: BaseLLM, request: TurnRequest) -> list[dict[str, Any]]:
    """Each file and what adding it added to the rendered prompt; null where nobody can count."""
    counts: list[int | None] = []
    try:
        for end in range(len(request.focus) + 1):
            asked = llm.prompt_builder.asked(request.task, request.focus[:end], (), request.fields)
            count = llm.count_tokens(asked.messages)
            counts.append(count if llm.counts_exactly else None)
    except DocstraError:
        pass  # the answer is there; a figure is not worth it
    files = []
    for index, item in enumerate(request.focus):
        before, after = (counts + [None] * (index + 2))[index : index + 2]
        tokens = None if before is None or after is None else after - before
        files.append(_place(item, tokens))
    return [file for file in files if file["path"] is not None]


def _place(item: ContextItem, tokens: int | None) -> dict[str, Any]:
    return {"path": item.path, "start_line": item.start_line, "end_line": item.end_line, "tokens": tokens}
