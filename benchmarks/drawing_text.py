"""The answer that is drawn: the same Markdown for everyone, in pieces as a model gives them."""

from __future__ import annotations

import re
from itertools import cycle

_PARTS = (
    "## Part {n}: how the client retries\n\n",
    "The retry logic lives in `HTTPTransport.handle_request` and **is called** by the pool whenever a "
    "connection fails before the first byte of a response was read, number {n} of many. It never retries a "
    "request that has a body which cannot be read twice, see [the notes](https://example.org/notes/{n}).\n\n",
    "1. The pool asks for a connection and waits at most `timeout.pool` seconds\n"
    "2. A connection that was closed meanwhile is *thrown away*\n"
    "   - this costs one system call\n   - and no round trip\n"
    "3. After {n} attempts the last error is raised\n\n",
    "```python\nclass Transport{n}:\n    def __init__(self, retries: int = {n}) -> None:\n"
    '        """Keep the number of attempts."""\n        self.retries = retries\n        self.pool = None\n\n'
    "    def handle(self, request):\n        for attempt in range(self.retries + 1):\n            try:\n"
    "                return self.pool.send(request, timeout=2.5)\n"
    "            except ConnectError as error:\n                last = error  # try once more\n"
    '        raise RetryError(f"gave up after {{attempt}}") from last\n```\n\n',
    "What follows from this is simple: set `retries` where the network is bad, leave it at zero where each "
    "request must be made once only. In both cases the error that you see is the *last* one, and the ones "
    "before it are in its `__context__`. That is how part {n} of the design wants it to be.\n\n",
    "| setting | default | what it does in part {n} |\n|---|---:|---|\n"
    "| `retries` | 0 | attempts after the first |\n| `timeout` | 5.0 | seconds for each of them |\n"
    "| `limits` | 100 | connections of the pool, {n} of them kept |\n\n",
    "> Note {n}: a proxy between the two may close idle connections earlier than either side expects.\n\n",
    "- **First**, the fast path: nothing is copied\n- **Second**, the slow path for bodies of unknown size\n"
    "- Third, `stream=True` leaves the connection open until `close()`\n\n",
)


def pieces(count: int) -> list[str]:
    """`count` pieces of about four characters."""
    found: list[str] = []
    for number, part in enumerate(cycle(_PARTS)):
        found += re.findall(r"\s*\w{1,6}|\s*[^\w\s]{1,3}|\s+", part.format(n=number))
        if len(found) >= count:
            return found[:count]
    return found
