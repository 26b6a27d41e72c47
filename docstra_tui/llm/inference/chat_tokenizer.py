"""Messages become token ids through the model's own chat template; files cannot become control tokens."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from typing import Any

from transformers import PreTrainedTokenizerBase
from transformers.utils.chat_template_utils import encode_marked_chat, mark_control_tokens

from docstra_tui.errors import BadModelFile
from docstra_tui.llm.inference import memory, session_day, template_trial
from docstra_tui.llm.inference.cached_prompt import common_prefix
from docstra_tui.llm.inference.slices import Limit, Slices, Stopped
from docstra_tui.llm.inference.stopping import special_ids
from docstra_tui.llm.inference.template_behaviour import Behaviour, Settings
from docstra_tui.llm.inference.wording import Wording, broken
from docstra_tui.llm.measure import WINDOWS_COUNTED, TooLong
from docstra_tui.llm.messages import Prompt, as_messages
from docstra_tui.llm.prompt import Message
from docstra_tui.llm.thinking import families, wish
from docstra_tui.llm.thinking.families import Family
from docstra_tui.llm.thinking.wish import Think

logger = logging.getLogger(__name__)

PROBE = "\n\n?!"
"""Merges with the end of the line in front of it, as an answer or a question may."""
ENDS = ("Ask", "?!")
"""Two questions that begin with another token each, whatever stands in front of them."""
LARGE = 1_000_000
"""Characters: after more than this, memory is given back."""

MARKS = mark_control_tokens("x", re.compile("x")).split("x")
"""What transformers puts around control tokens that somebody spelt; it takes them out of what is said."""

CHANGED = "The model's chat template changed part of what was sent: the model did not see all of it."


class ChatTokenizer:
    """Renders and counts prompts. Safe to use from any thread, also while the weights load."""

    def __init__(self, tokenizer: Any, window: int) -> None:
        self.tokenizer = tokenizer
        self.window = window
        """The model's context window, in tokens."""
        self._lock = threading.Lock()
        self.template = template = _template_of(tokenizer)
        """The text of its chat template; empty where there is none."""
        # Nothing is rendered here before the template has been tried elsewhere: it may never come back.
        self._trial = template_trial.begin(template, tokenizer.special_tokens_map) if template else None
        self._slices = Slices(tokenizer)
        self._days = session_day.Days()
        known = [*special_ids(tokenizer), *(one for one in _added_tokens(tokenizer) if one in template)]
        # White space may be a token of its own, and is text all the same.
        controls = sorted((one for one in known if one.strip()), key=len, reverse=True)
        self._controls = re.compile("|".join(map(re.escape, controls)) or "(?!)")
        self._has_changed = False
        self._strange_efforts: set[Think] = set()

    def behaviour(self) -> Behaviour | None:
        """What the trial of the model's template showed; waits for it. None where there is no template.

        Raises `BadModelFile` for one that must not be used.
        """
        return self._trial.result() if self._trial is not None else None

    def end_mark(self) -> str:
        """The special token that the template writes behind an answer; empty where that is none.

        Where it also stands behind thinking, an answer has not even begun there. Waits for the trial.
        """
        behaviour = self.behaviour()
        if behaviour is None:
            return ""
        behind = behaviour.after_answer.lstrip()
        mark = max(
            (token for token in special_ids(self.tokenizer) if behind.startswith(token)), key=len, default=""
        )
        closing = {
            end for family in families.load() if _writes(self.template, family) for end in family.close
        }
        return "" if mark in behaviour.after_thought or mark in closing else mark

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of how prompts are rendered; waits for the trial."""
        behaviour = self.behaviour()
        every = (behaviour.note if behaviour is not None else "", CHANGED if self._has_changed else "")
        return tuple(note for note in every if note)

    @property
    def most(self) -> int:
        """Tokens after which nobody counts on."""
        return WINDOWS_COUNTED * self.window

    def render(
        self,
        prompt: Prompt,
        most: int | None = None,
        is_stopped: Callable[[], bool] = lambda: False,
        *,
        think: Think = "auto",
    ) -> list[int]:
        """The ids of the whole prompt, up to where the answer begins.

        `think` is put as the template takes it; where it has no switch, nothing changes. Raises
        `ValueError` for an empty or malformed prompt, `BadModelFile` when the model's template
        cannot be rendered, `TooLong` where there are more than `most`, and `Stopped` soon after
        `is_stopped()`.
        """
        messages: list[Message] = [
            {"role": message["role"], "content": _unmarked(message["content"])}
            for message in as_messages(prompt)
        ]
        behaviour = self.behaviour()
        limit = Limit(most, is_stopped)
        size = sum(len(message["content"]) for message in messages)
        try:
            with self._lock:
                limit.check()  # somebody else's text may have taken a while
                return self._with_known_effort(messages, behaviour, think, limit)
        finally:
            if size > LARGE:
                memory.give_back()

    def plain(
        self, text: str, most: int | None = None, is_stopped: Callable[[], bool] = lambda: False
    ) -> list[int]:
        """The ids of a text as it stands, with what the tokenizer puts in front of any text. Raises as
        `render`."""
        limit = Limit(most, is_stopped)
        with self._lock:
            front = [int(id_) for id_ in self.tokenizer.encode("")]
            limit.add(len(front))
            return front + self._slices.encode(text, limit)

    def behind(self, text: str) -> list[int]:
        """The ids of what somebody wrote, behind other ids: text, no control token."""
        limit = Limit(self.most, lambda: False)
        sliced: Any = _Sliced(
            self.tokenizer, lambda part: self._slices.behind(part, limit), lambda chat: None
        )
        with self._lock:
            try:
                return list(map(int, encode_marked_chat(sliced, mark_control_tokens(text, self._controls))))
            except ValueError:  # as in a prompt
                said = self._without_markers({"role": "assistant", "content": text})["content"]
                return list(map(int, encode_marked_chat(sliced, said)))
            finally:
                self._slices.forget()

    def _with_known_effort(
        self, messages: list[Message], behaviour: Behaviour | None, think: Think, limit: Limit
    ) -> list[int]:
        """Where the template refuses an effort that it has no word for, it is `on`, as for those that know
        no effort at all."""
        if think in self._strange_efforts:
            return self._render(messages, behaviour, "on", limit)
        try:
            return self._render(messages, behaviour, think, limit)
        except BadModelFile:
            if not wish.is_effort(think):
                raise
            limit.tokens = 0
            ids = self._render(messages, behaviour, "on", limit)
            logger.warning("the chat template knows no effort of thinking %r", think)
            self._strange_efforts.add(think)
            return ids

    def _render(
        self, messages: list[Message], behaviour: Behaviour | None, think: Think, limit: Limit
    ) -> list[int]:
        if behaviour is None:
            return self._encode_plain(_as_plain_text(messages), limit)
        try:
            return self._put(messages, behaviour, think, limit)
        except ValueError as error:
            # A tokenizer that makes a control token out of plain text cannot be told not to.
            logger.warning("control tokens in the prompt are broken up by hand: %s", error)
            limit.tokens = 0
            return self._put(list(map(self._without_markers, messages)), behaviour, think, limit)
        finally:
            self._slices.forget()

    def _put(self, messages: list[Message], behaviour: Behaviour, think: Think, limit: Limit) -> list[int]:
        """As the template takes them, on the day of their conversation."""
        with session_day.on(self.template, self._days.of(messages)):
            return self._apply(Wording(messages, behaviour, think), behaviour.settings(think), limit)

    def count(self, prompt: Prompt, *, think: Think = "auto") -> int:
        """Tokens of the rendered prompt, exact."""
        return len(self.render(prompt, think=think))

    def stable_prefix(
        self, prompt: Prompt, stable: int, most: int | None = None, *, think: Think = "auto"
    ) -> list[int]:
        """The leading ids that do not depend on what follows `stable` characters of the last message.

        It is the common prefix of two renders that differ only there, so that no knowledge of any
        template is needed: where files and question share a message, the last token before the
        question merges with it half of the time. Raises as `render`.
        """
        messages = as_messages(prompt)
        ends = [self.render(_with_end(messages, stable, end), most, think=think) for end in ENDS]
        return ends[0][: common_prefix(*ends)]

    def shared(self, prompt: Prompt, ids: list[int], stable: int, *, think: Think = "auto") -> int:
        """How many of `ids`, the render of `prompt`, another question behind the same `stable` characters of
        the last message will begin with; what `stable_prefix` finds, with one render. 0 for no such text."""
        if not stable:
            return 0
        messages = as_messages(prompt)
        asked = messages[-1]["content"][stable:]
        other = next(end for end in ENDS if not asked.startswith(end[0]))
        return common_prefix(ids, self.render(_with_end(messages, stable, other), think=think))

    def parting(self, prompt: Prompt, ids: list[int], *, think: Think = "auto") -> int:
        """How many of `ids`, the render of `prompt`, the next turn will begin with, whatever is answered.

        What invites the answer is often not repeated in front of one that was given, and some templates
        move what belongs to the last question. 0 where there can be no next turn.
        """
        behaviour = self.behaviour()
        if behaviour is not None and not behaviour.has_second:
            return 0
        answer: Message = {"role": "assistant", "content": PROBE}
        question: Message = {"role": "user", "content": PROBE}
        try:
            return common_prefix(ids, self.render([*as_messages(prompt), answer, question], think=think))
        except (BadModelFile, ValueError):  # a template that takes no more than so many questions
            return 0

    def _apply(self, wording: Wording, settings: Settings, limit: Limit) -> list[int]:
        kind = type(self.tokenizer)
        sliced: Any = self.tokenizer
        if kind.apply_chat_template is PreTrainedTokenizerBase.apply_chat_template:
            sliced = _Sliced(
                self.tokenizer,
                lambda text: self._slices.encode(text, limit),
                lambda chat: self._look(chat, wording),
            )
        try:
            ids = kind.apply_chat_template(
                sliced,
                wording.conversation,
                add_generation_prompt=True,
                return_dict=False,
                sanitize_control_tokens=True,
                **settings,
            )
        except (ValueError, TooLong, Stopped):
            raise
        except Exception as error:  # of the template, which is a program
            logger.exception("the chat template failed")
            raise BadModelFile(
                f"The model's chat template cannot render this conversation: {error}.",
                "Pick another model, or mend its chat_template.jinja.",
            ) from error
        return list(map(int, ids))

    def _look(self, chat: str, wording: Wording) -> None:
        """Notice what the template did to what is said."""
        if not self._has_changed and not wording.is_whole(_unmarked(chat)):
            logger.warning("the chat template changed part of what was said")
            self._has_changed = True

    def _encode_plain(self, text: str, limit: Limit) -> list[int]:
        ids: list[int] = []
        for start in range(0, len(text), LARGE):
            limit.check()
            part = text[start : start + LARGE]
            found = self.tokenizer.encode(part, split_special_tokens=True, add_special_tokens=not start)
            ids += [int(id_) for id_ in found]
            limit.add(len(found))
        return ids

    def _without_markers(self, message: Message) -> Message:
        content = message["content"]
        for token in [*special_ids(self.tokenizer), *_added_tokens(self.tokenizer)]:
            if len(token) > 1 and token in content:
                content = broken(content, token)
        return {"role": message["role"], "content": content}


class _Sliced:
    """A tokenizer as `apply_chat_template` sees it: what it encodes, it encodes in slices."""

    def __init__(
        self, tokenizer: Any, encode: Callable[[str], list[int]], look: Callable[[str], None]
    ) -> None:
        self._tokenizer = tokenizer
        self._encode = encode
        self._look = look

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def __call__(self, chat: str, **options: Any) -> dict[str, list[int]]:
        self._look(chat)
        return {"input_ids": encode_marked_chat(self, chat)}

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        return self._encode(text)


def _template_of(tokenizer: Any) -> str:
    """The template that renders a chat; empty where there is none."""
    if not getattr(tokenizer, "chat_template", None):
        return ""
    try:
        return str(tokenizer.get_chat_template())
    except ValueError as error:  # several with names, none of them the default
        raise BadModelFile(
            "The model has several chat templates and none of them is its default.",
            "Pick another model, or name one of them default in its tokenizer_config.json.",
        ) from error


def _writes(template: str, family: Family) -> bool:
    return any(mark in template for mark in family.open)


def _unmarked(text: str) -> str:
    for mark in MARKS:
        text = text.replace(mark, "")
    return text


def _added_tokens(tokenizer: Any) -> list[str]:
    return [token.content for token in getattr(tokenizer, "added_tokens_decoder", {}).values()]


def _with_end(messages: list[Message], stable: int, end: str) -> list[Message]:
    last = messages[-1]
    return [*messages[:-1], {"role": last["role"], "content": last["content"][:stable] + end}]


def _as_plain_text(messages: list[Message]) -> str:
    """A conversation for a model without a chat template."""
    if len(messages) == 1:
        return messages[0]["content"]
    names = {"system": "", "user": "User: ", "assistant": "Assistant: "}
    lines = [f"{names[m['role']]}{m['content']}" for m in messages]
    return "\n\n".join([*lines, "Assistant:"])
