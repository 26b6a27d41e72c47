"""What a model of this machine will take and can hold, told from its files. Imports nothing heavy."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from docstra_tui.errors import ModelError
from docstra_tui.llm.files import checkpoint, gguf_architectures, gguf_files
from docstra_tui.llm.files.catalog import InstalledModel
from docstra_tui.llm.files.gguf_files import GgufHeader
from docstra_tui.llm.machine.kept import Kept

KEPT = Kept("profiles", 1)
"""Of GGUF files, whose header takes a while to read."""
LARGEST = 10**12
"""A number beyond it is no figure of a model."""
CACHE_WIDTH = 2
"""Bytes a number of the cache."""


@dataclass(frozen=True)
class Profile:
    """What is not known is None, or empty."""

    dtype: str = ""
    """`bfloat16`, `Q4_K_M`, `awq`."""
    window: int | None = None
    """Tokens."""
    weights: int | None = None
    """Bytes in memory."""
    token: int | None = None
    """Bytes of the cache for each token, where every layer keeps all."""
    problem: str = ""
    """Why it cannot be loaded, a sentence."""


def of(model: InstalledModel) -> Profile:
    """Never raises: what cannot be read has a problem, or nothing is known of it."""
    try:
        if model.problem:
            return Profile(problem=model.problem)
        if model.size is None:
            return Profile()
        return _of_folder(model.path) if model.kind == "hub" else _of_gguf(model.path, model.name)
    except ModelError as error:
        return Profile(problem=error.message)
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError, OverflowError):
        return Profile()


def _of_folder(folder: Path) -> Profile:
    config = checkpoint.read_config(folder)
    inner = config.get("text_config")
    text = inner if isinstance(inner, dict) else config
    quantised = checkpoint.quantization_of(config)
    checkpoint.check_packages(config, folder.name)
    method = str(quantised.get("quant_method") or "quantised")[:20] if quantised is not None else ""
    return Profile(
        method or checkpoint.stored_dtype(folder, config),
        _number(text, "max_position_embeddings", "n_positions", "max_seq_len") or _of_tokenizer(folder),
        sum(path.stat().st_size for path in checkpoint.weight_files(folder, folder.name)),
        _token(
            _number(text, "num_hidden_layers", "n_layer"),
            _number(text, "num_key_value_heads") or _number(text, "num_attention_heads", "n_head"),
            _number(text, "head_dim")
            or _share(_number(text, "hidden_size", "n_embd"), _number(text, "num_attention_heads", "n_head")),
        ),
    )


def _of_tokenizer(folder: Path) -> int | None:
    told = json.loads((folder / "tokenizer_config.json").read_bytes())
    window = _number(told, "model_max_length") if isinstance(told, dict) else None
    return window if window is not None and window < 10_000_000 else None  # 1e30 is: unknown


def _of_gguf(path: Path, name: str) -> Profile:
    status = path.stat()
    key = f"{path} {status.st_size} {status.st_mtime_ns}"
    row = KEPT.find(key)
    if isinstance(row, dict) and (known := _known(json.dumps(row))) is not None:
        return known
    header = gguf_files.read_header(path)
    gguf_architectures.check(header.architecture, name)
    found = _of_header(header, gguf_files.quant_of(path.name))
    KEPT.keep(key, asdict(found))
    return found


@functools.cache
def _known(row: str) -> Profile | None:
    import msgspec

    try:
        return msgspec.json.decode(row, type=Profile)
    except msgspec.MsgspecError:
        return None


def _of_header(header: GgufHeader, quant: str) -> Profile:
    heads = _whole(header.fact("attention.head_count"))
    groups = _whole(header.fact("attention.head_count_kv")) or heads
    head = _whole(header.fact("attention.key_length"))
    head = head or _share(_whole(header.fact("embedding_length")), heads)
    return Profile(
        quant or header.dtype,
        _whole(header.fact("context_length")),
        header.parameters * (4 if header.dtype == "float32" else 2),
        _token(_whole(header.fact("block_count")), groups, head),
    )


def _token(layers: int | None, groups: int | None, head: int | None) -> int | None:
    """Keys and values of all layers."""
    return 2 * layers * groups * head * CACHE_WIDTH if layers and groups and head else None


def _share(whole: int | None, parts: int | None) -> int | None:
    return whole // parts if whole and parts else None


def _number(config: Mapping[str, Any], *names: str) -> int | None:
    return next((found for name in names if (found := _whole(config.get(name)))), None)


def _whole(value: Any) -> int | None:
    """A figure; the largest where it differs between layers."""
    values = value if isinstance(value, list | tuple) else [value]
    known = [
        int(one)
        for one in values
        if isinstance(one, int | float) and not isinstance(one, bool) and 0 < one < LARGEST
    ]
    return max(known, default=None)
