"""The inline chat: a prompt, a conversation, and the commands behind a slash.

Everything said lives in `ChatSession`; this class only carries words between it and the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit.application.current import get_app_session
from prompt_toolkit.formatted_text import StyleAndTextTuples

from docstra_tui.context.mentions import Mention
from docstra_tui.errors import DocstraError, TemplateError, UsageError
from docstra_tui.repl.ahead import Ahead
from docstra_tui.repl.answering import Answering
from docstra_tui.repl.branching import Branching
from docstra_tui.repl.cited import Cited
from docstra_tui.repl.files import ChatFiles
from docstra_tui.repl.finding import Finding
from docstra_tui.repl.keys import OwnKeys
from docstra_tui.repl.models import Models
from docstra_tui.repl.overview import overview
from docstra_tui.repl.permission import Permission
from docstra_tui.repl.printer import Printer
from docstra_tui.repl.saving import Saving
from docstra_tui.repl.sessions import Sessions
from docstra_tui.repl.sets import Sets
from docstra_tui.repl.suggesting import Suggesting
from docstra_tui.repl.tasks import Tasks
from docstra_tui.repl.themes import Themes
from docstra_tui.repl.toolbar import toolbar
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.going_on import TYPED
from docstra_tui.session.outgoing import SecretsFound
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.settings import Settings
from docstra_tui.workspace.cache_switch import CacheSwitch
from docstra_tui.workspace.command_line import CommandLine, parse, question_of
from docstra_tui.workspace.commands import TASKS
from docstra_tui.workspace.files.named_files import NamedFiles
from docstra_tui.workspace.files.selection import FileSelection
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.models.opening import OpenBackend
from docstra_tui.workspace.sessions.opened import OpenSessions
from docstra_tui.workspace.think_switch import ThinkSwitch
from docstra_tui.workspace.turns import requests
from docstra_tui.workspace.wording import NO_THOUGHT

if TYPE_CHECKING:
    from docstra_tui.context.fitting.budget import Budget
    from docstra_tui.repl.templates import Templates


class Chat:
    """One inline chat, over one backend and one session at a time."""

    def __init__(
        self,
        settings: Settings,
        root: Path,
        opener: OpenBackend,
        store: SessionStore,
        printer: Printer,
        confirm: Callable[[str], bool],
        *,
        is_model_named: bool = False,
    ) -> None:
        """Raises `DocstraError` when there is no engine."""
        self.printer = printer
        self.own_keys = OwnKeys(settings.keys)
        self._store = store
        self._told = ""
        """What was said of the saved sessions."""
        self.model = AnsweringModel(settings, opener, lambda call: call())
        self.model.keep_looking(is_busy=False)  # what is asked asks for the look that it needs
        self._named = ChatFiles(root, settings.context, printer, lambda: self.model.host)
        self._permission = Permission(self.model, self._named, printer, confirm)
        self.opened = OpenSessions(
            store, self.model, may_leave=self._may_leave, is_model_named=is_model_named
        )
        self._next = Ahead(self.model, lambda: self.opened.current, lambda: self.answering.queue.busy)
        self.models = Models(self.model, printer, confirm, self._next.recount)
        self._cited = Cited(lambda: self.session, printer)
        self.answering: Answering = Answering(
            self.files,
            self.models,
            printer,
            self._cited,
            most_tokens=lambda: self.model.settings.max_tokens,
            notify=settings.notify,
        )
        self.sessions = Sessions(self.opened, self.model, self.models, self._named, self.answering, printer)
        self.themes = Themes(settings.theme, lambda: self.root, printer)
        self.suggesting = Suggesting(
            self, self._named, self.models, lambda: self.model.settings, printer, _ask_value
        )
        context = settings.context
        self.finding = Finding(self._named, lambda: self.root, context, printer, self.files_changed)
        self.sets = Sets(self._named, lambda: self.root, printer, confirm, self.files_changed)
        self.thinking = ThinkSwitch(self.model)
        self._confirm = confirm
        self._tasks = Tasks(self, self.answering)
        self.branching = Branching(self, self.sessions, self._tasks, self.answering, printer)
        self._saving = Saving(self, self.model, store, printer, confirm)
        self.handlers = self._handlers()
        """Who does a command that is no task."""
        self.model.open_now()
        self.sessions.use(self.opened.fresh(root))

    def _handlers(self) -> Mapping[str, Callable[[CommandLine], None]]:
        return {
            **self.branching.handlers,
            "continue": self.do_continue,
            "check": self._cited.check,
            "files": self.do_files,
            "changed": self.do_changed,
            "drop": self.do_drop,
            **self.suggesting.handlers,
            **self.finding.handlers,
            "model": self.models.command,
            "remote": self.models.remote,
            "theme": self.themes.command,
            **self._saving.handlers,
            "settings": self.do_settings,
            "think": self.do_think,
            "cache": lambda line: self.printer.line(CacheSwitch(self.model).take(line.text), "note"),
            "device": self.models.device,
            "thought": self.do_thought,
            "restart": self.models.restart,
            "set": lambda line: self.sets.take(line.text),
            "doctor": self.do_doctor,
            "new": self.sessions.begin,
            "sessions": self.sessions.show_saved,
            "resume": self.sessions.resume,
            "help": lambda line: self.printer.line(overview(self.own_keys.changed)),
        }

    @property
    def session(self) -> ChatSession:
        """The one that goes on."""
        return self.sessions.now

    @property
    def root(self) -> Path:
        """The folder that it is about."""
        return self.session.root

    @cached_property
    def templates(self) -> Templates:
        """Those that can be asked with."""
        from docstra_tui.repl.templates import Templates

        return Templates(lambda: self.root, self.printer, self._confirm, _ask_value)

    @property
    def files(self) -> FileSelection:
        """What questions are about."""
        return self._named.selection

    def close(self) -> None:
        """Stop what runs, keep its part, let the backend go. The engine stays hot."""
        self.answering.close()
        self.suggesting.close()
        self._next.close()
        self.model.close()
        self.files.close()
        self.opened.indexing.close()
        self._store.close()

    # The line below the prompt

    def toolbar(self) -> StyleAndTextTuples:
        """The engine's state, the model, the tokens, the last answer's figures."""
        files, problem = len(self.files.picks), self.session.problem or ""
        hint = self.suggesting.hint
        return toolbar(self.model, self.models.status, self._next.budget, files, problem, hint)

    @property
    def budget(self) -> Budget | None:
        """What the next question would take, as far as that is counted."""
        return self._next.budget

    def tell_news(self) -> None:
        """Say what went wrong while nobody asked anything."""
        notice = self._store.notice or ""
        if notice != self._told:
            self._told = notice
            self.printer.line(notice, "error")
        self.models.tell_news()

    # What is typed

    def take(self, text: str) -> bool:
        """Do what one sent text says; False when it says to leave. Errors are shown, not raised."""
        self.unsent = ""
        if not text.strip():
            return True
        try:
            line = parse(text, "chat")
            if line is None:
                self._tasks.ask(question_of(text), text)
            elif line.command.name in TASKS:
                self._tasks.start(line, text)
            elif line.command.name == "quit":
                self.session.draft = ""
                return False
            else:
                self.session.draft = ""  # it is no question: of the session that it leaves it is none either
                self.branching.leave_edit()
                self.handlers[line.command.name](line)
        except (UsageError, TemplateError) as error:
            self.unsent = text
            self.printer.error(error)
        except DocstraError as error:
            self.printer.error(error)
        except ValueError as error:
            self.printer.line(str(error), "error")
        return True

    @property
    def unsent(self) -> str:
        """What was typed last, where it stays with whoever typed it; empty when it was sent."""
        return self.answering.unsent

    @unsent.setter
    def unsent(self, text: str) -> None:
        self.answering.unsent = text

    def keep_draft(self, text: str) -> None:
        """What is being typed; on the disk within a second."""
        self.session.draft = text
        self.suggesting.typed(text)
        self.model.typed()

    def do_continue(self, line: CommandLine) -> None:
        """Have the last answer go on. Raises `DocstraError`."""
        self._tasks.go_on(requests.rest(self.session, is_busy=self.answering.queue.busy), TYPED)

    def edit(self, text: str) -> str:
        """Have the user's editor write over what is typed; what it left. No prompt is there then."""
        from docstra_tui.workspace import editor

        try:
            terminal = get_app_session().output.fileno()
            edited = editor.edit(text, terminal, session=self.session.id or "", root=str(self.root))
        except DocstraError as error:
            self.printer.error(error)
            return text
        if edited.note:
            self.printer.line(edited.note, "note")
        return edited.text

    def do_files(self, line: CommandLine) -> None:
        self._named.list(self._next.budget)

    def do_changed(self, line: CommandLine) -> None:
        """Every file that changed since the last commit. Raises `UnreadableFile`."""
        self._named.add_changed()
        self.files_changed()

    def do_drop(self, line: CommandLine) -> None:
        """Leave out what is named, or everything."""
        self._named.drop(line.mentions)
        self.files_changed()

    def do_settings(self, line: CommandLine) -> None:
        """All, one, or another value for one; a theme holds at once. Raises `DocstraError`."""
        from docstra_tui.workspace.setting_changes import Changed, SettingChanges

        changes = SettingChanges(self.root)
        if not line.text:
            for row in changes.rows():
                self.printer.line(f"  {row.key} = {row.value}  {row.origin}".rstrip())
            return
        done = changes.take(line.text)
        self.printer.line(done.said if isinstance(done, Changed) else done, "note")
        if isinstance(done, Changed) and done.is_of_keys:
            self.own_keys.use(done.settings.keys)
        elif isinstance(done, Changed) and done.key == "theme":
            self.themes.wear(done.settings.theme)

    def do_doctor(self, line: CommandLine) -> None:
        """Look for what does not work here, and say what to do."""
        from docstra_tui.repl.doctor import show

        show(self.root, self.model.settings, self.printer)

    def do_think(self, line: CommandLine) -> None:
        """Switch thinking, or say how it is. Raises `UsageError`."""
        self.printer.line(self.thinking.take(line.text) if line.text else self.thinking.said, "note")

    def do_thought(self, line: CommandLine) -> None:
        """What was thought before the last answer."""
        thought = self.session.turns[-1].thinking.strip() if self.session.turns else ""
        self.printer.line(thought or NO_THOUGHT, "dim")

    # What stands between a text and the model

    def may_send(self) -> bool:
        """Ask about another machine; False after a no."""
        return self.models.may_send()

    def _may_leave(self, session: ChatSession, found: SecretsFound, request: TurnRequest) -> bool:
        """False when nothing is to be sent. In the turn's thread."""
        return self.answering.decide(lambda: self._permission.for_secrets(session, found, request))

    def name_files(
        self, typed: str, mentions: Iterable[Mention], *, must_exist: bool = False
    ) -> NamedFiles | None:
        """Add what a line names to the files; None where some of it does not exist: then nothing is sent."""
        named = self._named.name(typed, mentions, must_exist=must_exist)
        if named is None:
            self.unsent = typed
        return named

    def files_changed(self) -> None:
        """The model gets other files."""
        self.files.give(self.session)
        self.models.look_now()


def _ask_value(question: str, default: str, below: Callable[[str], str]) -> str | None:
    from docstra_tui.repl.value_prompt import ask_value

    return ask_value(question, default, below)
