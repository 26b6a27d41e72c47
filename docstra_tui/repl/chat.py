"""The inline chat: a prompt, a conversation, and the commands behind a slash.

Everything said lives in `ChatSession`; this class only carries words between it and the terminal.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec
from prompt_toolkit.formatted_text import StyleAndTextTuples

from docstra_tui import themes
from docstra_tui.context.fitting.budget import Budget
from docstra_tui.context.mentions import Mention
from docstra_tui.errors import DocstraError, EngineDied, EngineError, UsageError
from docstra_tui.llm.base import BaseLLM
from docstra_tui.repl.answering import Answering
from docstra_tui.repl.files import ChatFiles
from docstra_tui.repl.overview import overview
from docstra_tui.repl.printer import Printer
from docstra_tui.repl.tasks import Tasks
from docstra_tui.repl.toolbar import toolbar
from docstra_tui.repl.watch import Watch
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.outgoing import SecretsFound
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.settings import Settings
from docstra_tui.themes import ThemeSpec
from docstra_tui.workspace import theme_choice
from docstra_tui.workspace.command_line import CommandLine, parse, question_of
from docstra_tui.workspace.commands import TASKS
from docstra_tui.workspace.files.named_files import NamedFiles
from docstra_tui.workspace.files.selection import FileSelection
from docstra_tui.workspace.models import consent
from docstra_tui.workspace.models.backend import Backend, Status
from docstra_tui.workspace.models.choice import choice_of
from docstra_tui.workspace.sessions import resuming
from docstra_tui.workspace.status import loading_line
from docstra_tui.workspace.turns.waiting import bring_back
from docstra_tui.workspace.wording import ENDED

LOOK_SECONDS = 3.0
"""How long a look at the backend is waited for before the last one must do."""


class Chat:
    """One inline chat, over one backend and one session at a time."""

    def __init__(
        self,
        settings: Settings,
        root: Path,
        opener: Callable[[Settings], Backend],
        store: SessionStore | None,
        printer: Printer,
        confirm: Callable[[str], bool],
        *,
        is_model_named: bool = False,
    ) -> None:
        self.settings = settings
        self.printer = printer
        self._opener = opener
        self._store = store
        self._confirm = confirm
        self._is_model_named = is_model_named
        self.on_news: Callable[[], None] = lambda: None
        """Called in a thread when there is something for `tell_news` to say."""
        self._news: queue.SimpleQueue[DocstraError] = queue.SimpleQueue()
        self._told: set[str] = set()
        """Notes on the model, and on the saved sessions, that were shown."""
        self._consent = consent.Consent()
        self.backend = self._consent.admit(opener(settings))
        self.past: list[ChatSession] = []
        """The sessions that were left for another one."""
        self.session = self._new_session(root)
        self._named = ChatFiles(root, settings.context, printer, lambda: self.backend.host)
        self.answering = Answering(self.files, self, printer, most_tokens=settings.answer.max_tokens)
        self.answering.use(self.session, self.files)
        self._tasks = Tasks(self, self.answering)
        self.handlers: Mapping[str, Callable[[CommandLine], None]] = {
            "files": self.do_files,
            "drop": self.do_drop,
            "model": self.do_model,
            "theme": self.do_theme,
            "restart": self.do_restart,
            "new": self.do_new,
            "sessions": self.do_sessions,
            "resume": self.do_resume,
            "help": self.do_help,
        }
        """Who does a command that is no task."""
        self.on_theme: Callable[[ThemeSpec], None] = lambda theme: None
        """Called when another theme is chosen."""
        self._read: object = None
        """What the model was last asked to read ahead."""
        self._watch = self._new_watch()
        self._watch.begin()

    @property
    def root(self) -> Path:
        """The folder that the session is about."""
        return self.session.root

    @property
    def files(self) -> FileSelection:
        """What questions are about."""
        return self._named.selection

    def close(self) -> None:
        """Stop what runs, keep its part, let the backend go. The engine stays hot."""
        self.answering.close()
        self._watch.stop()
        self.backend.close()
        if self._store is not None:
            self._store.close()

    # The line below the prompt

    def toolbar(self) -> StyleAndTextTuples:
        """The engine's state, the model, the tokens, the last answer's figures."""
        watch = self._watch
        return toolbar(
            self.backend, watch.status, watch.budget, len(self.files.picks), self.session.problem or ""
        )

    def tell_news(self) -> None:
        """Say what went wrong while nobody asked anything."""
        notice = self._store.notice if self._store is not None else None
        if notice and notice not in self._told:
            self._told.add(notice)
            self.printer.line(notice, "error")
        with contextlib.suppress(queue.Empty):
            while True:
                self.printer.error(self._news.get_nowait())

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
                return False
            else:
                self.handlers[line.command.name](line)
        except UsageError as error:
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

    def bring_back_unsent(self) -> None:
        """Go on with what was written in this folder before anything was asked, if there is something."""
        with contextlib.suppress(DocstraError):
            found = self._store.without_turns(str(self.root)) if self._store is not None else None
            if found is not None:
                self._use(self._saved_session(found))
            elif self._store is not None and (title := self._store.left_in(str(self.root))) is not None:
                self.printer.line(f"A question in “{title}” was not sent. /resume brings it back.", "note")

    def do_files(self, line: CommandLine) -> None:
        self._named.list(self._watch.budget)

    def do_drop(self, line: CommandLine) -> None:
        """Leave out what is named, or everything."""
        self._named.drop(line.mentions)
        self._use_files()

    def do_model(self, line: CommandLine) -> None:
        if not line.text:
            status = self._watch.status
            facts = [status.model or self.backend.label, status.device, status.dtype, status.reason]
            self.printer.line(" · ".join(fact for fact in facts if fact))
            for note in status.notes:
                self.printer.line(note, "note")
            return
        model = msgspec.structs.replace(self.settings.model, name=line.text, revision="", quant="")
        self._open_model(msgspec.structs.replace(self.settings, model=model))
        self.printer.line(f"Loading {line.text}…", "note")

    def _open_model(self, settings: Settings) -> None:
        """Let another model answer from now on."""
        backend = self._consent.admit(self._opener(settings))
        self._watch.stop()
        self.backend.close()
        self.settings, self.backend = settings, backend
        self.session.llm, self.session.model = backend.llm, backend.label
        self._watch = self._new_watch()
        self._watch.begin()

    def do_theme(self, line: CommandLine) -> None:
        """Wear another theme, kept for this folder; or say which there are."""
        if not line.text:
            known, _ = themes.load_all()
            for name, spec in known.items():
                worn = " (this one)" if name == self.settings.theme else ""
                self.printer.line(f"  {name}  {'dark' if spec.dark else 'light'}{worn}")
            return
        theme, problem = themes.choose(line.text)
        if problem is not None:
            raise UsageError(problem.message, problem.hint)
        self.settings = msgspec.structs.replace(self.settings, theme=theme.name)
        self.on_theme(theme)
        theme_choice.keep(self.root, theme.name)
        self.printer.line(f"{theme.name} from now on, also at the next start.", "note")

    def do_restart(self, line: CommandLine) -> None:
        if self._watch.status.state == "waiting":
            self.may_send()
            return
        self._start_again()
        self.printer.line("The engine starts again; what was said is kept.", "note")

    def do_new(self, line: CommandLine) -> None:
        before, self.session = self.session, self._new_session(self.root)
        self.past.append(before)
        self.answering.use(self.session, self.files)
        self._use_files()
        self.printer.line("A new session, with the same files.", "note")

    def do_sessions(self, line: CommandLine) -> None:
        saved = self._store.sessions(str(self.root)) if self._store is not None else []
        saved = [one for one in saved if one.turns or one.id != self.session.id]
        for summary in saved:
            what = summary.title or f"(not sent) {summary.unsent}"
            many = "turn" if summary.turns == 1 else "turns"
            self.printer.line(f"  {summary.id[:8]}  {summary.turns:>3} {many:5}  {what}")
        if not saved:
            self.printer.line("Nothing is saved about this folder yet.", "hint")

    def do_resume(self, line: CommandLine) -> None:
        self.resume(line.text or "last")

    def resume(self, name: str, *, at_start: bool = False) -> None:
        """Go on with a saved session, with its files, its last words and its model."""
        if self._store is None:
            raise EngineError("Nothing is saved here.")
        found = resuming.find(self._store, name, self.root, is_named=False, but=self.session)
        if found.note:
            self.printer.line(found.note, "note")
        session = self._saved_session(found.id)
        session.root = found.root
        if found.root != self.root and self.backend.outgoing is not None:
            self.backend.outgoing.forget_names()
        self._use(session)
        self._named.take_over(session)
        self.answering.use(self.session, self.files)
        self._watch.look_now()
        count = len(self.session.turns)
        self.printer.line(
            f"{self.session.title or 'An empty session'} · {count} turn" + ("" if count == 1 else "s"), "note"
        )
        self._named.say(self.files.picks)
        for turn in self.session.turns[-1:]:
            self.printer.line(f"> {turn.question}", "mark")
            self.printer.piece(turn.answer)
            self.printer.end_answer()
            if turn.status != "done":
                self.printer.line(f"({ENDED[turn.status]})", "dim")
        if not (at_start and self._is_model_named):
            self._go_on_with_its_model()

    def _saved_session(self, session_id: str) -> ChatSession:
        assert self._store is not None
        session = ChatSession.resume(
            self.backend.llm,
            self._store,
            session_id,
            model=self.backend.label,
            reserve=self.settings.answer.reserve,
        )
        session.admission.may_leave = self._may_leave
        return session

    def _use(self, session: ChatSession) -> None:
        """Go on with this session. What waited in it when a program ended is in its draft again."""
        self.past.append(self.session)
        self.session = session
        self.answering.use(session, self.files)
        count = bring_back(session)
        self.unsent = session.draft
        if count:
            what = "This question was" if count == 1 else f"These {count} questions were"
            self.printer.line(f"{what} not sent yet. Enter asks.", "note")

    def _go_on_with_its_model(self) -> None:
        """Open the model that this session was with: at once where nothing is to be loaded, else if that is
        wanted."""
        opening = resuming.opening(
            self.settings,
            self.session.saved_choice,
            self._consent,
            answering=self._answering,
            at_once=not self._is_model_named,
        )
        if opening.now is not self.settings:
            self.printer.line(opening.words, "note")
            self._open_model(opening.now)
        elif opening.offered is not None:
            answering = self.backend.label
            if self._confirm(f"{opening.words} Open it? [y/N: {answering} goes on] "):
                self._open_model(opening.offered)

    @property
    def _answering(self) -> str:
        """Who answers, where that is known by now."""
        return self._watch.status.model

    def do_help(self, line: CommandLine) -> None:
        self.printer.line(overview())

    # Who answers

    @property
    def llm(self) -> BaseLLM:
        """As it is asked."""
        return self.backend.llm

    def look_now(self) -> None:
        """It has something new to tell."""
        self._watch.look_now()

    def is_ready(self) -> bool:
        """Wait for a loading model, showing how far it is; False, and said why, where it will not be."""
        status = self._watch.status
        if status.state != "ready":
            status = self._wait()
        if isinstance(status.error, EngineDied):  # stopped from elsewhere, or it died: once more
            self.printer.line(f"{status.error.message} It starts again.", "note")
            self._start_again()
            status = self._wait()
        if status.state == "failed":
            self.printer.error(status.error or EngineError("The model could not be loaded."))
            self.printer.line("/restart tries again, /model takes another one.", "hint")
            return False
        for note in status.notes:
            if note not in self._told:
                self._told.add(note)
                self.printer.line(note, "note")
        return True

    def _wait(self) -> Status:
        self._watch.look_now()
        status = self._watch.fresh(LOOK_SECONDS)
        while status.state in ("loading", "waiting"):  # a yes came, and nobody has looked since
            self.printer.progress(loading_line(status.phase, status.done, status.total))
            status = self._watch.wait(1.0)
        self.printer.end_progress()
        return status

    def _start_again(self) -> None:
        self.backend.restart()
        self.session.engine_restarted()
        self._watch.look_now()

    def may_send(self) -> bool:
        """Ask about another machine; False after a no."""
        self.session.choice = choice_of(self.settings, self._answering)
        gate = self.backend.gate
        if gate is None or gate.is_open:
            return True
        if not self._confirm(f"{consent.question(gate.address)} [y/N] "):
            self.printer.line("Nothing was sent. The next question asks again.", "note")
            return False
        self._consent.give(gate.address)
        self._consent.admit(self.backend)
        self._watch.look_now()
        return True

    def _may_leave(self, found: SecretsFound, request: TurnRequest) -> bool:
        """False when nothing is to be sent. In the turn's thread."""
        return self.answering.decide(lambda: self._ask_to_leave(found, request))

    def _ask_to_leave(self, found: SecretsFound, request: TurnRequest) -> bool:
        """Ask about what may be secret and would be sent elsewhere."""
        for line in consent.secrets(found, self.backend.host):
            self.printer.line(line, "hint")
        if self._confirm("Send it as it is? [y/N] "):
            found.agree()
            return True
        paths = set(found.paths)
        is_about = any(item.path in paths for item in request.focus)
        if paths and not is_about and self._confirm("Leave these files out and send the rest? [y/N] "):
            self._named.leave_out([Mention(path) for path in paths])
            self.session.leave_out(paths)
            return True
        return False

    def name_files(
        self, typed: str, mentions: Iterable[Mention], *, must_exist: bool = False
    ) -> NamedFiles | None:
        """Add what a line names to the files; None where some of it does not exist: then nothing is sent."""
        named = self._named.name(typed, mentions, must_exist=must_exist)
        if named is None:
            self.unsent = typed
        return named

    def _use_files(self) -> None:
        self.files.give(self.session)
        self._watch.look_now()

    def _new_session(self, root: Path) -> ChatSession:
        session = ChatSession(
            self.backend.llm,
            root,
            self._store,
            model=self.backend.label,
            reserve=self.settings.answer.reserve,
        )
        session.admission.may_leave = self._may_leave
        return session

    def _new_watch(self) -> Watch:
        def not_loaded(error: DocstraError) -> None:
            self._news.put(error)
            self.on_news()

        return Watch(self.backend, self._count, self._read_ahead, not_loaded)

    def _read_ahead(self) -> None:
        """Have the model read what the next question will begin with, while nobody asks."""
        session = self.session
        mark = session.ahead_mark
        if mark == self._read or self.answering.queue.busy:
            return
        self._read = mark

        def read() -> None:
            with contextlib.suppress(Exception):  # the next question says what is wrong
                session.read_ahead()
            self._watch.look_now()

        threading.Thread(target=read, name="read-ahead", daemon=True).start()

    def _count(self) -> Budget:
        return self.session.count()
