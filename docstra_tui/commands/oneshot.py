"""One question, one answer, and back to the shell: ask, explain, document, examples, run.

The same engine as the faces use, so a second question finds the model hot. Nothing is saved.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docstra_tui import settings as settings_module
from docstra_tui import templates
from docstra_tui.commands import leaving
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.commands.stdin import is_piped, read_stdin
from docstra_tui.context.reader import read_named
from docstra_tui.errors import DocstraError, EngineError, UsageError
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import BUILT_IN, TASKS, code_fields, file_fields, placeholders
from docstra_tui.repl import wording
from docstra_tui.settings import Settings

if TYPE_CHECKING:
    from docstra_tui.llm.answer import AnswerStream
    from docstra_tui.llm.base import BaseLLM, Prompt
    from docstra_tui.session.backend import Backend, Status

CANCELLED = 130
LOOK_SECONDS = 0.15
"""Between two looks at a loading engine."""


@dataclass(frozen=True)
class Request:
    """One turn to be asked."""

    task: str
    """The template's name."""
    fields: Mapping[str, Any]
    items: tuple[ContextItem, ...] = ()
    title: str = ""
    """What it is about, where a command gives several answers."""


def run(
    invocation: Invocation,
    *,
    opener: Callable[..., Backend] | None = None,
    console: Console | None = None,
) -> int:
    """Ask everything that the command line asks, and return the exit code.

    `opener` is `session.backend.open_backend` or something of its shape.
    """
    console = console or Console()
    settings = settings_module.load(invocation.flags)
    own = templates.load_all()
    requests = requests_of(invocation, settings, {**BUILT_IN, **own}, console.note)
    if opener is None:
        from docstra_tui.session.backend import open_backend

        opener = open_backend
    as_json = bool(invocation.options["json"])
    backend = opener(settings, oneshot=True)
    try:
        leaving.ask_for_host(backend, console, was_named="remote.base_url" in invocation.flags)
        for name, text in own.items():
            backend.llm.add_template(name, text)
        anyway = bool(invocation.options["send_secrets"])
        leaving.ask_for_secrets(backend, _prompts(backend.llm, requests), console, anyway=anyway)
        status = wait_until_ready(backend, console)
        records: list[dict[str, Any]] = []
        for request in requests:
            if request.title and len(requests) > 1 and not as_json:
                console.answer(f"# {request.title}\n\n")
            stream = backend.llm.run_task(request.task, context=request.items, fields=request.fields)
            text = _follow(stream, console, show=not as_json)
            records.append(_record(text, stream, status.model or backend.label))
            if as_json and stream.finish_reason != "cancelled":
                records[-1]["files"] = _sizes(backend.llm, request)
            elif as_json:
                records[-1]["files"] = [_place(item, None) for item in request.items if item.path]
            if stream.finish_reason == "cancelled":
                break
            if request is not requests[-1] and not as_json:
                console.answer("\n\n")
            if stream.finish_reason == "length" and console.err_is_terminal:
                console.note("The answer reached its limit; --max-tokens sets a higher one.")
        if as_json:
            console.json(records[0] if len(requests) == 1 else {"answers": records})
        return CANCELLED if records[-1]["finish_reason"] == "cancelled" else 0
    finally:
        console.end_progress()
        backend.close()
        _interrupts(signal.default_int_handler)


def requests_of(
    invocation: Invocation, settings: Settings, known: Mapping[str, str], note: Callable[[str], None]
) -> list[Request]:
    """What the command line asks, with its files and its standard input read.

    `known` is template text by name; `note` hears how a file was read that was no UTF-8. Raises
    `UsageError`, `UnreadableFile`.
    """
    words = list(invocation.words)
    limit = settings.context.max_file_bytes
    items = tuple(_named(name, limit, note) for name in invocation.options["files"])
    match invocation.command:
        case "ask":
            question, piped = _text_and_pipe(words, limit)
            if not question:
                raise UsageError("There is no question.", f'Try: {PROGRAM} ask "What does it do?" -f FILE')
            if piped:
                items = (*items, ContextItem(piped))
            return [Request(TASKS["ask"], {"question": question}, items)]
        case "explain" | "document":
            return _one_a_file(invocation, words, items, limit, note)
        case "examples":
            request, piped = _text_and_pipe(words, limit)
            if not request:
                raise UsageError("There is no request.", f'Try: {PROGRAM} examples "read a CSV file"')
            if piped:
                items = (*items, ContextItem(piped))
            language = invocation.options["language"] or _language(items) or "code"
            fields = {"request": request, "language": language, "additional_context": ""}
            return [Request(TASKS["examples"], fields, items)]
        case _:
            return [_filled(words, items, known, limit)]


