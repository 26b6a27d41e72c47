"""What a checkpoint says about generating, and how much of it counts.

`generate` fills whatever a request leaves out from the model's own configuration, so a field that must
not count has to be gone from there: leaving it out of a copy does nothing. What counts is where an answer
ends and how its author would sample; everything else is about somebody else's run (a training without
cache, a benchmark with beams) and would change an answer or break it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from transformers import GenerationConfig

from docstra_tui.llm.log import logger

IDS = ("eos_token_id", "bos_token_id", "pad_token_id")
"""Facts about the vocabulary."""

SAMPLING: Mapping[str, Callable[[float], bool]] = {
    "top_p": lambda value: 0 < value <= 1,
    "top_k": lambda value: 0 <= value < 2**63 and value == int(value),
    "min_p": lambda value: 0 <= value <= 1,
    "typical_p": lambda value: 0 < value <= 1,
    "repetition_penalty": lambda value: 0 < value < 2**63,
}
"""The author's advice on sampling, and which values `generate` can take: with others it raises."""

_REQUESTS = ("do_sample", "temperature", "max_length", "max_new_tokens")
"""What every request decides for itself: nothing is lost, so nothing is said."""


@dataclass(frozen=True)
class Advice:
    """What counts."""

    eos: tuple[int, ...] = ()
    """Ids that end an answer."""
    pad: int | None = None
    stop_strings: tuple[str, ...] = ()
    """Texts that end an answer; `generate` would want a tokenizer for them and show them."""
    sampling: Mapping[str, float] = field(default_factory=dict)
    """Some of `SAMPLING`."""


def take(model: Any) -> Advice:
    """What counts of the model's own configuration, which is left with the ids alone."""
    found = getattr(model, "generation_config", None)
    kept = sift(found.to_dict() if found is not None else {})
    model.generation_config = GenerationConfig(**{name: kept[name] for name in IDS if name in kept})
    for config in (model.config, model.config.get_text_config()):
        _let_the_cache_be_used(config)
    eos = kept.get("eos_token_id", [])
    return Advice(
        eos=tuple(eos) if isinstance(eos, list) else (eos,),
        pad=kept.get("pad_token_id"),
        stop_strings=tuple(kept.get("stop_strings", ())),
        sampling={name: kept[name] for name in SAMPLING if name in kept},
    )


def sift(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that count, in the shapes that `GenerationConfig` takes; the log has the others."""
    kept: dict[str, Any] = {}
    for name in IDS:
        if (ids := _ids(values.get(name))) is not None:
            kept[name] = ids if name == "eos_token_id" or isinstance(ids, int) else ids[0]
    strings = values.get("stop_strings")
    texts = [strings] if isinstance(strings, str) else strings if isinstance(strings, list) else []
    if texts := [text for text in texts if isinstance(text, str) and text]:
        kept["stop_strings"] = texts
    for name, is_usable in SAMPLING.items():
        value = values.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and is_usable(value):
            kept[name] = value
    _say_what_is_ignored(values, kept)
    return kept


def _ids(value: Any) -> int | list[int] | None:
    """One id, or several; None where there is none that a vocabulary can have."""
    several = value if isinstance(value, list) else [value]
    ids = [id_ for id_ in several if isinstance(id_, int) and not isinstance(id_, bool) and id_ >= 0]
    if not ids:
        return None
    return ids if isinstance(value, list) else ids[0]


def _say_what_is_ignored(values: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    usual = GenerationConfig._get_default_generation_params()
    ignored = [
        f"{name}={value!r}"[:80]
        for name, value in values.items()
        if name not in kept and name not in _REQUESTS and not name.startswith(("_", "transformers"))
        if value is not None and value != usual.get(name, False)  # what has no default is off without it
    ]
    if ignored:
        logger.info(
            "of the checkpoint's generation settings these are ignored: %s", ", ".join(sorted(ignored))
        )


def _let_the_cache_be_used(config: Any) -> None:
    """A configuration saved in the middle of a training turns it off, and may ask for extra outputs."""
    for name, value in (
        ("use_cache", True),
        ("return_dict", True),
        ("output_attentions", False),
        ("output_hidden_states", False),
    ):
        if getattr(config, name, value) is not value:
            logger.info("the checkpoint's %s=%r is ignored", name, getattr(config, name))
            setattr(config, name, value)
