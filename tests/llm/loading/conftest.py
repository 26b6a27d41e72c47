"""A model's folder that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch


@pytest.fixture
def own_copy(tiny_folder: Path, tmp_path: Path) -> Path:
    """Of the tiny llama."""
    torch.set_num_threads(1)
    return Path(shutil.copytree(tiny_folder, tmp_path / "copy"))
