"""The five tasks, written once over three verbs that every model has.

`LocalLLM` (a model in this process) and `RemoteLLM` (a server on a socket) differ only in the verbs.
Needs no torch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, overload

from docstra_tui.llm.answer import SILENT, AnswerStream, Listener
from docstra_tui.llm.items import Context, as_items
from docstra_tui.llm.keeping import KvCache
from docstra_tui.llm.measure import Measure
from docstra_tui.llm.prompt import History, Message, PromptBuilder, code_fields, plain_context
from docstra_tui.llm.thinking import wish
from docstra_tui.llm.thinking.whole import without_thinking
from docstra_tui.llm.thinking.wish import Think

Prompt = str | Sequence[Message]
"""A question as text (one user message), or a whole conversation."""

OnThinking = Callable[[str], None] | None
"""Called with each piece of what the model thinks, while the answer is iterated."""


class BaseLLM(ABC):
    """A language model that documents, explains and answers.

    Every task returns the answer as `str`, or with `stream=True` an `AnswerStream` at once.
    """

    def __init__(
        self,
        model_name: str,
        *,
        max_tokens: int = 2000,
        temperature: float = 0.7,
        prompt_builder: PromptBuilder | None = None,
        think: Think = "auto",
    ) -> None:
        if temperature < 0:
            raise ValueError(f"temperature is {temperature}; it cannot be below 0 (0 is greedy)")
        if max_tokens < 1:
            raise ValueError(f"max_tokens is {max_tokens}; it must be at least 1")
        self.model_name = model_name
        self.max_tokens = max_tokens
        """The longest answer, in tokens."""
        self.temperature = temperature
        """0.0 means greedy."""
        self.think: Think = wish.parse(think)
        """How much to think where a question does not say; counting and reading ahead go by it."""
        self.kv_cache: KvCache = "full"
        """How exactly what is read is kept, where it is up to us; counting and reading ahead go by it."""
        self.prompt_builder = prompt_builder or PromptBuilder()

    def __repr__(self) -> str:
        facts = "".join(f", {name}={value!r}" for name, value in self._facts().items())
        return f"{type(self).__name__}({self.model_name!r}{facts})"

    def _facts(self) -> dict[str, object]:
        """What is known of the model without asking anybody, for `repr`. Never a key."""
        return {}

    def wished(self, think: Think | None) -> Think:
        """How much to think for a question that says `think`. Raises `ValueError`."""
        return wish.parse(self.think if think is None else think)

    # The verbs

    @abstractmethod
    def stream(
        self,
        prompt: Prompt,
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        stable: int = 0,
        think: Think | None = None,
        batch: bool = False,
        listener: Listener = SILENT,
    ) -> AnswerStream:
        """Start answering and return at once; None means this model's own setting.

        `stable` is how many leading characters of the last message the next question will share: a
        model that keeps a cache remembers it there. With `batch` it is one of many that nobody watches:
        they may be answered together, and a question without it goes first.
        Raises `ContextOverflow` when the prompt leaves too little room. Whatever goes wrong later is
        raised where the stream is iterated.
        """

    @abstractmethod
    def count_tokens(self, prompt: Prompt) -> int:
        """Tokens of the rendered prompt. Exact, unless `counts_exactly` is False."""

    def measure(self, prompt: Prompt) -> Measure:
        """`count_tokens`, and how much of the prompt would not have to be read again."""
        return Measure(self.count_tokens(prompt), None)

    def admitted(self, prompt: Prompt) -> list[Message]:
        """The prompt's messages, where nothing keeps them from being sent as they are; nothing is sent.

        Raises what keeps them. A model on this machine takes everything.
        """
        return as_messages(prompt)

    def count_each(self, prompts: Sequence[Prompt]) -> list[Measure]:
        """Measures of several prompts that have nothing to do with each other, in one go where that is
        possible. What is cached is not told."""
        return [Measure(measured.tokens, None, measured.is_least) for measured in map(self.measure, prompts)]

    def warm(self, prompt: Prompt, stable: int) -> Measure:
        """Read a prompt ahead of its question, up to `stable` characters of its last message.

        Blocks until that is done, or until a newer call or a real question takes its place; what was
        read is kept. A model without a cache of its own does nothing.
        """
        return Measure(0, None)

    def wake(self) -> None:  # noqa: B027 most models are always there
        """A question is about to come: a model that made room for others comes back meanwhile."""

    def show_prompt(self, prompt: Prompt) -> tuple[str, str] | None:
        """The prompt exactly as the model reads it: the part that is cached, and the part that is new.
        None where nobody can tell."""
        return None

    @property
    def server(self) -> str:
        """The other server that answers, by its host and port; empty for a model or an engine of our own."""
        return ""

    @property
    def is_loading(self) -> bool:
        """True while the other server says to a question that it still loads its model."""
        return False

    @property
    @abstractmethod
    def window(self) -> int | None:
        """The model's context window in tokens; None when unknown."""

    @property
    def counts_exactly(self) -> bool:
        """False when `count_tokens` is an estimate, shown with `≈` and never used to refuse."""
        return True

    @property
    def can_switch_thinking(self) -> bool | None:
        """Whether the model thinks more or less where that is wished; None where nobody knows."""
        return None

    @property
    def think_note(self) -> str:
        """Why it cannot, or what switching costs, in a sentence; empty where there is nothing to say."""
        return ""

    @abstractmethod
    def close(self) -> None:
        """Give back what the model holds. Harmless when called twice."""

    # The tasks

    # In all of them `think` is for this one question, and `on_thinking` hears what is thought before it.

    @overload
    def generate(
        self,
        prompt: Prompt,
        stream: Literal[False] = False,
        *,
        think: Think | None = None,
        on_thinking: OnThinking = None,
    ) -> str: ...
    @overload
    def generate(
        self,
        prompt: Prompt,
        stream: Literal[True],
        *,
        think: Think | None = None,
        on_thinking: OnThinking = None,
    ) -> AnswerStream: ...
    @overload
    def generate(
        self,
        prompt: Prompt,
        stream: bool,
        *,
        think: Think | None = None,
        on_thinking: OnThinking = None,
    ) -> str | AnswerStream: ...
    def generate(
        self,
        prompt: Prompt,
        stream: bool = False,
        *,
        think: Think | None = None,
        on_thinking: OnThinking = None,
    ) -> str | AnswerStream:
        """The answer to a prompt: text, or a list of chat messages."""
        answer = self.stream(prompt, think=think, listener=Listener(on_thinking))
        return answer if stream else str(answer)

    def document_code(
        self,
        code: str,
        language: str,
        additional_context: Context = "",
        stream: bool = False,
        *,
        history: History = (),
        think: Think | None = None,
        on_thinking: OnThinking = None,
    ) -> str | AnswerStream:
        """Documentation for `code`, in the style of its language."""
        fields = code_fields(code, language, additional_context)
        return self._task("document_code", stream, history, fields, think, on_thinking)

    def explain_code(
        self,
        code: str,
        language: str,
        additional_context: Context = "",
        stream: bool = False,
        *,
        history: History = (),
        think: Think | None = None,
        on_thinking: OnThinking = None,
    ) -> str | AnswerStream:
        """What `code` does and why, step by step."""
        fields = code_fields(code, language, additional_context)
        return self._task("explain_code", stream, history, fields, think, on_thinking)

    def answer_question(
        self,
        question: str,
        context: Context,
        stream: bool = False,
        *,
        history: History = (),
        think: Think | None = None,
        on_thinking: OnThinking = None,
    ) -> str | AnswerStream:
        """The answer to `question` from `context`: text, one item, a list of items, or a mapping of values.

        With `history`, only the items that no earlier turn brought are sent with this question.
        """
        fields = {"question": question}
        return self._task("answer_question", stream, history, fields, think, on_thinking, context)

    def generate_examples(
        self,
        request: str,
        language: str,
        additional_context: Context = "",
        stream: bool = False,
        *,
        history: History = (),
        think: Think | None = None,
        on_thinking: OnThinking = None,
    ) -> str | AnswerStream:
        """Example code for a request."""
        fields = {
            "request": request,
            "language": language,
            "additional_context": plain_context(additional_context),
        }
        return self._task("generate_examples", stream, history, fields, think, on_thinking)

    def custom_request(
        self,
        template_name: str,
        stream: bool = False,
        *,
        history: History = (),
        think: Think | None = None,
        on_thinking: OnThinking = None,
        **kwargs: Any,
    ) -> str | AnswerStream:
        """The answer to a template filled with `kwargs`; `context` may be a list of items."""
        context = kwargs.pop("context", ())
        return self._task(template_name, stream, history, kwargs, think, on_thinking, context)

    def add_template(self, name: str, template: str) -> None:
        """Add a template for `custom_request`, or override a built-in one."""
        self.prompt_builder.add_template(name, template)

    def run_task(
        self,
        task: str,
        *,
        context: Context = (),
        history: History = (),
        fields: Mapping[str, Any] | None = None,
        think: Think | None = None,
        batch: bool = False,
        listener: Listener = SILENT,
    ) -> AnswerStream:
        """Start any template over context items: what the faces call."""
        asked = self.prompt_builder.conversation(task, as_items(context), history, **(fields or {}))
        return self.stream(asked.messages, stable=asked.stable, think=think, batch=batch, listener=listener)

    def _task(
        self,
        task: str,
        stream: bool,
        history: History,
        fields: Mapping[str, Any],
        think: Think | None,
        on_thinking: OnThinking,
        context: Context = (),
    ) -> str | AnswerStream:
        answer = self.run_task(
            task,
            context=context,
            history=history,
            fields=fields,
            think=think,
            listener=Listener(on_thinking),
        )
        return answer if stream else str(answer)


