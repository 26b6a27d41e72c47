"""The shapes that cross the engine's socket. Needs no torch, no starlette."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from docstra_tui.engine.client.identity import EngineIdentity

State = Literal["loading", "ready", "failed"]

ATTACH_BEAT_SECONDS = 15.0
"""How often an attached client hears that the engine lives."""


class WireError(msgspec.Struct, frozen=True):
    """An error as `errors.to_wire` describes it."""

    kind: str
    message: str
    hint: str = ""
    details: dict[str, Any] = {}


class Health(msgspec.Struct, frozen=True):
    """The answer of `GET /health`, in every state of the engine."""

    state: State
    identity: EngineIdentity
    version: str
    pid: int
    phase: str = ""
    """While loading: `start` (imports), `find`, `download`, `read`, `convert`, `place`."""
    done: int | None = None
    total: int | None = None
    """Bytes of the phase (tensors for `place`); None when unknown."""
    error: WireError | None = None
    """Why the state is `failed`."""
    model: str = ""
    device: str = ""
    dtype: str = ""
    reason: str = ""
    """Why this device and these numbers."""
    notes: tuple[str, ...] = ()
    """What a user should know about this model, sentences."""
    window: int | None = None
    """Tokens; known as soon as the tokenizer is there."""
    can_switch_thinking: bool | None = None
    """Whether this model can be told to think or not to; None where nobody knows, or it never thinks."""
    think_note: str = ""
    """Of that switch, a sentence: that there is none, or what using it costs."""
    parked: bool = False
    """True while nobody asks: the model has left its device, and comes back with the next request."""
    clients: int = 0
    """Attached faces."""
    queue: int = 0
    """Requests that wait for their turn, for the model to be ready included."""
    leave_after_minutes: float = 0.0
    """How long it stays after the last client went."""
    leaves_in_s: float | None = None
    """Seconds until then, where nobody is there."""


class Stats(msgspec.Struct, frozen=True):
    """The answer of `GET /docstra/stats`: health and figures in one question, for a status bar."""

    health: Health
    memory_used: int | None = None
    memory_total: int | None = None
    """Bytes on the model's device."""
    uptime_s: float = 0.0
    answers: int = 0
    """Requests that ended, in whatever way."""
    ttft_s: float | None = None
    """Of the last answer: from queueing to the first piece."""
    tokens_per_s: float | None = None
    """Of the last answer."""


class ChatMessage(msgspec.Struct):
    """One message; `content` is text or OpenAI's list of text parts."""

    role: str
    content: str | list[dict[str, Any]]
    reasoning_content: str | None = None
    """Of an answer that is gone on with, what was thought before it; of every other it is never read."""

    def plain(self) -> dict[str, str]:
        """Role and text. Raises `ValueError` for a part that is not text."""
        role = "system" if self.role == "developer" else self.role  # OpenAI's newer name for it
        if isinstance(self.content, str):
            return {"role": role, "content": self.content}
        texts = []
        for part in self.content:
            if part.get("type") != "text" or not isinstance(part.get("text"), str):
                raise ValueError("A message's content must be text.")
            texts.append(part["text"])
        return {"role": role, "content": "".join(texts)}


class StreamOptions(msgspec.Struct):
    """OpenAI's `stream_options`."""

    include_usage: bool = False


class Extras(msgspec.Struct):
    """What only our own client says, under the key `docstra` of a request."""

    stable: int = 0
    """Leading characters of the last message that the next question will share."""
    client: str = ""
    """Who reads ahead: a newer wish of the same client takes the older one's place."""
    text: bool = False
    """With `tokenize`: the prompt's text too, in its cached and its new part."""
    think: str | int | None = None
    """As `llm.thinking.wish` spells it; None is as the model does by itself."""
    batch: bool = False
    """With a chat: one of many that nobody watches; several are written together, others go first."""
    compact: bool = False
    """What is read is kept in 8 bits; of counting, what there is room for then."""
    who: bool = False
    """With a streamed chat: tell first who answers, as `engine.server.facts` does."""
    reading: bool = False
    """With a streamed chat: tell how far the prompt is read, as `return_progress` does."""


class Rendered(msgspec.Struct, kw_only=True):
    """Of every request whose messages go through the chat template: what changes the text it makes.

    How others wish for thinking counts as well as our own `docstra.think`.
    """

    chat_template_kwargs: dict[str, Any] | None = None
    """Of vLLM, SGLang and llama.cpp."""
    reasoning_effort: str | None = None
    """Of OpenAI."""
    thinking_token_budget: int | None = None
    """Of vLLM."""
    thinking_budget_tokens: int | None = None
    """Of llama.cpp."""
    docstra: Extras = msgspec.field(default_factory=Extras)


class ChatRequest(Rendered, kw_only=True):
    """`POST /v1/chat/completions`: what counts of it; `engine.wishes` refuses what would have to count."""

    messages: list[ChatMessage]
    model: str | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    stop: str | list[str] | None = None
    logit_bias: dict[str, float] | None = None
    continue_final_message: bool = False
    """Of vLLM and transformers: the last message is an answer, and what follows it is wanted."""
    add_generation_prompt: bool | None = None
    """Of the same: cannot be true beside that, nor false without it."""
    return_progress: bool | None = None
    """Of llama.cpp: `prompt_progress` in chunks of their own while the prompt is read."""

    @property
    def wants_reading(self) -> bool:
        return self.docstra.reading or self.return_progress is True

    @property
    def longest(self) -> int | None:
        """The answer's limit in tokens under its new or its old name; None is the engine's own."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens


class TokenizeRequest(Rendered, kw_only=True):
    """`POST /tokenize`, as vLLM: messages through the chat template, or a plain prompt."""

    messages: list[ChatMessage] | None = None
    prompt: str | None = None
    model: str | None = None
    return_tokens: bool = False
    """Ours: the ids too; they are left out otherwise, a count is asked for far more often."""


class CountRequest(Rendered, kw_only=True):
    """`POST /docstra/count`: conversations to count, each by itself.

    The answer is `{counts, is_least, max_model_len}`; `is_least` says of which ones counting ended before
    their end.
    """

    prompts: list[list[ChatMessage]]


class PrefillRequest(Rendered, kw_only=True):
    """`POST /docstra/prefill`: read a prompt ahead, up to `docstra.stable` characters of its last message.

    The answer, `{count, cached_tokens}`, comes when that is done or a newer wish took its place.
    """

    messages: list[ChatMessage]
    docstra: Extras
