"""What a face says about the model, the files and the last answer: the words of the status bar and of the
chat's toolbar. Draws nothing.

Every text that comes from a model or a server is neutralised here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from docstra_tui import figures
from docstra_tui.errors import EngineDied
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.wording import counting, waiting_for

if TYPE_CHECKING:
    from docstra_tui.context.fitting.budget import Budget
    from docstra_tui.llm.answer import Reading
    from docstra_tui.llm.base import BaseLLM
    from docstra_tui.session.turns import SavedTurn
    from docstra_tui.workspace.models.backend import Status

PHASES = {
    "find": "looking for the model",
    "download": "downloading the model",
    "read": "reading the model",
    "wait": "waiting for another process that converts the model",
    "convert": "converting the model",
    "place": "placing the model",
    "start": "starting the engine",
    "": "starting the engine",
}
WAITING = "waiting for your yes"
"""Nothing goes to the host in the title before somebody says yes."""

Tone = Literal["good", "busy", "warning", "error"]
TONES: dict[str, Tone] = {
    "loading": "warning",
    WAITING: "warning",
    "ready": "good",
    "answering": "busy",
    "stopping": "warning",
    "stopped": "warning",
    "failed": "error",
}
"""How each state is meant; a face has a colour for each."""


@dataclass(frozen=True)
class Ways:
    """What can be done about a state, as a face names it."""

    agree: str
    """Nothing is sent before somebody says yes."""
    restart: str
    """The engine has died; a notice tells how and why."""
    failed: str = ""
    """A model could not be opened; empty: say why."""


@dataclass(frozen=True)
class StatusLine:
    """What one line says; every text is already safe to show."""

    state: str = "loading"
    parts: tuple[str, ...] = ()
    """From the most to the least important; the last ones go where there is no room."""

    @property
    def tone(self) -> Tone:
        """How the state is meant; the word alone carries the meaning too."""
        return TONES[self.state]


@dataclass
class Facts:
    """What the app knows now."""

    status: Status | None = None
    budget: Budget | None = None
    is_kept_back: bool = False
    """True when it is not counted elsewhere before somebody decided about what may be secret."""
    last: SavedTurn | None = None
    """The turn that ended last."""
    stopped: bool = False
    """True after an answer was stopped, until the next one."""
    answering: bool = False
    stopping: bool = False
    started: float = 0.0
    """When the current turn was sent, on the monotonic clock."""
    has_text: bool = False
    is_thinking: bool = False
    """True while the model thinks before it answers."""
    reading: Reading | None = None
    """How much of the current prompt is read; None where nobody told."""
    choosing: bool = False
    """True while somebody chooses what is sent of a prompt that is too long."""
    counting: tuple[int, int] | None = None
    """While a question waits for its files to be counted: how many of how many are."""
    waiting: int = 0
    """Turns that wait in this terminal."""
    llm: BaseLLM | None = None
    """Who answers; None before there is anybody."""
    reading_ahead: bool = False
    """True while the model reads what the next question will begin with."""


def status_line(facts: Facts, ways: Ways) -> StatusLine:
    """The state, and what matters about it, the most important first."""
    status = facts.status
    state = state_of(facts)
    parts: list[str] = []
    if state == "failed" and status is not None and status.error is not None:
        has_died = isinstance(status.error, EngineDied)
        parts.append(ways.restart if has_died else ways.failed or sanitize_line(status.error.message))
    elif state == WAITING:
        parts.append(ways.agree)
    elif state == "loading":
        parts.append(loading_text(status, facts.llm))
    elif facts.answering and facts.is_thinking:
        parts.append("thinking")
    elif facts.answering and not facts.has_text:
        parts.append(prefill_text(facts))
    elif state == "ready" and facts.is_kept_back:
        parts.append("not counted, it may be secret · a question asks")
    if facts.waiting:
        parts.append(f"{facts.waiting} waiting")
    if status is not None and status.queue:
        parts.append(f"queue {status.queue}")
    if facts.budget is not None and (facts.budget.limit or state != "loading"):
        parts.append(used_text(facts.budget))
        parts.append(room_text(facts.budget) or ahead_text(facts))
    if status is not None and state not in ("loading", "failed"):  # what failed holds nothing
        parts.append(memory_text(status))
    if facts.last is not None and not facts.answering:
        ttft = figures.seconds(facts.last.ttft_s)
        parts += [f"first token {ttft}" if ttft else "", figures.speed(facts.last.tokens_per_s)]
    return StatusLine(state, tuple(part for part in parts if part))


def loading_text(status: Status | None, llm: BaseLLM | None) -> str:
    """`reading the model 34% of 1.2 GB`, or `waiting for gpu:8000` before another server has answered."""
    if status is None:
        server = llm.server if llm is not None else ""
        return f"waiting for {sanitize_line(server)}" if server else PHASES[""]
    return progress_text(status.phase, status.done, status.total)


def progress_text(phase: str, done: int | None, total: int | None) -> str:
    """`downloading the model 34% of 94 MB`; what counts parts of the model says their share alone."""
    text = PHASES.get(phase, sanitize_line(phase))
    share = figures.share(done, total)
    if not share:
        return text
    of = f" of {figures.size(total)}" if phase != "place" and total and total > 1_000_000 else ""
    return f"{text} {share}{of}"


def loading_line(phase: str, done: int | None, total: int | None) -> str:
    """`loading: downloading the model 34% of 94 MB`, where a line stands alone."""
    return f"loading: {progress_text(phase, done, total)}" if phase else "loading"


def prefill_text(facts: Facts) -> str:
    """`reading 12,400 tokens… 8 s`, or `gpu:8000: reading or queued, 40 s`; how far it is, where somebody
    tells."""
    if facts.choosing:
        return "nothing is sent before you chose"
    if facts.counting is not None:
        return counting(*facts.counting)
    tokens = ""
    if facts.budget is not None and facts.budget.used and not facts.budget.is_least:
        sign = "" if facts.budget.exact else "≈"
        tokens = f"{sign}{facts.budget.used:,} tokens"
    if facts.llm is None:
        return "reading…"
    queue = facts.status.queue if facts.status is not None else 0
    return waiting_for(
        facts.llm, time.monotonic() - facts.started, tokens, queue=queue, reading=facts.reading
    )


def used_text(budget: Budget) -> str:
    """`12.4k / 32k tokens`, or that nobody counted so far."""
    return figures.used_of(budget.used, budget.limit, budget.exact, budget.is_least)


def room_text(budget: Budget) -> str:
    """`1.2k too many`, with `≈` where it is an estimate, which refuses nothing; empty for what fits. Whether
    the window or the memory that is free is the bound, is said too."""
    left = budget.left
    if left is None or left >= 0 or budget.is_least:
        return ""
    bound = " for free memory" if budget.memory is not None else ""
    return f"{'' if budget.exact else '≈'}{figures.tokens(-left)} too many{bound}"


def ahead_text(facts: Facts) -> str:
    """`97% cached`: the share of the next prompt that need not be read again; of the last one, where
    the model does not tell. `61% cached…` while it is being read."""
    if facts.answering:
        return ""
    budget = facts.budget
    if budget is not None and budget.cached is not None:
        share = f"{100 * min(budget.cached, budget.used) // max(1, budget.used)}% cached"
        return f"{share}…" if facts.reading_ahead else share if budget.cached else ""
    usage = facts.last.usage if facts.last is not None else None
    if usage is None or not usage.prompt_tokens or not usage.reused_tokens:
        return ""
    return f"{100 * usage.reused_tokens // usage.prompt_tokens}% cached"


def memory_text(status: Status) -> str:
    """`cuda:0 61 / 80 GB`; `(parked)` behind it where the model has left that device for now."""
    memory = figures.memory(status.memory_used, status.memory_total)
    device = sanitize_line(status.device or "")
    parked = " (parked)" if status.parked else ""
    return f"{device} {memory}{parked}".strip() if memory else ""


def state_of(facts: Facts) -> str:
    """One word, or a few; the word alone carries the meaning."""
    if facts.answering and not (facts.choosing and facts.status is not None):
        return "stopping" if facts.stopping else "answering"
    if facts.status is None:
        return "loading"
    if facts.status.state == "ready" and facts.stopped:
        return "stopped"
    return WAITING if facts.status.state == "waiting" else facts.status.state
