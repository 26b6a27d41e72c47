"""Where in an answer a model thinks before it answers."""

from __future__ import annotations

import re

START = re.compile(r"\s*<think(?:ing)?>")
PART_OF_START = re.compile(r"\s*(?:<(?:t(?:h(?:i(?:n(?:k(?:i(?:n(?:g)?)?)?)?)?)?)?)?)?\Z")
END = re.compile(r"</think(?:ing)?>")


def is_thought(answer: str, offset: int) -> bool:
    """True for a place in what the model thought."""
    if "<think" not in answer[:offset]:
        return False
    start = START.match(answer)
    if start is None or offset < start.end():
        return False
    end = END.search(answer, start.end())
    return end is None or offset < end.start()
