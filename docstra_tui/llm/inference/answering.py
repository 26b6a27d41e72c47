"""One answer in the making: what reads its ids, who hears of it, what ends it."""

from __future__ import annotations

from collections.abc import Callable

from docstra_tui.llm.answer import Event, Finished, FinishReason, Usage
from docstra_tui.llm.inference.recipe import Recipe, Request
from docstra_tui.llm.inference.streaming import AnswerStreamer


class Answer:
    """The answer to one request, however its tokens are come by."""

    def __init__(
        self,
        recipe: Recipe,
        request: Request,
        emit: Callable[[Event], None],
        is_cancelled: Callable[[], bool],
        on_first_token: Callable[[], None] = lambda: None,
    ) -> None:
        self.request = request
        self._recipe = recipe
        self.reader = recipe.reader(request)
        ends = recipe.texts(request.keywords)
        self.streamer = AnswerStreamer(
            self.reader, ends, request.sampling.stop, emit, is_cancelled, on_first_token
        )
        if request.written is not None:
            self.streamer.follows(request.written.answer)

    def reason(self) -> FinishReason:
        """Why it ended, where nobody cancelled it."""
        if self.streamer.matched_keyword:
            return "stop"
        last = self.streamer.ids[-1] if self.streamer.ids else None
        ended = last in self._recipe.stop_ids(self.request.texts)
        divides = self.reader.in_answer and last in self._recipe.dividing_ids()
        return "stop" if ended or divides else "length"

    def finish(self, reason: FinishReason, reused: int) -> Finished:
        """Give out what is still held back; the one terminal event."""
        streamer = self.streamer
        streamer.finish()
        thought = self.reader.thinking_tokens
        return Finished(reason, Usage(len(self.request.ids), len(streamer.ids), reused, thought))

    @property
    def read(self) -> list[int] | None:
        """The ids that the model has read back, the prompt's first; None while that is not wholly read."""
        fed = self.streamer.fed
        return None if fed is None else self.request.ids + self.streamer.ids[:fed]
