"""Which model answers, on the screen: offered, opened, said when it fails, started again.

Runs on the screen's thread; the waiting is done below, in `workspace.models`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from docstra_tui.errors import DocstraError, EngineDied
from docstra_tui.text import sanitize_line
from docstra_tui.tui.transcript.welcome import welcome
from docstra_tui.workspace.dialogs import Choice, Dialogs, Offer
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.wording import BUSY

if TYPE_CHECKING:
    from docstra_tui.settings import Settings
    from docstra_tui.tui.transcript.view import TranscriptView
    from docstra_tui.tui.widgets.notice import Notices
    from docstra_tui.workspace.files.watched_selection import WatchedSelection
    from docstra_tui.workspace.models.backend import Status
    from docstra_tui.workspace.permission import Permission
    from docstra_tui.workspace.sessions.resuming import Opening
    from docstra_tui.workspace.turns.queue import TurnQueue


class ModelChanged(Message):
    """Something that the lines of the screen say of the model is different."""

    def __init__(self, *, is_other: bool = False) -> None:
        """`is_other`: another backend was opened."""
        super().__init__()
        self.is_other = is_other


class Models:
    """The dialogs and notices about what answers. Reports from the conversation."""

    def __init__(
        self,
        model: AnsweringModel,
        queue: TurnQueue,
        files: WatchedSelection,
        permission: Permission,
        conversation: TranscriptView,
        notices: Notices,
        dialogs: Dialogs,
        jobs: JobQueue,
    ) -> None:
        self._model = model
        self._queue = queue
        self._files = files
        self._permission = permission
        self._conversation = conversation
        self._notices = notices
        self._dialogs = dialogs
        self._jobs = jobs
        self._has_failed = False
        """The last look."""
        model.listener = self

    # Another one

    def model(self, name: str) -> bool | None:
        """The model of that name, else a list; False where that cannot be done now."""
        if name:
            return self.take(name)
        self.choose()
        return None

    def choose(self) -> None:
        """Offer the models of this machine; any name can be typed."""
        if self._is_busy():
            return
        from docstra_tui.workspace.models import installed

        self._jobs.do(installed.rows, self._offer, self._dialogs.fail_with)

    def _offer(self, rows: list[tuple[str, str]]) -> None:
        here = {name for name, _ in rows}

        def taken(name: str | None) -> None:
            if name:
                self.take(name, is_here=name in here)

        offer = Offer(
            "Switch model",
            [Choice(name, name, details) for name, details in rows],
            placeholder="narrow the list, or type a hub id, a folder or a .gguf file",
            free_text=True,
        )
        self._dialogs.choose(offer, taken)

    def take(self, name: str, *, is_here: bool = False) -> bool:
        """Let this model answer from now on, one of this machine where it `is_here`; False while an answer is
        being written."""
        if self._is_busy():
            return False
        from docstra_tui.workspace.models.choice import switched

        self._model.open(switched(self._model.settings, name, is_here=is_here))
        return True

    # The one that a session was with

    def go_on(self, opening: Opening, settings: Settings) -> None:
        """Open a session's model, or offer to; but not where another one than that of `settings` was opened
        since."""
        if self._model.settings is not settings:
            return
        if opening.now is not settings:
            self._model.open(opening.now)
            self._dialogs.say(sanitize_line(opening.words))
        elif opening.offered is not None:
            self._model.offered = opening.offered
            wanted = sanitize_line(self._model.wanted or "the server's model")
            hint = f"F5 opens it. A question goes to {wanted}."
            self._notices.put("offer", sanitize_line(opening.words), hint, colour="$primary")

    def take_offered(self) -> None:
        """Open the model that this session was with."""
        if self._model.offered is None:
            self._dialogs.say("This session was with no other model than the one that answers.")
        elif not self._is_busy():
            self._model.open(self._model.offered)

    def withdraw_offer(self) -> None:
        """Another session: it has its own."""
        self._model.offered = None
        self._notices.clear("offer")

    # The same once more

    def restart(self) -> None:
        """Start the engine again, try again to open a backend, or ask again for the yes it waits for."""
        if not self._model.may_send:
            self._permission.for_host()
        elif self._model.is_running:
            self._ask_to_restart()
        else:
            self._restart()

    def _ask_to_restart(self) -> None:
        """An engine that is there may be of use to somebody: whoever means it says so."""
        text = (
            "The engine is running. It is ended and loads the model again; every terminal that uses it "
            "waits for that, and what it has read is read anew."
        )
        title = "Restart the engine"
        self._dialogs.confirm(title, text, lambda yes: self._restart() if yes else None, by_enter=False)

    def _restart(self) -> None:
        self._queue.stop_answer()
        self._model.restart()

    # What becomes of it

    def model_awaited(self) -> None:
        self._has_failed = self._queue.ready = False
        self._notices.clear("engine")
        self._notices.clear("model")
        if self._model.offered is None:
            self._notices.clear("offer")
        self._say()

    def model_admitted(self) -> None:
        self.say_welcome()

    def model_opened(self) -> None:
        if self._model.template_error is not None:
            self._dialogs.warn(sanitize_line(str(self._model.template_error))[:300])
        self._files.recount()
        self._say(is_other=True)

    def model_looked_at(self, before: Status | None) -> None:
        status = self._model.status
        if status is None:
            return
        self._queue.ready = status.state == "ready"
        if status.state == "failed" and status.error is not None:
            self.model_lost(status.error)
        else:
            self._notices.clear("engine")
        self._say_notes(status)
        had_failed, self._has_failed = self._has_failed, status.state == "failed"
        if before is None or before.reason != status.reason or had_failed != self._has_failed:
            self.say_welcome()
        if before is None or (before.window, before.state) != (status.window, status.state):
            self._files.recount()
        self._queue.start_next()
        if status.state == "waiting" and self._queue.waiting:
            self._permission.for_host()  # it was sent before anybody knew where it goes
        self._conversation.post_message(ModelChanged())

    def model_lost(self, error: DocstraError) -> None:
        if isinstance(error, EngineDied):
            self.died(error)
            return
        self._queue.ready = False
        hint = f"{sanitize_line(error.hint)}  F4 Switch model · F9 try again".strip()
        self._notices.put("engine", sanitize_line(error.message), hint)
        if self._model.status is None:  # nothing could be opened at all
            self._has_failed = True
            self._say()

    def died(self, error: DocstraError) -> None:
        """There was a model."""
        self._queue.ready = False
        self._model.look_now()
        detail = f"{sanitize_line(error.message)} Everything said is kept. F9 starts it again."
        self._notices.put("engine", "The engine stopped.", detail)

    def _say_notes(self, status: Status) -> None:
        """For as long as they hold: why this model answers later than others, say."""
        if status.notes:
            text = " ".join(sanitize_line(note) for note in status.notes)
            self._notices.put("model", text, colour="$warning")
        else:
            self._notices.clear("model")

    def _say(self, *, is_other: bool = False) -> None:
        self.say_welcome()
        self._conversation.post_message(ModelChanged(is_other=is_other))

    def say_welcome(self) -> None:
        """What the empty conversation says about who answers."""
        model = self._model
        text = welcome(
            model.wanted,
            is_starter=model.is_starter,
            host=model.host,
            may_send=model.may_send,
            reason=model.status.reason if model.status is not None else "",
            has_failed=self._has_failed,
        )
        self._conversation.welcome(text)

    def _is_busy(self) -> bool:
        if self._queue.busy:
            self._dialogs.warn(BUSY)
        return self._queue.busy
