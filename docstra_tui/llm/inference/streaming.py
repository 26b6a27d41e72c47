"""Token ids become text while they are generated: nothing twice, nothing taken back, O(1) a token.

transformers' own `TextIteratorStreamer` holds text back to a space and decodes the whole line again
for every token (quadratic); `tokenizers.decoders.DecodeStream` does neither, but raises where more bytes
change what they follow, and loses an unfinished character at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any, Protocol

from docstra_tui.llm.answer import Reframed, Thought
from docstra_tui.llm.inference.stopping import Cancelled, KeywordFilter

REPLACEMENT = "\ufffd"

LONGEST_HELD = 64
"""Ids that wait for the end of a character; it takes four at most, so these are bytes of no text."""


class PieceDecoder:
    """Ids in, text out. The pieces and the flush together are `decode(all ids)` without the `dropped` ones.

    A new id is decoded behind those of the last piece, and what those say by themselves is taken off its
    front: so a space or a character that belongs to both is there once.
    """

    def __init__(self, tokenizer: Any, dropped: Set[int] = frozenset()) -> None:
        """`dropped` are ids that are no text (`control_tokens.control_ids`)."""
        self._tokenizer = tokenizer
        self._backend: Any = getattr(tokenizer, "backend_tokenizer", None)
        self._dropped = dropped
        self._last: list[int] = []
        """The ids of the last piece."""
        self._said = ""
        """What they are as text, by themselves."""
        self._held: list[int] = []
        """Ids behind it that were not given out."""

    def step(self, id_: int) -> str:
        """The text that this id completes; empty while a character is unfinished."""
        if id_ in self._dropped:
            return ""
        self._held.append(id_)
        text = self._behind_last()
        is_unfinished = not text or text.endswith(REPLACEMENT)
        if is_unfinished and len(self._held) < LONGEST_HELD:
            return ""
        self._last, self._held = self._held, []
        self._said = self._decode(self._last)
        return text

    def flush(self) -> str:
        """What was held back: an unfinished last character."""
        text = self._behind_last() if self._held else ""
        self._held = []
        return text

    @property
    def is_unfinished(self) -> bool:
        """True in the middle of a character."""
        return bool(self._held)

    def _behind_last(self) -> str:
        whole = self._decode(self._last + self._held)
        if whole.startswith(self._said):
            return whole[len(self._said) :]
        # Together they are other text than one after the other (bytes that are no character): what was
        # shown stays, and the new ids stand for themselves.
        return self._decode(self._held)

    def _decode(self, ids: list[int]) -> str:
        if self._backend is not None:
            return str(self._backend.decode(ids, skip_special_tokens=False))
        return str(self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))


class Reader(Protocol):
    """Makes pieces of an answer out of ids (`thoughts.ThoughtReader`)."""

    def step(self, id_: int) -> Sequence[str | Thought | Reframed]: ...

    def flush(self) -> Sequence[str | Thought | Reframed]: ...


class AnswerStreamer:
    """The streamer that `model.generate` writes to: one for one request, never used again."""

    def __init__(
        self,
        reader: Reader,
        ends: tuple[str, ...],
        stops: tuple[str, ...],
        emit: Callable[[str | Thought | Reframed], None],
        is_cancelled: Callable[[], bool],
        on_first_token: Callable[[], None],
    ) -> None:
        """`ends` are texts that end an answer wherever they are written, `stops` those that end it where
        it is no thinking."""
        self._reader = reader
        self._thoughts = KeywordFilter(ends)
        self._texts = KeywordFilter((*ends, *stops))
        self._emit = emit
        self._is_cancelled = is_cancelled
        self._on_first_token = on_first_token
        self._is_prompt = True
        self.ids: list[int] = []
        """What was generated, stop ids included."""
        self.fed: int | None = None
        """How many of `ids` the model has read back; None while the prompt is not wholly read."""

    def follows(self, text: str) -> None:
        """Before anything comes: it stands behind this text, in which a keyword may have begun."""
        self._texts.follows(text)

    @property
    def matched_keyword(self) -> bool:
        """True once a keyword was written."""
        return self._thoughts.matched or self._texts.matched

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
        for id_ in value.reshape(-1).tolist():
            self.ids.append(id_)
            self._give_out(self._reader.step(id_))

    def end(self) -> None:
        """Called by `generate` on success only; `finish` does the work for every ending."""

    def finish(self) -> None:
        """Give out what is still held back."""
        self._give_out(self._reader.flush())
        self._give_out_thought(self._thoughts.flush())
        self._give_out_text(self._texts.flush())

    def _give_out(self, pieces: Iterable[str | Thought | Reframed]) -> None:
        for piece in pieces:
            if self.matched_keyword:
                return
            if isinstance(piece, Thought):
                self._give_out_text(self._texts.flush())
                self._give_out_thought(self._thoughts.feed(piece.text))
            elif isinstance(piece, Reframed):
                self._give_out_text(self._texts.flush())
                self._emit(piece)
            else:
                self._give_out_thought(self._thoughts.flush())
                self._give_out_text(self._texts.feed(piece))

    def _give_out_thought(self, text: str) -> None:
        if text:
            self._emit(Thought(text))

    def _give_out_text(self, text: str) -> None:
        if text:
            self._emit(text)
