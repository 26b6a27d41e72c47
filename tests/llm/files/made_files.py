"""Small model files, whole and broken, that look real from outside."""

from __future__ import annotations

import json
import struct
from pathlib import Path


def safetensors(path: Path, count: int = 4) -> Path:
    """A whole safetensors file with one float32 tensor."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [count], "data_offsets": [0, 4 * count]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4 * count))
    return path


def model_folder(path: Path, **config: object) -> Path:
    """What a small whole model looks like from outside."""
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps({"model_type": "llama", **config}))
    (path / "tokenizer.json").write_text("{}")
    safetensors(path / "model.safetensors")
    return path


def gguf_bytes(
    tensor_bytes: int = 16, claimed: int = 4, parts: int = 0, architecture: str = "llama"
) -> bytes:
    """A GGUF of one float32 tensor that claims `claimed` numbers and has `tensor_bytes` bytes of data."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    keys = text("general.architecture") + struct.pack("<I", 8) + text(architecture)
    keys += text("split.count") + struct.pack("<IH", 2, parts)
    row = text("token_embd.weight") + struct.pack("<IQIQ", 1, claimed, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 2) + keys + row
    return head + bytes(-len(head) % 32) + bytes(tensor_bytes)
