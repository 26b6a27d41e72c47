"""Who does what on the main screen: each is made with the widgets and services that it uses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.settings import Settings
from docstra_tui.tui.main.ahead import Ahead
from docstra_tui.tui.main.branching import Branching
from docstra_tui.tui.main.citations import Citations
from docstra_tui.tui.main.command_runner import CommandRunner
from docstra_tui.tui.main.completing import Completing
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.doctor import Doctor
from docstra_tui.tui.main.files import Files
from docstra_tui.tui.main.find import Find
from docstra_tui.tui.main.interrupt import Interrupt
from docstra_tui.tui.main.key_actions import KeyActions
from docstra_tui.tui.main.mentions import Mentions
from docstra_tui.tui.main.model_notices import ModelNotices
from docstra_tui.tui.main.naming import Naming
from docstra_tui.tui.main.navigation import Navigation
from docstra_tui.tui.main.next_prompt import NextPrompt
from docstra_tui.tui.main.older_turns import OlderTurns
from docstra_tui.tui.main.parts import Parts
from docstra_tui.tui.main.program import Program
from docstra_tui.tui.main.screen_commands import ScreenCommands
from docstra_tui.tui.main.session_shelf import SessionShelf
from docstra_tui.tui.main.session_view import SessionView
from docstra_tui.tui.main.sets import Sets
from docstra_tui.tui.main.settings_view import SettingsView
from docstra_tui.tui.main.slash import Slash
from docstra_tui.tui.main.status_board import StatusBoard
from docstra_tui.tui.main.store_notices import StoreNotices
from docstra_tui.tui.main.suggestions import Suggestions
from docstra_tui.tui.main.tasks import Tasks
from docstra_tui.tui.main.turns import Turns
from docstra_tui.tui.main.writing import Writing
from docstra_tui.workspace.files.questions import FileQuestions
from docstra_tui.workspace.files.watched_selection import WatchedSelection
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.model_switch import ModelSwitch
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.named_lines import NamedLines
from docstra_tui.workspace.permission import Permission
from docstra_tui.workspace.sessions.opened import OpenSessions
from docstra_tui.workspace.sessions.saved import SavedSessions
from docstra_tui.workspace.sessions.switch import Sessions
from docstra_tui.workspace.suggesting.offers import index_of
from docstra_tui.workspace.theme_switch import Themes
from docstra_tui.workspace.title import title

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.store.sessions import SessionStore
    from docstra_tui.workspace.models.opening import OpenBackend


class Controllers(KeyActions):
    """A screen with all of them, which reports to them."""

    def __init__(
        self,
        program: Program,
        settings: Settings,
        root: Path,
        open_backend: OpenBackend,
        store: SessionStore,
        resume: str | None,
        *,
        is_model_named: bool = False,
    ) -> None:
        super().__init__()
        self.root = root
        self.typed: tuple[ChatSession | None, str] = (None, "")
        """What stands in the composer, and of which chat; other threads read it when the app has to leave."""
        self._program = program
        self._resume = resume
        self._file_jobs = JobQueue("files", self.call_later)
        self._chat_jobs = JobQueue("chat", self.call_later)
        self.dialogs = Dialogs(self)
        self.model = AnsweringModel(settings, open_backend, self.call_later)
        parts = Parts(title(root, None, None, settings.model.name))
        self.parts, self.composer, self.conversation = parts, parts.composer, parts.conversation
        self.tree_view, self.notices = parts.tree_view, parts.notices
        self.navigation = Navigation(
            self, parts.composer, parts.tree_view, parts.ticked_list, parts.conversation, parts.search_bar
        )
        self._make_files(settings)
        self._make_turns()
        self._make_sessions(store, is_model_named=is_model_named)
        self._make_commands()

    def _make_files(self, settings: Settings) -> None:
        parts, dialogs, program = self.parts, self.dialogs, self._program
        context = settings.context
        self.selection = WatchedSelection(self.root, context.max_file_bytes, self.call_later, context.ignore)
        self.file_questions = FileQuestions(parts.tree_view, self.selection, self.model, dialogs)
        self.files = Files(
            self.root,
            settings.context.ignore,
            parts.tree_view,
            parts.ticked_list,
            self.selection,
            self.file_questions,
            dialogs,
            self._file_jobs,
            parts.conversation.colours,
            lambda: self.turns.queue.busy,
        )
        self.naming = Naming(self.root, self.files, self.selection, dialogs, self._file_jobs)
        self.sets = Sets(self.root, self.files, dialogs, self._file_jobs)
        colours = parts.conversation.colours
        self.find = Find(self.root, settings.context, self.files, self.selection, colours, dialogs)
        self.mentions = Mentions(
            self.root,
            parts.composer,
            parts.mention_list,
            self.files.folders,
            program.keyboard.wait_for,
            self.selection.changes.names,
        )
        self.completing = Completing(
            Slash(parts.composer, parts.command_list, NamedLines(lambda: self.root), self._file_jobs),
            self.mentions,
        )

    def _make_turns(self) -> None:
        parts, dialogs, program = self.parts, self.dialogs, self._program
        self.older = OlderTurns(parts.conversation, self._file_jobs)
        self.turns = Turns(
            parts.conversation, parts.composer, self.selection, self.older, dialogs, self.call_later, program
        )
        queue = self.turns.queue
        self.next_prompt = NextPrompt(parts.composer, queue, self.model, dialogs, self.call_later)
        self.permission = Permission(self.model, parts.tree_view, queue, dialogs, self.call_later)
        self.tasks = Tasks(
            self.root, parts, self.selection, self.naming, self.permission, queue, dialogs, self._chat_jobs
        )
        self.interrupt = Interrupt(parts, queue, program, dialogs)

    def _make_sessions(self, store: SessionStore, *, is_model_named: bool) -> None:
        parts, dialogs, queue, model = self.parts, self.dialogs, self.turns.queue, self.model
        self.opened = OpenSessions(
            store,
            model,
            may_leave=self.permission.for_secrets,
            make_room=self.next_prompt.make_room,
            is_model_named=is_model_named,
        )
        self.models = ModelSwitch(model, queue, self.permission, dialogs, self._chat_jobs)
        self._model_notices = ModelNotices(
            model, queue, self.selection, self.permission, parts.conversation, parts.notices, dialogs
        )
        self.ahead = Ahead(self, model, queue, self.selection, lambda: self.board.refresh(), self.call_later)
        deciding = (self.next_prompt, self.permission)
        self.board = StatusBoard(
            self.root, parts, model, queue, self.opened, deciding, self.ahead, self.files.show_total, self
        )
        self.session_view = SessionView(
            self.root, parts, self.opened, model, self.files, self.selection, self.turns, self.board, dialogs
        )
        self.sessions = Sessions(
            self.root,
            self.opened,
            model,
            self.models,
            queue,
            self.session_view.show,
            self.session_view.go_to,
            dialogs,
            self._chat_jobs,
        )
        saved = SavedSessions(self.opened, self.root, lambda: model.settings)
        self.shelf = SessionShelf(saved, self.sessions, dialogs)
        self.writing = Writing(
            self.root, parts.composer, self.opened, queue, self._program, dialogs, self._chat_jobs
        )
        self.citations = Citations(
            self.root, parts, self.older, lambda: self.session, self.files, dialogs, self.call_later
        )
        self._store_notices = StoreNotices(store, parts.notices, dialogs)

    def _make_commands(self) -> None:
        self.branching = Branching(
            self.opened,
            self.turns,
            self.tasks,
            self.composer,
            self.permission,
            self.dialogs,
            self._chat_jobs,
            self.navigation.to_composer,
            self._path_changed,
        )
        self.suggestions = Suggestions(
            self.root,
            index_of(self.root, self.model.settings),
            self.parts,
            self.files,
            self.selection,
            self.model,
            self.permission,
            lambda: self.session,
            lambda text: self.commands.take(text),
            self._program,
            self.dialogs,
            self,
        )
        self.themes = Themes(self._program, self.root, self.dialogs, self._chat_jobs)
        self.screen_commands = ScreenCommands(
            self.root,
            self.tree_view,
            self.selection,
            self.opened,
            self.navigation,
            self.tasks,
            self.next_prompt,
            self.conversation,
            self.model,
            self.models,
            self.sessions,
            self.shelf,
            self.branching,
            self.themes,
            SettingsView(self._program, self.root, self.dialogs, self._chat_jobs),
            self._program,
            self.dialogs,
            {
                "set": self.sets.set,
                "find": self.find.find,
                **self.suggestions.handlers,
                "changed": lambda line: self.files.tick_changed(),
                **self.writing.handlers,
                "doctor": Doctor(self._program, self.root, self.model, self.dialogs, self.call_later).take,
            },
        )
        self.commands = CommandRunner(self.composer, self.tasks, self.dialogs, self.screen_commands.handlers)

    @property
    def session(self) -> ChatSession | None:
        """The one that is shown; None before there is any."""
        return self.opened.current

    def _path_changed(self, session: ChatSession) -> None:
        """Other turns of the session are shown."""
        self.board.session_changed(session)
        self.board.refresh()
        self.ahead.consider(session)
