"""What times that were kept hold for."""

from __future__ import annotations

import torch

from docstra_tui.llm.machine.kept import processor


def machine() -> str:
    """This processor, its threads and this torch."""
    return f"{processor()} {torch.get_num_threads()} {torch.__version__}"
