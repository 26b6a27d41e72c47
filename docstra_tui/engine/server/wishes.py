"""What a chat request wishes for: which fields count, which are refused, and which values are out of range.

A field that would change the answer and is not honoured is refused: an answer that looks as if it had been
heard is worse. What changes nothing (`user`, `metadata`, …) is let through.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from docstra_tui.engine.client.wire import ChatRequest
from docstra_tui.engine.server.requests import BadRequest, read, refused
from docstra_tui.llm.sampling import BadSampling, Sampling

REFUSED: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "prompt_logprobs": (),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "web_search_options": (),
    "verbosity": (),
    "echo": (False,),
    "suffix": ("",),
    "top_k": (-1, 0),
    "min_p": (0, 0.0),
    "typical_p": (1, 1.0),
    "repetition_penalty": (1, 1.0),
    "length_penalty": (1, 1.0),
    "min_tokens": (0,),
    "ignore_eos": (False,),
    "stop_token_ids": ([],),
    "bad_words": ([],),
    "allowed_token_ids": (),
    "include_stop_str_in_output": (False,),
    "skip_special_tokens": (True,),
    "use_beam_search": (False,),
    "truncate_prompt_tokens": (),
    "chat_template": (),
    "documents": ([],),
    "guided_json": (),
    "guided_regex": (),
    "guided_choice": (),
    "guided_grammar": (),
    "structured_outputs": (),
    "json_schema": (),
    "grammar": ("",),
}
"""Fields of OpenAI and of other servers, with the values that ask for nothing; `null` never does."""

NOT_SAID = ("tool_calls", "function_call", "tool_call_id", "audio", "refusal")
"""Fields of a message whose content the model would not see."""


def wished(body: bytes | bytearray) -> tuple[ChatRequest, Sampling]:
    """A chat request and how its tokens are chosen. Raises `BadRequest`."""
    said = read(body, dict[str, Any])
    for name, neutral in REFUSED.items():
        value = said.get(name)
        if value is not None and not any(_is_same(value, other) for other in neutral):
            raise BadRequest(f"This engine cannot honour {name!r} in a request.", name)
    messages = said.get("messages")
    for index, message in enumerate(messages if isinstance(messages, list) else ()):
        for name in NOT_SAID:
            if isinstance(message, dict) and message.get(name):
                raise BadRequest(
                    f"This engine cannot honour {name!r} in a message.", f"messages[{index}].{name}"
                )
    try:
        request = msgspec.convert(said, ChatRequest)
    except msgspec.ValidationError as error:
        raise refused(error) from None
    if not request.messages:
        raise BadRequest("The conversation has no messages.", "messages")
    if request.add_generation_prompt is request.continue_final_message:
        raise BadRequest(
            "add_generation_prompt begins an answer and continue_final_message goes on with one: a request "
            "has one of them.",
            "add_generation_prompt",
        )
    for name in ("max_tokens", "max_completion_tokens"):
        most = getattr(request, name)
        if most is not None and most < 1:
            raise BadRequest(f"{name} is {most}; it must be at least 1.", name)
    return request, _sampling(request)


def _sampling(request: ChatRequest) -> Sampling:
    stop = (request.stop,) if isinstance(request.stop, str) else tuple(request.stop or ())
    try:
        return Sampling(
            temperature=request.temperature,
            top_p=request.top_p,
            seed=request.seed,
            frequency_penalty=request.frequency_penalty or 0.0,
            presence_penalty=request.presence_penalty or 0.0,
            stop=stop,
            logit_bias={_id(key): bias for key, bias in (request.logit_bias or {}).items()},
        )
    except BadSampling as error:
        raise BadRequest(str(error), error.param) from None


def _id(key: str) -> int:
    if not (key.isascii() and key.isdigit() and len(key) < 10):
        raise BadRequest(f"logit_bias names {key[:40]!r}, which is no token's id.", "logit_bias")
    return int(key)


def _is_same(value: Any, other: Any) -> bool:
    """Equal, and not as `True == 1` is."""
    return value == other and isinstance(value, bool) == isinstance(other, bool)