def as_messages(prompt: Prompt) -> list[Message]:
    """A prompt as chat messages with nothing but `role` and `content`. Raises `ValueError`, `TypeError`."""
    if isinstance(prompt, str):
        if not prompt.strip():
            raise ValueError("The prompt is empty.")
        return [{"role": "user", "content": _encodable(prompt)}]
    if not isinstance(prompt, Sequence):
        raise TypeError(f"A prompt is text or a list of chat messages, not {type(prompt).__name__}.")
    messages: list[Message] = []
    for message in prompt:
        if not isinstance(message, Mapping):
            raise TypeError(f"A chat message has a role and a content; {message!r:.80} has not.")
        role, content = message.get("role"), message.get("content")
        if role not in ("system", "user", "assistant"):
            raise ValueError(f"A message's role is system, user or assistant, not {role!r}.")
        if not isinstance(content, str):
            raise ValueError("A message's content must be text.")
        if role == "assistant":
            content = without_thinking(content)  # a client that got it in the answer sends it back
        messages.append({"role": role, "content": _encodable(content)})
    if not messages:
        raise ValueError("The conversation has no messages.")
    return messages


def _encodable(text: str) -> str:
    """Text without lone surrogates (file names that are not UTF-8 bring them), which no encoder takes."""
    return text.encode("utf-8", "backslashreplace").decode()
