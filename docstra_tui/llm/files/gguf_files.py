"""GGUF files before anything loads them: is the file whole, what is in it, which quantisation to pick.

Reads the header only, with the standard library; knows nothing of torch.
"""

from __future__ import annotations

import contextlib
import mmap
import re
import struct
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from docstra_tui.errors import BadModelFile, IncompleteDownload, ModelError, ModelNotFound

LFS_POINTER = b"version https://git-lfs"
FLOAT_TYPES = {0: "float32", 1: "float16", 30: "bfloat16"}
"""GGML type numbers that hold plain numbers, and the dtype they are."""

# Scalar metadata values: format and width by type number. 8 is a string, 9 an array.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_MOST_ENTRIES = 1_000_000  # more tensors or metadata keys than any real file has
_MOST_NUMBERS = 1024  # of an array that is kept: one a layer, not one a token
_QUANT = re.compile(
    r"(?:^|[-._])((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|TQ\d_\d|MXFP4(?:_MOE)?|BF16|F16|FP16|F32|FP32))"
    r"(?:-\d{5}-of-\d{5})?\.gguf$",
    re.IGNORECASE,
)
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE)

# Four bits is where a model is half its size and hardly worse; then up in quality, then down.
_PREFERRED = (
    *("Q4_K_M", "Q4_K_S", "Q4_K", "Q4_1", "Q4_0", "IQ4_NL", "IQ4_XS", "Q5_K_M", "Q5_K_S", "Q5_1", "Q5_0"),
    *(
        "Q6_K",
        "Q8_0",
        "Q3_K_L",
        "Q3_K_M",
        "Q3_K_S",
        "MXFP4",
        "MXFP4_MOE",
        "BF16",
        "F16",
        "FP16",
        "F32",
        "FP32",
    ),
)


@dataclass(frozen=True)
class GgufTensor:
    """One row of the tensor table."""

    name: str
    elements: int
    """How many numbers it holds."""
    kind: int
    """The GGML type number."""
    offset: int
    """From the start of the data section, in bytes."""
    size: int
    """Bytes in the file."""


@dataclass(frozen=True)
class GgufHeader:
    """What a GGUF file says about itself."""

    path: Path
    architecture: str
    tensors: tuple[GgufTensor, ...]
    data_start: int
    """Where the tensor data begins, in bytes."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What the file says by key; of an array of texts, or of more than `_MOST_NUMBERS`, only its length."""

    def fact(self, name: str) -> Any:
        """What the file says of its architecture's `name`; None where it says nothing."""
        return self.metadata.get(f"{self.architecture}.{name}")

    def numbers(self, name: str) -> tuple[float, ...]:
        """What the tensor `name` holds, a short row of float32; empty where there is none."""
        found = next(
            (t for t in self.tensors if t.name == name and FLOAT_TYPES.get(t.kind) == "float32"), None
        )
        if found is None:
            return ()
        with self.path.open("rb") as file:
            file.seek(self.data_start + found.offset)
            return struct.unpack(f"<{found.elements}f", file.read(found.size))

    @property
    def parameters(self) -> int:
        """How many numbers the model has."""
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def size(self) -> int:
        """Bytes the whole file must have."""
        return self.data_start + max((t.offset + t.size for t in self.tensors), default=0)

    @property
    def dtype(self) -> str:
        """The float type to unpack into: the file's own, or bfloat16 where it holds quantised blocks.

        bfloat16 keeps eight bits of every number, more than a quantised block has.
        """
        kinds = {tensor.kind for tensor in self.tensors}
        if not kinds <= set(FLOAT_TYPES) or 30 in kinds:
            return "bfloat16"
        return "float16" if 1 in kinds else "float32"


def read_header(path: Path, whole: Container[str] = ()) -> GgufHeader:
    """Check the file and read its header, with the arrays of the keys in `whole` in full.

    Raises `IncompleteDownload` for a git-lfs pointer or a truncated file, `BadModelFile` for anything
    that is not GGUF, `ModelError` for one part of a split model.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(256)
            check_not_a_pointer(path, start)
            if start[:4] != b"GGUF":
                raise _not_gguf(path, start)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as blob:
                header = _Reader(blob, path, whole).header()
    except OSError as error:
        raise BadModelFile(f"{path} cannot be read: {error.strerror}.") from error
    except (struct.error, EOFError) as error:
        raise IncompleteDownload(
            f"{path.name} is cut short: it ends in the middle of its header, after {_mb(size)} MB.",
            "Download it again.",
        ) from error
    except (ValueError, KeyError, OverflowError) as error:
        raise BadModelFile(f"{path.name} is damaged: {error}.", "Download it again.") from error
    check_not_split(path)
    if size < header.size:
        raise IncompleteDownload(
            f"{path.name} is truncated: {_mb(size)} of {_mb(header.size)} MB are there.", "Download it again."
        )
    return header


def check_not_a_pointer(path: Path, start: bytes) -> None:
    """Raise `IncompleteDownload` when the file is only git-lfs' note of where the real one is."""
    if start.startswith(LFS_POINTER):
        raise IncompleteDownload(
            f"{path.name} is a git-lfs pointer, not the model itself.",
            f"Run in {path.parent}: git lfs install && git lfs pull",
        )


def check_not_split(path: Path) -> None:
    """Raise `ModelError` for one part of a model that was split over several files."""
    if part := _PART.search(path.name):
        raise ModelError(
            f"{path.name} is part {int(part[1])} of {int(part[2])}; a split GGUF cannot be loaded.",
            "Pick a smaller quantisation that is one file, or join the parts with llama-gguf-split --merge.",
        )


