"""Small models of each kind of layer: those that can be cropped, and those that cannot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from docstra_tui.llm.inference.generation import Generator
from tests.llm.inference.cached import narrow
from tests.llm.small_models import small_model
from tests.tiny_models import tiny_hybrid, tiny_model, tiny_tokenizer


@pytest.fixture(scope="module", params=["llama", "gemma3", "qwen3_5", "mamba2"])
def generator(request: pytest.FixtureRequest) -> Iterator[Generator]:
    torch.set_num_threads(1)
    arch = request.param
    tokenizer = tiny_tokenizer("gemma3" if arch == "gemma3" else "llama", 4096)
    if arch == "qwen3_5":
        model = tiny_hybrid(tokenizer)
    elif arch == "mamba2":
        model = small_model(arch)
    else:
        model = tiny_model(arch, tokenizer, layers=4, window=4096, seed=0)
        narrow(model)
    yield Generator(model, tokenizer, cache_bytes=1 << 30)
