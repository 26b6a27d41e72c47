"""Small models of each kind of layer: those that can be cropped, and those that cannot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from docstra_tui.llm.inference.generation import Generator
from tests.llm.inference.cached import narrow
from tests.tiny_models import tiny_hybrid, tiny_model, tiny_tokenizer


@pytest.fixture(scope="module", params=["llama", "gemma3", "qwen3_5"])
def generator(request: pytest.FixtureRequest) -> Iterator[Generator]:
    torch.set_num_threads(1)
    arch = request.param
    tokenizer = tiny_tokenizer("llama" if arch == "qwen3_5" else arch, 4096)
    if arch == "qwen3_5":
        model = tiny_hybrid(tokenizer)
    else:
        model = tiny_model(arch, tokenizer, layers=4, window=4096, seed=0)
        narrow(model)
    yield Generator(model, tokenizer, cache_bytes=1 << 30)
