"""Text comes out as it is generated, and is exactly what a full decode would give."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui.llm.inference.control_tokens import control_ids
from docstra_tui.llm.inference.stopping import Cancelled
from docstra_tui.llm.inference.streaming import LONGEST_HELD, AnswerStreamer, PieceDecoder
from docstra_tui.llm.inference.thoughts import ThinkingMarks, ThoughtReader
from tests.tiny_models import tiny_tokenizer

TOKENIZER = tiny_tokenizer("llama", 2048)
TOKENIZER.add_special_tokens({"additional_special_tokens": ["<filename>", "<|fim pad|>"]})
VOCABULARY = len(TOKENIZER)
CONTROL = control_ids(TOKENIZER)


def whole(ids: list[int]) -> str:
    return TOKENIZER.decode([id_ for id_ in ids if id_ not in CONTROL], skip_special_tokens=False)


def sentencepiece_like() -> Any:
    """As Llama 2 and Gemma have it: bytes have tokens of their own, a leading space is stripped."""
    from tokenizers import Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    words = ["▁the", "▁a", "foo", "▁", "▁▁", "é", "日", "x", "."]
    vocabulary = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *words]
    backend = Tokenizer(
        models.BPE({text: id_ for id_, text in enumerate(vocabulary)}, [], byte_fallback=True, fuse_unk=True)
    )
    backend.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(content=" ", left=1),
        ]
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>")


PIECES = sentencepiece_like()
FIRST_BYTE = 3
FIRST_WORD = FIRST_BYTE + 256
WORDS = list(range(FIRST_WORD, len(PIECES)))


def bytes_of(text: str) -> list[int]:
    return [FIRST_BYTE + byte for byte in text.encode()]


WORD = st.sampled_from(WORDS)
CHARACTERS = st.text(min_size=1, max_size=3).map(bytes_of)
HIGH_BYTE = st.integers(FIRST_BYTE + 128, FIRST_WORD - 1)


class NoBackend:
    """The same tokenizer as one written in Python: without `DecodeStream`."""

    backend_tokenizer = None

    def decode(self, ids: list[int], **kwargs: Any) -> str:
        return TOKENIZER.decode(ids, **kwargs)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, VOCABULARY - 1), max_size=60))
def test_pieces_and_flush_are_the_full_decode_for_any_ids(ids: list[int]) -> None:
    decoder = PieceDecoder(TOKENIZER, CONTROL)

    text = "".join(decoder.step(id_) for id_ in ids) + decoder.flush()

    assert text == whole(ids)


def bytes_of(text: str) -> list[int]:
    return [FIRST_BYTE + byte for byte in text.encode()]


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(WORDS).map(lambda id_: [id_]), st.text(min_size=1, max_size=3).map(bytes_of)
        ),
        max_size=30,
    )
)
def test_pieces_and_flush_are_the_full_decode_where_bytes_have_tokens(parts: list[list[int]]) -> None:
    ids = [id_ for part in parts for id_ in part]
    decoder = PieceDecoder(PIECES)

    text = "".join(decoder.step(id_) for id_ in ids) + decoder.flush()

    assert text == PIECES.backend_tokenizer.decode(ids, skip_special_tokens=False)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.one_of(st.sampled_from(WORDS), st.integers(FIRST_BYTE + 128, FIRST_WORD - 1)), max_size=60)
)
def test_bytes_that_are_no_text_cost_and_repeat_no_other_piece(ids: list[int]) -> None:
    """A full decode takes back characters once a bad byte follows them; what was shown is not taken back."""
    decoder = PieceDecoder(PIECES)
    expected = PIECES.backend_tokenizer.decode(ids, skip_special_tokens=False)

    text = "".join(decoder.step(id_) for id_ in ids) + decoder.flush()

    def plain(text: str) -> str:
        return "".join(character for character in text if character.isascii())

    assert plain(text) == plain(expected)


def test_a_bad_byte_behind_a_long_answer_repeats_nothing_of_it() -> None:
    ids = [*WORDS[:3] * 20, *bytes_of("é"), FIRST_BYTE + 0xFF, WORDS[2], WORDS[0]]
    decoder = PieceDecoder(PIECES)

    text = "".join(decoder.step(id_) for id_ in ids) + decoder.flush()

    assert text == " the afoo".lstrip() + " the afoo" * 19 + "é\ufffdfoo the"


def test_a_decoder_that_contradicts_itself_never_makes_a_piece_come_twice() -> None:
    class Contrary:
        """Joins ids in another way each time."""

        def decode(self, ids: list[int], **kwargs: Any) -> str:
            return f"<{'+'.join(map(str, ids))}>"

    decoder = PieceDecoder(Contrary())

    pieces = [decoder.step(id_) for id_ in range(5)]

    assert pieces == ["<0>", "<1>", "<2>", "<3>", "<4>"]
    assert decoder.flush() == ""


def test_a_token_costs_the_same_at_the_end_of_a_long_answer() -> None:
    lengths: list[int] = []

    class Watched:
        def decode(self, ids: list[int], **kwargs: Any) -> str:
            lengths.append(len(ids))
            return PIECES.decode(ids, **kwargs)

    decoder = PieceDecoder(Watched())
    for _ in range(500):
        decoder.step(FIRST_BYTE + 0xFF)
        decoder.step(WORDS[0])
    for _ in range(500):
        decoder.step(FIRST_BYTE + 0xFF)

    assert max(lengths) <= 2 * LONGEST_HELD


def test_special_tokens_that_are_words_of_an_answer_stay_in_it() -> None:
    name = TOKENIZER.convert_tokens_to_ids("<filename>")
    end = TOKENIZER.convert_tokens_to_ids("<|im_end|>")
    assert name not in CONTROL and end in CONTROL
    ids = [*TOKENIZER.encode("cp ", add_special_tokens=False), name]
    ids += [*TOKENIZER.encode(" dest", add_special_tokens=False), end]
    decoder = PieceDecoder(TOKENIZER, CONTROL)

    text = "".join(decoder.step(id_) for id_ in ids) + decoder.flush()

    assert text == "cp <filename> dest"


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=40), st.sampled_from(["backend", "python"]))
def test_a_character_is_never_shown_half(text: str, kind: str) -> None:
    decoder = PieceDecoder(TOKENIZER if kind == "backend" else NoBackend(), CONTROL)
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


def streamer(pieces: list[Any], keywords: tuple[str, ...] = (), cancelled: bool = False) -> AnswerStreamer:
    reader = ThoughtReader(ThinkingMarks(TOKENIZER), [])
    return AnswerStreamer(reader, keywords, (), pieces.append, lambda: cancelled, lambda: None)


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
