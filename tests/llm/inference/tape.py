"""What a GPU's recording does, on a CPU: the same operations on the same tensors, without any Python.

Whoever looks at a number while it is recorded is told so, as CUDA would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

LOOKS = ("_local_scalar_dense", "nonzero", "item", "masked_select", "_unique2", "equal")


class Tape:
    """A recorder."""

    def __init__(self) -> None:
        self.operations: list[tuple[Any, Any, Any, Any]] = []

    def __call__(self, work: Callable[[], torch.Tensor]) -> tuple[torch.Tensor, Callable[[], None]]:
        work()
        noted = _Noted()
        with noted:
            result = work()
        self.operations += noted.operations
        return result, lambda: play(noted.operations)


class _Noted(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.operations: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.overloadpacket.__name__ in LOOKS:
            raise RuntimeError(f"called a synchronizing operation: {func}")
        out = func(*args, **(kwargs or {}))
        self.operations.append((func, args, kwargs or {}, out))
        return out


def play(operations: list[tuple[Any, Any, Any, Any]]) -> None:
    """Do all of it again; what came out lies where it lay."""
    for func, args, kwargs, out in operations:
        again = func(*args, **kwargs)
        for old, new in zip(tree_leaves(out), tree_leaves(again), strict=True):
            if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                old.copy_(new)
