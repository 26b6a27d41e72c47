"""How one answer is to be written: what the request asks for, over what the model's author advises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from transformers import GenerationConfig, StoppingCriteriaList

from docstra_tui.llm.inference.control_tokens import template_text
from docstra_tui.llm.inference.going_on import Encode, written_ids
from docstra_tui.llm.inference.stopping import (
    AnswerStoppingCriteria,
    KeywordsStoppingCriteria,
    special_ids,
)
from docstra_tui.llm.inference.thoughts import ThinkingMarks, ThoughtReader
from docstra_tui.llm.loading.advice import Advice
from docstra_tui.llm.sampling import DRAWING, Sampling
from docstra_tui.llm.written import Written

END_MARKS = ("<|endoftext|>", "<|im_end|>", "</s>")
"""The end marks of common chat formats."""


@dataclass(frozen=True)
class Request:
    """What to read and how to write."""

    ids: list[int]
    """The whole prompt."""
    max_new_tokens: int
    temperature: float
    """0.0 is greedy."""
    keywords: tuple[str, ...] = ()
    """Texts that end the answer and are never shown."""
    sampling: Sampling = field(default_factory=Sampling)
    """What else was asked of the choice of tokens, `stop` among it."""
    thinking: int | None = None
    """The most tokens that may be thought; None is any number."""
    cut: int = 0
    """Leading tokens that another question over the same files will share. 0 for unknown."""
    parting: int = 0
    """Leading tokens that the next turn, behind the answer, will share. 0 for unknown."""
    compact: bool = False
    """What is read is kept in 8 bits."""
    written: Written | None = None
    """What there is of the answer, where one is gone on with: its ids are the last of `ids`."""
    prompt_length: int = 0
    """How many of `ids` stand before that."""

    @property
    def begun(self) -> int:
        """Where the answer begins."""
        return len(self.ids) if self.written is None else self.prompt_length

    @property
    def texts(self) -> tuple[str, ...]:
        """All that was asked to end the answer."""
        return (*self.keywords, *self.sampling.stop)


class Recipe:
    """A model's part of it; the request's is given each time."""

    def __init__(self, tokenizer: Any, advice: Advice) -> None:
        self._tokenizer = tokenizer
        self._advice = advice
        self._special = special_ids(tokenizer)
        self._template = template_text(tokenizer)
        self._marks = ThinkingMarks(tokenizer, frozenset(self._ends()))

    def reader(self, request: Request) -> ThoughtReader:
        """What reads the answer's ids."""
        return ThoughtReader(self._marks, request.ids[: request.begun], request.thinking, request.written)

    def written_ids(
        self, prompt: Sequence[int], written: Written, known: Iterable[Sequence[int]], encode: Encode
    ) -> list[int]:
        """What there is of an answer, as ids behind its prompt."""
        return written_ids(self._marks, prompt, written, known, encode)

    @property
    def advised(self) -> Mapping[str, float]:
        """How the model's author would sample, where a request says nothing else."""
        return self._advice.sampling

    @property
    def may_think(self) -> bool:
        """True where the chat template knows of thinking."""
        return self._marks.in_template

    def config(self, request: Request) -> GenerationConfig:
        """The author's advice (top_p, penalties) with this request's length and temperature."""
        values: dict[str, Any] = dict(self._advice.sampling)
        values["max_new_tokens"] = request.max_new_tokens
        values["do_sample"] = request.temperature > 0
        if request.temperature > 0:
            values["temperature"] = request.temperature
            if request.sampling.top_p is not None:
                values["top_p"] = request.sampling.top_p
        else:  # sampling flags on a greedy run are warned about
            for name in DRAWING:
                values.pop(name, None)
        stops = self.stop_ids(request.texts)
        values["eos_token_id"] = stops or None
        values["pad_token_id"] = self._advice.pad
        if self._advice.pad is None:
            values["pad_token_id"] = stops[0] if stops else 0
        return GenerationConfig(**values)

    def criteria(
        self, request: Request, reader: ThoughtReader, is_over: Callable[[], bool]
    ) -> StoppingCriteriaList:
        """What ends the answer besides ids and length; `is_over` says that what is shown ended."""
        start = len(request.ids)
        found = StoppingCriteriaList()
        if ends := self.texts(request.keywords):
            # What is spelt out ends the answer too: the filter shows nothing behind it.
            found.append(KeywordsStoppingCriteria(ends, self._tokenizer, prompt_length=start, spelt_out=True))
        stops = request.sampling.stop
        if stops or self.dividing_ids() or request.written is not None:
            found.append(
                AnswerStoppingCriteria(
                    stops,
                    self.dividing_ids(),
                    self._tokenizer,
                    prompt_length=start,
                    is_answer=lambda: reader.in_answer,
                    is_over=is_over,
                )
            )
        return found

    def stop_ids(self, keywords: Sequence[str] = ()) -> list[int]:
        """Ids that end an answer by themselves: the model's own, and keywords that are special tokens.

        Not those that end a message of thinking too: they do it only in an answer.
        """
        return [id_ for id_ in self._ends(keywords) if id_ not in self._marks.dividing]

    def dividing_ids(self) -> frozenset[int]:
        """Ids that end a message, and with it the answer where the message is no thinking."""
        return self._marks.dividing

    def _ends(self, keywords: Sequence[str] = ()) -> list[int]:
        ids = [*self._advice.eos, self._tokenizer.eos_token_id]
        every = (*keywords, *self._advice.stop_strings)
        ids += [self._special[keyword] for keyword in every if keyword in self._special]
        return list(dict.fromkeys(id_ for id_ in ids if isinstance(id_, int)))

    def texts(self, keywords: Sequence[str]) -> tuple[str, ...]:
        """Keywords and the checkpoint's own stop strings, those to look for in the text.

        The end marks belong to particular chat formats: where a model ends its answers with an id, only
        those that its own template writes mean an end; the others are text (`</s>` closes a tag in HTML).
        """
        if self.stop_ids(keywords):
            marks = {mark for mark in END_MARKS if mark not in self._template}
            keywords = [keyword for keyword in keywords if keyword not in marks]
        every = dict.fromkeys((*keywords, *self._advice.stop_strings))
        return tuple(keyword for keyword in every if keyword not in self._special)
