"""What a GGUF says about positions and sizes reaches the model, or the window is smaller and it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, Gemma2Config, Gemma3TextConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.utils import logging as theirs

from docstra_tui.llm.files.gguf_files import GgufHeader
from docstra_tui.llm.loading import gguf_config
from docstra_tui.llm.local import LocalLLM
from tests.llm.loading import gguf_models
from tests.llm.loading.test_gguf_models import loaded, off
from tests.llm.small_models import small_model
from tests.tiny_models import tiny_tokenizer

DEFAULT = {"rope_type": "default", "rope_theta": 10_000.0}
LLAMA3 = {
    **{"rope_type": "llama3", "rope_theta": 10_000.0, "factor": 8.0, "low_freq_factor": 1.0},
    **{"high_freq_factor": 4.0, "original_max_position_embeddings": 64},
}
LINEAR = {"rope_type": "linear", "rope_theta": 10_000.0, "factor": 4.0}
YARN = {"rope_type": "yarn", "rope_theta": 10_000.0, "factor": 4.0, "original_max_position_embeddings": 64}


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    torch.set_num_threads(1)
    theirs.set_verbosity_error()
    theirs.disable_progress_bar()
    return tiny_tokenizer("llama", 256)


def with_positions(kind: str, **values: Any) -> Any:
    """A small model of a kind that tells positions so; its weights are those of the small model."""
    plain = small_model(kind)
    config = type(plain.config)(**{**plain.config.to_dict(), **values})
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    model.load_state_dict(plain.state_dict())
    return model


def divisors(model: Any) -> dict[str, Any]:
    """By what the frequencies of a llama are divided, as llama.cpp's converter writes it."""
    plain = with_positions("llama", rope_parameters={**DEFAULT}).model.rotary_emb.inv_freq
    stretched, _ = ROPE_INIT_FUNCTIONS["llama3"](model.config)
    return {"rope_freqs.weight": (plain / stretched).numpy().astype(np.float32)}


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
def test_yarn_is_carried_over(kind: str, tmp_path: Path, tokenizer: Any) -> None:
    model = with_positions(kind, rope_parameters={**YARN, "beta_fast": 16.0})
    facts = {
        "rope__scaling__type": "yarn",
        "rope__scaling__factor": 4.0,
        "rope__scaling__original_context_length": 64,
        "rope__scaling__yarn_beta_fast": 16.0,
    }
    path = gguf_models.write(tmp_path / "m.gguf", model, tokenizer, kind, **facts)
    assert off(with_positions(kind, rope_parameters={**DEFAULT}), model) > 1e-2
    for _ in range(2):
        found = loaded(path)
        assert off(model, found.model) < 1e-5
        assert (found.window, found.notes) == (256, ())


@pytest.mark.parametrize(
    "facts",
    [
        {"rope__scaling__type": "linear", "rope__scaling__factor": 4.0},
        {"rope__scale_linear": 4.0},
    ],
)
def test_a_linear_stretch_is_carried_over(facts: dict[str, Any], tmp_path: Path, tokenizer: Any) -> None:
    model = with_positions("llama", rope_parameters={**LINEAR})
    found = loaded(gguf_models.write(tmp_path / "m.gguf", model, tokenizer, "llama", **facts))
    assert off(model, found.model) < 1e-5


def test_of_gemma_3_only_the_layers_that_see_everything_are_stretched(tmp_path: Path, tokenizer: Any) -> None:
    kind = "gemma3_text"
    model = with_positions(
        kind,
        num_hidden_layers=2,
        layer_types=["sliding_attention", "full_attention"],
        rope_parameters={"sliding_attention": {**DEFAULT}, "full_attention": {**LINEAR, "rope_theta": 1e6}},
    )
    facts = {"rope__scaling__type": "linear", "rope__scaling__factor": 4.0}
    found = loaded(gguf_models.write(tmp_path / "m.gguf", model, tokenizer, "gemma3", **facts))
    ropes = found.model.config.rope_parameters
    assert ropes["full_attention"]["rope_type"] == "linear"
    assert ropes["sliding_attention"]["rope_type"] == "default"


