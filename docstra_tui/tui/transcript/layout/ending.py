"""How an answer ended, and the lines under it that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docstra_tui import figures
from docstra_tui.key_hints import press
from docstra_tui.text import shown_name
from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.lines import BLANK, Bits, Line, show, wrap_bits
from docstra_tui.tui.transcript.layout.incoming import ingest
from docstra_tui.workspace.wording import ENDED, GOES_ON, NO_FILES

FILES_SHOWN = 3


@dataclass(frozen=True)
class TurnEnding:
    """How an answer ended, and its figures; None where unknown."""

    status: str = "done"
    """`done`, `cancelled`, `interrupted`, `failed`, or `streaming` where another terminal writes it."""
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    ttft_s: float | None = None
    tokens_per_s: float | None = None
    thinking_s: float | None = None
    thinking_tokens: int | None = None
    error: str = ""
    """What went wrong, one sentence."""
    hint: str = ""
    """What to do next."""
    without_files: bool = False
    """No file was sent, so the answer is about none."""
    goes_on: bool = False
    """The answer is not whole, and can be gone on with."""
    notes: tuple[str, ...] = ()
    """What became of ticked files since the last look: read again, or not sent."""
    model: str = ""
    """Who answered, where that was another server; safe to show."""


@dataclass(frozen=True)
class ShownTurn:
    """An earlier turn, as it comes back."""

    question: str
    answer: str
    files: tuple[str, ...] = ()
    ending: TurnEnding = TurnEnding()
    thinking: str = ""
    """What was thought before the answer."""
    turn_id: int = 0
    """Which turn of the session it is."""


def beside_line(place: int, count: int) -> Line:
    """Under a question: which one it is of those in its place. No text of the conversation."""
    if count < 2:
        return BLANK
    words = f"{place}/{count}"
    keys = (press("transcript.fork-before", ""), press("transcript.fork-next", ""))
    how = f"{' '.join(filter(None, keys))} or /other" if any(keys) else "/other"
    bits: Bits = (("▌ ", look.BAR), (words, look.WARNING), (f" · {how} shows the others", look.MUTED))
    line = Line(bits)
    line.indent = line.cells
    return line


def ending_lines(files: Sequence[str], ending: TurnEnding, width: int) -> list[Line]:
    """What was sent, how long it took, and how it ended."""
    if ending.status == "failed":
        hint = " ".join(filter(None, (ending.hint, f"{GOES_ON}." if ending.goes_on else "")))
        return card_lines(ending.error or "The answer failed.", hint, width)
    parts = [files_words(files)] if files else []
    if not files and ending.without_files:
        parts = [f"{NO_FILES}, {press('main.tree', '/files')} picks some"]
    parts += [ending.model] if ending.model else []
    if ending.prompt_tokens is not None and ending.completion_tokens is not None:
        parts.append(f"{ending.prompt_tokens:,} + {ending.completion_tokens:,} tokens")
    if ending.ttft_s is not None:
        parts.append(f"first token {figures.seconds(ending.ttft_s)}")
    if ending.tokens_per_s is not None:
        parts.append(figures.speed(ending.tokens_per_s))
    parts += [show(note) for note in ending.notes]
    parts += [GOES_ON] if ending.goes_on else []
    if not files and ending.without_files:
        parts.append(f"{press('main.suggest', '/suggest')} offers files")
    bits: list[tuple[str, int]] = [(" · ".join(parts), look.MUTED)] if parts else []
    word = ending_word(ending)
    if word:
        bits[:0] = [(word, look.WARNING), *([(" · ", look.MUTED)] if parts else [])]
    return [Line(part, 0, joint) for part, joint in wrap_bits(bits, width)] if bits else []


def waiting_lines(text: str, width: int) -> list[Line]:
    """What is waited for, under the question."""
    return [Line(part, 0, joint) for part, joint in wrap_bits(((ingest(text), look.MUTED),), width)]


def card_lines(message: str, hint: str, width: int, style: int = look.FAILED) -> list[Line]:
    """A card: what happened, and under it what to do next."""
    bar: Bits = (("▌ ", style),)
    bits: list[tuple[str, int]] = [(show(message), style | look.STRONG)]
    if hint:
        bits.append(("\n" + show(hint), look.PLAIN))
    return [Line((*bar, *part), 2, joint) for part, joint in wrap_bits(bits, max(4, width - 2))]


def ending_word(ending: TurnEnding) -> str:
    """What is worth a warning; nothing for an answer that is whole."""
    if ending.status in ENDED:
        rest = (
            f", {press('main.sessions', '/sessions')} opens the rest" if ending.status == "streaming" else ""
        )
        return ENDED[ending.status] + rest
    if ending.finish_reason == "length":
        count = f" of {ending.completion_tokens:,} tokens" if ending.completion_tokens else ""
        return f"reached the limit{count}"
    return ""


def files_words(files: Sequence[str]) -> str:
    """The first few names."""
    shown = ", ".join(shown_name(path.rpartition("/")[2]) for path in files[:FILES_SHOWN])
    more = len(files) - FILES_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
