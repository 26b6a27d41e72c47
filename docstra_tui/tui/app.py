"""The full-screen app: themes, leaving, crashes. What is on the screen is in `main/screen.py`."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, ScreenStackError
from textual.binding import BindingType
from textual.driver import Driver
from textual.events import CursorPosition, Event, InputEvent, Paste, Print, Resize
from textual.filter import ANSIToTruecolor, LineFilter, Monochrome
from textual.geometry import Size
from textual.screen import Screen

from docstra_tui import key_hints, keymap, themes
from docstra_tui.errors import SettingsError, UsageError
from docstra_tui.settings import Settings
from docstra_tui.text import sanitize_line
from docstra_tui.themes import ThemeSpec
from docstra_tui.tui.driver import let_go, strips, timers
from docstra_tui.tui.driver.keyboard import Keyboard
from docstra_tui.tui.driver.link import Link, call
from docstra_tui.tui.driver.terminal_driver import LinuxDriver, TerminalDriver
from docstra_tui.tui.main.main_keys import APP_KEYS, PALETTE_KEY
from docstra_tui.tui.main.screen import MainScreen
from docstra_tui.tui.theming.colours import FEW_CLASS, FewColours, is_few, shown_colours, textual_theme
from docstra_tui.tui.transcript.messages import SaveRequested
from docstra_tui.tui.widgets import list_pages
from docstra_tui.workspace.copying import Copying
from docstra_tui.workspace.crash_log import crash_words, write_error
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.saving_dialogs import SavingDialogs
from docstra_tui.workspace.terminal.attention import Attention
from docstra_tui.workspace.terminal.colour_depth import ALL, NONE

if TYPE_CHECKING:
    from docstra_tui.session.store.sessions import SessionStore
    from docstra_tui.workspace.models.opening import OpenBackend

LINK_SECONDS = 1.0
"""After the start the terminal is asked how far it is, when the first frames are out of the way."""


def _palette_commands() -> type[Any]:
    from docstra_tui.tui.main.palette import Commands

    return Commands


def collect_what_comes() -> None:
    """What is there by now stays: without this, the garbage collector walks all of it, 50 to 90 ms at a time,
    whenever somebody lists or searches many files. `launch` lets it rest until the first frame is out."""
    gc.freeze()
    gc.enable()


class DocstraApp(App[None]):
    """One folder, one conversation, one model."""

    TITLE = "docstra-tui"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "main/main.tcss"]
    # the screen's own as well: what comes later is parsed together with all that is there
    COMMANDS = {_palette_commands}  # noqa: RUF012 -- Textual's own shape
    CLOSE_TIMEOUT = 1.0
    ENABLE_COMMAND_PALETTE = True

    BINDINGS: ClassVar[list[BindingType]] = [
        *APP_KEYS,
        PALETTE_KEY,
    ]

    def __init__(
        self,
        settings: Settings,
        root: Path,
        open_backend: OpenBackend,
        store: SessionStore,
        resume: str | None = None,
        *,
        notes: Sequence[str] = (),
        is_model_named: bool = False,
        colours: int = ALL,
    ) -> None:
        """`colours`: how many the terminal shows (`workspace.terminal.colour_depth`)."""
        strips.install()
        let_go.install()
        list_pages.install()
        timers.install()
        super().__init__()
        self.colours = colours
        self.no_color = colours == NONE
        self._few_colours: FewColours | None = None
        self.keyboard = Keyboard(self, super().on_event)
        self.keyboard.hold()  # until there is a screen: Textual begins before its first one is mounted
        self.settings = settings
        self.use_keys(settings.keys)
        self.store = store
        self.theme_specs: dict[str, ThemeSpec] = {}
        self._theme_notices: list[str] = []
        self.link = Link()
        self._copy_jobs = JobQueue("copy", self.call_later)
        self.copying = Copying(self._copy_jobs, super().copy_to_clipboard, self.notify, self.warn)
        self.attention = Attention(
            settings.notify,
            lambda which: call(self, which),
            lambda work, then: self._copy_jobs.do(work, then, lambda error: None),
        )
        self._start_notices = [sanitize_line(note)[:300] for note in notes]
        self.crash_log = ""
        """Where a crash is written down; empty: nowhere."""
        self.crash_words: tuple[str, ...] = ()
        """What to say about a crash on the restored terminal; empty while there was none."""
        self.on_leaving: Callable[[int], None] = lambda code: None
        """Called with the exit code when the app begins to leave."""
        self._load_themes(settings.theme)
        self.main = MainScreen(
            self, settings, root, open_backend, store, resume, is_model_named=is_model_named
        )
        self.saving = SavingDialogs(root, self.main.dialogs, self._copy_jobs)

    def on_mount(self) -> None:
        self.begin_capture_print(self)
        self.set_timer(LINK_SECONDS, lambda: self.link.ask(self))

    def begun(self) -> None:
        """The main screen has begun all it does by itself."""
        self.keyboard.let_go()
        self.main.call_after_refresh(self._say_notices)
        self.main.call_after_refresh(collect_what_comes)

    def get_default_screen(self) -> Screen[None]:
        """The main screen is the first one, not pushed over an empty one that is laid out and drawn too."""
        return self.main

    def get_driver_class(self) -> type[Driver]:
        """Textual's, but with our reader where it would be the one for a terminal."""
        found = super().get_driver_class()
        return TerminalDriver if found is LinuxDriver else found

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's; with few colours ours in the place of those that make greys of none, and other colours
        of numbers: what is behind a dialog passes twice."""
        if self._few_colours is None:
            return super().get_line_filters()
        others = (Monochrome, ANSIToTruecolor)
        return [
            *(found for found in super().get_line_filters() if not isinstance(found, others)),
            self._few_colours,
        ]

    async def on_event(self, event: Event) -> None:
        """What is typed has its turn; all else is as Textual does it."""
        if isinstance(event, (InputEvent, Paste)) and not event.is_forwarded:
            await self.keyboard.take(event)
        else:
            await super().on_event(event)
        if isinstance(event, Resize) and self._is_painted_at(event.size):
            # Smaller and back before Textual looked: it paints nothing, but the terminal has dropped rows.
            self.redraw()

    def redraw(self) -> None:
        """Every cell again, whatever the terminal shows by now."""
        self.screen.refresh()

    def _is_painted_at(self, size: Size) -> bool:
        try:
            return self.screen.size == size
        except ScreenStackError:  # it begins, or leaves
            return False

    @property
    def changed_keys(self) -> Mapping[str, str]:
        """The user's own keys, by the ids of what they do."""
        return self._keymap

    def use_keys(self, own: Mapping[str, str]) -> None:
        """Other keys from now on, as `settings.Settings.keys` has them."""
        self.keyboard.of_alt = frozenset(key for keys in own.values() for key in keymap.split(keys))
        self._keymap = keymap.in_force(own)
        key_hints.use(self._keymap)
        self.refresh_bindings()

    def _load_themes(self, wanted: str) -> None:
        self.theme_specs, wrong = themes.load_all()
        for spec in self.theme_specs.values():
            self.register_theme(textual_theme(spec, self.colours))
        self._theme_notices += [sanitize_line(error.message)[:300] for error in wrong]
        if not self.theme_specs:
            raise SettingsError("No theme was found.", "Install docstra-tui again: its themes are missing.")
        name = wanted if wanted in self.theme_specs else next(iter(self.theme_specs))
        if name != wanted:
            self._theme_notices.append(f"There is no theme {sanitize_line(wanted)!r}; this is {name!r}.")
        self.theme = name
        self.watch_theme(name)  # nobody watches before the app runs

    def watch_theme(self, name: str) -> None:
        """What differs with few colours goes with the theme; Textual draws everything anew anyway."""
        spec = self.theme_specs.get(name)
        if spec is not None and is_few(spec, self.colours):
            self._few_colours = FewColours(shown_colours(spec, self.colours), self.colours)
        else:
            self._few_colours = None
        self.set_class(self._few_colours is not None, FEW_CLASS, update=False)

    def _say_notices(self) -> None:
        for notice in self._theme_notices:
            self.notify(notice, severity="warning")
        for notice in self._start_notices:
            self.notify(notice)

    # Leaving

    async def action_quit(self) -> None:
        self.leave()

    def leave(self, code: int = 0) -> None:
        """Stop what runs and leave the screen; what must be saved is saved by whoever started the app."""
        self.on_leaving(code)
        if self.main.session is not None:
            self.main.turns.queue.close()
        if code == 0:  # after a signal the answer was interrupted, nobody stopped it
            self.main.turns.queue.stop_answer()
        self.exit(return_code=code)

    def save(self) -> None:
        """Everything to disk, from any thread, without the screen."""
        session = self.main.session
        of, draft = self.main.typed
        # What was typed in another one says nothing of what this one brought along.
        is_its = of is session or (of is None and session is not None and not session.draft)
        if session is not None and is_its and draft != session.draft:
            session.draft = draft
        self.main.files.flush()
        self.store.flush(1.0)

    def close_backend(self) -> str:
        """Let the engine go, hot; the line to print about it."""
        model = self.main.model
        self.main.close_parts()
        self._copy_jobs.close()
        farewell = model.farewell
        self.main.model.close()
        return farewell

    @contextmanager
    def lend_terminal(self) -> Iterator[int]:
        """The terminal for another program, while this one stands still. What was written is saved before."""
        self.main.note_typed()  # of a burst of keys, nobody was told yet
        self.save()
        if self._driver is None or not self._driver.can_suspend or sys.__stdout__ is None:
            raise UsageError("This terminal cannot be given to another program.")
        with self.suspend():
            yield sys.__stdout__.fileno()

    def action_suspend_process(self) -> None:
        """Into the background; what was written is saved before, for nobody knows who comes back."""
        self.save()
        super().action_suspend_process()

    def action_command_palette(self) -> None:
        """Open the palette. Without a name of its own: the one before may still be on its way out."""
        from textual.command import CommandPalette

        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette())

    # What comes up from the conversation

    def on_save_requested(self, event: SaveRequested) -> None:
        from docstra_tui.workspace.taken_text import Taken

        self.saving.ask(Taken(event.text, event.what))

    # Text from outside

    def notify(self, message: str, **options: Any) -> None:
        """As Textual's, but never markup."""
        options["markup"] = False
        super().notify(message, **options)

    def warn(self, text: str) -> None:
        """A toast that something is not as it should be; `text` is already safe to show."""
        self.notify(text, severity="warning")

    def copy_to_clipboard(self, text: str) -> None:
        """What a field's own key copies."""
        self.copying.copy(text)

    def on_cursor_position(self, event: CursorPosition) -> None:
        """The terminal answered: how far it is decides how often an answer is drawn."""
        self.link.answered(event.time)
        self.main.conversation.frame_interval = self.link.frame_interval

    def on_print(self, event: Print) -> None:
        """What a library printed goes to the log, not over the screen."""
        try:
            os.write(2, event.text.encode("utf-8", "backslashreplace"))
        except OSError:
            pass

    # Crashes

    def panic(self, *renderables: Any) -> None:
        self._note_crash()

    def _fatal_error(self) -> None:
        self._note_crash()

    def _note_crash(self) -> None:
        """A few words for the terminal, the traceback (without values) for the log."""
        error = sys.exc_info()[1] or self._exception
        self._return_code = 1
        if error is not None and self.crash_log:
            try:
                with open(self.crash_log, "ab", buffering=0) as log:
                    write_error(log.fileno(), error)
            except OSError:
                pass
        self.crash_words = crash_words(error, self.crash_log)
        self._close_messages_no_wait()
