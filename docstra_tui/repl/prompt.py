"""The line that is written on: its keys, its history, the line below it, and what is said above it."""

from __future__ import annotations

import contextlib
import termios
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app_session, run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input.typeahead import clear_typeahead
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import BaseStyle

from docstra_tui.context.mentions import awaits_lines
from docstra_tui.repl.completion import ChatCompleter, ProjectFiles
from docstra_tui.repl.folding import ShownFolds, behind_mark, folds, without_marks
from docstra_tui.repl.history import history
from docstra_tui.repl.keys import bind, bind_usual, keys_now
from docstra_tui.workspace.command_offers import More
from docstra_tui.workspace.folds import Folds
from docstra_tui.workspace.turns.waiting import joined

if TYPE_CHECKING:
    from docstra_tui.session.turns import Asked

EMPTY: Mapping[str, str] = MappingProxyType({})
REFRESH_SECONDS = 0.5
"""How often the line below the prompt is drawn again."""
DRAWN = 20_000
"""Characters that are drawn with each key: the library goes through all of them, several times."""


class FilesWanted(Exception):
    """Somebody wants files for what he writes, and goes on writing then."""

    def __init__(self, draft: str) -> None:
        super().__init__(draft)
        self.draft = draft


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
        edit: Callable[[str], str],
        asked: Callable[[], Sequence[Asked]],
        more: More = lambda before: (),
        own_keys: Mapping[str, str] = EMPTY,
    ) -> None:
        """`toolbar` is asked for the line below, `typed` gets what stands there with each key, `think` is
        called by the key that switches thinking, `edit` has the user's editor write over a text, `asked` are
        the questions of all sessions, `more` is what else completes a command and `own_keys` are other ones
        than those of `keys.KEYS`."""
        self._think = think
        self._folds = folds()
        self._edit = edit
        self._aside = ""
        """What was begun when an earlier line took its place; it comes back when that is sent."""
        self._session: PromptSession[str] = PromptSession(
            history=history(asked, self._folds.whole),
            completer=ChatCompleter(files, more),
            complete_while_typing=True,
            complete_in_thread=True,
            key_bindings=self._bindings(own_keys),
            input_processors=[ShownFolds(self._folds)],
            search_ignore_case=True,
            multiline=True,
            prompt_continuation="  ",
            bottom_toolbar=toolbar,
            refresh_interval=REFRESH_SECONDS,
            style=style,
            color_depth=depth,
            reserve_space_for_menu=5,
        )
        self._session.default_buffer.on_text_changed += lambda buffer: typed(self._kept(buffer))

    def ask(self, draft: str) -> str:
        """What is sent. Raises `KeyboardInterrupt`, `EOFError`, `FilesWanted` as the keys say."""
        draft, self._aside = joined(draft, self._aside), ""
        self._folds.forget_unused(draft)
        draft = self._marked(draft)
        mark: StyleAndTextTuples = [("class:mark", "> "), ("", behind_mark(draft, self._folds))]
        sent = self._session.prompt(mark, default=draft)
        return self._folds.whole(sent)

    def _marked(self, text: str) -> str:
        """A text from elsewhere as it stands here: what would take seconds to draw is one mark."""
        text = without_marks(text)
        marked = self._folds.again(text)
        return marked if len(marked) <= DRAWN else self._folds.fold(text)

    def _kept(self, buffer: Buffer) -> str:
        """All that must not be lost: what stands there, and what was begun before an earlier line did."""
        return joined(*map(self._folds.whole, (buffer.text, _begun(buffer))))

    @property
    def _fold_before_cursor(self) -> str | None:
        """The long paste that the cursor is behind."""
        return self._folds.of(self._session.default_buffer.document.char_before_cursor)

    def use_keys(self, own: Mapping[str, str]) -> None:
        """Other keys from now on, as `keymap.in_force` has them."""
        self._session.key_bindings = self._bindings(own)

    def _bindings(self, own: Mapping[str, str]) -> KeyBindings:
        bindings = keys(self._think, own)
        self._add_keys(bindings, own)
        return bindings

    def _add_keys(self, bindings: KeyBindings, own: Mapping[str, str]) -> None:
        """Those that know what stands there."""
        folds = self._folds

        def send(event: KeyPressEvent) -> None:
            buffer = event.current_buffer
            if not _takes_row(buffer):
                self._aside = folds.whole(_begun(buffer))
                buffer.validate_and_handle()

        @bindings.add(Keys.BracketedPaste)
        def paste(event: KeyPressEvent) -> None:
            text = without_marks(event.data.replace("\r\n", "\n").replace("\r", "\n"))
            buffer = event.current_buffer
            is_folded = Folds.is_long(text) and buffer is self._session.default_buffer
            buffer.insert_text(folds.fold(text) if is_folded else text)

        is_behind_fold = Condition(lambda: self._fold_before_cursor is not None)

        @bindings.add("tab", filter=is_behind_fold & ~is_searching)
        def unfold(event: KeyPressEvent) -> None:
            text = self._fold_before_cursor
            event.current_buffer.delete_before_cursor()
            event.current_buffer.insert_text(text or "")

        def write_in_editor(event: KeyPressEvent) -> None:
            buffer = event.current_buffer

            async def write() -> None:
                text = await run_in_terminal(lambda: self._edit(folds.whole(buffer.text)))
                buffer.save_to_undo_stack()
                marked = self._marked(text)
                buffer.document = Document(marked, len(marked))

            event.app.create_background_task(write())

        def want_files(event: KeyPressEvent) -> None:
            event.app.exit(exception=FilesWanted(self._kept(event.current_buffer)))

        bind(bindings, keys_now("composer.send", own), send, ~is_searching)
        bind(bindings, keys_now("main.suggest", own), want_files, ~is_searching)
        bind(bindings, keys_now("main.editor", own), write_in_editor, ~is_searching)

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
    """A question that is answered with y; anything else is no, and what was typed before it is no answer."""
    return answer_to(question).strip().lower() in ("y", "yes")


