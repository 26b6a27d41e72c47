"""The ids that reach a model are those of its GGUF, and every mark that ends a turn ends an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer

from docstra_tui.errors import BadModelFile
from docstra_tui.llm.files.gguf_files import read_header
from docstra_tui.llm.loading import conversion, gguf_reading, gguf_vocabulary
from docstra_tui.llm.local import LocalLLM
from tests.llm.loading.gguf_models import Listed, write
from tests.tiny_models import make_tiny, tiny_model, tiny_tokenizer

DEEPSEEK = {
    "<|endoftext|>": "<｜end▁of▁sentence｜>",
    "<|im_start|>": "<｜begin▁of▁sentence｜>",
    "<|im_end|>": "<｜User｜>",
}
"""No character of the byte alphabet is among `｜` and `▁`."""

WORDS = "def total(rows):\n    return sum(rows)  # 12345 日本語 <|endoftext|> </think>\n"


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    torch.set_num_threads(1)
    return tiny_tokenizer("llama", 512)


@pytest.fixture(scope="module")
def model(tokenizer: Any) -> Any:
    return tiny_model("llama", tokenizer, layers=2, window=512, seed=0)


@contextmanager
def answering(path: Path) -> Iterator[LocalLLM]:
    llm = LocalLLM(str(path), max_tokens=12, temperature=0.0, device="cpu", reserve=32)
    try:
        yield llm
    finally:
        llm.close()


def described(path: Path) -> Any:
    return gguf_reading.describe(read_header(path))


def test_marks_that_no_byte_spells_have_the_ids_of_the_file(
    tmp_path: Path, tokenizer: Any, model: Any
) -> None:
    """All of DeepSeek's: transformers puts the first behind the vocabulary, and every question failed."""
    path = write(tmp_path / "m.gguf", model, tokenizer, "llama", listed=Listed(DEEPSEEK))
    found = described(path).tokenizer
    assert (found.pad_token_id, found.bos_token_id, found.eos_token_id) == (0, 1, 2)
    assert len(found) == 600
    for id_, text in enumerate(DEEPSEEK.values()):
        assert found.encode(f"a{text}b", add_special_tokens=False)[1:-1] == [id_]


def test_such_a_file_answers_as_its_source_does(tmp_path: Path, tokenizer: Any, model: Any) -> None:
    with answering(make_tiny(tmp_path / "source", window=512)) as llm:
        expected = llm.generate("what does this do?")
    path = write(tmp_path / "m.gguf", model, tokenizer, "llama", listed=Listed(DEEPSEEK))
    for _ in range(2):
        with answering(path) as llm:
            assert llm.generate("what does this do?") == expected != ""
            assert llm.notes == ()
    assert conversion.converted(path) is not None


def test_what_the_file_does_not_have_has_no_id(tmp_path: Path, tokenizer: Any, model: Any) -> None:
    """transformers adds `<|endoftext|>` to every file of this kind; without a row for it, one that writes
    about tokenizers in a file would end the answer with an IndexError."""
    spelt = {"<|endoftext|>": "<|end_of_text|>"}
    path = write(tmp_path / "m.gguf", model, tokenizer, "llama", listed=Listed(spelt))
    found = described(path).tokenizer
    assert max(found.encode(WORDS)) < 600 and len(found) == 600
    assert found.decode(found.encode(WORDS, add_special_tokens=False)) == WORDS


def test_a_converted_file_counts_as_the_file_does(tmp_path: Path, tokenizer: Any, model: Any) -> None:
    path = write(tmp_path / "m.gguf", model, tokenizer, "llama", listed=Listed(DEEPSEEK, split="smollm"))
    with answering(path) as llm:
        of_the_file = llm.tokenizer
    folder = conversion.converted(path)
    assert folder is not None
    again = AutoTokenizer.from_pretrained(folder)
    for text in (WORDS, *DEEPSEEK.values(), "  \n\n\t x"):
        assert again.encode(text) == of_the_file.encode(text)
    assert again.all_special_ids == of_the_file.all_special_ids


def test_words_that_are_never_cut_stay_whole_beside_their_spelling(
    tmp_path: Path, tokenizer: Any, model: Any
) -> None:
    """A run of spaces as a word of its own, where the same run is also what merges make."""
    runs = [text for text in tokenizer.get_vocab() if text == "ĠĠĠ"]
    assert runs
    spelt = {"<|endoftext|>": "   "}
    path = write(tmp_path / "m.gguf", model, tokenizer, "llama", listed=Listed(spelt, {"   ": 4}))
    found = described(path).tokenizer
    assert found.encode("a   b", add_special_tokens=False)[1] == 0
    assert found.convert_tokens_to_ids("ĠĠĠ") == tokenizer.convert_tokens_to_ids("ĠĠĠ")


