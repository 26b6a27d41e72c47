"""Whether a model's steps can be recorded on the GPU it is on, found out by recording a few.

What comes out is compared with what the model's own forward pass says, on ordinary text: a recording that is
wrong raises nothing.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from typing import Any

import torch

from docstra_tui.error_forms import first_line
from docstra_tui.llm.inference import memory, proof
from docstra_tui.llm.inference.decoding.body import Body, ModelBody
from docstra_tui.llm.inference.decoding.graphs import GraphStep
from docstra_tui.llm.inference.decoding.recording import FAILED, CudaRecorder
from docstra_tui.llm.inference.decoding.step import Slot, Step
from docstra_tui.llm.inference.forward import Forward
from docstra_tui.llm.inference.growing_layer import GrowingLayer
from docstra_tui.llm.loading.loader import window_of

logger = logging.getLogger(__name__)

SPREAD = "it is spread over several devices"
KINDS = "not all its layers attend to all of the text"
WRONG = "recorded, this model answers otherwise"


def recorded(forward: Forward, otherwise: Step, ids: torch.Tensor, quicker: Sequence[Body] = ()) -> Step:
    """A step that plays recordings where this model's can be made; with a note where not, or `otherwise`
    itself where there is no GPU.

    `ids`, of shape (1, length), are ordinary text. `quicker` are other forms of the model's arithmetic, tried
    before its own forward pass.
    """
    model = forward.model
    if not is_on_gpu(model):
        return otherwise
    is_spread = len({parameter.device for parameter in model.parameters()}) > 1
    for body in (*quicker, ModelBody(forward)):
        step = GraphStep(
            body,
            otherwise,
            functools.partial(CudaRecorder, model.device),
            heads=heads_of(model.config),
            window=window_of(model.config, None),
            free_bytes=functools.partial(memory.free, model),
        )
        why = SPREAD if is_spread else objection(step, forward, ids)
        if not why:
            break
        if not step.note:
            step.give_up(why)
    return step


def is_on_gpu(model: Any) -> bool:
    """True where all or some of it is on a CUDA device."""
    return any(parameter.device.type == "cuda" for parameter in model.parameters())


def objection(step: GraphStep, forward: Forward, ids: torch.Tensor) -> str:
    """Why this step must not be used, in a few words; empty where it may."""
    if not all(type(layer) is GrowingLayer for layer in forward.new_cache().layers):
        return KINDS
    try:
        off = deviation(step, forward, ids)
    except torch.OutOfMemoryError:
        raise
    except FAILED as error:
        logger.warning("recorded steps cannot be tried", exc_info=error)
        return first_line(error, 120) or type(error).__name__
    limit = proof.limit_of(forward.model)
    logger.info("recorded, the logits are off by %.1e (%.0e is rounding)", off, limit)
    return step.note or ("" if off <= limit else WRONG)


def deviation(step: Step, forward: Forward, ids: torch.Tensor) -> float:
    """How far off the logits behind single ids and several are at worst; see `proof.ROUNDING`."""
    at, off = ids.shape[1] - step.most_ids - 2, []
    cache, other = forward.new_cache(), forward.new_cache()
    with torch.inference_mode():
        forward(ids[:, :at], 0, cache)
        forward(ids[:, :at], 0, other)
        for new in (1, step.most_ids, 1):
            took = step.logits([Slot(cache, at, ids[0, at : at + new].tolist())]).float()
            right = forward(ids[:, : at + new], at, other, new).float()
            off.append(proof.distance(took, right))
            at += new
    return float(torch.stack(off).max())


def heads_of(config: Any) -> int:
    """Query heads of a layer."""
    text = config.get_text_config()
    return int(getattr(text, "num_attention_heads", 0) or 1)