def test_the_factors_of_llama_3_1_are_carried_over(tmp_path: Path, tokenizer: Any) -> None:
    """Llama 3.1 to 3.3 have them as a tensor, which transformers passes over."""
    model = with_positions("llama", rope_parameters={**LLAMA3})
    path = gguf_models.write(tmp_path / "m.gguf", model, tokenizer, "llama", factors=divisors(model))
    assert off(with_positions("llama", rope_parameters={**DEFAULT}), model) > 1e-2
    for _ in range(2):
        found = loaded(path)
        assert off(model, found.model) < 1e-5
        assert (found.window, found.notes) == (256, ())


def test_of_phis_two_rows_of_factors_the_one_for_long_prompts_is_taken(
    tmp_path: Path, tokenizer: Any
) -> None:
    short, long = np.linspace(1, 2, 8), np.linspace(2, 30, 8)
    stretch = {
        **{"rope_type": "longrope", "rope_theta": 10_000.0, "original_max_position_embeddings": 64},
        **{"short_factor": short.tolist(), "long_factor": long.tolist()},
    }
    model = with_positions(
        "phi3", rope_parameters=stretch, original_max_position_embeddings=64, max_position_embeddings=256
    )
    path = gguf_models.write(
        tmp_path / "m.gguf",
        model,
        tokenizer,
        "phi3",
        factors={"rope_factors_short.weight": short, "rope_factors_long.weight": long},
        rope__scaling__original_context_length=64,
        rope__scaling__attn_factor=model.model.rotary_emb.attention_scaling,
    )
    found = loaded(path)
    ids = torch.arange(5, 105)[None]
    with torch.inference_mode():
        assert torch.allclose(model(ids).logits, found.model(ids).logits, atol=1e-4)
    assert found.model.config.rope_parameters["short_factor"] == pytest.approx(long)


def test_where_the_stretch_is_unknown_the_window_is_that_of_the_training(
    tmp_path: Path, tokenizer: Any
) -> None:
    facts = {"rope__scaling__type": "of-tomorrow", "rope__scaling__factor": 4.0}
    path = gguf_models.write(tmp_path / "m.gguf", small_model("llama"), tokenizer, "llama", **facts)
    for _ in range(2):
        llm = LocalLLM(str(path), device="cpu", reserve=8)
        try:
            assert llm.window == 64
            assert [note for note in llm.notes if "64 tokens and not 256" in note and "of-tomorrow" in note]
        finally:
            llm.close()


@pytest.mark.parametrize(
    ("architecture", "kind", "values"),
    [
        ("starcoder2", "starcoder2", {"rope_parameters": {**DEFAULT, "rope_theta": 1e6}}),
        ("stablelm", "stablelm", {"rope_parameters": {**DEFAULT, "partial_rotary_factor": 0.5}}),
        ("phi3", "phi3", {"rope_parameters": {**DEFAULT, "partial_rotary_factor": 0.75}}),
        ("nemotron", "nemotron", {"rope_parameters": {**DEFAULT, "partial_rotary_factor": 0.25}}),
    ],
)
def test_what_is_rotated_and_how_fast_is_as_the_file_says(
    architecture: str, kind: str, values: dict[str, Any], tmp_path: Path, tokenizer: Any
) -> None:
    model = with_positions(kind, **values)
    found = loaded(gguf_models.write(tmp_path / "m.gguf", model, tokenizer, architecture))
    assert off(model, found.model) < 1e-5


@pytest.mark.parametrize(
    ("config", "scale"),
    [
        (Gemma2Config(hidden_size=2304, num_attention_heads=8, head_dim=256, num_hidden_layers=26), 256),
        (Gemma2Config(hidden_size=4608, num_attention_heads=32, head_dim=128, num_hidden_layers=46), 144),
        (Gemma3TextConfig(hidden_size=2560, num_attention_heads=8, head_dim=256, num_hidden_layers=34), 256),
        (Gemma3TextConfig(hidden_size=5376, num_attention_heads=32, head_dim=128, num_hidden_layers=62), 168),
    ],
)
def test_the_big_gemmas_scale_attention_by_a_heads_share(config: Any, scale: int) -> None:
    """27B; a file says nothing of it."""
    assert gguf_config.complete(config, GgufHeader(Path("m.gguf"), "gemma", (), 0)) == ""
    assert config.query_pre_attn_scalar == scale
