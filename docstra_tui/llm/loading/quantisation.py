"""Weights made smaller while a model is loaded: which ways there are, what each needs, and how it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from docstra_tui.errors import MissingPackage, ModelError
from docstra_tui.llm.files import checkpoint
from docstra_tui.llm.loading.placement import Placement
from docstra_tui.llm.log import logger

SHARES = {"bnb-4bit": 0.35, "bnb-8bit": 0.6}
"""Size of the quantised weights against 16 bits a number; embeddings and norms stay as they are."""
INT8 = "int8"
KNOWN = (INT8, *SHARES)

SAMPLE = (
    "class Basket:\n"
    '    """What somebody is about to buy."""\n\n'
    "    def __init__(self, owner: str) -> None:\n"
    "        self.owner = owner\n"
    "        self._items: dict[str, int] = {}\n\n"
    "    def add(self, name: str, count: int = 1) -> None:\n"
    "        if count < 1:\n"
    '            raise ValueError(f"{count} of {name} cannot be added.")\n'
    "        self._items[name] = self._items.get(name, 0) + count\n\n"
    "A basket belongs to one owner and counts what was added to it. Adding none of a thing is an "
    "error, which is said before anything changes. How does it forget what was taken out again?\n"
)
"""Read once before the weights become smaller: code and prose."""
SAMPLE_TOKENS = 160
FIT = 0.25
"""The least share of a model's numbers that eight bits are worth it for."""
OFF = 0.5
"""How far off the logits may be then: the standard deviation of their difference over their own. The starter
is off by 0.06; logits that have nothing to do with each other are by 1.4."""


def check(quant: str) -> None:
    """Raise where there is no such way, or it lacks what it needs wherever the model goes."""
    if quant and quant not in KNOWN:
        raise ModelError(f"There is no quantisation {quant!r}.", f"Known are {', '.join(KNOWN)}.")
    if quant in SHARES and not checkpoint.is_installed("bitsandbytes"):
        raise MissingPackage(
            f"--quant {quant} needs bitsandbytes, which is not installed.",
            "pip install 'docstra-tui[quant]'",
        )


def size(quant: str, whole: Callable[[int], int], embedded: int, width: int) -> int:
    """Bytes of the weights when a float takes `width`, of which they take `whole` unquantised; `embedded` of
    the numbers are embeddings."""
    if quant != INT8:
        return int(whole(width) * SHARES.get(quant, 1.0))
    numbers = whole(1)
    embedded = min(embedded, numbers)
    return int((numbers - embedded) * 1.02) + embedded * width  # a scale a row


def config(quant: str, placed: Placement) -> Any | None:
    """What transformers is given to load them so; None where it loads them as they are."""
    if not quant or placed.int8 is not None:
        return None
    import torch
    from transformers import BitsAndBytesConfig

    if quant == INT8:
        return _int8_elsewhere(placed)
    if quant == "bnb-8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=getattr(torch, placed.dtype)
    )


def _int8_elsewhere(placed: Placement) -> Any:
    """By what is installed for a GPU."""
    if not placed.device.startswith("cuda"):
        raise ModelError("--quant int8 is for CPUs and CUDA GPUs.", "Use --device cpu, or leave out --quant.")
    from transformers import BitsAndBytesConfig, TorchAoConfig

    if checkpoint.is_installed("torchao"):
        from torchao.quantization import Int8WeightOnlyConfig

        return TorchAoConfig(Int8WeightOnlyConfig())
    if checkpoint.is_installed("bitsandbytes"):
        return BitsAndBytesConfig(load_in_8bit=True)
    raise MissingPackage(
        "--quant int8 needs torchao or bitsandbytes on a GPU, and neither is installed.",
        "pip install torchao, or use --device cpu.",
    )


def to_int8(model: Any, tokenizer: Any, placed: Placement, name: str) -> None:
    """Make the weights of a model on the CPU smaller; a `ModelError` where it would answer otherwise.

    On a busy machine all threads wait for each other at every step, and these are many short steps.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(max(1, threads // 2))
    try:
        _to_int8(model, tokenizer, placed, name)
    finally:
        torch.set_num_threads(threads)


def _to_int8(model: Any, tokenizer: Any, placed: Placement, name: str) -> None:
    import torch

    from docstra_tui.llm.loading import int8

    assert placed.int8 is not None
    ids = tokenizer.encode(SAMPLE, add_special_tokens=False)[:SAMPLE_TOKENS]
    given = torch.tensor([ids])

    def read() -> torch.Tensor:
        with torch.inference_mode():
            logits: torch.Tensor = model(input_ids=given, use_cache=False).logits[0]
        return logits.float()

    before: list[torch.Tensor] = []
    seen = int8.ranges(model, lambda: before.append(read()))
    share = int8.quantise(model, placed.int8, seen)
    if share < FIT:
        raise ModelError(
            f"Only {share:.0%} of the numbers of {name} are in layers that int8 makes smaller.",
            "Leave out --quant.",
        )
    dtype = getattr(torch, placed.dtype)
    if model.dtype != dtype:
        model.to(dtype)
    with int8.as_written(model):
        try:
            off = float(((read() - before[0]).std(-1) / before[0].std(-1)).median())
        except (AttributeError, RuntimeError, TypeError) as error:  # it multiplies with weights by itself
            raise _unfit(name) from error
    logger.info("as int8 the logits are off by %.2f; %.0f %% of the numbers are so", off, share * 100)
    if not off <= OFF:
        raise _unfit(name)


def _unfit(name: str) -> ModelError:
    return ModelError(
        f"{name} does not work with --quant int8: it would answer otherwise.", "Leave out --quant."
    )
