"""A GGUF's text is cut as its vocabulary was learned, whatever the file calls that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from docstra_tui.llm.files.gguf_files import read_header
from docstra_tui.llm.loading import gguf_reading, gguf_splits
from docstra_tui.llm.local import LocalLLM
from tests.llm.loading.gguf_models import Listed, write
from tests.tiny_models import CHATML, CORPUS, tiny_model

LEARNED = [*CORPUS, *("x = 2024; y = 1000; total(2024, 1000)\n\n    });\n\n" for _ in range(20))]
TEXT = "total = 2024 + 1000;\n\n\n    it's   {x}\n"


def learned(name: str) -> Any:
    """A tokenizer whose words were cut as files do that name it so."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = gguf_splits.splitter(name)
    backend.decoder = decoders.ByteLevel()
    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=marks,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(LEARNED, trainer)
    names = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=512, **names)
    tokenizer.chat_template = CHATML
    return tokenizer


@pytest.fixture
def file(tmp_path: Path) -> Callable[[Any, str], Path]:
    torch.set_num_threads(1)

    def written(tokenizer: Any, name: str) -> Path:
        model = tiny_model("llama", tokenizer, layers=2, window=512, seed=0)
        return write(tmp_path / f"{name}.gguf", model, tokenizer, "llama", listed=Listed(split=name))

    return written


@pytest.mark.parametrize(
    "name", ["gpt-2", "smollm", "starcoder", "llama-bpe", "qwen2", "tekken", "deepseek-llm", "deepseek-coder"]
)
def test_a_name_that_is_known_cuts_as_it_should(name: str, file: Callable[[Any, str], Path]) -> None:
    tokenizer = learned(name)
    found = gguf_reading.describe(read_header(file(tokenizer, name)))
    assert found.notes == ()
    assert found.tokenizer.encode(TEXT) == tokenizer.encode(TEXT)


def test_digits_stand_alone_where_the_file_says_so() -> None:
    cut = [text for text, _ in gguf_splits.splitter("smollm").pre_tokenize_str("x 12")]
    assert cut == ["x", "Ġ", "1", "2"]


@pytest.mark.parametrize("name", ["", "default", "of-tomorrow"])
def test_without_a_known_name_the_vocabulary_tells_and_it_is_said(
    name: str, file: Callable[[Any, str], Path]
) -> None:
    tokenizer = learned("llama-bpe")
    found = gguf_reading.describe(read_header(file(tokenizer, name)))
    assert found.tokenizer.encode(TEXT) == tokenizer.encode(TEXT)
    (note,) = found.notes
    assert ("(of-tomorrow)" in note) == (name == "of-tomorrow")
    assert "llama-bpe" in note or "gpt-4o" in note


def test_a_name_that_does_not_fit_the_vocabulary_is_not_believed(file: Callable[[Any, str], Path]) -> None:
    """Early files of Llama 3 call themselves GPT-2's."""
    tokenizer = learned("llama-bpe")
    path = file(tokenizer, "smollm")
    for _ in range(2):
        llm = LocalLLM(str(path), device="cpu", reserve=32)
        try:
            assert llm.tokenizer.encode(TEXT) == tokenizer.encode(TEXT)
            assert [note for note in llm.notes if "does not fit (smollm)" in note]
        finally:
            llm.close()


def test_every_name_of_ours_is_a_way_to_cut() -> None:
    for name in gguf_splits.NAMES:
        cut = gguf_splits.splitter(name)
        assert "".join(text for text, _ in cut.pre_tokenize_str("a 1 b\n")) == "aĠ1ĠbĊ"
    assert gguf_splits.splitter("of-tomorrow") is None
