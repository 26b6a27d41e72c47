"""Whether this very model may be read in parts and taken up again, found out by doing it.

Some models answer otherwise when they are: their `forward` starts anew on top of a cache, or reads a prompt
in both directions. Nothing raises then, so a few tokens are read whole and in every way that reading ahead,
going back and a second question read them, and the logits are compared.
"""

from __future__ import annotations

import hashlib
from typing import Any

import torch
import transformers

from docstra_tui.llm.inference import chunk_attention
from docstra_tui.llm.inference.cached_prompt import CachedPrompt
from docstra_tui.llm.inference.forward import Forward
from docstra_tui.llm.loading import int8
from docstra_tui.llm.log import logger
from docstra_tui.llm.machine.kept import Kept

TEXT = "def total(rows: list[dict]) -> int:\n    return sum(row['size'] for row in rows if 'size' in row)\n"
"""Read at load; ordinary text, so that no token of it means an image or the end."""
TOKENS, CUT, WRITTEN = 40, 24, 4
"""Tokens in all; where they are cut; how many are then read one by one, as written ones are."""
LOOKED_AT = 3
"""Tokens after each cut: a lost state is felt there most, and a median is not moved by the one token for
which rounding chose another expert of a mixture."""

ROUNDING = {torch.float32: 5e-3, torch.float64: 5e-3}
ROUNDING_HALF = 8e-2
"""How far off logits may be: the standard deviation of their difference over their own.

A shift of all of them changes no answer, and half precision shifts much: the logits of a trained model lie
far from 0. The starter in bfloat16 is off by 0.026 at most, 150 kinds of small random models by 2.3e-4
in float32 and, but for one that reads every token many times over, by 0.03 in bfloat16. Wrong ones are off by
0.09 and more in both, the starter with one token lost by 0.12 and more.
"""

ROUNDING_QUANTISED = 1.6e-1
"""The same where weights are quantised, which may round activations too, by what else is read in the pass.

The starter with 8-bit products and its outliers apart (what `bnb-8bit` does, imitated) is off by up to 0.12.
"""

NO_CACHE = "Each question is read from its beginning: a model of this kind cannot take up an earlier reading."
NOT_THE_SAME = "Each question is read from its beginning: read in parts, this model would answer otherwise."


KEPT = Kept("proofs", 2)
"""How a model attended that passed at an earlier start; what failed is tried again."""


def objection(forward: Forward, tokenizer: Any, files: str = "") -> str:
    """Why this model must read every prompt in one piece, a sentence for people; empty when it need not.

    A model from the same `files` (`OnDisk.identity`) that passed once need not again.
    """
    if not forward.takes_cache:
        return NO_CACHE
    model = forward.model
    key = key_of(model, files)
    known = KEPT.find(key) if key else None
    if known and (known == model.config._attn_implementation or chunk_attention.use(model)):
        return ""
    in_parts = chunk_attention.use(model)
    found = _tried(forward, tokenizer)
    if found and in_parts:  # what attends in a way of its own passes by the kernel's
        chunk_attention.leave(model)
        found = _tried(forward, tokenizer)
    if key and not found:
        KEPT.keep(key, model.config._attn_implementation)
    return found


def _tried(forward: Forward, tokenizer: Any) -> str:
    try:
        error = deviation(forward, sample(forward.model, tokenizer))
    except torch.OutOfMemoryError:
        raise
    except Exception:  # of the code of a model, which may do anything with a cache
        logger.warning("the model refuses a cache that is kept", exc_info=True)
        return NO_CACHE
    limit = limit_of(forward.model)
    logger.info("read in parts, the logits are off by %.1e (%.0e is rounding)", error, limit)
    return "" if error <= limit else NOT_THE_SAME


def key_of(model: Any, files: str) -> str:
    """What a proof holds for; empty for a model's own code, which may change beside its files."""
    kind = type(model)
    if not files or not kind.__module__.startswith("transformers."):
        return ""
    device = getattr(model.device, "type", "")
    versions = f"{torch.__version__} {transformers.__version__}"
    form = "int8" if int8.is_in(model) else model.dtype  # what passes as int8 may not pass otherwise
    about = f"{kind.__qualname__} {form} {device} {model.config.to_json_string()}"
    return f"{files[:16]} {versions} {hashlib.sha256(about.encode()).hexdigest()[:16]}"


def limit_of(model: Any) -> float:
    """How far off the logits of this model may be."""
    if getattr(model.config, "quantization_config", None) is not None or int8.is_in(model):
        return ROUNDING_QUANTISED
    return ROUNDING.get(model.dtype, ROUNDING_HALF)


def sample(model: Any, tokenizer: Any) -> torch.Tensor:
    """`TOKENS` ids of ordinary text, of shape (1, length)."""
    ids = [int(id_) for id_ in tokenizer.encode(TEXT, add_special_tokens=False)]
    several = (ids * (TOKENS // max(len(ids), 1) + 1))[:TOKENS]
    return torch.tensor([several], device=model.device)


def deviation(forward: Forward, ids: torch.Tensor) -> float:
    """How far the logits are off at worst when `ids` are read in parts; see `ROUNDING`."""
    keep = TOKENS - CUT
    whole = forward(ids, 0, forward.new_cache(), keep).float()
    # 1. In two parts, as reading ahead does.
    prompt = CachedPrompt(forward.new_cache())
    _read(forward, prompt, ids, CUT)
    prompt.snapshot()
    parts = _read(forward, prompt, ids, TOKENS)
    # 2. Back to the cut, on one by one, as an answer is written, and the rest: the question after it.
    prompt.rewind(CUT)
    written = [_read(forward, prompt, ids, CUT + n + 1) for n in range(WRITTEN)]
    again = torch.cat([*written, _read(forward, prompt, ids, TOKENS)])
    off = [distance(parts, whole), distance(again, whole), distance(again[WRITTEN:], whole[WRITTEN:])]
    return float(torch.stack(off).max())  # one that is no number stays none


def _read(forward: Forward, prompt: CachedPrompt, ids: torch.Tensor, end: int) -> torch.Tensor:
    start = len(prompt.ids)
    logits = forward(ids[:, :end], start, prompt.cache, end - start)
    prompt.ids = ids[0, :end].tolist()
    return logits.float()


def distance(logits: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Of the first tokens after a cut."""
    logits, right = logits[:LOOKED_AT], right[:LOOKED_AT]
    return ((logits - right).std(-1) / right.std(-1)).median()
