"""Messages become token ids through the model's own chat template; files cannot become control tokens."""

from __future__ import annotations

import logging
import threading
from typing import Any

from docstra_tui.errors import BadModelFile
from docstra_tui.llm.base import Prompt, as_messages
from docstra_tui.llm.prefix_cache import common_prefix
from docstra_tui.llm.prompt import Message
from docstra_tui.llm.stopping import special_ids

logger = logging.getLogger(__name__)

ZERO_WIDTH_SPACE = "\u200b"
PROBE = "a probe of the system role"


class ChatTokenizer:
    """Renders and counts prompts. Safe to use from any thread, also while the weights load."""

    def __init__(self, tokenizer: Any, window: int) -> None:
        self.tokenizer = tokenizer
        self.window = window
        """The model's context window, in tokens."""
        self._lock = threading.Lock()
        self._has_template = bool(getattr(tokenizer, "chat_template", None))
        self._takes_system = self._has_template and self._system_is_shown()

    def render(self, prompt: Prompt) -> list[int]:
        """The ids of the whole prompt, up to where the answer begins.

        Raises `ValueError` for an empty or malformed prompt, `BadModelFile` when the model's template
        cannot be rendered.
        """
        messages = as_messages(prompt)
        with self._lock:
            if not self._has_template:
                return self._encode_plain(_as_plain_text(messages))
            if not self._takes_system:
                messages = _fold_system(messages)
            try:
                return self._apply(messages)
            except ValueError as error:
                # A tokenizer that makes a control token out of plain text cannot be told not to.
                logger.warning("control tokens in the prompt are broken up by hand: %s", error)
                return self._apply([self._without_markers(message) for message in messages])

    def count(self, prompt: Prompt) -> int:
        """Tokens of the rendered prompt, exact."""
        return len(self.render(prompt))

    def stable_prefix(self, prompt: Prompt, stable: int) -> list[int]:
        """The leading ids that do not depend on what follows `stable` characters of the last message.

        It is the common prefix of two renders that differ only there, so that no knowledge of any
        template is needed: where files and question share a message, the last token before the
        question merges with it half of the time.
        """
        messages = as_messages(prompt)
        ends = [self.render(_with_end(messages, stable, end)) for end in ("Ask", "?!")]
        return ends[0][: common_prefix(*ends)]

    def _apply(self, messages: list[Message]) -> list[int]:
        try:
            ids = self.tokenizer.apply_chat_template(
                messages,
                add_generation_prompt=True,
                return_dict=False,
                sanitize_control_tokens=True,
            )
        except ValueError:
            raise
        except Exception as error:
            logger.exception("the chat template failed")
            raise BadModelFile(
                f"The model's chat template cannot render this conversation: {error}.",
                "Pick another model, or mend its chat_template.jinja.",
            ) from error
        return [int(id_) for id_ in ids]

    def _system_is_shown(self) -> bool:
        messages = [{"role": "system", "content": PROBE}, {"role": "user", "content": "?"}]
        try:
            text = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        except Exception:  # templates refuse in many ways; every one of them means no
            return False
        return PROBE in text

    def _encode_plain(self, text: str) -> list[int]:
        return [int(id_) for id_ in self.tokenizer.encode(text, split_special_tokens=True)]

    def _without_markers(self, message: Message) -> Message:
        content = message["content"]
        for token in [*special_ids(self.tokenizer), *_added_tokens(self.tokenizer)]:
            if len(token) > 1 and token in content:
                content = content.replace(token, token[0] + ZERO_WIDTH_SPACE + token[1:])
        return {"role": message["role"], "content": content}


def _added_tokens(tokenizer: Any) -> list[str]:
    return [token.content for token in getattr(tokenizer, "added_tokens_decoder", {}).values()]


def _with_end(messages: list[Message], stable: int, end: str) -> list[Message]:
    last = messages[-1]
    return [*messages[:-1], {"role": last["role"], "content": last["content"][:stable] + end}]


def _fold_system(messages: list[Message]) -> list[Message]:
    """The system text in front of the first user message, for templates that refuse the role."""
    system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    rest: list[Message] = [m for m in messages if m["role"] != "system"]
    if system and rest and rest[0]["role"] == "user":
        rest[0] = {"role": "user", "content": f"{system}\n\n{rest[0]['content']}"}
    return rest


def _as_plain_text(messages: list[Message]) -> str:
    """A conversation for a model without a chat template."""
    if len(messages) == 1:
        return messages[0]["content"]
    names = {"system": "", "user": "User: ", "assistant": "Assistant: "}
    lines = [f"{names[m['role']]}{m['content']}" for m in messages]
    return "\n\n".join([*lines, "Assistant:"])
