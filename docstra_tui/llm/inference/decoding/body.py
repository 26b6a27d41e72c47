"""A model's arithmetic for one step, in a form that can be recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from docstra_tui.llm.inference import chunk_attention
from docstra_tui.llm.inference.decoding import masked_attention
from docstra_tui.llm.inference.decoding.masked_attention import Attend
from docstra_tui.llm.inference.decoding.recording import NotRecordable
from docstra_tui.llm.inference.forward import Forward


@dataclass(frozen=True)
class Pass:
    """One pass of a model over the new ids of all lanes: what it is given, all of it on the device."""

    ids: torch.Tensor
    """Of shape (lanes, new), as `places` and the mask's first and third dimension."""
    places: torch.Tensor
    """Where each new id stands in its text; 0 for what is none."""
    mask: torch.Tensor
    """Of shape (lanes, 1, new, reach), added: minus infinity where a token is not seen."""
    cache: Any
    """A cache whose layers know where to write, and give back what can be seen."""
    attend: Attend


class Body(Protocol):
    """The model's arithmetic, as it is recorded: nothing of it depends on a number on the device."""

    def __call__(self, given: Pass) -> torch.Tensor:
        """Logits of shape (lanes, new, vocabulary)."""
        ...


class ModelBody:
    """The model's own forward pass, with attention of ours."""

    NAME = "docstra-tui"

    def __init__(self, forward: Forward) -> None:
        self._forward = forward
        self._attend: Attend = masked_attention.repeated

    def __call__(self, given: Pass) -> torch.Tensor:
        self._attend = given.attend
        model = self._forward.model
        # Mixtures have a way to write that suits a GPU better than the one to read.
        optimized = getattr(model, "_optimize_model_for_decode", contextlib.nullcontext)
        with optimized(), _attention_of(model, self.NAME, self._attention):
            out = model(
                input_ids=given.ids,
                attention_mask=given.mask,
                position_ids=given.places,
                use_cache=True,
                return_dict=True,
                **self._forward.as_argument(given.cache),
            )
        logits: torch.Tensor = out.logits
        return logits

    def _attention(
        self,
        module: Any,
        query: torch.Tensor,
        keys: torch.Tensor,
        values: torch.Tensor,
        attention_mask: torch.Tensor,
        scaling: float | None = None,
        **others: Any,
    ) -> tuple[torch.Tensor, None]:
        asked = [name for name in ("softcap", "s_aux", "position_bias") if others.get(name) is not None]
        if asked or others.get("is_causal") is False:
            raise NotRecordable(f"this model's attention has a {', '.join(asked) or 'mask of its own'}")
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        out = self._attend(query, keys, values, attention_mask, scale)
        return out.transpose(1, 2).contiguous(), None


@contextlib.contextmanager
def _attention_of(model: Any, name: str, function: Callable[..., Any]) -> Iterator[None]:
    """While the model computes attention by `function`, wherever it would by torch's own."""
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    configs = {id(m.config): m.config for m in model.modules() if hasattr(m, "config")}
    ways = [(config, str(getattr(config, "_attn_implementation", None))) for config in configs.values()]
    theirs = [(config, way) for config, way in ways if way in ("sdpa", chunk_attention.NAME)]
    if not theirs:
        raise NotRecordable("this model's attention is its own")
    ALL_ATTENTION_FUNCTIONS[name] = function
    for config, _ in theirs:
        config._attn_implementation_internal = name
    try:
        yield
    finally:
        for config, way in theirs:
            config._attn_implementation_internal = way
