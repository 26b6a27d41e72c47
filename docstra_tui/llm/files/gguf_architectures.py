"""Which GGUF architectures can be read: those of which a small model was, and said what its source says.

llama.cpp knows a hundred more. transformers refuses most of them late and in odd words, and reads a few
with random numbers in place of what it did not find.
"""

from __future__ import annotations

from pathlib import Path

from docstra_tui.errors import UnknownArchitecture
from docstra_tui.llm.files import gguf_files
from docstra_tui.llm.files.gguf_files import GgufHeader

READABLE = (
    *("gemma2", "gemma3", "gpt2", "lfm2", "llama", "mamba", "nemotron", "phi3", "qwen2", "qwen2moe", "qwen3"),
    *("qwen35", "qwen35moe", "qwen3moe", "stablelm", "starcoder2"),
)
"""As files call themselves."""

DENSE = ("llama",)
"""Of these, files with experts (Mixtral) are not read."""

HINT = "Pick the same model as safetensors, or serve the file with llama-server and use --base-url."


def read_header(path: Path, name: str) -> GgufHeader:
    """The header of a file that can be used; raises what `gguf_files.read_header` and `check` raise."""
    header = gguf_files.read_header(path)
    check(header.architecture, name)
    if header.architecture in DENSE and header.fact("expert_count"):
        raise unreadable(name, f"{header.architecture} with experts")
    return header


def check(architecture: str, name: str) -> None:
    """Raise `UnknownArchitecture`, with those that can be read, for one that cannot."""
    if architecture not in READABLE:
        raise unreadable(name, architecture)


def unreadable(name: str, what: str) -> UnknownArchitecture:
    """The error for a file that is `what`."""
    return UnknownArchitecture(
        f"{name} is a GGUF of the architecture {what}, which transformers cannot read.",
        f"{HINT} Of GGUF files these can be read: {', '.join(READABLE)}.",
    )
