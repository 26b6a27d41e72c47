"""One step of decoding: texts that are being written each get their new ids read, and their next logits.

What takes the step differs: the model's own forward pass here, which every model has, or one made for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from docstra_tui.llm.inference.forward import Forward

MOST_IDS = 16
"""More drafts at once are hardly ever all right."""


@dataclass(eq=False)
class Slot:
    """One text that is being written."""

    cache: Any
    """What was read of it, as `Forward.new_cache` makes it."""
    start: int
    """How many tokens are in the cache."""
    ids: list[int] | torch.Tensor
    """The new ids to read now: the last one written, and drafts of what may follow. A tensor on the model's
    device where nobody has looked at them yet."""


class Step(Protocol):
    """Reads the new ids of several texts at once."""

    @property
    def most_ids(self) -> int:
        """New ids that a slot may have at once; 1 where nothing can be drafted."""
        ...

    @property
    def most_slots(self) -> int:
        """Texts that may be given at once."""
        ...

    def logits(self, slots: Sequence[Slot]) -> torch.Tensor:
        """The logits behind each new id, slot by slot: of shape (all new ids, vocabulary).

        Afterwards the caches hold the new ids; the slots are not changed. Runs in inference mode.
        """
        ...


class ModelStep:
    """The model's own forward pass, one text at a time."""

    most_ids = MOST_IDS
    most_slots = 1

    def __init__(self, forward: Forward) -> None:
        self._forward = forward

    def logits(self, slots: Sequence[Slot]) -> torch.Tensor:
        (slot,) = slots
        new = torch.as_tensor(slot.ids, device=self._forward.model.device)
        # What stands before them is in the cache: only its length is looked at.
        whole = torch.cat([new[:1].expand(slot.start), new])[None]
        return self._forward(whole, slot.start, slot.cache, len(slot.ids))
