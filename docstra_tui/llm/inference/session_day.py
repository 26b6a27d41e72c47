"""The day that a chat template writes is the one on which the conversation began.

Templates ask the clock for it and write it in front of everything else: with the clock's own answer, midnight
would cost a re-read of all files.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import datetime

from transformers.utils import chat_template_utils

from docstra_tui.llm.prompt import Message

SITTING_S = 3600.0
"""A first question so soon after another prompt is of the same day: its files are read already."""
REMEMBERED = 4096

_here = threading.local()


class Days:
    """The day of each conversation: that of its first question, however long it goes on.

    It is known by that question here, where the cache is that a change would make useless: a server that was
    started anew has nothing to lose. Not for two threads at once.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, datetime] = OrderedDict()
        self._today = datetime.now()
        self._used = time.monotonic()

    def of(self, messages: Sequence[Message]) -> datetime:
        """The day on which the conversation that begins so began; today for a new one."""
        mark = _beginning(messages)
        now = time.monotonic()
        day = self._known.get(mark)
        if day is None:
            if now - self._used > SITTING_S:
                self._today = datetime.now()
            day = self._known[mark] = self._today
        self._used = now
        self._known.move_to_end(mark)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return day


def _beginning(messages: Sequence[Message]) -> bytes:
    digest = hashlib.sha256()
    for message in messages:
        digest.update(f"{message['role']}\0{message['content']}\0".encode("utf-8", "surrogatepass"))
        if message["role"] == "user":
            break
    return digest.digest()


@contextlib.contextmanager
def on(template: str, day: datetime) -> Iterator[None]:
    """Within this block, and in this thread, it is that day for what `template` renders."""
    # Compiled templates are kept by their text and shared, so the day is the thread's and not theirs.
    compiled = chat_template_utils._compile_jinja_template(template)
    compiled.globals["strftime_now"] = _day
    before, _here.day = getattr(_here, "day", None), day
    try:
        yield
    finally:
        _here.day = before


def _day(form: str) -> str:
    day: datetime | None = getattr(_here, "day", None)
    return (day or datetime.now()).strftime(form)
