"""Who answers, as the faces see it: its state at one look, and what can be done with it. Needs no screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from docstra_tui.engine.client.wire import State
from docstra_tui.errors import DocstraError
from docstra_tui.llm.http.gate import Gate
from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.session.outgoing import Outgoing


@dataclass(frozen=True)
class Status:
    """One look at a backend."""

    state: State | Literal["waiting"]
    """`waiting`: nothing goes to this host before somebody says yes."""
    phase: str = ""
    """While loading: `start`, `find`, `download`, `read`, `convert`, `place`; a sentence about a server."""
    done: int | None = None
    total: int | None = None
    """Bytes of the phase (tensors for `place`); None when unknown."""
    error: DocstraError | None = None
    """Why the state is `failed`."""
    model: str = ""
    device: str = ""
    dtype: str = ""
    reason: str = ""
    """Why this device and these numbers."""
    notes: tuple[str, ...] = ()
    """What a user should know about this model, sentences."""
    window: int | None = None
    """Tokens."""
    memory_used: int | None = None
    memory_total: int | None = None
    """Bytes on the model's device."""
    queue: int = 0
    """Requests that wait for their turn."""
    parked: bool = False
    """True while nobody asks: the model has left its device, and comes back at the first key."""


class Backend(Protocol):
    """What answers. `status` is for a worker thread, a few times a second; the rest returns at once,
    `restart` apart."""

    @property
    def llm(self) -> RemoteLLM: ...
    @property
    def label(self) -> str:
        """The model's name, for the title bar."""

    @property
    def gate(self) -> Gate | None:
        """What everything for another server passes; None for our engine."""

    @property
    def outgoing(self) -> Outgoing | None:
        """What was agreed to of that which may be secret; None where nothing leaves this machine."""

    @property
    def host(self) -> str:
        """The remote host, always shown; empty for our engine and for loopback."""

    @property
    def farewell(self) -> str:
        """One line for the restored terminal: what stays, for how long, how to free it. Often empty."""

    def status(self) -> Status:
        """Never raises: what is wrong is in it."""

    @property
    def is_running(self) -> bool:
        """True while there is an engine of ours, which a restart would end for every terminal."""

    def restart(self) -> None:
        """Start again what died, or what misbehaves: a process that is still there is ended first.

        Raises `EngineError`.
        """

    def close(self) -> None:
        """Let go; the engine stays hot."""
