"""A model that nobody asks anything lets go of its GPU: weights and caches wait in the machine's memory.

What moves is storages, not tensors: tied weights stay tied, and what is a view of another stays one. On a
CPU there is nowhere to move to.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from docstra_tui import figures
from docstra_tui.errors import NotEnoughMemory
from docstra_tui.llm.inference import failures, memory
from docstra_tui.llm.loading import accelerators

logger = logging.getLogger(__name__)

SHARE = 0.8
"""Of the machine's free memory so much may be taken for it."""
HOST = torch.device("cpu")


class Parking:
    """Where one model's tensors are. All of it runs in the inference thread; `is_parked` may be asked from
    anywhere."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.devices = memory.devices_of(model)
        """The GPUs that it belongs on; none for a CPU."""
        self.is_parked = False
        self._away: list[_Moved] = []

    @property
    def is_possible(self) -> bool:
        """False where there is nowhere to go, or weights are packed in a form of their own."""
        packed = getattr(self._model, "hf_quantizer", None) is not None
        return bool(self.devices) and not packed and all(map(_is_plain, self._weights()))

    def go(self, caches: Iterable[torch.Tensor], is_wanted_back: Callable[[], bool]) -> bool:
        """Move everything out of the way; False where that cannot be, or it `is_wanted_back` before."""
        if self.is_parked or not self.is_possible:
            return False
        groups = _by_storage([*self._weights(), *caches], self.devices)
        needed = sum(group[0].untyped_storage().nbytes() for group in groups)
        if needed > accelerators.free_memory() * SHARE:
            logger.info("not parked: %s have no room beside the GPU", figures.size(needed))
            return False
        self.is_parked = True
        for group in groups:
            if is_wanted_back():
                self.come_back()
                return False
            self._away.append(_Moved(group, group[0].device))
            _move(group, HOST)
        del groups
        failures.free_memory()
        logger.info("parked: %s are in the machine's memory", figures.size(needed))
        return True

    def come_back(self) -> None:
        """Everything back where it belongs. Raises `NotEnoughMemory` where others have taken its place."""
        if not self.is_parked:
            return
        back: list[_Moved] = []
        ran_out = False
        for moved in self._away:
            try:
                _move(moved.tensors, moved.device)
            except torch.OutOfMemoryError:
                ran_out = True
                break
            back.append(moved)
        if ran_out:
            for moved in back:
                _move(moved.tensors, HOST)
            failures.free_memory()
            needed = sum(moved.tensors[0].untyped_storage().nbytes() for moved in self._away)
            raise NotEnoughMemory(
                f"The GPU was lent out while the model was parked, and has no {figures.size(needed)} free.",
                "Free it and ask again, or let another engine answer: --device cpu.",
            )
        self._away.clear()
        self.is_parked = False

    def _weights(self) -> Iterator[torch.Tensor]:
        yield from self._model.parameters()
        yield from self._model.buffers()


@dataclass(frozen=True, eq=False)
class _Moved:
    """Tensors over one storage, and where that belongs."""

    tensors: list[torch.Tensor]
    device: torch.device


def _by_storage(tensors: Iterable[torch.Tensor], devices: Iterable[torch.device]) -> list[list[torch.Tensor]]:
    """Those on the devices, together where they share one."""
    wanted = set(devices)
    groups: dict[tuple[torch.device, int], dict[int, torch.Tensor]] = {}
    for tensor in tensors:
        if tensor.device in wanted and tensor.untyped_storage().nbytes():
            key = tensor.device, tensor.untyped_storage().data_ptr()
            groups.setdefault(key, {})[id(tensor)] = tensor
    return [list(group.values()) for group in groups.values()]


def _move(tensors: list[torch.Tensor], device: torch.device) -> None:
    """The storage that they share to a device, and them along with it."""
    with torch.inference_mode(False), torch.no_grad():
        first = tensors[0]
        whole = torch.empty(0, dtype=torch.uint8, device=first.device).set_(first.untyped_storage())
        there = whole.to(device, copy=True).untyped_storage()
        del whole
        for tensor in tensors:
            twin = torch.empty(0, dtype=tensor.dtype, device=device)
            tensor.data = twin.set_(there, tensor.storage_offset(), tensor.size(), tensor.stride())


def _is_plain(tensor: torch.Tensor) -> bool:
    """One block of memory, which quantised weights of some kinds are not."""
    return (
        type(tensor) in (torch.Tensor, torch.nn.Parameter, torch.nn.Buffer) and tensor.layout == torch.strided
    )
