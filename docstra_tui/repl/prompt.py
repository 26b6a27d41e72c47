"""The line that is written on: its keys, its history, the line below it, and what is said above it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import BaseStyle

from docstra_tui import paths
from docstra_tui.context.mentions import awaits_lines
from docstra_tui.errors import DocstraError
from docstra_tui.repl.completion import ChatCompleter, ProjectFiles

HISTORY = "chat-history"
REFRESH_SECONDS = 0.5
"""How often the line below the prompt is drawn again."""


class Prompt:
    """Asks again and again, on the terminal of the current prompt_toolkit session."""

    def __init__(
        self,
        files: ProjectFiles,
        style: BaseStyle,
        depth: ColorDepth,
        toolbar: Callable[[], StyleAndTextTuples],
        typed: Callable[[str], None],
        think: Callable[[], object],
    ) -> None:
        """`toolbar` is asked for the line below, `typed` gets what stands there with each key, `think` is
        called by the key that switches thinking."""
        self._session: PromptSession[str] = PromptSession(
            history=history(),
            completer=ChatCompleter(files),
            complete_while_typing=True,
            complete_in_thread=True,
            key_bindings=keys(think),
            multiline=True,
            prompt_continuation="  ",
            bottom_toolbar=toolbar,
            refresh_interval=REFRESH_SECONDS,
            style=style,
            color_depth=depth,
            reserve_space_for_menu=5,
        )
        self._session.default_buffer.on_text_changed += lambda buffer: typed(buffer.text)

    def ask(self, draft: str) -> str:
        """What is sent. Raises `KeyboardInterrupt`, `EOFError` as the keys say."""
        return self._session.prompt([("class:mark", "> ")], default=draft)

    def wear(self, style: BaseStyle) -> None:
        """Another look from the next line on."""
        self._session.style = style

    def above(self, write: Callable[[], None]) -> None:
        """Have `write` print above the prompt that is on the screen, from any thread; else nothing."""
        app = self._session.app
        if app.is_running and app.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just ended
                app.loop.call_soon_threadsafe(lambda: run_in_terminal(write), context=app.context)


def confirm(question: str) -> bool:
    """A question that is answered with y; anything else is no."""
    answer = ""
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        answer = PromptSession[str]().prompt(question)
    return answer.strip().lower() in ("y", "yes")


def keys(think: Callable[[], object] = lambda: None) -> KeyBindings:
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

    @bindings.add("f12")
    @bindings.add("c-t")
    def switch_thinking(event: KeyPressEvent) -> None:
        think()  # the line below says what it is now
        event.app.invalidate()

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
