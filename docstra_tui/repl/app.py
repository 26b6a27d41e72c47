"""The inline chat in a terminal: opened, asked until somebody leaves, and what is kept is said."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from docstra_tui import themes
from docstra_tui.invoked import as_started
from docstra_tui.key_names import shown_keys
from docstra_tui.repl.appearance import DEPTHS, style_of
from docstra_tui.repl.chat import Chat
from docstra_tui.repl.completion import ProjectFiles
from docstra_tui.repl.keys import keys_now
from docstra_tui.repl.printer import Printer, silent_keys
from docstra_tui.repl.prompt import FilesWanted, Prompt, confirm
from docstra_tui.repl.terminal_input import own_input
from docstra_tui.repl.terminal_output import own_output
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.rescue import rescue
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.settings import Settings
from docstra_tui.themes import ThemeSpec
from docstra_tui.workspace.models.opening import OpenBackend, open_backend
from docstra_tui.workspace.named_lines import NamedLines
from docstra_tui.workspace.sessions.unsaved import unsaved, words
from docstra_tui.workspace.terminal.colour_depth import colours_of


@own_input()
@own_output()
def run(
    settings: Settings,
    root: Path,
    *,
    resume: str | None = None,
    opener: OpenBackend = open_backend,
    store: SessionStore | None = None,
    notes: Iterable[str] = (),
    is_model_named: bool = False,
) -> int:
    """Chat until the user leaves; the exit code. Raises `DocstraError` when there is no engine.

    `store` is one that is open already, `notes` are said at the start, and where a model was named a
    session does not bring its own.
    """
    theme, problem = themes.choose(settings.theme)
    colours = colours_of(os.environ)
    printer = Printer(style_of(theme, colours), DEPTHS[colours])
    if problem is not None:
        printer.error(problem)
    for note in notes:
        printer.line(note, "note")
    store = store or SessionStore()
    with contextlib.ExitStack() as undoing:
        undoing.callback(store.close)  # whatever ends it, Ctrl+C too: the store has a thread and a lock
        chat = Chat(settings, root, opener, store, printer, confirm, is_model_named=is_model_named)
        undoing.pop_all()
    try:
        _talk(chat, printer, settings, colours, resume)
        farewell = chat.model.farewell
    except BaseException:  # a signal as well: what the disk lacks is said to whoever is there
        chat.close()
        with contextlib.suppress(OSError):  # the terminal may be what is gone
            _say_what_is_lost(chat, printer)
        raise
    chat.close()
    is_saved = _say_what_is_saved(chat, printer)
    if farewell:
        printer.line(as_started(farewell), "dim")
    return 0 if is_saved else 1


def _talk(chat: Chat, printer: Printer, settings: Settings, colours: int, resume: str | None) -> None:
    """From the first line to the one that leaves."""
    if resume is not None:
        chat.sessions.open(resume, at_start=True)
    else:
        chat.sessions.bring_back_unsent()
    files = ProjectFiles(
        lambda: chat.root, settings.context.ignore, lambda query: chat.files.changes.names(query)
    )
    files.begin()
    prompt = Prompt(
        files,
        printer.style,
        DEPTHS[colours],
        chat.toolbar,
        chat.keep_draft,
        chat.thinking.step,
        chat.edit,
        chat.opened.store.asked,
        NamedLines(lambda: chat.root).read_and_known,
        chat.own_keys.changed,
    )

    def wear(theme: ThemeSpec) -> None:
        printer.style = style_of(theme, colours)
        prompt.wear(printer.style)

    chat.themes.on_theme = wear
    chat.themes.look = lambda theme: style_of(theme, colours)
    chat.own_keys.on_change = prompt.use_keys
    chat.models.on_news = lambda: prompt.above(chat.tell_news)
    leaving = shown_keys(",".join(keys_now("chat.leave", chat.own_keys.changed))) or "/quit"
    printer.line(f"@path gives the model a file, /help lists the commands, {leaving} leaves.", "hint")
    with silent_keys():
        _loop(prompt, chat)


def _loop(prompt: Prompt, chat: Chat) -> None:
    draft = chat.session.draft
    while True:
        chat.tell_news()
        chat.keep_draft(draft)
        try:
            text = prompt.ask(draft)
        except KeyboardInterrupt:
            draft = ""
            chat.branching.leave_edit()
            continue
        except EOFError:
            return
        except FilesWanted as wanted:
            draft = wanted.draft
            chat.suggesting.take_draft(draft)
            continue
        draft = ""
        try:
            if not chat.take(text):
                return
            draft = chat.unsent
        except KeyboardInterrupt:  # between two steps of a command: nothing runs that could be stopped
            chat.printer.end_progress()
            draft = chat.session.draft


def _say_what_is_saved(chat: Chat, printer: Printer) -> bool:
    """How to go on, or where a copy lies of what the disk did not take; False then."""
    lost = _say_what_is_lost(chat, printer)
    if chat.session.turns and chat.session.id and chat.session not in lost:
        again = as_started(f"docstra-tui chat --resume {chat.session.id[:8]}")
        printer.line(f"Saved. To go on: {again}", "dim")
    return not lost


def _say_what_is_lost(chat: Chat, printer: Printer) -> list[ChatSession]:
    """The sessions of which the disk lacks something: of each there is a copy before anything is said."""
    lost = unsaved(chat.opened.all)
    for why, where in [words(session, rescue(session)) for session in lost]:
        printer.line(why, "error")
        printer.line(where, "hint")
    return lost
