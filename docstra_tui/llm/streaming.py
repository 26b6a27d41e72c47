"""Token ids become text while they are generated: exact at the end, nothing taken back, O(1) a token.

transformers' own `TextIteratorStreamer` holds text back to a space and decodes the whole line again
for every token (quadratic); `tokenizers.decoders.DecodeStream` does neither, but loses an unfinished
character at the end, which the final flush brings back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tokenizers.decoders import DecodeStream

from docstra_tui.llm.stopping import Cancelled, KeywordFilter

REPLACEMENT = "\ufffd"


class PieceDecoder:
    """Ids in, text out. The pieces and the flush together are `decode(all ids)`, special tokens skipped."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._backend: Any = getattr(tokenizer, "backend_tokenizer", None)
        self._stream = DecodeStream([], skip_special_tokens=True) if self._backend is not None else None
        self._ids: list[int] = []
        self._emitted = 0
        """Characters given out."""
        self._anchor = 0
        """Without a stream: ids before this index are settled."""
        self._settled = ""

    def step(self, id_: int) -> str:
        """The text that this id completes; empty while a character is unfinished."""
        self._ids.append(id_)
        if self._stream is None:
            return self._step_by_window()
        try:
            text = self._stream.step(self._backend, id_) or ""
        except Exception:  # a byte sequence that cannot go on: decode the rest by windows instead
            self._stream = None
            self._settled = self._decode(self._ids[:-1])[: self._emitted]
            return self._catch_up()
        self._emitted += len(text)
        return text

    def flush(self) -> str:
        """What a full decode shows beyond the pieces: an unfinished last character."""
        rest = self._decode(self._ids)[self._emitted :]
        self._emitted += len(rest)
        return rest

    def _decode(self, ids: list[int]) -> str:
        if self._backend is not None:
            return str(self._backend.decode(ids, skip_special_tokens=True))
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _catch_up(self) -> str:
        whole = self._decode(self._ids)
        if whole.endswith(REPLACEMENT):
            return ""
        text = whole[self._emitted :]
        self._emitted += len(text)
        self._anchor = len(self._ids)
        return text

    def _step_by_window(self) -> str:
        # The window starts a few settled ids early, so that what joins them is decoded alike.
        start = max(0, self._anchor - 6)
        before = self._decode(self._ids[start : self._anchor])
        now = self._decode(self._ids[start:])
        if now.endswith(REPLACEMENT) or len(now) <= len(before):
            return ""
        text = now[len(before) :]
        self._emitted += len(text)
        self._anchor = len(self._ids)
        return text


class AnswerStreamer:
    """The streamer that `model.generate` writes to: one for one request, never used again."""

    def __init__(
        self,
        tokenizer: Any,
        keywords: tuple[str, ...],
        emit: Callable[[str], None],
        is_cancelled: Callable[[], bool],
        on_first_token: Callable[[], None],
        on_token: Callable[[], None] = lambda: None,
    ) -> None:
        self._decoder = PieceDecoder(tokenizer)
        self._filter = KeywordFilter(keywords)
        self._emit = emit
        self._is_cancelled = is_cancelled
        self._on_first_token = on_first_token
        self._on_token = on_token
        self._is_prompt = True
        self.ids: list[int] = []
        """What was generated, stop ids included."""
        self.fed: int | None = None
        """How many of `ids` the model has read back; None while the prompt is not wholly read."""

    @property
    def matched_keyword(self) -> bool:
        """True once a keyword was written."""
        return self._filter.matched

    def put(self, value: Any) -> None:
        """The prompt's ids first, then one new id at a time; `value` has shape (1, n) or (1,)."""
        if self._is_prompt:
            self._is_prompt = False
            return
        if self.fed is None:
            self._on_first_token()
        self.fed = len(self.ids)
        if self._is_cancelled():
            raise Cancelled
        self._on_token()
        for id_ in value.reshape(-1).tolist():
            self.ids.append(id_)
            text = self._filter.feed(self._decoder.step(id_))
            if text:
                self._emit(text)

    def end(self) -> None:
        """Called by `generate` on success only; `finish` does the work for every ending."""

    def finish(self) -> None:
        """Give out what is still held back."""
        text = self._filter.feed(self._decoder.flush()) + self._filter.flush()
        if text:
            self._emit(text)
