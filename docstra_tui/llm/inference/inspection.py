"""A model looked at without its weights: what its files and its chat template make of a conversation."""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections import Counter
from dataclasses import asdict
from typing import Any

from transformers import DynamicCache

from docstra_tui.error_forms import to_wire
from docstra_tui.errors import DocstraError
from docstra_tui.llm.files.sources import LoadProgress, ModelSpec, Progress
from docstra_tui.llm.inference import int8_comparison, proof
from docstra_tui.llm.inference.cache_layers import PLAIN
from docstra_tui.llm.inference.chat_tokenizer import ChatTokenizer
from docstra_tui.llm.inference.forward import CACHE_NAMES
from docstra_tui.llm.inference.template_behaviour import Behaviour
from docstra_tui.llm.loading import loader
from docstra_tui.llm.loading.loader import Outline
from docstra_tui.llm.machine import int8_figures
from docstra_tui.llm.thinking import families

CACHES = {
    "DynamicLayer": "full",
    "DynamicIndexedLayer": "full",
    "DynamicSlidingWindowLayer": "sliding",
    "LinearAttentionLayer": "state",
    "LinearAttentionAndFullAttentionLayer": "full and state",
    "LinearAttentionAndSlidingWindowAttentionLayer": "sliding and state",
    "DummyLayer": "none",
}
"""What a layer of a cache keeps: everything, a window of it, or a state that everything went into."""

ALL = "A second question over the same files reads only what is new."
STATES = "Of {} layers the state is copied where a question begins and where the next one parts."
PARTED = "A second question reads again what stands between the question before it and its answer."
MOVED = (
    "A second question reads again from the question before it on: the template writes that otherwise then."
)
NO_SECOND = "There is no second question in a session."


def report(spec: ModelSpec, progress: Progress) -> dict[str, Any]:
    """Everything, as plain values. Raises a `ModelError` or another `DocstraError`."""
    outline = loader.look(spec, progress)
    chat = ChatTokenizer(outline.tokenizer, outline.window)
    behaviour = chat.behaviour()
    kinds = _cache_kinds(outline)
    return {
        "name": outline.name,
        "path": outline.path,
        "architecture": str(getattr(outline.config, "model_type", "")),
        "window": outline.window,
        "layers": sum(kinds.values()),
        "caches": dict(kinds),
        "vocabulary": len(outline.tokenizer),
        "special_tokens": {name: str(text) for name, text in outline.tokenizer.special_tokens_map.items()},
        "template": _template(chat, behaviour),
        "thinking": _thinking(chat, behaviour),
        "reuse": _reuse(outline, behaviour),
        "int8": asdict(figures) if (figures := int8_figures.find(outline.path)) is not None else None,
        "notes": [*outline.notes, *chat.notes],
    }


def _cache_kinds(outline: Outline) -> Counter[str]:
    """How many layers keep what they read in which way."""
    layers = DynamicCache(config=outline.config).layers
    return Counter(CACHES.get(type(layer).__name__, type(layer).__name__) for layer in layers)


def _template(chat: ChatTokenizer, behaviour: Behaviour | None) -> dict[str, Any] | None:
    if behaviour is None:
        return None
    return {
        "sha256": hashlib.sha256(chat.template.encode()).hexdigest(),
        "characters": len(chat.template),
        "system": behaviour.system,
        "content": "parts" if behaviour.takes_parts else "text",
        "must_alternate": behaviour.alternates,
        "second_question": behaviour.has_second,
        "writes_date": behaviour.reads_clock,
        "trims": behaviour.trims,
        "broken_up": {role: list(words) for role, words in behaviour.triggers.items()},
        "behind_question": behaviour.tail("auto"),
        "end_mark": chat.end_mark() or None,
    }


def _thinking(chat: ChatTokenizer, behaviour: Behaviour | None) -> dict[str, Any] | None:
    if behaviour is None:
        return None
    marks = [family.name for family in families.of_template(chat.template) if _knows(chat.template, family)]
    switch = asdict(behaviour.think) if behaviour.think is not None else None
    return {"marks": marks, "opens": behaviour.opens, "switch": switch, "note": behaviour.think_note}


def _knows(template: str, family: families.Family) -> bool:
    return any(mark in template for mark in (*family.open, *family.close))


def _reuse(outline: Outline, behaviour: Behaviour | None) -> str:
    """What of a prompt need not be read again; whether it really can be so is proven at load."""
    taken = inspect.signature(outline.kind.forward).parameters if outline.kind is not None else CACHE_NAMES
    if not any(name in taken for name in CACHE_NAMES):
        return proof.NO_CACHE
    states = sum(type(layer) not in PLAIN for layer in DynamicCache(config=outline.config).layers)
    said = [ALL]
    if behaviour is not None and not behaviour.has_second:
        said = [NO_SECOND]
    elif behaviour is not None and not behaviour.appends("auto"):
        said = [PARTED if behaviour.parts_from["auto"] >= 0 else MOVED]
    if states:
        said.append(STATES.format(states))
    return " ".join(said)


def main(name: str, revision: str, quant: str = "") -> int:
    """`python -m docstra_tui.llm.inference.inspection NAME REVISION [QUANT]`, for who must not import torch.

    With `int8` that is compared first, which takes the weights. One JSON object a line: `{"phase", "done",
    "total"}` while it goes on, then `{"report"}` or an error's wire form.
    """

    def say(line: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    def show(progress: LoadProgress) -> None:
        say({"phase": progress.phase, "done": progress.done, "total": progress.total})

    try:
        spec = ModelSpec(name, revision=revision)
        if quant == int8_comparison.QUANT:
            int8_comparison.measure(spec, show)
        say({"report": report(spec, show)})
    except DocstraError as error:
        say({"error": to_wire(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
