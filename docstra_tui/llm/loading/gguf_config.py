"""What a GGUF says of its model that transformers leaves out of the configuration it makes of the file.

Above all how positions are stretched over a long window: with that dropped, a model reads fine up to the
window it was trained with, and nonsense behind it.
"""

from __future__ import annotations

from typing import Any

from docstra_tui.llm.files.gguf_files import GgufHeader
from docstra_tui.llm.loading import positions
from docstra_tui.llm.log import logger

SIZES = {
    "context_length": "max_position_embeddings",
    "feed_forward_length": "n_inner",
    "attention.key_length": "head_dim",
    "attention.sliding_window": "sliding_window",
    "expert_feed_forward_length": "moe_intermediate_size",
    "expert_shared_feed_forward_length": "shared_expert_intermediate_size",
}
"""Facts of a file, and what configurations call them."""

BIG_GEMMAS = {"gemma2": 46, "gemma3_text": 62}
"""Layers of the ones (27B) that scale attention by the width of a head's share and not of a head."""

WHOLE = ("gemma4_text",)
"""Kinds of which transformers takes all there is, and whose tensor of factors says what it knows already."""

YARN = {
    "yarn_attn_factor": "attention_factor",
    "yarn_beta_fast": "beta_fast",
    "yarn_beta_slow": "beta_slow",
}

FACTORS = "rope_freqs.weight"
"""By what each frequency is divided (Llama 3.1 and later)."""
LONG, SHORT = "rope_factors_long.weight", "rope_factors_short.weight"
"""The same, beyond the window of the training and within it (Phi 3)."""


def complete(config: Any, header: GgufHeader) -> str:
    """Carry over what was left out; a sentence where the window had to be made smaller instead."""
    text = config.get_text_config()
    if text.model_type in WHOLE:
        return ""
    _take_sizes(text, header)
    rope = _rope(text)
    if rope is None:
        return ""
    _take_rotation(text, rope, header)
    stretch = _stretch(header, text.max_position_embeddings)
    if stretch is None:
        return _cap(config, text, header)
    if stretch:
        rope.update(stretch)
        if hasattr(text, "original_max_position_embeddings") and "original_max_position_embeddings" in rope:
            text.original_max_position_embeddings = rope["original_max_position_embeddings"]
        logger.info("%s: positions are %s", header.path.name, stretch["rope_type"])
        positions.settle(config)
    return ""


def _take_sizes(text: Any, header: GgufHeader) -> None:
    for fact, name in SIZES.items():
        value = header.fact(fact)
        if isinstance(value, int) and value > 0 and hasattr(text, name) and getattr(text, name) != value:
            logger.info("%s: %s is %s", header.path.name, name, value)
            setattr(text, name, value)
    if text.model_type in BIG_GEMMAS:
        share = text.hidden_size // text.num_attention_heads
        is_big = text.num_hidden_layers == BIG_GEMMAS[text.model_type]
        text.query_pre_attn_scalar = share if is_big else text.head_dim


def _rope(text: Any) -> dict[str, Any] | None:
    """How the layers that see everything tell positions; None for models that rotate nothing."""
    found = getattr(text, "rope_parameters", None)
    if not isinstance(found, dict) or not isinstance(getattr(text, "max_position_embeddings", None), int):
        return None
    inner = found.get("full_attention", found)
    return inner if isinstance(inner, dict) else None


def _take_rotation(text: Any, rope: dict[str, Any], header: GgufHeader) -> None:
    base, width = header.fact("rope.freq_base"), header.fact("rope.dimension_count")
    if isinstance(base, float) and base > 0:
        rope["rope_theta"] = base
    head = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    if isinstance(width, int) and 0 < width < head and "partial_rotary_factor" in rope:
        rope["partial_rotary_factor"] = width / head


def _stretch(header: GgufHeader, window: int) -> dict[str, Any] | None:
    """How the file has positions stretched, as transformers writes it; empty for not at all, None for a way
    that is unknown here."""
    original = header.fact("rope.scaling.original_context_length") or 0
    kind = str(header.fact("rope.scaling.type") or "none")
    factor = header.fact("rope.scaling.factor") or header.fact("rope.scale_linear") or 1.0
    if factors := header.numbers(FACTORS):
        return _divided(factors, factors, window, 1.0)
    if (long := header.numbers(LONG)) and (short := header.numbers(SHORT)):
        return _divided(short, long, original or window, header.fact("rope.scaling.attn_factor"))
    if kind in ("none", "linear") and factor == 1.0:
        return {}
    if kind in ("none", "linear"):
        return {"rope_type": "linear", "factor": factor}
    if kind == "yarn":
        given = {ours: header.fact(f"rope.scaling.{name}") for name, ours in YARN.items()}
        return {
            "rope_type": "yarn",
            "factor": factor,
            "original_max_position_embeddings": original or int(window / factor),
            **{name: value for name, value in given.items() if value is not None},
        }
    return None


def _divided(
    short: tuple[float, ...], long: tuple[float, ...], original: int, attention: float | None
) -> dict[str, Any]:
    found = {
        "rope_type": "longrope",
        "short_factor": list(short),
        "long_factor": list(long),
        "original_max_position_embeddings": original,
    }
    return found if attention is None else {**found, "attention_factor": attention}


def _cap(config: Any, text: Any, header: GgufHeader) -> str:
    """Offer only the window of the training."""
    kind, whole = header.fact("rope.scaling.type"), text.max_position_embeddings
    known = header.fact("rope.scaling.original_context_length") or int(
        whole / (header.fact("rope.scaling.factor") or 1)
    )
    text.max_position_embeddings = known
    if hasattr(config, "max_position_embeddings"):
        config.max_position_embeddings = known
    return (
        f"The window is {known:,} tokens and not {whole:,}: the model's file stretches it in a way that is "
        f"not known here ({kind})."
    )
