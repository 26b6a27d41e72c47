"""How exactly a model keeps what it has read."""

from __future__ import annotations

from typing import Literal, get_args

KvCache = Literal["full", "int8"]
"""`full` is as the model counts, `int8` about half of that in 16 bits, for where memory is short."""
FORMS: tuple[KvCache, ...] = get_args(KvCache)
