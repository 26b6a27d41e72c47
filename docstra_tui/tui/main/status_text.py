"""What the title line and the status bar say, from what is known. Draws nothing.

Every text that comes from a model, a server or a path is neutralised here.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui import figures
from docstra_tui.errors import EngineDied
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.tui.widgets.status_bar import StatusView
from docstra_tui.tui.widgets.title_line import Title
from docstra_tui.workspace.wording import counting, waiting_for

if TYPE_CHECKING:
    from docstra_tui.context.fitting.budget import Budget
    from docstra_tui.llm.base import BaseLLM
    from docstra_tui.session.turns import SavedTurn
    from docstra_tui.workspace.models.backend import Backend, Status

PHASES = {
    "find": "looking for the model",
    "download": "downloading the model",
    "read": "reading the model",
    "convert": "converting the model",
    "place": "placing the model",
    "start": "starting the engine",
    "": "starting the engine",
}
WAITING = "waiting for your yes"
"""Nothing goes to the host in the title before somebody says yes."""
SHORT_DTYPES = {"bfloat16": "bf16", "float16": "f16", "float32": "f32"}


@dataclass
class Known:
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


def status_view(known: Known) -> StatusView:
    """The status bar's words, the most important first."""
    status = known.status
    state = _state(known)
    parts: list[str] = []
    if state == "failed" and status is not None and status.error is not None:
        has_died = isinstance(status.error, EngineDied)  # a notice tells how and why
        parts.append("F9 starts the engine again" if has_died else sanitize_line(status.error.message))
    elif state == WAITING:
        parts.append("nothing is sent before · F9 asks")
    elif state == "loading":
        parts.append(loading_text(status, known.llm))
    elif known.answering and not known.has_text:
        parts.append(prefill_text(known))
    elif state == "ready" and known.is_kept_back:
        parts.append("not counted, it may be secret · a question asks")
    if known.waiting:
        parts.append(f"{known.waiting} waiting")
    if status is not None and status.queue:
        parts.append(f"queue {status.queue}")
    if known.budget is not None and (known.budget.limit or state != "loading"):
        parts.append(used_text(known.budget))
        parts.append(room_text(known.budget) or ahead_text(known))
    if status is not None and state not in ("loading", "failed"):  # what failed holds nothing
        parts.append(memory_text(status))
    if known.last is not None and not known.answering:
        ttft = figures.seconds(known.last.ttft_s)
        parts += [f"first token {ttft}" if ttft else "", figures.speed(known.last.tokens_per_s)]
    return StatusView(state, tuple(part for part in parts if part))


def loading_text(status: Status | None, llm: BaseLLM | None) -> str:
    """`reading the model 34% of 1.2 GB`, or `waiting for gpu:8000` before another server has answered."""
    if status is None:
        server = llm.server if llm is not None else ""
        return f"waiting for {sanitize_line(server)}" if server else PHASES[""]
    text = PHASES.get(status.phase, sanitize_line(status.phase))
    share = figures.share(status.done, status.total)
    if not share:
        return text
    of = f" of {figures.size(status.total)}" if status.total and status.total > 1_000_000 else ""
    return f"{text} {share}{of}"


def prefill_text(known: Known) -> str:
    """`reading 12,400 tokens… 8 s`, or `gpu:8000: reading or queued, 40 s`."""
    if known.choosing:
        return "nothing is sent before you chose"
    if known.counting is not None:
        return counting(*known.counting)
    tokens = ""
    if known.budget is not None and known.budget.used and not known.budget.is_least:
        sign = "" if known.budget.exact else "≈"
        tokens = f"{sign}{known.budget.used:,} tokens"
    if known.llm is None:
        return "reading…"
    queue = known.status.queue if known.status is not None else 0
    return waiting_for(known.llm, time.monotonic() - known.started, tokens, queue=queue)


def used_text(budget: Budget) -> str:
    """`12.4k / 32k tokens`, or that nobody counted so far."""
    return figures.used_of(budget.used, budget.limit, budget.exact, budget.is_least)


def room_text(budget: Budget) -> str:
    """`1.2k too many`, with `≈` where it is an estimate, which refuses nothing; empty for what fits."""
    left = budget.left
    if left is None or left >= 0 or budget.is_least:
        return ""
    return f"{'' if budget.exact else '≈'}{figures.tokens(-left)} too many"


def ahead_text(known: Known) -> str:
    """`97% cached`: the share of the next prompt that need not be read again; of the last one, where
    the model does not tell. `61% cached…` while it is being read."""
    if known.answering:
        return ""
    budget = known.budget
    if budget is not None and budget.cached is not None:
        share = f"{100 * min(budget.cached, budget.used) // max(1, budget.used)}% cached"
        return f"{share}…" if known.reading_ahead else share if budget.cached else ""
    usage = known.last.usage if known.last is not None else None
    if usage is None or not usage.prompt_tokens or not usage.reused_tokens:
        return ""
    return f"{100 * usage.reused_tokens // usage.prompt_tokens}% cached"


def memory_text(status: Status) -> str:
    """`cuda:0 61 / 80 GB`."""
    memory = figures.memory(status.memory_used, status.memory_total)
    device = sanitize_line(status.device or "")
    return f"{device} {memory}".strip() if memory else ""


def title(root: Path, backend: Backend | None, status: Status | None, wanted: str) -> Title:
    """The title line; `wanted` is the model's name as long as nothing better is known."""
    model = wanted
    details: list[str] = []
    if backend is not None:
        model = backend.label or wanted
    if status is not None:
        details = [status.device or "", SHORT_DTYPES.get(status.dtype or "", status.dtype or "")]
    host = backend.host if backend is not None else ""
    return Title(
        path=shown_path(root),
        model=sanitize_line(short_model(model)) if model != host else "",  # nobody knows its model yet
        details=tuple(sanitize_line(detail) for detail in details if detail),
        host=sanitize_line(host),
    )


def short_model(name: str) -> str:
    """`SmolLM2-135M-Instruct` of `HuggingFaceTB/SmolLM2-135M-Instruct`, the last part of a path."""
    return name.rstrip("/").rpartition("/")[2] or name


def shown_path(path: Path) -> str:
    """`~/src/httpx`."""
    text = str(path)
    home = os.path.expanduser("~")
    if home != "/" and (text == home or text.startswith(home + "/")):
        text = "~" + text[len(home) :]
    return shown_name(text)


def _state(known: Known) -> str:
    if known.answering and not (known.choosing and known.status is not None):
        return "stopping" if known.stopping else "answering"
    if known.status is None:
        return "loading"
    if known.status.state == "ready" and known.stopped:
        return "stopped"
    return WAITING if known.status.state == "waiting" else known.status.state
