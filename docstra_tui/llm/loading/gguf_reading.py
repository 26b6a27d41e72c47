"""A GGUF file as a transformers model and tokenizer, unpacked to plain floats.

transformers does the reading: it knows the tensor names and layouts of every architecture. What is
slow about it is replaced while it reads. The starter on two cores: 27 s as it is, 5 s here.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docstra_tui.errors import UnknownArchitecture
from docstra_tui.llm.files.gguf_architectures import HINT
from docstra_tui.llm.files.gguf_files import GgufHeader
from docstra_tui.llm.loading import gguf_config, gguf_splits, gguf_vocabulary

Report = Callable[[int, int], None]
"""Takes bytes done and bytes in all."""

_patching = threading.Lock()


NO_WEIGHTS = ("rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight")
"""Tensors that the configuration has instead."""


@dataclass(frozen=True)
class Described:
    """What a file says of its model, without the weights."""

    header: GgufHeader
    config: Any
    tokenizer: Any
    ends: tuple[int, ...]
    """Ids that end an answer."""
    notes: tuple[str, ...]
    """What is not as the file has it, sentences for people."""


def describe(header: GgufHeader) -> Described:
    """Read the configuration and the tokenizer, and make good what transformers leaves out.

    Raises `BadModelFile` where the tokenizer would not give the ids of the file.
    """
    config, tokenizer = read_config(header.path), read_tokenizer(header.path)
    vocabulary = gguf_vocabulary.read(header.path)
    gguf_vocabulary.mend(tokenizer, vocabulary)
    notes = (gguf_config.complete(config, header), gguf_splits.check(tokenizer, vocabulary))
    return Described(header, config, tokenizer, vocabulary.ends, tuple(note for note in notes if note))


def read_model(described: Described, dtype: str, report: Report, **options: Any) -> Any:
    """The model with its weights as `dtype`; `options` go to `from_pretrained`.

    Raises `UnknownArchitecture` where not every weight of the file found its place.
    """
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    path = described.header.path
    with _quick(report):
        model, found = AutoModelForCausalLM.from_pretrained(
            path.parent,
            config=copy.deepcopy(described.config),  # it is written to
            output_loading_info=True,
            gguf_file=path.name,
            # Not packed: where the package `kernels` is installed, that would fetch native code from the hub.
            quantization_config=GgufConfig(dequantize=True),
            dtype=getattr(torch, dtype),
            local_files_only=True,
            trust_remote_code=False,
            **options,
        )
        lost = [*found["missing_keys"], *found["unexpected_keys"], *_unread(model, described.header)]
    if lost:
        raise UnknownArchitecture(
            f"{path.name} has weights that are not read here, {sorted(lost)[0]} among {len(lost)}.", HINT
        )
    if described.ends:
        model.generation_config.eos_token_id = [*described.ends]
    return model


def _unread(model: Any, header: GgufHeader) -> list[str]:
    """Tensors of the file that no part of the model took; transformers passes over them."""
    from transformers import modeling_gguf_pytorch_utils as theirs
    from transformers.integrations.gguf import is_gguf_arch_supported

    if is_gguf_arch_supported(header.architecture):
        return []  # read another way, which tells what is left
    kind = theirs.TENSOR_PROCESSORS.get(header.architecture, theirs.TensorProcessor)
    taken = theirs.get_gguf_hf_weights_map(model, kind(config=model.config.to_dict()))
    # The output matrix is the embedding's once more where both are tied; experts are mapped by their stem.
    known = {*taken, *NO_WEIGHTS, "output.weight", *(f"{name}.weight" for name in taken if "_exps" in name)}
    return [tensor.name for tensor in header.tensors if tensor.name not in known]


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
