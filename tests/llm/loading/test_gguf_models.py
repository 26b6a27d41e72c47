"""Every architecture that is said to be readable is read from a file, and says what its source says."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import gguf
import pytest
import torch
from transformers.utils import logging as theirs

from docstra_tui.errors import BadModelFile, UnknownArchitecture
from docstra_tui.llm.files import gguf_architectures
from docstra_tui.llm.files.gguf_files import read_header
from docstra_tui.llm.files.sources import ModelSpec
from docstra_tui.llm.loading import gguf_reading
from docstra_tui.llm.loading.loader import LoadedModel, load
from tests.llm.loading import gguf_models
from tests.llm.small_models import small_model
from tests.tiny_models import make_tiny_gguf, tiny_tokenizer

KINDS = {
    "gemma2": "gemma2",
    "gemma3": "gemma3_text",
    "gpt2": "gpt2",
    "lfm2": "lfm2",
    "llama": "llama",
    "mamba": "mamba",
    "nemotron": "nemotron",
    "phi3": "phi3",
    "qwen2": "qwen2",
    "qwen2moe": "qwen2_moe",
    "qwen3": "qwen3",
    "qwen35": "qwen3_5_text",
    "qwen35moe": "qwen3_5_moe_text",
    "qwen3moe": "qwen3_moe",
    "stablelm": "stablelm",
    "starcoder2": "starcoder2",
}
"""The architecture of a file, and what transformers calls it."""

IDS = torch.tensor([[5, 40, 300, 7, 99, 120, 55, 301, 200, 5, 6, 7]])


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    torch.set_num_threads(1)
    theirs.set_verbosity_error()
    theirs.disable_progress_bar()
    return tiny_tokenizer("llama", 256)


def loaded(path: Path) -> LoadedModel:
    return load(ModelSpec(str(path), device="cpu"))


def off(one: Any, other: Any) -> float:
    """How far apart the logits are, as a share of their spread."""
    with torch.inference_mode():
        right, found = one(IDS).logits, other(IDS).logits
    return float((found - right).abs().max() / right.std())


def source(kind: str) -> Any:
    """A small model of a kind, with what files of the kind leave unsaid as llama.cpp has it."""
    model = small_model(kind)
    for module in model.modules():
        if kind.startswith("gemma") and hasattr(module, "scaling"):
            module.scaling = module.head_dim**-0.5
        if kind == "qwen3_moe" and hasattr(module, "norm_topk_prob"):
            module.norm_topk_prob = True
    return model


@pytest.mark.parametrize("architecture", KINDS)
def test_a_file_says_what_its_source_says(architecture: str, tmp_path: Path, tokenizer: Any) -> None:
    model = source(KINDS[architecture])
    path = gguf_models.write(tmp_path / "m.gguf", model, tokenizer, architecture)
    for _ in range(2):  # read, and then from what was converted
        found = loaded(path)
        assert off(model, found.model) < 1e-5
        assert found.notes == ()


def test_the_list_has_no_other_names() -> None:
    assert set(gguf_architectures.READABLE) == set(KINDS)
    assert set(KINDS) <= set(gguf.MODEL_ARCH_NAMES.values())


@pytest.mark.parametrize("architecture", sorted(set(gguf.MODEL_ARCH_NAMES.values()) - set(KINDS)))
def test_any_other_is_refused_at_once_with_those_that_work(architecture: str) -> None:
    with pytest.raises(UnknownArchitecture, match=architecture) as refused:
        gguf_architectures.check(architecture, "owner/name")
    assert all(name in refused.value.hint for name in KINDS)
    assert "llama-server" in refused.value.hint


def test_it_is_refused_before_transformers_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make_tiny_gguf(tmp_path / "tiny.gguf")
    key = b"general.architecture" + struct.pack("<IQ", 8, 5)
    file.write_bytes(file.read_bytes().replace(key + b"llama", key + b"bloom"))
    monkeypatch.setattr(gguf_reading, "read_config", lambda path: pytest.fail("too late"))
    with pytest.raises(UnknownArchitecture, match="the architecture bloom, which transformers cannot read"):
        loaded(file)


def test_a_llama_with_experts_is_none(tmp_path: Path, tokenizer: Any) -> None:
    """transformers would read a Mixtral as a llama, and fill its feed-forward layers with chance."""
    path = gguf_models.write(
        tmp_path / "m.gguf", small_model("llama"), tokenizer, "llama", expert_count=8, expert_used_count=2
    )
    with pytest.raises(UnknownArchitecture, match="llama with experts"):
        loaded(path)


def test_a_weight_that_nobody_reads_is_no_detail(tmp_path: Path, tokenizer: Any) -> None:
    model = small_model("llama")
    bias = model.state_dict()["model.layers.0.self_attn.q_proj.weight"][:, 0].numpy()
    path = gguf_models.write(
        tmp_path / "m.gguf", model, tokenizer, "llama", factors={"blk.0.attn_q.bias": bias}
    )
    with pytest.raises(UnknownArchitecture, match=r"not read here, blk\.0\.attn_q\.bias among 1"):
        loaded(path)


def test_a_weight_that_is_not_there_is_no_noise(
    tmp_path: Path, tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = gguf_models.tensors
    monkeypatch.setattr(
        gguf_models,
        "tensors",
        lambda *args: {name: array for name, array in written(*args).items() if "1.ffn_up" not in name},
    )
    path = gguf_models.write(tmp_path / "m.gguf", small_model("llama"), tokenizer, "llama")
    with pytest.raises(UnknownArchitecture, match=r"model\.layers\.1\.mlp\.up_proj\.weight among 1"):
        loaded(path)


def test_weights_of_other_sizes_are_told(tmp_path: Path, tokenizer: Any) -> None:
    path = gguf_models.write(
        tmp_path / "m.gguf", small_model("llama"), tokenizer, "llama", feed_forward_length=32
    )
    with pytest.raises(BadModelFile, match="other sizes"):
        loaded(path)


def test_the_header_has_what_the_file_says_and_only_the_length_of_lists(tmp_path: Path) -> None:
    header = read_header(make_tiny_gguf(tmp_path / "tiny.gguf"))
    assert header.fact("block_count") == 2 and header.fact("nothing") is None
    assert header.metadata["tokenizer.ggml.tokens"] == 600
    assert header.metadata["tokenizer.ggml.merges"] > 100
    whole = read_header(tmp_path / "tiny.gguf", ("tokenizer.ggml.tokens",))
    assert whole.metadata["tokenizer.ggml.tokens"][:2] == ["<|endoftext|>", "<|im_start|>"]
