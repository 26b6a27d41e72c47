"""The main screen: composes the parts and passes on what they report. It reads and saves nothing itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Static

from docstra_tui import templates
from docstra_tui.errors import DocstraError, EngineDied
from docstra_tui.settings import Settings
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.tui import commands, consent, figures, status_text
from docstra_tui.tui.commands import TaskCommand
from docstra_tui.tui.engine_watch import BackendLost, BackendOpened, EngineWatch, StatusChanged
from docstra_tui.tui.folders import Folders
from docstra_tui.tui.lane import Lane
from docstra_tui.tui.no_model import NoModel
from docstra_tui.tui.picks import FilePicks, Picked
from docstra_tui.tui.status_text import Known
from docstra_tui.tui.switches import Switches, open_files
from docstra_tui.tui.turn_desk import Reports, TurnDesk
from docstra_tui.tui.turns import Outcome
from docstra_tui.tui.welcome import welcome
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.tui.widgets.conversation import Conversation
from docstra_tui.tui.widgets.file_tree import FileTree
from docstra_tui.tui.widgets.notice import Notices
from docstra_tui.tui.widgets.status_bar import StatusBar
from docstra_tui.tui.widgets.title_line import TitleLine

if TYPE_CHECKING:
    from docstra_tui.llm.base import BaseLLM
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.store import SessionStore
    from docstra_tui.tui.app import DocstraApp, OpenBackend

FRAME_SECONDS = 0.1
"""How often the screen takes what has come: 10 frames a second are enough over SSH."""
TWICE_SECONDS = 2.0
"""Two Ctrl+C within this time on an empty composer leave."""
NARROW, TINY_WIDTH, TINY_HEIGHT = 80, 20, 5


class MainScreen(Screen[None]):
    """Files, conversation, composer."""

    app: DocstraApp
    CSS_PATH = "main.tcss"
    AUTO_FOCUS = "Composer"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,ctrl+b", "tree", "Files", tooltip="Go to the files and back", id="main.tree"),
        Binding(
            "escape",
            "back",
            "Stop",
            tooltip="Back to the composer; there it stops the answer",
            id="main.back",
        ),
        Binding("f4,ctrl+p", "palette", "Commands", tooltip="Tasks, models, themes", id="main.palette"),
        Binding(
            "f3,ctrl+o", "sessions", "Sessions", tooltip="Bring a saved session back", id="main.sessions"
        ),
        Binding("f1", "help", "Help", tooltip="This list", id="main.help"),
        Binding(
            "f9", "restart_engine", "Restart engine", tooltip="Start the engine again", id="main.restart"
        ),
        Binding(
            "ctrl+c",
            "interrupt",
            "Copy or stop",
            tooltip="Copy the selection; else stop the answer; twice with nothing written: leave",
            id="main.interrupt",
        ),
        Binding("ctrl+z", "app.suspend_process", "Suspend", tooltip="Into the background", id="main.suspend"),
        Binding(
            "shift+pageup,ctrl+up", "scroll(-1)", "Scroll up", tooltip="Scroll the conversation", id="main.up"
        ),
        Binding(
            "shift+pagedown,ctrl+down",
            "scroll(1)",
            "Scroll down",
            tooltip="Scroll the conversation",
            id="main.down",
        ),
    ]

    def __init__(
        self,
        settings: Settings,
        root: Path,
        open_backend: OpenBackend,
        store: SessionStore,
        resume: str | None,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.root = root
        self.store = store
        self.draft = ""
        """What stands in the composer; read by other threads when the app has to leave."""
        self.session: ChatSession | None = None
        self._resume = resume
        self._open_backend = open_backend
        self._known = Known()
        self._interrupted = 0.0
        self._told = ""
        self.watch_engine = EngineWatch(self.post_message)
        self._file_lane = Lane("files", self.call_later)
        self._chat_lane = Lane("chat", self.call_later)

    def compose(self) -> ComposeResult:
        yield TitleLine(status_text.title(self.root, None, None, self._wanted()))
        with Horizontal(id="body"):
            with Vertical(id="files"):
                yield Static(Content("Files"), id="files-title", markup=False)
                yield FileTree()
            with Vertical(id="talk"):
                yield Conversation()
                yield Notices()
                yield Static("", id="queue", markup=False)
                with Horizontal(id="ask"):
                    yield Static(Content("❯"), id="mark", markup=False)
                    yield Composer()
        yield StatusBar()
        yield Static(Content("The terminal is too small. Ctrl+Q quits."), id="too-small", markup=False)

    def on_mount(self) -> None:
        limit = self.settings.context.max_file_bytes
        self.picks = FilePicks(self.root, limit, self._chat_lane, self._picks_changed)
        self.folders = Folders(self.root, self.settings.context.ignore, self.tree_view, self._file_lane)
        self.switches = Switches(self, self._chat_lane)
        reports = Reports(self.refresh_status, self._turn_ended, self._engine_died, self._warn)
        self.desk = TurnDesk(self.conversation, self.composer, self.picks, reports)
        self.composer.ask_for(0)
        self.composer.words = tuple(f"/{command.name}" for command in commands.TASK_COMMANDS)
        self._welcome()
        self.use_session(self.fresh_session(), retick=False)
        self.folders.show("")
        self.set_interval(FRAME_SECONDS, self._frame)
        self.set_interval(1.0, self._second)
        if self._resume is not None:
            self.switches.open_session(self._resume or "last")
        self.open_model(self.settings)

    # The parts

    @property
    def conversation(self) -> Conversation:
        return self.query_one(Conversation)

    @property
    def composer(self) -> Composer:
        return self.query_one(Composer)

    @property
    def tree_view(self) -> FileTree:
        return self.query_one(FileTree)

    @property
    def notices(self) -> Notices:
        return self.query_one(Notices)

    @property
    def llm(self) -> BaseLLM | None:
        """The model in use; None before a backend is open."""
        backend = self.watch_engine.backend
        return backend.llm if backend is not None else None

    @property
    def model_name(self) -> str:
        """Who answers, as it is saved with each answer."""
        backend = self.watch_engine.backend
        return backend.label if backend is not None else self._wanted()

    # The chat

    def fresh_session(self) -> ChatSession:
        """A chat without a turn."""
        from docstra_tui.session.chat import ChatSession

        return ChatSession(
            self.llm or NoModel(),
            self.root,
            self.store,
            model=self._wanted(),
            reserve=self.settings.answer.reserve,
        )

    def use_session(self, session: ChatSession, *, retick: bool) -> None:
        """Show and continue `session`; `retick` makes its files the ticked ones."""
        self.session = session
        session.llm = self.llm or session.llm
        self._known.last = session.turns[-1] if session.turns else None
        self._known.stopped = False
        self.picks.use(session)
        self.desk.use(session)
        if retick and session.root == self.root:
            self.tree_view.set_ticked(open_files(session))
        elif retick:
            self._warn(
                f"This session is about {status_text.shown_path(session.root)}; its files stay unticked."
            )
            self.picks.choose(self.tree_view.ticked)
        else:
            self.picks.choose(self.tree_view.ticked)
        self.refresh_status()

    # The model

    def open_model(self, settings: Settings) -> None:
        """Open the backend that `settings` ask for; the conversation stays."""
        self.settings = settings
        self._known.status = None
        self.desk.ready = False
        self.notices.clear("engine")
        open_backend = self._open_backend
        self.watch_engine.open(lambda: open_backend(settings))
        self._welcome()
        self.refresh_status()

    def on_backend_opened(self, event: BackendOpened) -> None:
        if self.session is not None:
            self.session.llm = event.backend.llm
            self.session.model = event.backend.label
            self._give_templates(event.backend.llm)
            self.picks.recount()
        self._welcome()
        self.refresh_status()

    def _give_templates(self, llm: BaseLLM) -> None:
        """A saved turn may have been made from one of the user's templates."""

        def give(known: dict[str, str]) -> None:
            for name, text in known.items():
                llm.add_template(name, text)

        self._chat_lane.do(templates.load_all, give, lambda error: self._warn(sanitize_line(str(error))))

    def on_status_changed(self, event: StatusChanged) -> None:
        before = self._known.status
        status = event.status
        self._known.status = status
        if self.session is not None and status.model:
            self.session.model = status.model
        self.desk.ready = status.state == "ready"
        if status.state == "failed" and status.error is not None:
            self._engine_failed(status.error)
        else:
            self.notices.clear("engine")
        if before is None or before.reason != status.reason:
            self._welcome()
        if before is None or before.window != status.window or before.state != status.state:
            self.picks.recount()
        self.desk.start_next()

    def on_backend_lost(self, event: BackendLost) -> None:
        self._engine_failed(event.error)

    def _engine_failed(self, error: DocstraError) -> None:
        self.desk.ready = False
        message = sanitize_line(error.message)
        if isinstance(error, EngineDied):
            self._engine_died(error)
        else:
            hint = f"{sanitize_line(error.hint)}  F4 Switch model · F9 try again".strip()
            self.notices.put("engine", message, hint)
        self.refresh_status()

    def _engine_died(self, error: DocstraError) -> None:
        self.desk.ready = False
        self.watch_engine.look_now()
        detail = f"{sanitize_line(error.message)} Everything said is kept. F9 starts it again."
        self.notices.put("engine", "The engine stopped.", detail)

    def action_restart_engine(self) -> None:
        """Start the engine again."""
        self.desk.stop()
        self.notices.clear("engine")
        self._known.status = None
        if self.watch_engine.backend is None:
            self.open_model(self.settings)
        else:
            self.desk.ready = False
            self.watch_engine.restart()
        self.refresh_status()

    # Questions

    def on_composer_question_submitted(self, event: Composer.QuestionSubmitted) -> None:
        task = commands.parse(event.text)
        if task is not None:
            self.composer.take()
            self.start_task(*task)
            return
        self.send(lambda: self._ask(event.text))

    def _ask(self, text: str) -> None:
        if self.desk.ask(text):
            self.composer.take()

    def start_task(self, command: TaskCommand, words: str = "") -> None:
        """Run a task over the ticked files, asking for its words first where it needs any."""
        paths = self._task_files()
        if command.name == "custom" and not words:
            from docstra_tui.tui.custom_request import CustomRequest

            CustomRequest(self).begin()
        elif command.per_file and not paths:
            self.notify("Tick a file first: F2, then Space.", severity="warning")
        elif command.asks and not words:
            from docstra_tui.tui.screens.text_prompt import TextPrompt

            self.app.push_screen(
                TextPrompt(command.asks),
                lambda text: self.start_task(command, text) if text else None,
            )
        else:
            self.send(lambda: self.desk.run_task(command, words, paths))

    def _task_files(self) -> tuple[str, ...]:
        """The ticked files; where there is none, the one under the cursor becomes ticked."""
        tree = self.tree_view
        row = tree.row
        if not tree.ticked and row is not None and row.kind == "file" and row.can_be_picked:
            tree.set_ticked((row.path,))
            self.picks.choose(tree.ticked)
        return tree.ticked

    def send(self, send: Callable[[], object]) -> None:
        """Send, after asking once whether questions may leave this machine."""
        backend = self.watch_engine.backend
        host = backend.host if backend is not None else ""
        if consent.is_allowed(host):
            send()
            return
        from docstra_tui.tui.screens.confirm import ConfirmScreen

        def answered(yes: bool | None) -> None:
            if yes:
                consent.allow(host)
                send()

        text = f"Your question and the ticked files are sent to {sanitize_line(host)}."
        self.app.push_screen(ConfirmScreen("This leaves the machine", text), answered)

    def _turn_ended(self, outcome: Outcome) -> None:
        self._known.last = outcome.turn or self._known.last
        self._known.stopped = outcome.stopped
        self.watch_engine.look_now()

    # Files

    def on_file_tree_folder_needed(self, event: FileTree.FolderNeeded) -> None:
        self.folders.show(event.folder)

    def on_file_tree_folder_ticked(self, event: FileTree.FolderTicked) -> None:
        self.folders.tick_below(event.folder)

    def on_file_tree_ticks_changed(self, event: FileTree.TicksChanged) -> None:
        self.composer.ask_for(len(event.paths))
        self.picks.choose(event.paths)

    def on_file_tree_preview_requested(self, event: FileTree.PreviewRequested) -> None:
        from docstra_tui.tui.screens.preview import PreviewScreen

        limit = self.settings.context.max_file_bytes
        self.app.push_screen(
            PreviewScreen(self.root, event.path, limit, self._file_lane),
            lambda tick: self.tree_view.action_tick() if tick else None,
        )

    def untick_all(self) -> None:
        """Begin with no files."""
        self.tree_view.set_ticked(())

    def _picks_changed(self, picked: Picked) -> None:
        new = set(picked.problems) - set(self.tree_view.model.problems)
        self.tree_view.set_problems(picked.problems)
        for path in sorted(new)[:3]:
            self._warn(f"{shown_name(path)}: {sanitize_line(picked.problems[path])}")
        self._known.budget = picked.budget
        self.refresh_status()

    # Keys

    def action_tree(self) -> None:
        """To the files and back."""
        if self.tree_view.has_focus:
            self.action_back()
        else:
            self.add_class("-tree")
            self.tree_view.focus()

    def action_back(self) -> None:
        """To the composer; from there, stop the answer."""
        if self.composer.has_focus:
            self.desk.stop()
        else:
            self.remove_class("-tree")
            self.composer.focus()

    def action_interrupt(self) -> None:
        """Copy, else stop, else leave the second time."""
        selected = self.get_selected_text()
        if selected:
            self.app.copy_to_clipboard(selected)
        elif not self.desk.stop() and not self.composer.text.strip():
            now = time.monotonic()
            if now - self._interrupted < TWICE_SECONDS:
                self.app.leave()
            else:
                self._interrupted = now
                self.notify("Ctrl+C again leaves.", timeout=TWICE_SECONDS)

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_sessions(self) -> None:
        self.switches.choose_session()

    def action_scroll(self, direction: int) -> None:
        if direction < 0:
            self.conversation.scroll_page_up(animate=False)
        else:
            self.conversation.scroll_page_down(animate=False)

    def action_help(self) -> None:
        from docstra_tui.tui.screens.help import HelpScreen

        self.app.push_screen(
            HelpScreen(
                [
                    ("Everywhere", [*self.BINDINGS, *self.app.BINDINGS]),
                    ("Composer (Enter sends)", Composer.BINDINGS[: len(Composer.BINDINGS)]),
                    ("Files", FileTree.BINDINGS),
                    ("Conversation", Conversation.BINDINGS),
                ]
            )
        )

    # What is shown about it all

    def on_text_area_changed(self) -> None:
        self.draft = self.composer.text

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width < NARROW, "-narrow")
        self.set_class(event.size.width < TINY_WIDTH or event.size.height < TINY_HEIGHT, "-tiny")

    def _frame(self) -> None:
        self.desk.take()

    def _second(self) -> None:
        problem = self.store.problem
        if self.store.notice and self.store.notice != self._told:
            self._told = self.store.notice
            self._warn(sanitize_line(self._told))
        if problem:
            self.notices.put("store", "NOT SAVED", sanitize_line(problem))
        else:
            self.notices.clear("store")

    def refresh_status(self) -> None:
        """Say what is so now; the same again is not drawn."""
        runner, known = self.desk.runner, self._known
        known.answering, known.stopping = runner.busy, runner.stopping
        known.started, known.has_text = runner.started, runner.has_text
        known.waiting = len(runner.waiting)
        self.watch_engine.busy = runner.busy
        self.query_one(StatusBar).show(status_text.status_view(known))
        backend = self.watch_engine.backend
        wanted = self._wanted()
        self.query_one(TitleLine).show(status_text.title(self.root, backend, known.status, wanted))
        self._show_queue()
        self._show_total()
        if runner.busy and not runner.has_text:
            self.conversation.wait(status_text.prefill_text(known))

    def _show_queue(self) -> None:
        waiting = self.desk.runner.waiting
        queue = self.query_one("#queue", Static)
        queue.set_class(bool(waiting), "-some")
        if waiting:
            more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
            until = "" if self.desk.ready else " until the model is ready"
            text = f"waits{until}: {sanitize_line(waiting[0].shown)[:200]}{more} (Esc forgets it)"
            if str(queue.content) != text:
                queue.update(Content(text))

    def _show_total(self) -> None:
        ticked = len(self.picks.paths)
        budget = self._known.budget
        count = figures.tokens(budget.used) if budget is not None and ticked else ""
        title = self.query_one("#files-title", Static)
        noun = f"Files  {ticked} ticked" if ticked else "Files"
        width = max(0, title.size.width - 2 - len(noun) - len(count))
        text = f"{noun}{' ' * width}{count}" if width else noun
        if str(title.content) != text:
            title.update(Content(text))

    def _welcome(self) -> None:
        name = self.settings.model.name
        backend = self.watch_engine.backend
        is_starter = name in ("", "starter") and not self.settings.remote.base_url
        host = backend.host if backend is not None else ""
        status = self._known.status
        reason = status.reason if status is not None else ""
        text = welcome(self._wanted(), is_starter=is_starter, host=host, reason=reason)
        self.conversation.welcome(text)

    def _wanted(self) -> str:
        """The model's name as it was asked for."""
        if self.settings.remote.base_url and not self.settings.model.name:
            return ""
        return self.settings.model.name or "starter"

    def _warn(self, text: str) -> None:
        self.notify(text, severity="warning")

    def close_parts(self) -> None:
        """Stop what runs beside the screen; any thread, never blocks."""
        self._file_lane.close()
        self._chat_lane.close()