def answer_to(question: str) -> str:
    """What is typed to a question from now on; empty where it was closed."""
    given, answer = get_app_session().input, ""
    with contextlib.suppress(OSError, NotImplementedError, termios.error):  # no terminal
        termios.tcflush(given.fileno(), termios.TCIFLUSH)
        clear_typeahead(given)
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        answer = PromptSession[str]().prompt(question)
    return answer


def keys(think: Callable[[], object] = lambda: None, own: Mapping[str, str] = EMPTY) -> KeyBindings:
    """Those for which it does not matter what stands there."""
    bindings = KeyBindings()

    @bindings.add(":")
    def name_lines(event: KeyPressEvent) -> None:
        """Behind a completed mention it belongs to it, not behind the space that completing put there."""
        buffer = event.current_buffer
        if awaits_lines(buffer.document.text_before_cursor):
            buffer.delete_before_cursor()
        buffer.insert_text(event.data * event.arg)

    def break_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    def switch_thinking(event: KeyPressEvent) -> None:
        think()  # the line below says what it is now
        event.app.invalidate()

    bind_usual(bindings, own)
    bind(bindings, keys_now("composer.new_line", own), break_line)
    bind(bindings, keys_now("main.think", own), switch_thinking)
    return bindings


def _takes_row(buffer: Buffer) -> bool:
    """In the menu Enter takes the row; False where there is none to take."""
    state = buffer.complete_state
    if state is None or len(state.completions) < 2 or state.current_completion is None:
        return False
    buffer.apply_completion(state.current_completion)
    return True


def _begun(buffer: Buffer) -> str:
    """What was begun before an earlier line was brought in its place; empty where none was."""
    lines = buffer._working_lines
    return lines[-1] if buffer.working_index < len(lines) - 1 else ""
