"""What the screen says of the model that answers: in notices, and in the empty conversation.

Runs on the screen's thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from docstra_tui.errors import DocstraError, EngineDied
from docstra_tui.invoked import as_started
from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line
from docstra_tui.tui.transcript.welcome import welcome
from docstra_tui.workspace.dialogs import Dialogs
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.title import answering

if TYPE_CHECKING:
    from docstra_tui.tui.transcript.view import TranscriptView
    from docstra_tui.tui.widgets.notice import Notices
    from docstra_tui.workspace.files.watched_selection import WatchedSelection
    from docstra_tui.workspace.models.backend import Status
    from docstra_tui.workspace.permission import Permission
    from docstra_tui.workspace.turns.queue import TurnQueue


class ModelChanged(Message):
    """Something that the lines of the screen say of the model is different."""

    def __init__(self, *, is_other: bool = False) -> None:
        """`is_other`: another backend was opened."""
        super().__init__()
        self.is_other = is_other


class ModelNotices:
    """Hears what becomes of it. Reports from the conversation."""

    def __init__(
        self,
        model: AnsweringModel,
        queue: TurnQueue,
        files: WatchedSelection,
        permission: Permission,
        conversation: TranscriptView,
        notices: Notices,
        dialogs: Dialogs,
    ) -> None:
        self._model = model
        self._queue = queue
        self._files = files
        self._permission = permission
        self._conversation = conversation
        self._notices = notices
        self._dialogs = dialogs
        self._has_failed = False
        """The last look."""
        model.listener = self

    def model_awaited(self) -> None:
        self._has_failed = self._queue.ready = False
        self._notices.clear("engine")
        self._notices.clear("model")
        self._say()

    def model_offered(self, words: str) -> None:
        if not words:
            self._notices.clear("offer")
            return
        wanted = answering(self._model.wanted or "the server's model", self._model.remote)
        hint = f"{press('main.session_model')} opens it. A question goes to {wanted}."
        self._notices.put("offer", sanitize_line(words), hint, colour="$primary")

    def model_admitted(self) -> None:
        self.say_welcome()

    def model_wished(self) -> None:
        self._files.recount()
        self._conversation.post_message(ModelChanged())

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
        other, again = press("main.palette", "/model:"), press("main.restart", "/restart:")
        todo = sanitize_line(as_started(error.hint))
        hint = f"{todo}  {other} Switch model · {again} try again{_doctor(error)}".strip()
        self._notices.put("engine", sanitize_line(error.message), hint)
        if self._model.status is None:  # nothing could be opened at all
            self._has_failed = True
            self._say()

    def died(self, error: DocstraError) -> None:
        """There was a model."""
        self._queue.ready = False
        self._model.look_now()
        again = f"{press('main.restart', '/restart')} starts it again{_doctor(error)}."
        detail = f"{sanitize_line(error.message)} Everything said is kept. {again}"
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
            answering(model.wanted, model.remote) if model.remote else model.wanted,
            is_starter=model.is_starter,
            host=model.host,
            may_send=model.may_send,
            reason=model.status.reason if model.status is not None else "",
            has_failed=self._has_failed,
        )
        self._conversation.welcome(text)


def _doctor(error: DocstraError) -> str:
    """Who looks for the cause, where that may be the machine."""
    return " · /doctor looks for the cause" if error.is_of_machine else ""
