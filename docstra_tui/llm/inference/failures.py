"""What an exception out of the model means, and what has to happen before the next request."""

from __future__ import annotations

import gc
import logging
import traceback
from collections.abc import Callable
from typing import TypeVar

import torch

from docstra_tui.error_forms import first_line, words_of
from docstra_tui.errors import DocstraError, EngineDied, GenerationFailed, NotEnoughMemory

T = TypeVar("T")

logger = logging.getLogger(__name__)

POISON = ("device-side assert", "illegal memory access", "cublas_status", "cudnn_status", "nccl error")
"""Words of errors after which a CUDA context answers nothing but errors."""


def explain(error: BaseException, prompt_tokens: int) -> DocstraError:
    """The error for the user; `EngineDied` means that this process can generate no more. Never raises."""
    if isinstance(error, DocstraError):
        return error.again()
    text = words_of(error).lower()
    if is_out_of_memory(error):
        return NotEnoughMemory(
            f"Not enough memory for a prompt of {prompt_tokens:,} tokens.",
            "Leave out some files and ask again, or pick a smaller model.",
        )
    accelerator_error = getattr(torch, "AcceleratorError", None)
    if (accelerator_error and isinstance(error, accelerator_error)) or any(p in text for p in POISON):
        return EngineDied(
            f"The GPU stopped answering: {_words(error)}.",
            "Restart the engine; the conversation is kept.",
        )
    return GenerationFailed(
        f"The model failed: {type(error).__name__}: {_words(error)}.",
        "Ask again; if it comes back, the engine's log has the whole story.",
    )


def is_out_of_memory(error: BaseException) -> bool:
    """True for the memory errors of a device and of the machine itself."""
    text = words_of(error)
    return (
        isinstance(error, (torch.OutOfMemoryError, MemoryError))
        or "DefaultCPUAllocator: can't allocate memory" in text
        or "not enough memory: you tried to allocate" in text
    )


def log_and_release(error: BaseException) -> None:
    """Write the whole story to the log, then let go of the tensors that its frames keep alive. Never
    raises."""
    try:
        logger.error("generation failed", exc_info=error)
        seen: set[int] = set()
        next_one: BaseException | None = error
        while next_one is not None and id(next_one) not in seen:  # causes may go in a circle
            seen.add(id(next_one))
            traceback.clear_frames(next_one.__traceback__)
            next_one = next_one.__cause__ or next_one.__context__
    except BaseException:  # the request's own end is what counts
        pass


def attempt(step: Callable[[], T], prompt_tokens: int = 0) -> T | DocstraError:
    """The result of `step`, or what went wrong instead of raising it: a request has to end, and on a
    poisoned device even giving memory back raises."""
    try:
        return step()
    except BaseException as error:  # of the code of a model, or of a device that is gone
        worse = error
    failure = explain(worse, prompt_tokens)
    log_and_release(worse)
    return failure


def free_memory() -> None:
    """Give cached device memory back. Call it outside the `except` block that caught the error."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _words(error: BaseException) -> str:
    return first_line(error, 200) or "no message"
