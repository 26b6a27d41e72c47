"""The process in which a chat template is tried: it may loop for ever or write without end, and this ends it.

A template comes with a model and is a program. transformers' sandbox keeps it from everything but time and
memory, and in a thread neither can be taken away again. Reads JSON objects from stdin, one a line, and writes
one to stdout for each: the first brings the template, every one conversations to render.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

CPU_SECONDS = 2
"""Of the processor for one line, once everything is imported; a busy machine is not the template's fault."""
MEMORY_BYTES = 512 * 1024 * 1024
"""On top of what the interpreter takes by itself."""
LONGEST = 1_000_000
"""Characters that a template may make of a few words."""
LONGEST_LITERAL = 64
MOST_LITERALS = 200


def main() -> None:
    """Try what stdin says, until it ends."""
    from docstra_tui.llm.inference.session_day import on

    template, variables = "", {}
    for line in sys.stdin:
        work = json.loads(line)
        if "template" in work:
            _limit()
            template, variables = work["template"], work["variables"]
        _limit_time()
        answers = []
        for wanted in work["renders"]:
            try:
                with on(template, datetime.fromisoformat(wanted["day"])):
                    answers.append(_render(template, variables, wanted))
            except MemoryError:
                answers.append({"too_much": "memory"})
            except Exception as error:  # of the template, which is a program
                answers.append({"error": f"{type(error).__name__}: {error}"[:300]})
        literals = list(_literals(template)) if work.get("literals") else []
        json.dump({"answers": answers, "literals": literals}, sys.stdout)
        sys.stdout.write("\n")
        sys.stdout.flush()


def _render(template: str, variables: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    from transformers.utils.chat_template_utils import render_jinja_template

    (text,), _ = render_jinja_template(
        [wanted["messages"]],
        chat_template=template,
        add_generation_prompt=wanted["is_open"],
        **{**variables, **wanted["settings"]},
    )
    if len(text) > LONGEST:
        return {"too_much": "text"}
    return {"places": [text.find(one) for one in wanted["find"]]} if wanted["find"] else {"text": text}


def _literals(template: str) -> Iterator[str]:
    """The words that the template has for its comparisons."""
    from transformers.utils import chat_template_utils

    tree = chat_template_utils._compile_jinja_template(template).environment.parse(template)
    values = [node.value for node in tree.find_all(chat_template_utils.jinja2.nodes.Const)]
    found = [value for value in values if isinstance(value, str)]
    lines = sorted({line.strip() for text in found for line in text.splitlines()})
    yield from [line for line in lines if 1 < len(line) <= LONGEST_LITERAL][:MOST_LITERALS]


def _limit_time() -> None:
    """From here on there is so much time and no more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    if most == resource.RLIM_INFINITY or seconds <= most:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, most))


def _limit() -> None:
    """From here on the template has so much of all else and no more."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with contextlib.suppress(OSError, ValueError):  # macOS knows neither the file nor the limit
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main()
