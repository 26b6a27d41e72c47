"""A model's chat template is tried, two questions deep, in a process that may be ended.

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
from typing import Any

from docstra_tui import background
from docstra_tui.errors import BadModelFile
from docstra_tui.llm.inference import template_child, template_probes
from docstra_tui.llm.inference.template_behaviour import Behaviour
from docstra_tui.llm.inference.template_child import CPU_SECONDS
from docstra_tui.llm.inference.template_probes import Answer, Render, Unusable
from docstra_tui.llm.thinking import families

PATIENCE_S = 60.0
"""For all of it, the imports on a busy machine included; the template's own limits are the child's."""
REMEMBERED = 16
"""Results kept, so that loading a model again costs nothing."""

HINT = "Pick another model, or mend its chat_template.jinja."


class Trial:
    """One template on trial; it begins at once, in a thread."""

    def __init__(self, template: str, variables: Mapping[str, str]) -> None:
        self._behaviour = background.begin(lambda: _try(template, variables), "template trial")

    def result(self) -> Behaviour:
        """Wait for its end. Raises `BadModelFile` for a template that must not be used."""
        error = self._behaviour.exception()
        if error is None:
            return self._behaviour.result()
        what = str(error) if isinstance(error, Unusable) else _untried(error)
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


def _try(template: str, variables: Mapping[str, str]) -> Behaviour:
    child = _child()
    questioner = _Questioner(child, {"template": template, "variables": dict(variables)})
    impatience = threading.Timer(PATIENCE_S, questioner.lose_patience)
    impatience.daemon = True
    impatience.start()
    try:
        with child:  # it ends with its stdin
            marks = families.of_template(template)
            return template_probes.examine(questioner.ask, questioner.literals, marks)
    finally:
        impatience.cancel()


class _Questioner:
    """Puts questions to the child until it ends."""

    def __init__(self, child: subprocess.Popen[bytes], beginning: Mapping[str, Any]) -> None:
        self._child = child
        self._beginning = beginning
        self._is_too_late = False

    def ask(self, renders: Sequence[Render]) -> list[Answer]:
        """What comes of each. Raises `Unusable`."""
        answers: list[Answer] = self._say({"renders": [render.as_json() for render in renders]})["answers"]
        return answers

    def literals(self) -> list[str]:
        """The words that the template has. Raises `Unusable`."""
        words: list[str] = self._say({"renders": [], "literals": True})["literals"]
        return words

    def lose_patience(self) -> None:
        """End the child; whoever waits for it hears why."""
        self._is_too_late = True
        self._child.kill()

    def _say(self, work: Mapping[str, Any]) -> dict[str, Any]:
        assert self._child.stdin is not None and self._child.stdout is not None
        beginning, self._beginning = self._beginning, {}
        line = b""
        try:
            self._child.stdin.write(json.dumps({**beginning, **work}).encode() + b"\n")
            self._child.stdin.flush()
            line = self._child.stdout.readline()
        except BrokenPipeError:
            pass
        if not line.endswith(b"\n"):
            raise Unusable(self._end())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _end(self) -> str:
        code = self._child.wait()
        if self._is_too_late:
            return "could not be tried within a minute."
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return f"takes more than {CPU_SECONDS} seconds for two short questions."
        return f"ended the process in which it was tried ({code})."


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
