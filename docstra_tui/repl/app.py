"""The inline chat in a terminal (prompt_toolkit): keys, history, and the loop around the prompt."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from docstra_tui import paths, themes
from docstra_tui.context.mentions import awaits_lines
from docstra_tui.errors import DocstraError
from docstra_tui.repl.appearance import DEPTHS, style_of
from docstra_tui.repl.chat import Chat
from docstra_tui.repl.completion import ChatCompleter, ProjectFiles
from docstra_tui.repl.printer import Printer, silent_keys
from docstra_tui.repl.terminal_input import own_input
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.rescue import rescue
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.settings import Settings
from docstra_tui.themes import ThemeSpec
from docstra_tui.workspace.models.backend import Backend
from docstra_tui.workspace.models.opening import open_backend
from docstra_tui.workspace.sessions.unsaved import unsaved, words
from docstra_tui.workspace.terminal.colour_depth import colours_of

HISTORY = "chat-history"
REFRESH_SECONDS = 0.5
"""How often the line below the prompt is drawn again."""


@own_input()
def run(
    settings: Settings,
    root: Path,
    *,
    resume: str | None = None,
    opener: Callable[[Settings], Backend] = open_backend,
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
    style = style_of(theme, colours)
    printer = Printer(style, DEPTHS[colours])
    if problem is not None:
        printer.error(problem)
    for note in notes:
        printer.line(note, "note")
    store = store or SessionStore()
    try:
        chat = Chat(settings, root, opener, store, printer, _confirm, is_model_named=is_model_named)
    except BaseException:
        store.close()
        raise
    try:
        if resume is not None:
            chat.resume(resume, at_start=True)
        else:
            chat.bring_back_unsent()
        files = ProjectFiles(chat.root, settings.context.ignore)
        files.refresh()
        prompt: PromptSession[str] = PromptSession(
            history=history(),
            completer=ChatCompleter(files),
            complete_while_typing=True,
            complete_in_thread=True,
            key_bindings=keys(),
            multiline=True,
            prompt_continuation="  ",
            bottom_toolbar=chat.toolbar,
            refresh_interval=REFRESH_SECONDS,
            style=style,
            color_depth=DEPTHS[colours],
            reserve_space_for_menu=5,
        )
        prompt.default_buffer.on_text_changed += lambda buffer: chat.keep_draft(buffer.text)
        chat.on_theme = lambda theme: wear(theme, colours, printer, prompt)
        chat.on_news = lambda: above(prompt, chat.tell_news)
        printer.line("@path gives the model a file, /help lists the commands, Ctrl+D leaves.", "hint")
        with silent_keys():
            _loop(prompt, chat)
        farewell = chat.backend.farewell
    except BaseException:
        chat.close()
        with contextlib.suppress(OSError):  # the terminal may be what is gone
            _say_what_is_lost(chat, printer)
        raise
    chat.close()
    is_saved = _say_what_is_saved(chat, printer)
    if farewell:
        printer.line(farewell, "dim")
    return 0 if is_saved else 1


def wear(theme: ThemeSpec, colours: int, printer: Printer, prompt: PromptSession[str]) -> None:
    """Another theme from the next line on."""
    printer.style = prompt.style = style_of(theme, colours)


def above(prompt: PromptSession[str], write: Callable[[], None]) -> None:
    """Have `write` print above the prompt that is on the screen, from any thread; without one, nothing."""
    app = prompt.app
    if app.is_running and app.loop is not None:
        with contextlib.suppress(RuntimeError):  # the loop has just ended
            app.loop.call_soon_threadsafe(lambda: run_in_terminal(write), context=app.context)


def _say_what_is_saved(chat: Chat, printer: Printer) -> bool:
    """How to go on, or where a copy lies of what the disk did not take; False then."""
    lost = _say_what_is_lost(chat, printer)
    if chat.session.turns and chat.session.id and chat.session not in lost:
        printer.line(f"Saved. To go on: docstra-tui chat --resume {chat.session.id[:8]}", "dim")
    return not lost


def _say_what_is_lost(chat: Chat, printer: Printer) -> list[ChatSession]:
    """The sessions of which the disk lacks something: of each there is a copy before anything is said."""
    lost = unsaved((*chat.past, chat.session))
    for why, where in [words(session, rescue(session)) for session in lost]:
        printer.line(why, "error")
        printer.line(where, "hint")
    return lost


def keys() -> KeyBindings:
    """Enter sends, Alt+Enter, Shift+Enter or Ctrl+J break the line, in the menu Enter takes the row."""
    bindings = KeyBindings()

    @bindings.add("enter")
    def send(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        state = buffer.complete_state
        is_choosing = state is not None and len(state.completions) > 1
        if state is not None and is_choosing and state.current_completion is not None:
            buffer.apply_completion(state.current_completion)
        else:
            buffer.validate_and_handle()

    @bindings.add(":")
    def name_lines(event: KeyPressEvent) -> None:
        """Behind a completed mention it belongs to it, not behind the space that completing put there."""
        buffer = event.current_buffer
        if awaits_lines(buffer.document.text_before_cursor):
            buffer.delete_before_cursor()
        buffer.insert_text(event.data * event.arg)

    @bindings.add("escape", "enter")
    @bindings.add("c-j")
    def break_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return bindings


class KeptHistory(FileHistory):
    """A file of what was typed; a disk that is full or gone never stops the typing."""

    def load_history_strings(self) -> Iterable[str]:
        try:
            return super().load_history_strings()
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        with contextlib.suppress(OSError):
            super().store_string(string)


def history() -> History:
    """What was typed before, in a file that nobody else can read; in memory where none can be made."""
    try:
        path = paths.private_folder(paths.state_dir()) / HISTORY
        os.close(paths.open_private(path))
    except (OSError, DocstraError):
        return InMemoryHistory()
    return KeptHistory(str(path))


def _loop(prompt: PromptSession[str], chat: Chat) -> None:
    draft = chat.session.draft
    while True:
        chat.tell_news()
        chat.keep_draft(draft)
        try:
            text = prompt.prompt([("class:mark", "> ")], default=draft)
        except KeyboardInterrupt:
            draft = ""
            continue
        except EOFError:
            return
        draft = ""
        try:
            if not chat.take(text):
                return
            draft = chat.unsent
        except KeyboardInterrupt:  # between two steps of a command: nothing runs that could be stopped
            chat.printer.end_progress()
            draft = chat.session.draft


def _confirm(question: str) -> bool:
    """A question that is answered with y; anything else is no."""
    answer = ""
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        answer = PromptSession[str]().prompt(question)
    return answer.strip().lower() in ("y", "yes")
