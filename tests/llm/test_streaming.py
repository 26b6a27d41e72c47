"""Text comes out as it is generated, and is exactly what a full decode would give."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui.llm.stopping import Cancelled
from docstra_tui.llm.streaming import AnswerStreamer, PieceDecoder
from tests.tiny_models import tiny_tokenizer

TOKENIZER = tiny_tokenizer("llama", 2048)
VOCABULARY = len(TOKENIZER)


def whole(ids: list[int]) -> str:
    return TOKENIZER.decode(ids, skip_special_tokens=True)


class NoBackend:
    """The same tokenizer as one written in Python: without `DecodeStream`."""

    backend_tokenizer = None

    def decode(self, ids: list[int], **kwargs: Any) -> str:
        return TOKENIZER.decode(ids, **kwargs)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, VOCABULARY - 1), max_size=60))
def test_pieces_and_flush_are_the_full_decode_for_any_ids(ids: list[int]) -> None:
    decoder = PieceDecoder(TOKENIZER)

    text = "".join(decoder.step(id_) for id_ in ids) + decoder.flush()

    assert text == whole(ids)


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=40), st.sampled_from(["backend", "python"]))
def test_a_character_is_never_shown_half(text: str, kind: str) -> None:
    decoder = PieceDecoder(TOKENIZER if kind == "backend" else NoBackend())
    ids = TOKENIZER.encode(text, add_special_tokens=False, split_special_tokens=True)
    expected = whole(ids)
    shown = ""
    for id_ in ids:
        shown += decoder.step(id_)
        assert expected.startswith(shown)  # nothing is ever taken back

    assert shown + decoder.flush() == expected


def test_kana_come_out_token_by_token() -> None:
    """Unlike with a streamer that waits for a space."""
    ids = TOKENIZER.encode("ですますですます", add_special_tokens=False)
    decoder = PieceDecoder(TOKENIZER)

    pieces = [decoder.step(id_) for id_ in ids]

    assert sum(1 for piece in pieces if piece) >= 8


def test_an_unfinished_emoji_comes_with_the_flush() -> None:
    ids = TOKENIZER.encode("🦀", add_special_tokens=False)
    assert len(ids) > 1
    decoder = PieceDecoder(TOKENIZER)

    shown = "".join(decoder.step(id_) for id_ in ids[:-1])

    assert shown == ""
    assert decoder.flush() == whole(ids[:-1])


def streamer(pieces: list[str], keywords: tuple[str, ...] = (), cancelled: bool = False) -> AnswerStreamer:
    return AnswerStreamer(TOKENIZER, keywords, pieces.append, lambda: cancelled, lambda: None)


def test_the_prompt_and_special_tokens_are_not_part_of_the_answer() -> None:
    pieces: list[str] = []
    writer = streamer(pieces)
    end = TOKENIZER.convert_tokens_to_ids("<|im_end|>")

    writer.put(torch.tensor([TOKENIZER.encode("a secret prompt", add_special_tokens=False)]))
    for id_ in [*TOKENIZER.encode("hello", add_special_tokens=False), end]:
        writer.put(torch.tensor([id_]))
    writer.finish()

    assert "".join(pieces) == "hello"


def test_a_keyword_is_cut_off_with_all_that_follows() -> None:
    pieces: list[str] = []
    writer = streamer(pieces, keywords=("\nUser:",))
    writer.put(torch.tensor([[1]]))
    for id_ in TOKENIZER.encode("yes\nUser: more", add_special_tokens=False):
        writer.put(torch.tensor([id_]))
    writer.finish()

    assert "".join(pieces) == "yes"
    assert writer.matched_keyword


def test_a_cancel_leaves_at_the_next_token() -> None:
    writer = streamer([], cancelled=True)
    writer.put(torch.tensor([[1]]))

    with pytest.raises(Cancelled):
        writer.put(torch.tensor([[1]]))
