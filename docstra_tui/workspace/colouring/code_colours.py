"""Colours of code for the screen: what is known at once, the rest from a job that asks for it.

Code is plain until its colours come, and stays so where they do not. Each text is asked for once, however
often it is drawn, laid out or parsed again. Belongs to the screen's thread.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docstra_tui.workspace.jobs import Deliver, JobQueue

if TYPE_CHECKING:
    from docstra_tui.workspace.colouring.colouring import Colouring, LineColours

LONGEST = 1_000
"""Characters of a line that is coloured; longer lines stay plain (minified files)."""
MOST = 200_000
"""Characters of code that are coloured; what follows stays plain."""
KEPT = 1_000_000
"""Characters of code whose colours are remembered."""
AGAIN_SECONDS = 10.0
"""After which a text is asked for again that nothing could be asked about."""

Changed = Callable[[], None]


@dataclass
class Known:
    """What is known about one text."""

    lines: list[LineColours] = field(default_factory=list)
    """The colours of its first lines; what was not told is plain."""
    is_all: bool = False
    """There is nothing more to come."""
    again_at: float | None = None
    """When it may be asked for again; None while it is being looked for."""
    changed: dict[Changed, None] = field(default_factory=dict)


def code_of(lines: Sequence[str]) -> str:
    """What the colours of `lines` are found from: line for line the same, as far as it goes."""
    code: list[str] = []
    size = 0
    for line in lines:
        code.append(line if len(line) <= LONGEST else "")
        size += len(code[-1])
        if size > MOST:
            code.pop()
            break
    return "\n".join(code)


class CodeColours:
    """`deliver` runs a callable on the screen's thread."""

    def __init__(self, deliver: Deliver, colouring: Colouring | None = None) -> None:
        self._deliver = deliver
        self._jobs = JobQueue("colouring", deliver)
        self._colouring = colouring
        self._is_warm = False
        self._known: OrderedDict[tuple[str, str], Known] = OrderedDict()
        self._size = 0
        self.asked = 0
        """How many texts were asked for, for tests and measurements."""

    def warm(self) -> None:
        """Code begins: have the process ready when it ends."""
        if not self._is_warm:
            self._is_warm = True
            self._jobs.do(lambda: self._process().start(), lambda _: None, lambda error: None)

    def find(self, language: str, text: str, changed: Changed) -> Known:
        """What is known about `text`; asks when that is nothing. `changed` is called when it is more."""
        key = (language, text)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Known(again_at=0.0)
            self._size += len(text)
            self._forget()
        self._known.move_to_end(key)
        if not known.is_all:
            known.changed[changed] = None
            if known.again_at is not None and time.monotonic() >= known.again_at:
                self._ask(language, text, known)
        return known

    def close(self) -> None:
        """Ask nothing any more, and end the process."""
        self._jobs.close()
        if self._colouring is not None:
            self._colouring.close()

    def _process(self) -> Colouring:
        if self._colouring is None:
            from docstra_tui.workspace.colouring.colouring import Colouring

            self._colouring = Colouring()
        return self._colouring

    def _ask(self, language: str, text: str, known: Known) -> None:
        self._is_warm, known.again_at, known.lines = True, None, []
        self.asked += 1

        def take(lines: list[LineColours]) -> None:
            self._deliver(lambda: self._took(known, lines))

        def failed(_error: Exception) -> None:
            known.again_at = time.monotonic() + AGAIN_SECONDS

        def done(is_all: bool) -> None:
            if is_all:
                known.is_all = True
                self._tell(known)
            else:
                known.again_at = time.monotonic() + AGAIN_SECONDS

        self._jobs.do(lambda: self._process().colour(language, text, take), done, failed)

    def _took(self, known: Known, lines: list[LineColours]) -> None:
        known.lines += lines
        self._tell(known)

    def _tell(self, known: Known) -> None:
        for changed in list(known.changed):
            changed()
        if known.is_all:
            known.changed.clear()

    def _forget(self) -> None:
        while self._size > KEPT and len(self._known) > 1:
            (_, text), _ = self._known.popitem(last=False)
            self._size -= len(text)
