"""A transformers folder before anything loads it: are its files whole and safe, how large is it, what is it.

Reads JSON and safetensors headers with the standard library; knows nothing of torch.
"""

from __future__ import annotations

import importlib.util
import json
import re
import struct
from collections import Counter
from pathlib import Path
from typing import Any

from docstra_tui.errors import (
    BadModelFile,
    IncompleteDownload,
    MissingPackage,
    ModelError,
    ModelNotFound,
    UnknownArchitecture,
    UnsafeWeights,
)
from docstra_tui.llm.files.gguf_files import check_not_a_pointer
from docstra_tui.llm.log import logger

INDEX = "model.safetensors.index.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")

VOCABULARIES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "tekken.json", "spiece.model")
"""One of these holds the tokenizer's vocabulary."""

DTYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
"""Float types as safetensors writes them, and as torch calls them."""
WIDTHS = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}
"""Bytes a number; every other type has one."""

QUANT_PACKAGES = {
    "bitsandbytes": ("bitsandbytes", "pip install 'docstra-tui[quant]'"),
    "awq": ("gptqmodel", "pip install gptqmodel"),
    "gptq": ("gptqmodel", "pip install optimum gptqmodel"),
    "aqlm": ("aqlm", "pip install 'aqlm[gpu,cpu]'"),
    "quanto": ("optimum.quanto", "pip install optimum-quanto"),
    "quark": ("quark", "pip install amd-quark"),
    "fouroversix": ("fouroversix", "pip install fouroversix --no-build-isolation"),
    "fp_quant": ("fp_quant", "pip install fp_quant"),
    "eetq": ("kernels", "pip install kernels"),
    "higgs": ("flute", "pip install flute-kernel fast_hadamard_transform"),
    "hqq": ("hqq", "pip install hqq"),
    "compressed-tensors": ("compressed_tensors", "pip install compressed-tensors"),
    "torchao": ("torchao", "pip install torchao"),
    "vptq": ("vptq", "pip install vptq"),
    "spqr": ("spqr_quant", "pip install 'spqr_quant[gpu]'"),
    "auto-round": ("auto_round", "pip install auto-round"),
    "sinq": ("sinq", "pip install sinq"),
    "metal": ("kernels", "pip install kernels"),
}
"""Quantisation method → the module it needs, and how to get it."""

_WRITERS = re.compile(
    r"(ForCausalLM|ForConditionalGeneration|LMHeadModel|ForImageTextToText|ForMultimodalLM)"
)


def check(folder: Path, name: str) -> None:
    """Raise the `ModelError` that says why this folder cannot load, when that can be seen at a glance."""
    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            raise ModelError(
                f"{name} is an adapter, not a whole model.",
                "Merge it into its base model and name the result.",
            )
        raise ModelNotFound(f"{name} has no config.json.", "Name a folder or repository that holds a model.")
    config = read_config(folder)
    check_kind(config, name)
    weights = weight_files(folder, name)
    if not any((folder / vocabulary).is_file() for vocabulary in VOCABULARIES):
        raise IncompleteDownload(f"{name} is incomplete: it has no tokenizer.", "Download it again.")
    for path in [*weights, *(folder / extra for extra in ("tokenizer.json", "tokenizer.model"))]:
        if path.is_file():
            with path.open("rb") as file:
                check_not_a_pointer(path, file.read(64))
    _check_ends(folder / "tokenizer.json")
    for path in weights:
        read_tensors(path)
    check_packages(config, name)


def _check_ends(path: Path) -> None:
    """Raise `IncompleteDownload` where a JSON object lacks its end; the rest may be too long to read."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 64))
        if not file.read().rstrip().endswith(b"}"):
            raise IncompleteDownload(f"{path} is cut short.", "Download it again.")


def check_kind(config: dict[str, Any], name: str) -> None:
    """Raise `UnknownArchitecture` for a model that cannot write text after a prompt."""
    if not writes_text(config):
        kind = ", ".join(config.get("architectures") or []) or config.get("model_type", "")
        raise UnknownArchitecture(
            f"{name} cannot write text: it is a {kind}.", "Pick a chat or instruct model."
        )


def check_packages(config: dict[str, Any], name: str) -> None:
    """Raise `MissingPackage` when the weights are quantised in a way whose package is not installed."""
    quantization = quantization_of(config)
    if quantization is None:
        return
    method = str(quantization.get("quant_method") or "")
    module, command = QUANT_PACKAGES.get(method, ("", ""))
    if module and not is_installed(module):
        raise MissingPackage(f"{name} is quantised with {method}, whose package is not installed.", command)


def quantization_of(config: dict[str, Any]) -> dict[str, Any] | None:
    """How the checkpoint's weights are quantised; None when they are plain numbers."""
    found = config.get("quantization_config") or (config.get("text_config") or {}).get("quantization_config")
    return found if isinstance(found, dict) else None


