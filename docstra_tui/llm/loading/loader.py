"""A model's name becomes a model in memory: found, checked, placed; every failure is one clear sentence.

Only safetensors are read and no code of a model is run, unless that was asked for. The tokenizer comes
first, so that a caller can count while the weights are on their way.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docstra_tui.errors import BadModelFile, ModelError, UnknownArchitecture
from docstra_tui.llm.files import checkpoint, gguf_files, location, sources
from docstra_tui.llm.files.gguf_files import GgufHeader
from docstra_tui.llm.files.load_errors import translate, translated
from docstra_tui.llm.files.sources import LoadProgress, ModelFiles, ModelSpec, Progress
from docstra_tui.llm.loading import (
    advice,
    conversion,
    gguf_reading,
    layer_shape,
    placement,
    positions,
    quantisation,
)
from docstra_tui.llm.loading.accelerators import free_memory
from docstra_tui.llm.loading.gguf_reading import Described
from docstra_tui.llm.loading.placement import Placement, Weights
from docstra_tui.llm.loading.weights import OnDisk, own
from docstra_tui.llm.log import logger

WINDOW_UNKNOWN = 4096
"""The window, in tokens, of a model that does not tell its own."""


@dataclass
class LoadedModel:
    """A model that is ready to generate."""

    model: Any
    tokenizer: Any
    name: str
    """Hub id, `starter`, or an absolute path."""
    path: str
    """The folder or file that was read."""
    device: str
    """`cpu`, `cuda:0`, `mps`, or `cuda:0+1` for a model that is spread."""
    dtype: str
    """`bfloat16`, `float16`, `float32`, or the quantisation."""
    window: int
    """Tokens of prompt and answer together."""
    reason: str
    """Why this device and these numbers, one short sentence."""
    on_disk: OnDisk
    """The files it was read from."""
    notes: tuple[str, ...] = ()
    """What is not as its files have it, sentences for people."""


@dataclass(frozen=True)
class Outline:
    """A model without its weights."""

    config: Any
    tokenizer: Any
    kind: Any
    """The class that would read it; None where that is the model's own code."""
    name: str
    path: str
    window: int
    notes: tuple[str, ...]


OnTokenizer = Callable[[Any, int], None]
"""Takes the tokenizer and the window."""


def load(
    spec: ModelSpec, progress: Progress | None = None, on_tokenizer: OnTokenizer | None = None
) -> LoadedModel:
    """Load the model that `spec` names. Raises a `ModelError` or another `DocstraError`, nothing raw."""
    return translated(
        lambda: _load(spec, progress or sources.ignore, on_tokenizer),
        lambda error: translate(error, spec.path or spec.name or sources.STARTER),
    )


def look(spec: ModelSpec, progress: Progress | None = None) -> Outline:
    """All that can be known without reading a weight. Raises as `load`."""
    return translated(
        lambda: _look(spec, progress or sources.ignore),
        lambda error: translate(error, spec.path or spec.name or sources.STARTER),
    )


def window_of(config: Any, tokenizer: Any) -> int:
    """How many tokens the model can see: as its configuration says, else its tokenizer, else 4,096."""
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    for source in (text, config):
        window = getattr(source, "max_position_embeddings", None)
        if isinstance(window, int) and window > 0:
            return window
    window = getattr(tokenizer, "model_max_length", None)
    # A tokenizer that does not know says 1e30.
    return int(window) if window and 0 < window < 10_000_000 else WINDOW_UNKNOWN


