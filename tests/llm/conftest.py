"""Tiny models, made once a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import DECODE
from tests.tiny_models import make_tiny, make_tiny_gguf

if TYPE_CHECKING:
    from docstra_tui.llm.local import LocalLLM


@pytest.fixture(scope="session", autouse=True)
def decoding() -> None:
    """With `DOCSTRA_ENGINE_DECODE=plain`, every model that a test makes writes by `generate`."""
    if DECODE:
        from docstra_tui.llm.inference.generation import Generator
        from docstra_tui.llm.local import LocalLLM

        for made in (Generator.__init__, LocalLLM.__init__):
            assert made.__kwdefaults__ is not None
            made.__kwdefaults__["decode"] = DECODE


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A llama with two layers."""
    return make_tiny(tmp_path_factory.mktemp("tiny-llama"))


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same llama as a GGUF file."""
    return make_tiny_gguf(tmp_path_factory.mktemp("tiny-gguf") / "tiny.gguf")


@pytest.fixture
def llm(tiny_folder: Path) -> Iterator[LocalLLM]:
    """A loaded tiny llama, greedy, 40 tokens an answer."""
    import torch

    from docstra_tui.llm.local import LocalLLM

    torch.set_num_threads(1)
    model = LocalLLM(str(tiny_folder), max_tokens=40, temperature=0.0, device="cpu", reserve=64)
    yield model
    model.close()
