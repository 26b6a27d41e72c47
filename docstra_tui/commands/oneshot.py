"""One question, one answer, and back to the shell: ask, explain, document, examples, run.

The same engine as the faces use, so a second question finds the model hot. Nothing is saved, but for the
finished answers about many files until all of them are there.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from docstra_tui import settings as settings_module
from docstra_tui import templates
from docstra_tui.commands import consent
from docstra_tui.commands.answers import Answers, interrupts
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.cited import Cited
from docstra_tui.commands.console import Console
from docstra_tui.commands.each_answers import EachAnswers
from docstra_tui.commands.many_answers import FEW, ManyAnswers
from docstra_tui.commands.named_files import is_folder
from docstra_tui.commands.output_folder import OutputFolder
from docstra_tui.commands.requests import requests_of
from docstra_tui.commands.templates import chosen
from docstra_tui.errors import ContextOverflow, DocstraError, EngineError, TemplateError, UsageError
from docstra_tui.llm.prompt import TASKS
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.settings import Settings
from docstra_tui.templates import Template
from docstra_tui.workspace.status import loading_line

if TYPE_CHECKING:
    from docstra_tui.commands.auto_files import AutoFiles
    from docstra_tui.llm.base import BaseLLM
    from docstra_tui.llm.messages import Prompt
    from docstra_tui.workspace.models.backend import Backend, Status

CANCELLED = 130
LOOK_SECONDS = 0.15
"""Between two looks at a loading engine."""


def run(
    invocation: Invocation,
    *,
    opener: Callable[..., Backend] | None = None,
    console: Console | None = None,
) -> int:
    """Ask everything that the command line asks, and return the exit code.

    `opener` is `models.opening.open_backend` or something of its shape. Raises the `DocstraError` that
    kept a question from being answered, after what there is of the answers is out.
    """
    console = console or Console()
    settings = settings_module.load(invocation.flags)
    own = _own_templates(invocation)
    template = chosen(invocation, console) if invocation.command == "run" else None
    requests = requests_of(invocation, settings, template, console.note)
    auto = _auto_files(invocation, settings, requests, console)
    requests = requests if auto is None else [auto.request]
    cited = _cited(invocation, requests, console)
    if opener is None:
        from docstra_tui.workspace.models.opening import open_backend

        opener = open_backend
    answers = _answers(invocation, settings, requests, console, cited)
    backend: Backend | None = None
    try:
        backend = opener(settings, oneshot=True)
        was_named = "remote.base_url" in invocation.flags
        consent.ask_for_host(backend, console, was_named=was_named, remote=settings.remote.name)
        for name, one in own.items():
            backend.llm.add_template(name, one)
        anyway = bool(invocation.options["send_secrets"])
        consent.ask_for_secrets(backend, _prompts(backend.llm, requests), console, anyway=anyway)
        if not backend.host and console.err_is_terminal:
            consent.say_what_stays(console, [item for request in requests for item in request.focus])
        status = wait_until_ready(backend, console)
        answers.model, answers.remote = status.model or backend.label, settings.remote.name
        if auto is not None and isinstance(answers, Answers):
            answers.ask_instead([auto.fitting(backend.llm, settings.answer.reserve, console.note)])
        try:
            answers.follow(backend.llm)
        finally:
            if "answer.think" in invocation.flags:
                _say_unswitched(backend.llm, console)
            if not backend.llm.server:
                _say_news(status, backend.status(), console)
    except DocstraError as error:
        console.end_progress()
        if isinstance(error, ContextOverflow) and invocation.command == "ask" and requests[0].focus:
            console.note("ask --each puts the question to each part of the files.")
        if error.exit_code != UsageError.exit_code:  # the question was never one
            answers.end(error)
        raise
    finally:
        console.end_progress()
        if backend is not None:
            backend.close()
        interrupts(signal.default_int_handler)
    answers.end()
    return CANCELLED if answers.was_cancelled else cited.exit_code


def _own_templates(invocation: Invocation) -> dict[str, Template]:
    """The user's. Raises what keeps the one from being used that stands in the place of the task's."""
    wrong: dict[str, TemplateError] = {}
    own = templates.load_all(wrong)
    if error := wrong.get(TASKS.get(invocation.command, "")):
        raise error
    return own


def _cited(invocation: Invocation, requests: Sequence[TurnRequest], console: Console) -> Cited:
    """Who looks up what the answers say. Raises `UsageError`."""
    decides = bool(invocation.options.get("check"))
    if decides and not requests[0].focus:
        raise UsageError(
            "There are no files to look into.", f'Try: {PROGRAM} ask --check "What does it do?" -f FILE'
        )
    return Cited(console, as_json=bool(invocation.options["json"]), decides=decides)


def _auto_files(
    invocation: Invocation, settings: Settings, requests: Sequence[TurnRequest], console: Console
) -> AutoFiles | None:
    """Files that are looked for, where that is wished. Raises `DocstraError`."""
    count = invocation.options.get("auto_files")
    if not count:
        return None
    from docstra_tui.commands.auto_files import auto_files

    return auto_files(requests[0], count, settings, console)


def _answers(
    invocation: Invocation,
    settings: Settings,
    requests: Sequence[TurnRequest],
    console: Console,
    cited: Cited,
) -> Answers | ManyAnswers | EachAnswers:
    """Who asks: one after the other, many at once, or part by part. Raises `UsageError`."""
    options = invocation.options
    as_json, limit = bool(options["json"]), settings.max_tokens
    show_thinking = bool(options["show_thinking"])
    folder = str(options.get("output", ""))
    made_by = [
        msgspec.to_builtins(part)
        for part in (settings.model, settings.answer, settings.remote, settings.server)
        if part is not None
    ]
    if options.get("each"):
        return EachAnswers(
            console,
            requests[0],
            as_json=as_json,
            limit=limit,
            reserve=settings.answer.reserve,
            cited=cited,
            show_thinking=show_thinking,
            made_by=made_by,
        )
    named = (*invocation.words, *options["files"])
    is_many = "output" in options and (folder or len(requests) > FEW or any(map(is_folder, named)))
    if not is_many:
        return Answers(
            console, requests, as_json=as_json, limit=limit, cited=cited, show_thinking=show_thinking
        )
    return ManyAnswers(
        console,
        requests,
        as_json=as_json,
        limit=limit,
        cited=cited,
        show_thinking=show_thinking,
        output=OutputFolder(folder) if folder else None,
        force=bool(options["force"]),
        made_by=made_by,
    )


def wait_until_ready(backend: Backend, console: Console) -> Status:
    """Return when the model can answer; the loading is shown on a terminal. Raises what it failed of."""
    while True:
        status = backend.status()
        if status.state == "ready":
            console.end_progress()
            return status
        if status.state == "failed":
            raise status.error or EngineError(
                "The model could not be loaded.", "See: docstra-tui engine logs"
            )
        console.progress(loading_line(status.phase, status.done, status.total))
        time.sleep(LOOK_SECONDS)


def _say_news(before: Status, now: Status, console: Console) -> None:
    """What the engine has to say since: that memory ran out under a question, say."""
    for note in now.notes:
        if note not in before.notes:
            console.note(note)


def _say_unswitched(llm: BaseLLM, console: Console) -> None:
    """A model whose thinking cannot be switched did as it always does. A budget is kept by whoever counts;
    another server may count none."""
    if llm.server and llm.think_note:
        console.note(llm.think_note)
    elif isinstance(llm.think, str) and llm.can_switch_thinking is False:
        console.note(llm.think_note or "Thinking cannot be switched here.")


def _prompts(llm: BaseLLM, requests: Sequence[TurnRequest]) -> Iterator[Prompt]:
    """What will be sent, one after the other."""
    for request in requests:
        yield llm.prompt_builder.asked(request.task, request.focus, (), request.fields).messages
