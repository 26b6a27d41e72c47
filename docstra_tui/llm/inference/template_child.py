"""The process in which a chat template is tried: it may loop for ever or write without end, and this ends it.

A template comes with a model and is a program. transformers' sandbox keeps it from everything but time and
memory, and in a thread neither can be taken away again. Reads one JSON object from stdin and writes one to
stdout: for each conversation where its texts stand in what was rendered, or what went wrong.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from typing import Any

CPU_SECONDS = 2
"""Of the processor, once everything is imported; a busy machine is not the template's fault."""
MEMORY_BYTES = 512 * 1024 * 1024
"""On top of what the interpreter takes by itself."""
LONGEST = 1_000_000
"""Characters that a template may make of a few words."""


def main() -> None:
    """Try what stdin says."""
    from transformers.utils.chat_template_utils import render_jinja_template

    work = json.load(sys.stdin)
    _limit()
    answers = []
    for conversation in work["conversations"]:
        try:
            (text,), _ = render_jinja_template(
                [conversation],
                chat_template=work["template"],
                add_generation_prompt=True,
                **work["variables"],
            )
            answers.append(_places(text, work["texts"]))
        except MemoryError:
            answers.append({"too_much": "memory"})
        except Exception as error:  # of the template, which is a program
            answers.append({"error": f"{type(error).__name__}: {error}"[:300]})
    json.dump(answers, sys.stdout)


def _places(text: str, wanted: list[str]) -> dict[str, Any]:
    if len(text) > LONGEST:
        return {"too_much": "text"}
    return {"places": [text.find(one) for one in wanted]}


def _limit() -> None:
    """From here on the template has so much and no more."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    with contextlib.suppress(OSError, ValueError):  # macOS knows neither the file nor the limit
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main()
