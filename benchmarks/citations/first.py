"""The first check of a program: reads an answer and its files, says what it and some more took; JSON both.

Run by `costs` in a process of its own, `python -m benchmarks.citations.first`.
"""

from __future__ import annotations

import json
import sys
import time

from docstra_tui.llm.items import ContextItem

CHECKS = 3


def main() -> None:
    given = json.load(sys.stdin)
    items = [ContextItem(**fields) for fields in given["items"]]
    taken = []
    for _ in range(CHECKS):
        began, begun = time.perf_counter(), time.process_time()
        from docstra_tui.session.citations.checking import verify  # the first one has this to do too

        verify(given["answer"], items)
        taken.append([time.perf_counter() - began, time.process_time() - begun])
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
