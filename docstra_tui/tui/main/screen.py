"""The main screen: composes the parts and passes on what they report. It reads and saves nothing itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key, Paste, Resize
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import OptionList, Static

from docstra_tui.errors import EngineDied, UsageError
from docstra_tui.settings import Settings
from docstra_tui.tui.main.ahead import Ahead
from docstra_tui.tui.main.command_runner import CommandRunner, Handlers
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.file_questions import FileQuestions
from docstra_tui.tui.main.files import Files
from docstra_tui.tui.main.main_keys import MAIN_KEYS
from docstra_tui.tui.main.mentions import Mentions
from docstra_tui.tui.main.models import ModelChanged, Models
from docstra_tui.tui.main.navigation import Navigation
from docstra_tui.tui.main.next_prompt import NextPrompt
from docstra_tui.tui.main.older_turns import OlderTurns
from docstra_tui.tui.main.permission import Permission
from docstra_tui.tui.main.sessions import Sessions, Ticks, ticks_for
from docstra_tui.tui.main.status_board import StatusBoard
from docstra_tui.tui.main.store_notices import LOOK_SECONDS, StoreNotices
from docstra_tui.tui.main.tasks import Tasks
from docstra_tui.tui.main.themes import Themes
from docstra_tui.tui.main.turns import TurnEnded, Turns
from docstra_tui.tui.transcript.messages import CopyRequested
from docstra_tui.tui.transcript.search_bar import SearchBar
from docstra_tui.tui.transcript.view import TranscriptView
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.tui.widgets.file_tree import FileTree
from docstra_tui.tui.widgets.mention_list import MentionList
from docstra_tui.tui.widgets.notice import Notices
from docstra_tui.tui.widgets.queue_line import QueueLine
from docstra_tui.tui.widgets.status_bar import StatusBar
from docstra_tui.tui.widgets.ticked_list import TickedList
from docstra_tui.tui.widgets.title_line import TitleLine
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.commands import commands_of
from docstra_tui.workspace.files.watched_selection import WatchedSelection
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.sessions.opened import OpenSessions
from docstra_tui.workspace.title import shown_path, title

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.store.sessions import SessionStore
    from docstra_tui.tui.app import DocstraApp
    from docstra_tui.workspace.models.opening import OpenBackend

WAIT_SECONDS = 0.5
"""How often the screen says how long the first piece has been waited for."""
TWICE_SECONDS = 2.0
"""Two Ctrl+C within this time on an empty composer leave."""
NARROW, TINY_WIDTH, TINY_HEIGHT = 80, 20, 5


class MainScreen(Screen[None]):
    """Files, conversation, composer."""

    app: DocstraApp
    AUTO_FOCUS = "Composer"

    BINDINGS: ClassVar[list[BindingType]] = MAIN_KEYS

    def __init__(
        self,
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
        self.store = store
        self.draft = ""
        """What stands in the composer; read by other threads when the app has to leave."""
        self._resume = resume
        self.model = AnsweringModel(settings, open_backend, self.call_later)
        self._make_widgets()
        self._interrupted = 0.0
        self._waiting: Timer | None = None
        self._file_jobs = JobQueue("files", self.call_later)
        self._chat_jobs = JobQueue("chat", self.call_later)
        self.dialogs = Dialogs(self)
        self.navigation = Navigation(
            self, self.composer, self.tree_view, self.ticked_list, self.conversation, self.search_bar
        )
        self.board = StatusBoard(self)
        self.picks = WatchedSelection(root, settings.context.max_file_bytes, self.call_later)
        self.file_questions = FileQuestions(self.tree_view, self.picks, self.model, self.dialogs)
        self.files = Files(
            root,
            settings.context.ignore,
            self.tree_view,
            self.ticked_list,
            self.picks,
            self.file_questions,
            self.dialogs,
            self._file_jobs,
            self.conversation.colours,
            lambda: self.turns.queue.busy,
        )
        self.mentions = Mentions(
            root,
            self.composer,
            self.mention_list,
            self.files,
            self.picks,
            self.dialogs,
            self._file_jobs,
            lambda until: self.app.keyboard.wait_for(until),
        )
        self.older = OlderTurns(self.conversation, self._file_jobs)
        self.turns = Turns(
            self.conversation, self.composer, self.picks, self.older, self.dialogs, self.call_later
        )
        queue, dialogs = self.turns.queue, self.dialogs
        self.next_prompt = NextPrompt(self.composer, queue, dialogs, self.call_later)
        self.permission = Permission(self.model, self.tree_view, queue, dialogs, self.call_later)
        self.opened = OpenSessions(
            store,
            self.model,
            may_leave=self.permission.for_secrets,
            make_room=self.next_prompt.make_room,
            is_model_named=is_model_named,
        )
        self.tasks = Tasks(
            self.composer, self.tree_view, self.picks, self.mentions, self.permission, queue, dialogs
        )
        self.models = Models(
            self.model,
            queue,
            self.picks,
            self.permission,
            self.conversation,
            self.notices,
            dialogs,
            self._chat_jobs,
        )
        self.sessions = Sessions(
            self.root,
            self.opened,
            self.model,
            self.models,
            queue,
            self.use_session,
            dialogs,
            self._chat_jobs,
        )
        self.ahead = Ahead(self, self.model, queue, self.picks, self.board.refresh, self.call_later)
        self.commands = CommandRunner(self.composer, self.tasks, dialogs, self._handlers())

    def _make_widgets(self) -> None:
        self.title_line = TitleLine(title(self.root, None, None, self.settings.model.name))
        self.ticked_list = TickedList()
        self.tree_view = FileTree()
        self.conversation = TranscriptView()
        self.search_bar = SearchBar(self.conversation)
        self.notices = Notices()
        self.queue_line = QueueLine()
        self.mention_list = MentionList()
        self.composer = Composer()
        self.status_bar = StatusBar()

    def compose(self) -> ComposeResult:
        yield self.title_line
        with Horizontal(id="body"):
            yield self.files
            with Vertical(id="talk"):
                yield from (self.conversation, self.search_bar, self.notices, self.queue_line)
                yield self.mention_list
                with Horizontal(id="ask"):
                    yield Static(Content("❯"), id="mark", markup=False)
                    yield self.composer
        yield self.status_bar
        yield Static(Content("The terminal is too small. Ctrl+Q quits."), id="too-small", markup=False)

    def on_mount(self) -> None:
        self.composer.ask_for(0)
        self.composer.words = tuple(f"/{command.name}" for command in commands_of("screen"))
        self.composer.completes = self.mentions.key
        self.composer.has_more = lambda: self.app.keyboard.has_more
        self.themes = Themes(self.app, self.app.theme_specs, self.root, self.dialogs, self._chat_jobs)
        self.files.say_hint()
        self.models.say_welcome()
        self.board.refresh()
        # Not before the first frame is out, which needs none of it; before any key is done all the same,
        # as this waits in the screen's own queue, and whatever a key asks for comes behind it.
        self.call_later(self._begin)

    def _begin(self) -> None:
        """List the project, begin a session, let a model be opened."""
        self.use_session(self.opened.fresh(self.root), "kept")
        self.files.begin(is_resumed=self._resume is not None)
        store_notices = StoreNotices(self.store, self.notices, self.dialogs)
        self.set_interval(LOOK_SECONDS, store_notices.look)
        if self._resume is not None:
            self.sessions.open(self._resume or "last", at_start=True)
        else:
            self.sessions.bring_back_unsent()
        self.model.open()

    # The parts

    @property
    def settings(self) -> Settings:
        """What is in force."""
        return self.model.settings

    @property
    def session(self) -> ChatSession | None:
        """The one that is shown; None before there is any."""
        return self.opened.current

    # The chat

    def use_session(self, session: ChatSession, ticks: Ticks) -> None:
        """Show and continue `session`."""
        self.opened.use(session)
        self.models.withdraw_offer()
        session.typed = self.draft
        self.board.facts.last = session.turns[-1] if session.turns else None
        self.board.facts.stopped = False
        self.picks.use(session)
        self.turns.use(session)
        if ticks != "kept" and session.root == self.root:
            picks = ticks_for(session, self.tree_view.picks if ticks == "added" else ())
            self.tree_view.set_ticked(picks, is_checked=bool(self.model.host))
        else:
            if ticks != "kept":
                self.warn(
                    f"This session is about {shown_path(session.root)}; its files stay unticked. "
                    f"docstra-tui --resume {(session.id or '')[:8]} opens it there."
                )
            self.picks.choose(self.tree_view.picks)
        self.board.refresh()

    # The model

    def on_model_changed(self, event: ModelChanged) -> None:
        if event.is_other:
            self.file_questions.backend_opened()
        self.board.refresh()
        self.ahead.consider(self.session)

    def action_session_model(self) -> None:
        """Open the model that this session was with."""
        self.models.take_offered()

    def action_restart_engine(self) -> None:
        """Start the engine again."""
        self.models.restart()

    # Questions

    def on_composer_question_submitted(self, event: Composer.QuestionSubmitted) -> None:
        self.commands.take(event.text)

    def _handlers(self) -> Handlers:
        """Who does the commands that are no tasks."""
        return {
            "files": lambda line: self.navigation.to_files(),
            "drop": self.drop,
            "fit": lambda line: self._about_next(lambda it: self.next_prompt.choose(it, self.picks.recount)),
            "budget": lambda line: self._about_next(self.next_prompt.show_budget),
            "prompt": lambda line: self._about_next(self.next_prompt.show_text),
            "model": lambda line: self.models.model(line.text),
            "restart": lambda line: self.action_restart_engine(),
            "sessions": lambda line: self.action_sessions(),
            "resume": lambda line: self.sessions.resume(line.text or "last"),
            "new": lambda line: self.sessions.begin(),
            "theme": lambda line: self.themes.theme(line.text),
            "suspend": lambda line: self.app.action_suspend_process(),
            "help": lambda line: self.show_help(commands_first=True),
            "quit": lambda line: self.app.leave(),
        }

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.mentions.choose()  # a click; the only such list here

    def on_turn_began(self) -> None:
        self.app.link.ask(self.app)  # it may be another line than an hour ago
        self.notices.clear("offer")  # one goes on with what answers; F5 still opens the other

    def on_turns_changed(self) -> None:
        """A turn began, has its first piece, or is over. While it is waited for, its time is shown."""
        self.board.refresh()
        waits = self.turns.queue.busy and not self.turns.queue.has_text
        if waits and self._waiting is None:
            self._waiting = self.set_interval(WAIT_SECONDS, self.board.refresh)
        elif not waits and self._waiting is not None:
            self._waiting.stop()
            self._waiting = None

    def on_turn_ended(self, event: TurnEnded) -> None:
        outcome = event.outcome
        self.board.facts.last = outcome.turn or self.board.facts.last
        self.board.facts.stopped = outcome.stopped
        if isinstance(outcome.error, EngineDied):
            self.models.died(outcome.error)
        self.model.look_now()

    # Files

    def on_file_tree_ticks_changed(self) -> None:
        self.composer.ask_for(len(self.tree_view.picks))

    def on_file_tree_ticked_wanted(self) -> None:
        self.navigation.to_ticked()

    def on_ticked_list_tree_wanted(self) -> None:
        self.navigation.to_tree()

    def drop(self, line: CommandLine) -> None:
        """Untick what is named, else everything. Raises `UsageError` where none of it is ticked."""
        from docstra_tui.workspace.files.named_files import without_named

        picks = self.tree_view.picks
        left = without_named(picks, line.mentions, self.root) if line.text else ()
        if line.text and len(left) == len(picks):
            raise UsageError(f"{line.text} is not ticked.", "What is ticked stands above the tree.")
        self.tree_view.set_ticked(left)

    def on_files_changed(self, event: Files.Changed) -> None:
        self.board.facts.budget = event.picked.budget
        self.board.facts.is_kept_back = event.picked.is_kept_back
        self.board.refresh()
        self.ahead.consider(self.session)

    def on_files_left(self) -> None:
        self.navigation.to_composer()

    # Keys

    def action_tree(self) -> None:
        self.navigation.files_and_back()

    def action_back(self) -> None:
        """To the composer, from wherever; there, close a list, else stop the answer, else forget marks."""
        if text := self.composer.take_enter():  # it came just before: first things first
            self.commands.take(text)
        if not self.navigation.is_at_home:
            self.navigation.leave()
        elif not (self.mentions.dismiss() or self.turns.queue.stop()):
            self.conversation.unmark()

    def on_key(self, event: Key) -> None:
        self.navigation.write(event)

    def on_paste(self, event: Paste) -> None:
        self.navigation.paste(event)

    def on_screen_resume(self) -> None:
        """A dialog was left: by Escape, the next key is for the question, wherever the focus was."""
        if self.app.keyboard.doing == "escape":
            self.navigation.to_composer()

    def action_interrupt(self) -> None:
        """Copy, else stop, else leave the second time."""
        selected = self.conversation.selected_text or self.get_selected_text()
        if selected:
            self.app.copying.copy(selected, "selection")
        elif not self.turns.queue.stop() and not self.composer.text.strip():
            now = time.monotonic()
            if now - self._interrupted < TWICE_SECONDS:
                self.app.leave()
            else:
                self._interrupted = now
                self.notify("Ctrl+C again leaves.", timeout=TWICE_SECONDS)

    def action_prompt(self) -> None:
        self._about_next(self.next_prompt.show_text)

    def _about_next(self, show: Callable[[ChatSession], None]) -> None:
        if self.session is not None:
            show(self.session)

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_sessions(self) -> None:
        self.sessions.choose()

    def action_scroll(self, direction: int) -> None:
        if direction < 0:
            self.conversation.scroll_page_up(animate=False)
        else:
            self.conversation.scroll_page_down(animate=False)

    def action_conversation(self) -> None:
        self.navigation.conversation_and_back()

    def action_search(self) -> None:
        self.navigation.search()

    def on_search_requested(self) -> None:
        self.navigation.search()

    def on_older_wanted(self) -> None:
        self.older.read()

    def on_copy_requested(self, event: CopyRequested) -> None:
        self.app.copying.copy(event.text, event.what)

    def action_help(self) -> None:
        self.show_help()

    def show_help(self, *, commands_first: bool = False) -> None:
        """Every key and every command."""
        from docstra_tui.tui.main.key_table import key_table
        from docstra_tui.tui.screens.help import HelpScreen

        sections = key_table([*self.BINDINGS, *self.app.BINDINGS])
        self.app.push_screen(HelpScreen(sections, commands_of("screen"), commands_first=commands_first))

    # What is shown about it all

    def on_text_area_changed(self) -> None:
        self.draft = self.composer.text
        if self.session is not None:
            self.session.draft = self.draft  # on the disk within a second
        self.ahead.typed(self.session, self.draft)
        self.mentions.typed()

    def on_text_area_selection_changed(self) -> None:
        self.mentions.typed()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width < NARROW, "-narrow")
        self.set_class(event.size.width < TINY_WIDTH or event.size.height < TINY_HEIGHT, "-tiny")

    def warn(self, text: str) -> None:
        """A toast; `text` is already safe to show."""
        self.notify(text, severity="warning")

    def close_parts(self) -> None:
        """Stop what runs beside the screen; any thread, never blocks."""
        self.files.close()
        self.mentions.close()
        self._file_jobs.close()
        self._chat_jobs.close()
