"""A GGUF file as a transformers model and tokenizer, unpacked to plain floats.

transformers does the reading: it knows the tensor names and layouts of every architecture. What is
slow about it is replaced while it reads. The starter on two cores: 27 s as it is, 5 s here.
"""

from __future__ import annotations

import contextlib
import functools
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

Report = Callable[[int, int], None]
"""Takes bytes done and bytes in all."""

_patching = threading.Lock()


def read_model(path: Path, dtype: str, report: Report, **options: Any) -> Any:
    """The model with its weights as `dtype`; `options` go to `from_pretrained`."""
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    with _quick(report):
        return AutoModelForCausalLM.from_pretrained(
            path.parent,
            gguf_file=path.name,
            # Not packed: where the package `kernels` is installed, that would fetch native code from the hub.
            quantization_config=GgufConfig(dequantize=True),
            dtype=getattr(torch, dtype),
            local_files_only=True,
            trust_remote_code=False,
            **options,
        )


def read_tokenizer(path: Path) -> Any:
    """The tokenizer that the file describes, with its chat template."""
    from transformers import AutoTokenizer

    with _quick():
        return AutoTokenizer.from_pretrained(
            path.parent, gguf_file=path.name, local_files_only=True, trust_remote_code=False
        )


def read_config(path: Path) -> Any:
    """The configuration that the file describes."""
    from transformers import AutoConfig

    with _quick():
        return AutoConfig.from_pretrained(
            path.parent, gguf_file=path.name, local_files_only=True, trust_remote_code=False
        )


@contextlib.contextmanager
def _quick(report: Report | None = None) -> Iterator[None]:
    """While this lasts, transformers reads GGUF headers quickly and tells how far it is."""
    import gguf
    from transformers import modeling_gguf_pytorch_utils as theirs

    def reported(tensors: Iterable[Any], **_: Any) -> Iterator[Any]:
        rows = list(tensors)
        total = sum(int(row.n_bytes) for row in rows)
        done = 0
        for row in rows:
            yield row
            done += int(row.n_bytes)
            if report is not None:
                report(done, total)

    with _patching:
        before = gguf.GGUFReader, gguf.get_tensor_name_map, theirs.tqdm
        gguf.GGUFReader = _quick_reader()
        # transformers builds this table once for every module of the model: 8 s of the starter's 27
        gguf.get_tensor_name_map = functools.lru_cache(maxsize=None)(gguf.get_tensor_name_map)
        theirs.tqdm = reported
        try:
            yield
        finally:
            gguf.GGUFReader, gguf.get_tensor_name_map, theirs.tqdm = before


@functools.cache
def _quick_reader() -> type[Any]:
    """gguf's reader, with arrays read in one go instead of a numpy view for each of 100,000 tokens."""
    import gguf
    from gguf import GGUFValueType

    class QuickReader(gguf.GGUFReader):
        def _get_field_parts(self, orig_offs: int, raw_type: int) -> Any:
            if GGUFValueType(int(raw_type)) != GGUFValueType.ARRAY:
                return super()._get_field_parts(orig_offs, raw_type)
            blob = memoryview(self.data)
            number, count = struct.unpack_from("<IQ", blob, orig_offs)
            element = GGUFValueType(number)
            at = orig_offs + 12
            parts: list[Any]
            if element == GGUFValueType.STRING:
                parts = []
                for _ in range(count):
                    (length,) = struct.unpack_from("<Q", blob, at)
                    parts.append(bytes(blob[at + 8 : at + 8 + length]))
                    at += 8 + length
            elif element in self.gguf_scalar_to_np:
                values = self._get(at, self.gguf_scalar_to_np[element], count)
                parts = list(values.reshape(-1, 1))
                at += int(values.nbytes)
            else:
                return super()._get_field_parts(orig_offs, raw_type)
            types = [GGUFValueType.ARRAY, element] if count else [GGUFValueType.ARRAY]
            return at - orig_offs, parts, list(range(len(parts))), types

    return QuickReader