def quant_of(name: str) -> str:
    """The quantisation in a file name (`model.Q4_K_M.gguf` has `Q4_K_M`); empty when it has none."""
    found = _QUANT.search(name)
    return found[1].upper() if found else ""


def is_model_file(name: str) -> bool:
    """A `.gguf` that holds a language model: no vision projector, no importance matrix."""
    base = name.rsplit("/", 1)[-1].lower()
    return base.endswith(".gguf") and not base.startswith(("mmproj", "imatrix")) and "mmproj" not in base


def choose(repository: str, names: Iterable[str], quant: str = "") -> str:
    """The file to load from a repository or folder of GGUF files.

    `quant` is a quantisation (`Q8_0`) or a file name; empty picks `Q4_K_M` or the nearest to it.
    Raises `ModelNotFound` with the ones there are.
    """
    files = sorted((name for name in names if is_model_file(name)), key=lambda name: (len(name), name))
    whole = [name for name in files if not _PART.search(name)]
    if quant:
        for name in files:
            if quant in (name, name.rsplit("/", 1)[-1]) or quant_of(name) == quant.upper():
                check_not_split(Path(name))
                return name
        there = ", ".join(sorted({quant_of(name) or name for name in files})) or "none"
        raise ModelNotFound(f"{repository} has no quantisation {quant}.", f"It has: {there}.")
    if not files:
        raise ModelNotFound(f"{repository} has no GGUF model file.", "Name another repository or folder.")
    if not whole:
        check_not_split(Path(files[0]))
    return min(whole, key=lambda name: _rank(quant_of(name)))


def _rank(quant: str) -> int:
    quant = quant.removeprefix("UD-")
    return _PREFERRED.index(quant) if quant in _PREFERRED else len(_PREFERRED)


def _not_gguf(path: Path, start: bytes) -> ModelError:
    text = start.lstrip().lower()
    if not start:
        return IncompleteDownload(f"{path.name} is empty.", "Download it again.")
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return BadModelFile(
            f"{path.name} is a web page, not a GGUF file.", "Download the file itself, not the page about it."
        )
    return BadModelFile(f"{path.name} is not a GGUF file.", "Check the name, or download it again.")


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f}" if size >= 10_000_000 else f"{size / 1e6:.2f}"


class _Reader:
    """A cursor over the header; a wrong number ends as an exception, never as a hang."""

    def __init__(self, blob: mmap.mmap, path: Path, whole: Container[str]) -> None:
        self._blob = blob
        self._path = path
        self._whole = whole
        self._at = 4

    def header(self) -> GgufHeader:
        version, tensor_count, key_count = self._take("<IQQ")
        if version not in (2, 3):
            raise ValueError(f"its version is {version}, known are 2 and 3")
        if max(tensor_count, key_count) > _MOST_ENTRIES:
            raise ValueError("it claims to hold more than a million entries")
        metadata: dict[str, Any] = {}
        for _ in range(key_count):
            key = self._string()
            metadata[key] = self._value(self._take("<I")[0], key in self._whole)
        if int(metadata.get("split.count") or 0) > 1:
            raise ModelError(
                f"{self._path.name} is one of {metadata['split.count']} parts; a split GGUF cannot load.",
                "Join the parts with llama-gguf-split --merge.",
            )
        rows = [self._row() for _ in range(tensor_count)]
        alignment = int(metadata.get("general.alignment", 32)) or 32
        data_start = -(-self._at // alignment) * alignment
        architecture = metadata.get("general.architecture")
        if not isinstance(architecture, str):
            raise ValueError("it does not name its architecture")
        return GgufHeader(self._path, architecture, _sized(rows), data_start, metadata)

    def _take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self._blob, self._at)
        self._at += struct.calcsize(layout)
        return values

    def _skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._blob):
            raise EOFError

    def _string(self) -> str:
        start = self._at + 8
        self._skip(8 + int(self._take_ahead("<Q")))
        return self._blob[start : self._at].decode("utf-8", "replace")

    def _take_ahead(self, layout: str) -> int:
        value: int = struct.unpack_from(layout, self._blob, self._at)[0]
        return value

    def _value(self, kind: int, in_full: bool) -> Any:
        if kind == 8:
            return self._string()
        if kind != 9:
            return self._take("<" + _SCALARS[kind])[0]
        element, count = self._take("<IQ")
        if element == 8:
            if in_full:
                return [self._string() for _ in range(count)]
            for _ in range(count):
                self._skip(8 + self._take_ahead("<Q"))
            return count
        start = self._at
        self._skip(count * struct.calcsize("<" + _SCALARS[element]))
        if not in_full and count > _MOST_NUMBERS:
            return count
        return list(struct.unpack_from(f"<{count}{_SCALARS[element]}", self._blob, start))

    def _row(self) -> tuple[str, int, int, int]:
        name = self._string()
        (dimensions,) = self._take("<I")
        if dimensions > 8:
            raise ValueError(f"its tensor {name!r} has {dimensions} dimensions")
        shape = self._take(f"<{dimensions}Q")
        kind, offset = self._take("<IQ")
        return name, prod(shape), kind, offset


def _sized(rows: Sequence[tuple[str, int, int, int]]) -> tuple[GgufTensor, ...]:
    """The rows with their sizes. A type this gguf package does not know ends where the next one starts."""
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType  # imports numpy: 0.1 s

    tensors = []
    for name, elements, kind, offset in rows:
        size = 0
        with contextlib.suppress(ValueError, KeyError):
            block, width = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
            size = elements // block * width
        tensors.append(GgufTensor(name, elements, kind, offset, size))
    return tuple(tensors)
