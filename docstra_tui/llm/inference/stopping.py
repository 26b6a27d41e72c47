"""Why a generation ends before the model's own end: a keyword was written, or somebody cancelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Any

import torch
from transformers import StoppingCriteria


class Cancelled(BaseException):
    """Raised inside the model's forward pass or its streamer to leave `generate` at once.

    Not an `Exception`: nothing between a decoder layer and the inference thread may swallow it.
    """


class KeywordsStoppingCriteria(StoppingCriteria):
    """Stops a row once the text it wrote ends in a keyword, however the tokenizer split it.

    A keyword that is one special token of the tokenizer stops by that id only, unless `spelt_out`: the same
    characters spelt as text (`</s>` is HTML too) are part of an answer and do not stop it. Holds no state:
    each call decodes only the last tokens that could hold the longest keyword, so it costs the same at any
    length, and one object serves many runs.
    """

    def __init__(
        self, keywords: Sequence[str], tokenizer: Any, *, prompt_length: int = 0, spelt_out: bool = False
    ) -> None:
        """Ids before `prompt_length` are never looked at. `spelt_out`: every keyword is a text as well."""
        self.keywords = [keyword for keyword in keywords if keyword]
        self.tokenizer = tokenizer
        self.prompt_length = prompt_length
        self.keyword_ids: list[list[int]] = [
            list(tokenizer.encode(keyword, add_special_tokens=False)) for keyword in self.keywords
        ]
        """Each keyword as the tokenizer spells it on its own (for looking at, not for comparing)."""
        special = special_ids(tokenizer)
        self.stop_ids: frozenset[int] = frozenset(special[k] for k in self.keywords if k in special)
        """Ids that stop by themselves."""
        self.texts: tuple[str, ...] = tuple(k for k in self.keywords if spelt_out or k not in special)
        """Keywords that are looked for in the text."""
        # A token is at least one byte of text, so no keyword spans more tokens than it has bytes.
        self._reach = max((len(text.encode()) for text in self.texts), default=0) + 1

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        """A bool tensor of shape (batch,), for `input_ids` of shape (batch, length)."""
        start = max(self.prompt_length, input_ids.shape[1] - self._reach - 1)
        rows = input_ids[:, start:].tolist()
        done = [self._is_done(row) for row in rows]
        return torch.tensor(done, dtype=torch.bool, device=input_ids.device)

    def _is_done(self, ids: list[int]) -> bool:
        if not ids:
            return False
        if ids[-1] in self.stop_ids:
            return True
        if not self.texts:
            return False
        text = self.tokenizer.decode(ids, skip_special_tokens=True)
        if not any(keyword in text for keyword in self.texts):
            return False
        # The last token must be the one that completed it; it may hang over the keyword's end.
        before = self.tokenizer.decode(ids[:-1], skip_special_tokens=True)
        return any(
            keyword in text and text.rfind(keyword) + len(keyword) > len(before) for keyword in self.texts
        )


class AnswerStoppingCriteria(KeywordsStoppingCriteria):
    """Stops at what ends an answer and no thinking: texts that a request named, and ids between messages."""

    def __init__(
        self,
        stops: Sequence[str],
        ids: Set[int],
        tokenizer: Any,
        *,
        prompt_length: int,
        is_answer: Callable[[], bool],
        is_over: Callable[[], bool],
    ) -> None:
        """`is_answer` and `is_over` say of what was written before the latest token whether it is answer, and
        whether it ended: a stop in the very first token of an answer is found one late."""
        super().__init__(stops, tokenizer, prompt_length=prompt_length, spelt_out=True)
        self.stop_ids |= ids
        self._is_answer = is_answer
        self._is_over = is_over

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        if self._is_answer() and not self._is_over():
            return super().__call__(input_ids, scores, **kwargs)
        over = torch.full((input_ids.shape[0],), self._is_over(), dtype=torch.bool)
        return over.to(input_ids.device)


class KeywordFilter:
    """Keeps keywords out of sight in text that comes in pieces.

    Text that may be the beginning of a keyword is held back until it is one (then it is dropped, with
    everything after it) or is not (then it is let through).
    """

    def __init__(self, keywords: Sequence[str]) -> None:
        self._keywords = tuple(keyword for keyword in keywords if keyword)
        self._held = ""
        self._shown = 0
        """How many characters of what is held were shown before anybody held them back."""
        self.matched = False
        """True once a keyword came: the answer ends there."""

    def follows(self, text: str) -> None:
        """What is fed stands behind this text, which is shown already."""
        self._shown = max((_overlap(text, keyword) for keyword in self._keywords), default=0)
        self._held = text[len(text) - self._shown :]

    def feed(self, text: str) -> str:
        """What may be shown now."""
        if self.matched or not text:
            return ""
        if not self._keywords:
            return text
        text = self._held + text
        at = min((i for i in map(text.find, self._keywords) if i >= 0), default=-1)
        if at >= 0:
            self.matched = True
            self._held = ""
            return text[self._shown : at]
        keep = max((_overlap(text, keyword) for keyword in self._keywords), default=0)
        end = len(text) - keep
        self._held, shown = text[end:], self._shown
        self._shown = max(0, shown - end)
        return text[shown:end]

    def flush(self) -> str:
        """The held text: it never became a keyword."""
        held, self._held = self._held[self._shown :], ""
        self._shown = 0
        return "" if self.matched else held


def special_ids(tokenizer: Any) -> dict[str, int]:
    """The tokenizer's special tokens, text to id."""
    added = getattr(tokenizer, "added_tokens_decoder", {})
    found = {token.content: id_ for id_, token in added.items() if token.special}
    for text in tokenizer.all_special_tokens:
        id_ = tokenizer.convert_tokens_to_ids(text)
        if isinstance(id_, int):
            found.setdefault(text, id_)
    return found


def _overlap(text: str, keyword: str) -> int:
    """Length of the longest end of `text` that begins `keyword`."""
    for size in range(min(len(text), len(keyword) - 1), 0, -1):
        if keyword.startswith(text[-size:]):
            return size
    return 0
