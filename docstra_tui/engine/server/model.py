"""What the engine needs of a model and of who loads it, so that a test may bring its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from docstra_tui.errors import DocstraError

if TYPE_CHECKING:
    from docstra_tui.llm.answer import Event
    from docstra_tui.llm.measure import Measure
    from docstra_tui.llm.messages import Prompt
    from docstra_tui.llm.sampling import Sampling
    from docstra_tui.llm.thinking.wish import Think
    from docstra_tui.llm.written import Written


class Job(Protocol):
    """A queued or running request."""

    def cancel(self) -> None: ...
    def is_cancelled(self) -> bool: ...


class Memory(Protocol):
    """Bytes on the model's device."""

    @property
    def used(self) -> int: ...
    @property
    def total(self) -> int: ...


class Tokenizer(Protocol):
    """Counts prompts, already while the weights load."""

    @property
    def window(self) -> int: ...
    @property
    def tokenizer(self) -> Any: ...
    def render(
        self, prompt: Prompt, most: int | None, is_stopped: Callable[[], bool], *, think: Think = "auto"
    ) -> list[int]: ...
    def plain(self, text: str, most: int | None, is_stopped: Callable[[], bool]) -> list[int]: ...


class Model(Protocol):
    """What the engine needs of a loaded model; `LocalLLM` is one."""

    model_name: str
    model_path: str
    advised: Mapping[str, float]
    device: str
    dtype: str
    reason: str

    @property
    def dead(self) -> DocstraError | None: ...
    @property
    def window(self) -> int: ...
    @property
    def queue_length(self) -> int: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def can_switch_thinking(self) -> bool | None: ...
    @property
    def think_note(self) -> str: ...
    def submit(
        self,
        prompt: Prompt,
        sink: Callable[[Event | BaseException], None],
        *,
        max_tokens: int | None = None,
        sampling: Sampling = ...,
        stable: int = 0,
        think: Think | None = None,
        batch: bool = False,
        compact: bool | None = None,
        written: Written | None = None,
    ) -> Job: ...
    def submit_warm(
        self,
        prompt: Prompt,
        stable: int,
        sink: Callable[[Measure], None],
        *,
        think: Think | None = None,
        compact: bool | None = None,
    ) -> Job: ...
    def measure_ids(self, ids: list[int], *, compact: bool | None = None) -> Measure: ...
    @property
    def is_parked(self) -> bool: ...
    def park(self) -> None: ...
    def wake(self) -> None: ...
    def memory(self) -> Memory: ...
    def close(self) -> None: ...


class Progress(Protocol):
    """How far a phase of loading is."""

    @property
    def phase(self) -> str: ...
    @property
    def done(self) -> int | None: ...
    @property
    def total(self) -> int | None: ...


Load = Callable[[Callable[[Progress], None], Callable[[Tokenizer], None]], Model]
"""Takes the two places to report to, and returns the model or raises."""
