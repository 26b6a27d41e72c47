"""What of a model's configuration decides how fast a layer is, and how large its cache."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Shape:
    """One decoder layer, and how many there are."""

    layers: int
    hidden: int
    inner: int
    """Of the part after attention; of all experts that one token passes."""
    heads: int
    groups: int
    """Heads of keys and values."""
    head: int
    """Numbers of one head."""
    window: int
    """Tokens."""

    @property
    def key(self) -> str:
        """Its figures but the window, which times nothing."""
        return "-".join(str(getattr(self, field.name)) for field in fields(self) if field.name != "window")

    def cache(self, width: int) -> int:
        """The most bytes that a full window's cache takes, at so many bytes a number."""
        return 2 * self.layers * self.groups * self.head * width * self.window


def shape_of(config: Any, window: int) -> Shape | None:
    """What the configuration says; None where it is no transformer of the usual kind."""
    text = config.get_text_config()
    layers, hidden = _number(text, "num_hidden_layers"), _number(text, "hidden_size")
    heads = _number(text, "num_attention_heads")
    if not layers or not hidden or not heads:
        return None
    experts = _number(text, "num_experts_per_tok") if _number(text, "moe_intermediate_size") else 1
    inner = _number(text, "moe_intermediate_size", "intermediate_size", "ffn_dim") or 4 * hidden
    latent = _number(text, "qk_nope_head_dim") + _number(text, "qk_rope_head_dim")
    plain = _number(text, "head_dim") or hidden // heads
    head = max(plain, latent, _number(text, "v_head_dim"), _number(text, "global_head_dim"))
    groups = _number(text, "num_key_value_heads") or heads
    heads = math.ceil(heads / groups) * groups  # where layers differ, the largest of both need not match
    return Shape(layers, hidden, inner * max(experts, 1), heads, groups, head, window)


def embedded(config: Any) -> int:
    """How many numbers stand for tokens, going in and coming out; 0 where the configuration does not tell."""
    text = config.get_text_config()
    is_tied = getattr(text, "tie_word_embeddings", getattr(config, "tie_word_embeddings", True))
    return _number(text, "vocab_size") * _number(text, "hidden_size") * (1 if is_tied else 2)


def _number(config: Any, *names: str) -> int:
    """The first of these that is a number, the largest where it differs between layers; else 0."""
    values = vars(config)  # asked by name, a configuration whose layers differ raises
    for name in names:
        found = values.get(config.attribute_map.get(name, name))
        several = found if isinstance(found, list) else [found]
        if numbers := [int(one) for one in several if isinstance(one, int) and not isinstance(one, bool)]:
            return max(numbers)
    return 0