def _load(spec: ModelSpec, progress: Progress, on_tokenizer: OnTokenizer | None) -> LoadedModel:
    # 1. Find the files; the only step that may use the network.
    files = location.resolve(spec, progress)
    _check_options(spec)
    with _quiet_transformers(progress):
        # 2. The tokenizer, at once.
        progress(LoadProgress("read"))
        folder: Path | None = files.folder if files.gguf is None else conversion.converted(files.gguf)
        config, tokenizer, notes, described = _read_head(files, folder, spec)
        window = window_of(config, tokenizer)
        if on_tokenizer is not None:
            on_tokenizer(tokenizer, window)
        # 3. Where to, decided before any weight is read.
        source = folder or (described.header if described is not None else files.folder)
        weights = _weights(spec, files.name, source, config, window)
        placed = placement.place(weights, spec.device)
        # 4. The weights, which are this process's own from then on.
        if described is not None:
            folder = _convert_small(files, described, progress)
        sources_of = [] if files.gguf is None else [files.gguf]
        on_disk = OnDisk([*sources_of, *(checkpoint.weight_files(folder, files.name) if folder else ())])
        if folder is not None:
            model = _read_weights(folder, spec, config, placed, files.name)
        else:
            assert described is not None
            model = _read_gguf(described, spec, placed, progress)
        if placed.int8 is not None:
            quantisation.to_int8(model, tokenizer, placed, files.name)
        own(model, lambda done, total: progress(LoadProgress("place", done, total)))
    dtype = spec.quant or str(model.dtype).removeprefix("torch.")
    path = str(files.gguf or files.folder)
    return LoadedModel(
        model, tokenizer, files.name, path, placed.device, dtype, window, placed.reason, on_disk, notes
    )


def _look(spec: ModelSpec, progress: Progress) -> Outline:
    files = location.resolve(spec, progress)
    folder = files.folder if files.gguf is None else conversion.converted(files.gguf)
    with _quiet_transformers(progress):
        config, tokenizer, notes, _ = _read_head(files, folder, spec)
        # A model's own code is not in the table.
        kind = _auto_class(config, spec, files.name)._model_mapping.get(type(config), None)
    path = str(files.gguf or files.folder)
    return Outline(config, tokenizer, kind, files.name, path, window_of(config, tokenizer), notes)


Head = tuple[Any, Any, tuple[str, ...], Described | None]
"""Configuration, tokenizer, notes, and where they stand in a GGUF what that says."""


def _read_head(files: ModelFiles, folder: Path | None, spec: ModelSpec) -> Head:
    if folder is not None:
        notes = conversion.notes(folder) if files.gguf is not None else ()
        return (*_read_folder(folder, spec), notes, None)
    assert files.gguf is not None
    described = gguf_reading.describe(gguf_files.read_header(files.gguf))
    return described.config, described.tokenizer, described.notes, described


def _read_folder(folder: Path, spec: ModelSpec) -> tuple[Any, Any]:
    from transformers import AutoConfig, AutoTokenizer

    options = {"local_files_only": True, "trust_remote_code": spec.trust_remote_code}
    config = AutoConfig.from_pretrained(folder, **options)
    return config, AutoTokenizer.from_pretrained(folder, **options)


def _weights(spec: ModelSpec, name: str, source: Path | GgufHeader, config: Any, window: int) -> Weights:
    if isinstance(source, GgufHeader):
        stored, count = source.dtype, source.parameters
        # A GGUF is unpacked while it is read, whatever it was: its numbers count, not its bytes.
        whole: Callable[[int], int] = lambda width: count * width  # noqa: E731
    else:
        folder = source
        stored = checkpoint.stored_dtype(folder, checkpoint.read_config(folder))
        whole = functools.cache(lambda width: checkpoint.memory_needed(folder, width))
    embedded = layer_shape.embedded(config)
    size = functools.partial(quantisation.size, spec.quant, whole, embedded)
    model_type = str(getattr(config, "model_type", ""))
    # Quantised weights keep their form, and a model's own code may rely on one.
    is_fixed = isinstance(source, Path) and getattr(config, "quantization_config", None) is not None
    is_int8 = spec.quant == quantisation.INT8
    is_free = not (is_fixed or spec.trust_remote_code or (spec.quant and not is_int8))
    shape = layer_shape.shape_of(config, window) if is_free else None
    return Weights(name, stored, size, model_type, spec.dtype, shape, whole if is_int8 else None)


def _convert_small(files: ModelFiles, described: Described, progress: Progress) -> Path | None:
    """Convert for the next start when that is cheap; None when it is not, or does not work."""
    header = described.header
    if not conversion.is_worth_keeping(header) or free_memory() < conversion.result_size(header) * 2:
        return None
    try:
        return conversion.keep(files, described, progress)
    except UnknownArchitecture:
        raise
    except (OSError, ModelError) as error:
        logger.warning("%s was not converted, it will be read each time: %s", files.name, error)
        return None