def test_a_file_that_cannot_be_mended_is_refused_with_the_reason(
    tmp_path: Path, tokenizer: Any, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf_vocabulary, "_rebuilt", lambda backend, vocabulary: backend)
    path = write(tmp_path / "m.gguf", model, tokenizer, "llama", listed=Listed(DEEPSEEK))
    with pytest.raises(BadModelFile, match=r"<｜end▁of▁sentence｜>.*another") as refused:
        LocalLLM(str(path), device="cpu")
    assert "llama-server" in refused.value.hint


def test_llama_3_takes_words_whole(tmp_path: Path, tokenizer: Any, model: Any) -> None:
    path = write(tmp_path / "m.gguf", model, tokenizer, "llama", listed=Listed(split="llama-bpe"))
    backend = json.loads(described(path).tokenizer.backend_tokenizer.to_str())
    assert backend["model"]["ignore_merges"] is True


# What ends an answer


@pytest.mark.parametrize("name", ["eot", "eom"])
def test_every_end_that_the_file_names_ends_an_answer(
    name: str, tmp_path: Path, tokenizer: Any, model: Any
) -> None:
    whole = write(tmp_path / "whole.gguf", model, tokenizer, "llama")
    with answering(whole) as llm:
        text = str(llm.stream("go on"))
        written = llm._generator.prefixes._prompts[-1].ids[-4]
    path = write(tmp_path / "m.gguf", model, tokenizer, "llama", listed=Listed(ids={name: written}))
    for _ in range(2):
        with answering(path) as llm:
            stream = llm.stream("go on")
            assert text.startswith(str(stream)) and str(stream) != text
            assert stream.finish_reason == "stop"


@pytest.mark.parametrize(
    "mark", ["<end_of_turn>", "<|end|>", "<|eot_id|>", "<|eom_id|>", "<|END_OF_TURN_TOKEN|>", "<turn|>"]
)
def test_marks_that_mean_the_end_of_a_turn_end_an_answer(
    mark: str, tmp_path: Path, tokenizer: Any, model: Any
) -> None:
    path = write(tmp_path / "m.gguf", model, tokenizer, "llama", listed=Listed({"<|endoftext|>": mark}))
    for _ in range(2):
        with answering(path) as llm:
            assert set(llm._generator.recipe.stop_ids()) == {0, 2}


def test_text_that_looks_like_one_ends_nothing(tmp_path: Path, tokenizer: Any, model: Any) -> None:
    """In a vocabulary without marks of its own, `<end_of_turn>` may be a word like any other."""
    listed = Listed({"<|endoftext|>": "<end_of_turn>"}, {"<end_of_turn>": 1})
    path = write(tmp_path / "m.gguf", model, tokenizer, "llama", listed=listed)
    assert gguf_vocabulary.read(path).ends == (2,)


def test_the_end_of_a_part_is_not_the_end(tmp_path: Path, tokenizer: Any, model: Any) -> None:
    """gpt-oss writes `<|end|>` after its thoughts and `<|return|>` after its answer."""
    listed = Listed({"<|endoftext|>": "<|end|>", "<|im_start|>": "<|return|>"})
    path = write(tmp_path / "m.gguf", model, tokenizer, "llama", listed=listed)
    assert gguf_vocabulary.read(path).ends == (2, 1)


# Sentencepiece, whose words are spelt with ▁


def sentencepiece(path: Path, model: Any, tokenizer: Any) -> Path:
    """A file of the kind of Llama 2 and Phi 3: `llama` for its tokenizer, with scores."""
    letters = sorted({*"abcdefghijklmnopqrstuvwxyz0123456789.,()=:+#'\n"})
    words = ["▁t", "ot", "al", "▁a", "▁the", "▁to", "▁tot", "▁total", "th", "he", "the"]
    marks = {0: ("<unk>", 2), 1: ("<s>", 3), 2: ("</s>", 3)}
    plain = [*(f"<0x{byte:02X}>" for byte in range(256)), "▁", *letters, *words]
    texts = [marks[n][0] for n in range(3)] + plain
    texts += [f"<unused{n}>" for n in range(598 - len(texts))] + ["<|user|>", "<|assistant|>"]
    kinds = [marks[n][1] for n in range(3)] + [6] * 256 + [1] * (len(texts) - 259)
    kinds[-2:] = [3, 4]
    scores = [0.0] * 259 + [-float(n) for n in range(len(texts) - 259)]

    def listed(writer: Any) -> None:
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_token_list(texts)
        writer.add_token_types(kinds)
        writer.add_token_scores(scores)
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_unk_token_id(0)

    return write(path, model, tokenizer, "llama", listed=listed)


def test_sentencepiece_is_left_as_it_is(tmp_path: Path, tokenizer: Any, model: Any) -> None:
    path = sentencepiece(tmp_path / "m.gguf", model, tokenizer)
    found = described(path)
    assert found.notes == () and found.ends == (2,)
    ids = found.tokenizer.encode("<|user|>total<|assistant|>", add_special_tokens=False)
    assert ids[0] == 598 and ids[-1] == 599
    assert len(found.tokenizer) == 600
    with answering(path) as llm:
        assert llm.generate("the total") is not None
