"""One question to more files than fit: it is put to each part of them, and a last question joins the answers.

The parts are asked together; whoever shows them takes one after the other, each as a turn of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from docstra_tui.context.fitting.parts import JOINED, Grouped, Part, group
from docstra_tui.errors import DocstraError, NotAsked
from docstra_tui.llm.answer import AnswerStream, Listener, Reading, Settings
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.many import IN_FLIGHT
from docstra_tui.llm.prompt import JOIN, PART, Conversation
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.session.scale import BATCH, Scale
from docstra_tui.session.turn_request import PLAIN, TurnRequest

LEAST_TOKENS = 96
"""Of an answer about one part: with less room for each they are not worth joining."""
SLACK = 32
"""Tokens that a prompt may have more than its parts."""
INEXACT = 0.8
"""Of the room that is used where nobody counts exactly."""


@dataclass(frozen=True)
class Shape:
    """How a question is divided."""

    grouped: Grouped
    answer_tokens: int
    """The longest answer about one part."""


def divide(
    scale: Scale,
    question: str,
    items: Sequence[ContextItem],
    reserve: int,
    *,
    most: int | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> Shape:
    """The files in parts that fit. Blocks: it counts. `most` are tokens of a prompt with its answer, where
    that is less than the window. Raises `DocstraError` where the window is unknown, or too small for it."""
    llm = scale.llm
    window = most or llm.window
    if window is None:
        raise DocstraError(
            "Nobody knows how much fits into one question: the server does not tell its window.",
            "Say it with the setting remote.context.",
        )

    def weighed(item: ContextItem) -> int:
        if not is_wanted():
            raise NotAsked("The question was not asked.", "It was still being counted.")
        return scale.item(item)

    for start in range(0, len(items), BATCH):
        if not is_wanted():
            break
        scale.add(items[start : start + BATCH])
        on_progress(min(start + BATCH, len(items)), len(items))
    usable = int((window - SLACK) * (1 if llm.counts_exactly else INEXACT))
    asked = scale.empty + scale.question(PART, {"question": question})
    answer = max(LEAST_TOKENS, min(llm.max_tokens, window // 4))
    while True:
        room = usable - asked - max(reserve, answer)
        if room < LEAST_TOKENS:
            raise DocstraError("The question is too long to be put to parts of the files.", "Shorten it.")
        grouped = group(items, weighed, room)
        count = len(grouped.parts)
        if not count and items:
            raise DocstraError(
                "Nothing of the files fits into a question: each has a line that is too long by itself.",
                "Name other files, or pick a model with a longer window.",
            )
        if count < 2:
            return Shape(grouped, answer)
        nothing = {"question": question, "answers": _joined(grouped.parts, [""] * count)}
        share = (usable - scale.empty - scale.question(JOIN, nothing) - reserve) // count - JOINED
        if answer <= share:
            return Shape(grouped, answer)
        if share < LEAST_TOKENS:
            raise DocstraError(
                f"That is {count:,} parts, more than one answer can join.",
                "Name fewer files, or pick a model with a longer window.",
            )
        answer = share


@dataclass
class Each:
    """The turns that one question becomes. In memory only."""

    llm: BaseLLM
    question: str
    shape: Shape
    written: str = ""
    """What one writes to ask it again."""
    think: Think | None = None
    unsaid: tuple[str, ...] = ()
    """What else is not sent; ready to show."""
    answers: dict[int, str] = field(default_factory=dict)
    """What was answered about the parts, by their number from 0."""
    _running: dict[int, tuple[AnswerStream, _Heard]] = field(default_factory=dict)
    _is_cancelled: bool = False

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.shape.grouped.parts

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is not sent, lines that no prompt holds among it."""
        return (*self.unsaid, *self.shape.grouped.left_out)

    def part(self, number: int) -> TurnRequest:
        """The question to one part, by its number from 0."""
        part, count = self.parts[number], len(self.parts)
        return TurnRequest(
            PART,
            f"{self.question}\n\n(part {number + 1} of {count}: {named(part)})",
            {"question": self.question},
            part.items,
            files=part.labels,
            written=self.written or self.question,
            is_alone=True,
            think=self.think,
            left_out=self.left_out,
            among=self,
        )

    def first(self) -> TurnRequest:
        """What is asked first: of files that all fit, the question itself."""
        if len(self.parts) > 1:
            return self.part(0)
        items = self.parts[0].items if self.parts else ()
        fields = {"question": self.question}
        return TurnRequest(
            PLAIN,
            self.question,
            fields,
            items,
            written=self.written,
            is_alone=True,
            think=self.think,
            left_out=self.left_out,
        )

    def join(self) -> TurnRequest:
        """What makes one answer of all."""
        answers = [self.answers[number] for number in range(len(self.parts))]
        return TurnRequest(
            JOIN,
            f"{self.question}\n\n(from {len(self.parts)} parts)",
            {"question": self.question, "answers": _joined(self.parts, answers)},
            written=self.written or self.question,
            is_alone=True,
            think=self.think,
            left_out=self.left_out,
        )

    def conversation(self, number: int) -> Conversation:
        """The prompt of one part."""
        request = self.part(number)
        return self.llm.prompt_builder.asked(request.task, request.focus, (), request.fields)

    # As turns, one after the other

    def answer(self, request: TurnRequest, listener: Listener) -> AnswerStream:
        """The answer about a part; those of the next ones are on their way then too."""
        number = self._number(request)
        for other in range(number, min(number + IN_FLIGHT, len(self.parts))):
            if other not in self._running and not self._is_cancelled:
                self._running[other] = self._begun(other)
        if number not in self._running:
            raise DocstraError("The question was stopped.")
        stream, heard = self._running[number]
        heard.listener = listener
        return stream

    def following(self, request: TurnRequest, answer: str) -> TurnRequest | None:
        """What is asked when a part has its answer."""
        number = self._number(request)
        self.answers[number] = answer
        return self.join() if number + 1 == len(self.parts) else self.part(number + 1)

    def cancel(self) -> None:
        """No more is wanted. Never blocks, any thread."""
        self._is_cancelled = True
        for stream, _ in tuple(self._running.values()):
            stream.cancel()

    def _number(self, request: TurnRequest) -> int:
        return next(number for number, part in enumerate(self.parts) if part.items == request.focus)

    def _begun(self, number: int) -> tuple[AnswerStream, _Heard]:
        asked, heard = self.conversation(number), _Heard()
        listener = Listener(heard.thought, heard.reframed, heard.read, heard.sent)
        stream = self.llm.stream(
            asked.messages,
            max_tokens=self.shape.answer_tokens,
            stable=asked.stable,
            think=self.think,
            batch=True,
            listener=listener,
        )
        return stream, heard


class _Heard:
    """Passes on what an answer tells, to whoever reads it later."""

    def __init__(self) -> None:
        self.listener = Listener()

    def thought(self, text: str) -> None:
        if self.listener.on_thinking is not None:
            self.listener.on_thinking(text)

    def reframed(self) -> None:
        if self.listener.on_reframed is not None:
            self.listener.on_reframed()

    def sent(self, settings: Settings) -> None:
        if self.listener.on_sent is not None:
            self.listener.on_sent(settings)

    def read(self, reading: Reading) -> None:
        if self.listener.on_reading is not None:
            self.listener.on_reading(reading)


def _joined(parts: Sequence[Part], answers: Sequence[str]) -> str:
    """The answers as the last question has them, each in a frame that it cannot end itself."""
    pairs = enumerate(zip(parts, answers, strict=True), 1)
    return "\n\n".join(
        f"About part {number} of {len(parts)}, {named(part)}:\n{ContextItem(answer.strip()).render()}"
        for number, (part, answer) in pairs
    )


def named(part: Part) -> str:
    """`a.py, b.py and 7 more`."""
    more = len(part.labels) - 4
    return ", ".join(part.labels[:4]) + (f" and {more:,} more" if more > 0 else "")