def _named(name: str, limit: int, note: Callable[[str], None]) -> ContextItem:
    """The file that a word of the command line names, or its lines. Raises `UsageError`, `UnreadableFile`."""
    if name == "-":
        raise UsageError("-f takes a file; standard input is read without -f.", "A file called - is ./-")
    if not os.path.lexists(name):
        name = os.path.expanduser(name)  # in quotes, or behind `=`, no shell has done it
    path, colon, lines = name.rpartition(":")
    if colon and not os.path.lexists(name):
        found = re.fullmatch(r"(\d+)(?:-(\d*))?", lines)
        is_range = found is not None and 0 < int(found[1]) <= int(found[2] or found[1])
        if not is_range and (found is not None or os.path.isfile(path)):
            raise UsageError(f"{lines!r} is no range of lines.", f"Write {path}:10-40.")
    return read_named(name, max_bytes=limit, note=note)


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
        console.progress(wording.loading(status.phase, status.done, status.total))
        time.sleep(LOOK_SECONDS)


def _prompts(llm: BaseLLM, requests: Sequence[Request]) -> Iterator[Prompt]:
    """What will be sent, one after the other."""
    for request in requests:
        yield llm.prompt_builder.messages(request.task, request.items, **request.fields)


def _follow(stream: AnswerStream, console: Console, *, show: bool) -> str:
    """Read the answer to its end, or to the first Ctrl+C; a second one ends the process."""
    try:
        for piece in stream:
            if show:
                console.answer(piece)
    except KeyboardInterrupt:
        _interrupts(signal.SIG_DFL)
        stream.close()
        stream.finish_reason = "cancelled"
    except BaseException:
        stream.close()
        raise
    finally:
        if show:
            console.end_answer()
    return stream.text


def _interrupts(handler: Any) -> None:
    try:
        signal.signal(signal.SIGINT, handler)
    except ValueError:
        pass  # not in the main thread


def _record(text: str, stream: AnswerStream, model: str) -> dict[str, Any]:
    usage = stream.usage
    return {
        "answer": text,
        "model": model,
        "finish_reason": stream.finish_reason,
        "files": [],
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "reused_tokens": usage.reused_tokens,
        "ttft_s": stream.ttft_s,
        "tokens_per_s": stream.tokens_per_s,
    }


def _sizes(llm: BaseLLM, request: Request) -> list[dict[str, Any]]:
    """Each file and what adding it added to the rendered prompt; null where nobody can count."""
    counts: list[int | None] = []
    try:
        for end in range(len(request.items) + 1):
            messages = llm.prompt_builder.messages(request.task, request.items[:end], (), **request.fields)
            count = llm.count_tokens(messages)
            counts.append(count if llm.counts_exactly else None)
    except DocstraError:
        pass  # the answer is there; a figure is not worth it
    files = []
    for index, item in enumerate(request.items):
        before, after = (counts + [None] * (index + 2))[index : index + 2]
        tokens = None if before is None or after is None else after - before
        files.append(_place(item, tokens))
    return [file for file in files if file["path"] is not None]


def _place(item: ContextItem, tokens: int | None) -> dict[str, Any]:
    return {"path": item.path, "start_line": item.start_line, "end_line": item.end_line, "tokens": tokens}


def _text_and_pipe(words: Sequence[str], limit: int) -> tuple[str, str]:
    """The text of `ask` or `examples`, and what was piped in beside it."""
    if words and words[0] != "-":
        return words[0].strip(), (read_stdin(limit) if is_piped() else "")
    if words or is_piped():
        return read_stdin(limit).strip(), ""
    return "", ""


def _one_a_file(
    invocation: Invocation,
    words: Sequence[str],
    items: tuple[ContextItem, ...],
    limit: int,
    note: Callable[[str], None],
) -> list[Request]:
    task = TASKS[invocation.command]
    language = invocation.options["language"]
    named = [word for word in words if word != "-"]
    items = (*(_named(name, limit, note) for name in named), *items)
    requests = [
        Request(task, file_fields([item.label], language or item.language or "source"), (item,), item.label)
        for item in items
    ]
    if "-" in words or (not items and is_piped()):
        code = read_stdin(limit)
        if not code.strip():
            raise UsageError("Standard input was empty.")
        requests.append(Request(task, code_fields(code, language or "source"), (), "standard input"))
    if not requests:
        raise UsageError(
            f"There is no file to {invocation.command}.", f"Try: {PROGRAM} {invocation.command} FILE"
        )
    return requests


def _filled(
    words: list[str], items: tuple[ContextItem, ...], known: Mapping[str, str], limit: int
) -> Request:
    """The request of `run`: a template, its values, and the code where it wants `{code}`."""
    if not words:
        raise UsageError("There is no template.", f"Known templates: {', '.join(sorted(known))}.")
    name, *pairs = words
    fields: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise UsageError(f"{pair!r} is not KEY=VALUE.", "A value with spaces needs quotes.")
        fields[key] = value
    wanted = placeholders(known.get(name, ""))
    piped = read_stdin(limit) if is_piped() else ""
    if piped and "code" in wanted and "code" not in fields:
        fields["code"] = code_fields(piped, fields.get("language", ""))["code"]
    elif piped:
        items = (*items, ContextItem(piped))
    if name in BUILT_IN:
        fields.setdefault("additional_context", "")
        fields.setdefault("language", _language(items) or "source")
    if "code" in wanted and "code" not in fields and items:
        fields["code"] = file_fields([item.label for item in items], "")["code"]
    return Request(name, fields, items)


def _language(items: Sequence[ContextItem]) -> str:
    """The language of the first item that has one."""
    return next((item.language for item in items if item.language), "")
