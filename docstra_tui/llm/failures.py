"""What an exception out of the model means, and what has to happen before the next request."""

from __future__ import annotations

import gc
import logging
import traceback

import torch

from docstra_tui.errors import DocstraError, EngineDied, GenerationFailed, NotEnoughMemory

logger = logging.getLogger(__name__)

POISON = ("device-side assert", "illegal memory access", "cublas_status", "cudnn_status", "nccl error")
"""Words of errors after which a CUDA context answers nothing but errors."""


def explain(error: BaseException, prompt_tokens: int) -> DocstraError:
    """The error for the user; `EngineDied` means that this process can generate no more."""
    if isinstance(error, DocstraError):
        return error
    text = str(error).lower()
    if is_out_of_memory(error):
        return NotEnoughMemory(
            f"Not enough memory for a prompt of {prompt_tokens:,} tokens.",
            "Leave out some files and ask again, or pick a smaller model.",
        )
    accelerator_error = getattr(torch, "AcceleratorError", None)
    if (accelerator_error and isinstance(error, accelerator_error)) or any(p in text for p in POISON):
        return EngineDied(
            f"The GPU stopped answering: {_first_line(error)}.",
            "Restart the engine; the conversation is kept.",
        )
    return GenerationFailed(
        f"The model failed: {type(error).__name__}: {_first_line(error)}.",
        "Ask again; if it comes back, the engine's log has the whole story.",
    )


def is_out_of_memory(error: BaseException) -> bool:
    """True for the memory errors of a device and of the machine itself."""
    return (
        isinstance(error, (torch.OutOfMemoryError, MemoryError))
        or "DefaultCPUAllocator: can't allocate memory" in str(error)
        or "not enough memory: you tried to allocate" in str(error)
    )


def log_and_release(error: BaseException) -> None:
    """Write the whole story to the log, then let go of the tensors that its frames keep alive."""
    logger.error("generation failed", exc_info=error)
    seen: BaseException | None = error
    while seen is not None:
        traceback.clear_frames(seen.__traceback__)
        seen = seen.__cause__ or seen.__context__


def free_memory() -> None:
    """Give cached device memory back. Call it outside the `except` block that caught the error."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else "no message"