def read_config(folder: Path) -> dict[str, Any]:
    """`config.json`; raises `BadModelFile` or `IncompleteDownload`."""
    path = folder / "config.json"
    found = _read_json(path)
    if not isinstance(found, dict):
        raise BadModelFile(f"{path} is not a model's configuration.", "Download it again.")
    return found


def read_generation(folder: Path) -> dict[str, Any] | None:
    """`generation_config.json`; None where there is none that can be read: a model does without."""
    try:
        found = _read_json(folder / "generation_config.json")
    except ModelError as error:
        logger.info("no generation settings: %s", error)
        return None
    return found if isinstance(found, dict) else None


def writes_text(config: dict[str, Any]) -> bool:
    """Can a model with this configuration continue a text? An unknown architecture may."""
    if config.get("is_encoder_decoder"):
        return False
    architectures = config.get("architectures") or []
    known = [name for name in architectures if isinstance(name, str)]
    # With auto_map the class is the model's own code, whose names follow no rule.
    return not known or "auto_map" in config or any(_WRITERS.search(name) for name in known)


def weight_files(folder: Path, name: str) -> list[Path]:
    """The safetensors files to load. Raises `IncompleteDownload` or `UnsafeWeights` when there are none."""
    index = folder / INDEX
    if index.is_file():
        table = _read_json(index)
        names = sorted(set((table.get("weight_map") or {}).values())) if isinstance(table, dict) else []
        missing = [part for part in names if not (folder / str(part)).is_file()]
        if missing or not names:
            rest = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise IncompleteDownload(
                f"{name} is incomplete: {missing[0] if missing else 'the list of weights'}{rest} is missing.",
                "Download it again: docstra-tui models pull NAME resumes where it stopped.",
            )
        return [folder / str(part) for part in names]
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    if any(entry.suffix in PICKLES for entry in folder.iterdir()):
        raise UnsafeWeights(
            f"{name} has its weights only as pickle files, which can run code when they are read.",
            "Pick a repository with safetensors, or convert the files on a machine you can spare.",
        )
    raise IncompleteDownload(f"{name} is incomplete: model.safetensors is missing.", "Download it again.")


def read_tensors(path: Path) -> dict[str, dict[str, Any]]:
    """The table of a safetensors file: name → dtype, shape, data_offsets. Checks that the file is whole."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > min(size - 8, 100_000_000):
                raise ValueError
            table = json.loads(file.read(length))
        table.pop("__metadata__", None)
        ends = max((int(entry["data_offsets"][1]) for entry in table.values()), default=0)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise BadModelFile(
            f"{path.name} is damaged or not a safetensors file.", "Download it again."
        ) from error
    expected = 8 + length + ends
    if size < expected:
        raise IncompleteDownload(
            f"{path.name} is truncated: {size / 1e6:.1f} of {expected / 1e6:.1f} MB are there.",
            "Download it again.",
        )
    return dict(table)


def stored_dtype(folder: Path, config: dict[str, Any]) -> str:
    """The float type of the checkpoint: as its configuration says, else what most of its numbers are."""
    text = config.get("text_config") or {}
    for source in (config, text):
        found = source.get("dtype") or source.get("torch_dtype")
        if isinstance(found, str) and found.removeprefix("torch.") in DTYPES.values():
            return found.removeprefix("torch.")
    counts: Counter[str] = Counter()
    for path in weight_files(folder, folder.name):
        for entry in read_tensors(path).values():
            counts[entry["dtype"]] += _elements(entry)
    floats = [kind for kind, _ in counts.most_common() if kind in DTYPES]
    return DTYPES[floats[0]] if floats else "float32"


def memory_needed(folder: Path, width: int) -> int:
    """Bytes of the weights when every float takes `width` bytes; other numbers keep their own size."""
    total = 0
    for path in weight_files(folder, folder.name):
        for entry in read_tensors(path).values():
            kind = entry["dtype"]
            total += _elements(entry) * (width if kind in DTYPES else WIDTHS.get(kind, 1))
    return total


def _elements(entry: dict[str, Any]) -> int:
    count = 1
    for side in entry["shape"]:
        count *= int(side)
    return count


def _read_json(path: Path) -> Any:
    try:
        data = path.read_bytes()
        check_not_a_pointer(path, data)
        return json.loads(data)
    except OSError as error:
        raise BadModelFile(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise BadModelFile(f"{path} is not valid JSON.", "Download it again.") from error


def is_installed(module: str) -> bool:
    """Can `module` be imported? It is not."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