def _read_weights(folder: Path, spec: ModelSpec, config: Any, placed: Placement, name: str) -> Any:
    import torch

    quantised = getattr(config, "quantization_config", None) is not None
    if quantised and spec.quant:
        raise ModelError(f"{name} is quantised already.", "Leave out --quant.")
    own = quantised and spec.dtype == "auto"
    options: dict[str, Any] = {
        "dtype": "auto" if own else getattr(torch, placed.read_as or placed.dtype),
        "device_map": placed.device_map,
        "max_memory": placed.max_memory or None,
        "use_safetensors": True,
        "local_files_only": True,
        "trust_remote_code": spec.trust_remote_code,
    }
    if not spec.trust_remote_code:  # a model's own code may rely on fields of its own
        options["generation_config"] = _generation_config(folder, config)
        if positions.settle(config):
            options["config"] = config
    smaller = quantisation.config(spec.quant, placed)
    if smaller is not None:
        options["quantization_config"] = smaller
    model, report = _auto_class(config, spec, name).from_pretrained(
        folder, output_loading_info=True, **options
    )
    missing = sorted(report["missing_keys"])
    if missing and not quantised and smaller is None:
        # transformers fills them with random numbers and goes on
        raise BadModelFile(
            f"{name} lacks {len(missing)} of its weights, {missing[0]} among them.",
            "Download it again, or tell its author.",
        )
    return model


def _generation_config(folder: Path, config: Any) -> Any:
    """What counts of the checkpoint's settings. Handed over: with some of the others it would not load."""
    from transformers import GenerationConfig

    values = checkpoint.read_generation(folder)
    if values is None:
        text = config.get_text_config()
        values = {name: getattr(text, name, None) or getattr(config, name, None) for name in advice.IDS}
    return GenerationConfig(**advice.sift(values))


def _read_gguf(described: Described, spec: ModelSpec, placed: Placement, progress: Progress) -> Any:
    if spec.quant:
        raise ModelError(
            f"{described.header.path.name} is quantised already and too large to convert by itself.",
            "Leave out --quant, or run docstra-tui models convert first.",
        )
    return gguf_reading.read_model(
        described,
        placed.dtype,
        lambda done, total: progress(LoadProgress("read", done, total)),
        device_map=placed.device_map,
        max_memory=placed.max_memory or None,
    )


def _auto_class(config: Any, spec: ModelSpec, name: str) -> Any:
    """The class that loads the model for text; an image-text model is used for its text."""
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    own_code = getattr(config, "auto_map", None) or {}
    for auto in (AutoModelForCausalLM, AutoModelForImageTextToText):
        if type(config) in auto._model_mapping or (spec.trust_remote_code and auto.__name__ in own_code):
            return auto
    raise UnknownArchitecture(
        f"{name} cannot write text: it is a {getattr(config, 'model_type', 'model')}.",
        "Pick a chat or instruct model.",
    )


def _check_options(spec: ModelSpec) -> None:
    if spec.dtype != "auto" and spec.dtype not in placement.WIDTHS:
        known = ", ".join(("auto", *placement.WIDTHS))
        raise ModelError(f"There is no dtype {spec.dtype!r} for weights.", f"Known are {known}.")
    quantisation.check(spec.quant)


@contextlib.contextmanager
def _quiet_transformers(progress: Progress) -> Iterator[None]:
    """Nothing of transformers reaches stderr, and its progress over the weights becomes ours."""
    from transformers.utils import logging as theirs

    theirs.set_verbosity_error()
    theirs.disable_progress_bar()

    def reported(rows: Iterable[Any], total: int) -> Iterator[Any]:
        for done, row in enumerate(rows):
            progress(LoadProgress("place", done, total))
            yield row
        progress(LoadProgress("place", total, total))

    def hook(factory: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if kwargs.get("desc") == "Loading weights" and args:
            return reported(args[0], len(args[0]))
        return factory(*args, **kwargs)

    before = theirs.set_tqdm_hook(hook)
    try:
        yield
    finally:
        theirs.set_tqdm_hook(before)
