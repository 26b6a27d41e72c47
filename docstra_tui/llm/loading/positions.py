"""One set of frequencies for a prompt of any length, where a model has one for short and one for long ones.

transformers looks at the length each time (Phi 3 and 4 mini, MiniCPM): what was read as part of a short
prompt cannot be the beginning of a long one then. Phi's classes drop the cache there, so that with each chunk
of a long prompt all of it was read anew; others go on with keys of two kinds. llama.cpp and vLLM take the
long set wherever the window is long.
"""

from __future__ import annotations

import math
from typing import Any

from docstra_tui.llm.log import logger

LONGROPE = "longrope"
ORIGINAL = "original_max_position_embeddings"
"""The window of the training; what is longer takes the other set."""


def settle(config: Any) -> bool:
    """Have the configuration use the long set alone; False where there are no two."""
    text = config.get_text_config()
    rope = getattr(text, "rope_parameters", None)
    window = getattr(text, "max_position_embeddings", None)
    if not isinstance(rope, dict) or rope.get("rope_type") != LONGROPE or not isinstance(window, int):
        return False
    original = rope.get(ORIGINAL)
    if not isinstance(original, int) or original >= window:
        return False
    if rope.get("attention_factor") is None:
        factor = rope.get("factor") or window / original
        rope["attention_factor"] = math.sqrt(1 + math.log(factor) / math.log(original)) if factor > 1 else 1.0
    if "long_mscale" in rope:  # PhiMoE, whose class takes the short set always and only scales it otherwise
        rope["short_mscale"] = rope["long_mscale"]
    else:
        rope["short_factor"] = rope["long_factor"]
    rope[ORIGINAL] = window
    if hasattr(text, ORIGINAL):
        setattr(text, ORIGINAL, window)
    logger.info("positions are told as in long prompts, also in those below %d tokens", original)
    return True
