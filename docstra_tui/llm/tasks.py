"""The tasks, written once over the one verb that all of them need. Needs no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Literal, overload

from docstra_tui.llm import own_words
from docstra_tui.llm.answer import SILENT, AnswerStream, Listener
from docstra_tui.llm.items import Context, as_items
from docstra_tui.llm.messages import Prompt, encodable
from docstra_tui.llm.prompt import History, PromptBuilder, code_fields, plain_context
from docstra_tui.llm.thinking.whole import begun
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.llm.written import Written
from docstra_tui.templates import Template

OnThinking = Callable[[str], None] | None
"""Called with each piece of what the model thinks, while the answer is iterated."""


class Tasks(ABC):
    """What a model is asked to do: `think` is for this one question, and `on_thinking` hears what is thought
    before its answer."""

    prompt_builder: PromptBuilder

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
        written: Written | None = None,
        listener: Listener = SILENT,
    ) -> AnswerStream:
        """Start answering and return at once; None means this model's own setting.

        `stable` is how many leading characters of the last message the next question will share: a
        model that keeps a cache remembers it there. With `batch` it is one of many that nobody watches:
        they may be answered together, and a question without it goes first. What is `written` of the
        answer is gone on with: only what follows it comes.
        Raises `ContextOverflow` when the prompt leaves too little room. Whatever goes wrong later is
        raised where the stream is iterated.
        """

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
        """The answer to a prompt: text, or a list of chat messages (`{"role", "content"}`).

        Blocks for the whole text, or returns at once with `stream`. Raises, there or where the stream is
        iterated, `ContextOverflow` for a prompt that leaves too little of the window, `NoAnswer` where no
        text came, and what the model or its server fails with: `GenerationFailed`, `EngineDied`,
        `RemoteError`. A prompt or setting that cannot be meant is a `ValueError`. So do all that follow.
        """
        answer = self.stream(prompt, think=think, listener=Listener(on_thinking))
        return answer if stream else str(answer)

    @overload
    def continue_answer(
        self,
        prompt: Prompt,
        answer: str,
        stream: Literal[False] = False,
        *,
        thinking: str = "",
        think: Think | None = None,
        on_thinking: OnThinking = None,
    ) -> str: ...
    @overload
    def continue_answer(
        self,
        prompt: Prompt,
        answer: str,
        stream: bool,
        *,
        thinking: str = "",
        think: Think | None = None,
        on_thinking: OnThinking = None,
    ) -> str | AnswerStream: ...
    def continue_answer(
        self,
        prompt: Prompt,
        answer: str,
        stream: bool = False,
        *,
        thinking: str = "",
        think: Think | None = None,
        on_thinking: OnThinking = None,
    ) -> str | AnswerStream:
        """What follows an `answer` to a prompt that was cut by its length, or stopped.

        `thinking` is what was thought before it: without an answer that is what goes on. Raises
        `ValueError` where there is neither, `NotAllowed` for a server that cannot.
        """
        written = begun(encodable(answer), encodable(thinking))
        rest = self.stream(prompt, think=think, written=written, listener=Listener(on_thinking))
        return rest if stream else str(rest)

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
        """Documentation for `code`, in the style of its `language` (`python`, `rust`, …).

        `additional_context` is said behind it; `history` are the turns before this one.
        """
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
        """What `code` does and why, step by step; the arguments as for `document_code`."""
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
        """Example code for a `request` in words, in a `language`."""
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
        """The answer to a template filled with `kwargs`; `context` may be a list of items.

        Raises `TemplateError` for a name that nobody knows and for a value that is missing.
        """
        context = kwargs.pop("context", ())
        return self._task(template_name, stream, history, kwargs, think, on_thinking, context)

    def own_words(self, question: str) -> tuple[str, ...]:
        """What the code that answers a question may be called, in this model's own words: to be searched for.

        One short greedy answer, at most ten names or phrases; empty where nothing of it is one. It is asked
        as one of many: a conversation keeps its cache, and a question that somebody waits for goes first.
        """
        asked = own_words.request(question)
        with self.stream(
            asked, max_tokens=own_words.TOKENS, temperature=0.0, think="off", batch=True
        ) as answer:
            for piece in answer:
                if "\n" in piece and own_words.is_enough(answer.text, question):
                    break
        return own_words.read(answer.text, question)

    def add_template(self, name: str, template: str | Template) -> None:
        """Add a template for `custom_request`, or override a built-in one: a text, or one that
        `docstra_tui.templates.read` has read from a file."""
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
        written: Written | None = None,
        listener: Listener = SILENT,
    ) -> AnswerStream:
        """Start any template over context items, or go on with its answer: what the faces call."""
        asked = self.prompt_builder.asked(task, as_items(context), history, fields or {})
        return self.stream(
            asked.messages, stable=asked.stable, think=think, batch=batch, written=written, listener=listener
        )

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
