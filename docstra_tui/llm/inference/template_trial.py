"""How a model's chat template behaves, tried two questions deep in a process that may be ended.

Some templates refuse the system role or move its text to the last question, some fail at the second
question only, and some never come to an end. Knows nothing of tokens.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docstra_tui import background
from docstra_tui.errors import BadModelFile
from docstra_tui.llm.inference import template_child
from docstra_tui.llm.inference.template_child import CPU_SECONDS, LONGEST, MEMORY_BYTES
from docstra_tui.llm.prompt import Message

SYSTEM, FIRST, ANSWER, SECOND = (
    "A probe of the system text.",
    "The first question of a probe.",
    "An answer to it.",
    "Another question of it.",
)
PATIENCE_S = 60.0
"""For all of it, the imports on a busy machine included; the template's own limits are the child's."""
REMEMBERED = 16
"""Results kept, so that loading a model again costs nothing."""

HINT = "Pick another model, or mend its chat_template.jinja."


@dataclass(frozen=True)
class Behaviour:
    """What to know about a template before it renders anything real."""

    takes_system: bool
    """False where the system text must stand in front of the first question."""
    note: str = ""
    """What works only in part, a sentence for people."""


class Trial:
    """One template on trial; it begins at once, in a thread."""

    def __init__(self, template: str, variables: Mapping[str, str]) -> None:
        self._behaviour = background.begin(lambda: judge(_try(template, variables)), "template trial")

    def result(self) -> Behaviour:
        """Wait for its end. Raises `BadModelFile` for a template that must not be used."""
        error = self._behaviour.exception()
        if error is None:
            return self._behaviour.result()
        what = str(error) if isinstance(error, _Unusable) else _untried(error)
        raise BadModelFile(f"The model's chat template {what}", HINT)


def _untried(error: BaseException) -> str:
    return f"could not be tried: {type(error).__name__}: {error}."


_trials: dict[str, Trial] = {}
_prepared: subprocess.Popen[bytes] | None = None
_lock = threading.Lock()


def begin(template: str, variables: Mapping[str, str]) -> Trial:
    """The trial of this template, begun now or remembered."""
    key = json.dumps([template, dict(variables)], sort_keys=True)
    with _lock:
        trial = _trials.pop(key, None) or Trial(template, variables)
        _trials[key] = trial
        while len(_trials) > REMEMBERED:
            del _trials[next(iter(_trials))]
        return trial


def fold_system(messages: Sequence[Message]) -> list[Message]:
    """The system text in front of the first user message, for templates that do not keep it there."""
    system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    rest: list[Message] = [m for m in messages if m["role"] != "system"]
    if system and rest and rest[0]["role"] == "user":
        rest[0] = {"role": "user", "content": f"{system}\n\n{rest[0]['content']}"}
    return rest


class _Unusable(Exception):
    """How the sentence "The model's chat template …" goes on."""


def _try(template: str, variables: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the child says of each conversation: one and two questions, as they are and folded."""
    one: list[Message] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": FIRST}]
    two: list[Message] = [
        *one,
        {"role": "assistant", "content": ANSWER},
        {"role": "user", "content": SECOND},
    ]
    work = {
        "template": template,
        "variables": dict(variables),
        "conversations": [one, two, fold_system(one), fold_system(two)],
        "texts": [SYSTEM, FIRST, SECOND],
    }
    with _child() as child:
        try:
            out, _ = child.communicate(json.dumps(work).encode(), PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            child.kill()
            raise _Unusable("could not be tried within a minute.") from error
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise _Unusable(f"takes more than {CPU_SECONDS} seconds for two short questions.")
    if child.returncode:
        raise _Unusable(f"ended the process in which it was tried ({child.returncode}).")
    answers: list[dict[str, Any]] = json.loads(out)
    return answers


def prepare() -> None:
    """Start the process for the next trial, so that its imports are done when a template comes."""
    global _prepared
    with _lock:
        if _prepared is None:
            _prepared = _start()


def dismiss() -> None:
    """End a prepared process that nobody needed."""
    global _prepared
    with _lock:
        unused, _prepared = _prepared, None
    if unused is not None:
        with unused:
            unused.kill()


def _child() -> subprocess.Popen[bytes]:
    global _prepared
    with _lock:
        prepared, _prepared = _prepared, None
    return prepared or _start()


def _start() -> subprocess.Popen[bytes]:
    # It finds what this process found. Without -P the working folder, which may be a stranger's repository,
    # could bring its own transformers.
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(
        [sys.executable, "-P", template_child.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths},
    )


def judge(answers: Sequence[Mapping[str, Any]]) -> Behaviour:
    """What follows from the answers to `_try`. Raises `_Unusable`."""
    for answer in answers:
        if answer.get("too_much") == "memory":
            raise _Unusable(f"takes more than {MEMORY_BYTES >> 20} MB for two short questions.")
        if answer.get("too_much"):
            raise _Unusable(f"writes more than {LONGEST:,} characters around two short questions.")
    one, two, folded_one, folded_two = answers
    if _keeps(one, 2) and _keeps(two, 3):
        return Behaviour(True)
    if _keeps(folded_one, 2) and _keeps(folded_two, 3):
        return Behaviour(False)
    if _keeps(one, 2) or _keeps(folded_one, 2):
        why = _why(two if _keeps(one, 2) else folded_two)
        note = f"The model's chat template cannot render a second question ({why}): ask it in a new session."
        return Behaviour(_keeps(one, 2), note)
    raise _Unusable(f"cannot render a question: {_why(folded_one)}.")


def _keeps(answer: Mapping[str, Any], count: int) -> bool:
    """Are the first `count` of the texts all there, in their order?"""
    places: list[int] = answer.get("places", [-1])
    wanted = places[:count]  # of one question there is no second
    return min(wanted) >= 0 and wanted == sorted(wanted)


def _why(answer: Mapping[str, Any]) -> str:
    error = answer.get("error")
    return str(error).rstrip(".") if error else "it leaves out or moves what was said"
