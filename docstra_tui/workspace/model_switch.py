"""Which model answers, as it is asked and told in dialogs: another one, a session's, or the same once more.

Runs on the face's thread; what takes long waits in the background.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from docstra_tui.errors import DocstraError, UsageError
from docstra_tui.remotes import HERE
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.dialogs import Choice, Dialogs, Offer, marked
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.models.choice import placed, remoted, server_words, switched, with_new
from docstra_tui.workspace.wording import busy

if TYPE_CHECKING:
    from docstra_tui.settings import Settings
    from docstra_tui.workspace.models.installed import Row
    from docstra_tui.workspace.permission import Permission
    from docstra_tui.workspace.sessions.resuming import Opening
    from docstra_tui.workspace.turns.queue import TurnQueue


DEVICES = {
    "auto": "a GPU where the model fits on one",
    "cpu": "slower, with the memory of the machine",
    "cuda": "an NVIDIA or AMD GPU",
    "mps": "an Apple GPU",
}


OF_REMOTE = "remote "
"""In front of a remote's name, as the value of a row: a model of this machine may be called like it."""

LOCAL = Choice(OF_REMOTE + HERE, HERE, "the engine of this machine")


class ModelSwitch:
    """The dialogs about models."""

    def __init__(
        self,
        model: AnsweringModel,
        queue: TurnQueue,
        permission: Permission,
        dialogs: Dialogs,
        jobs: JobQueue,
    ) -> None:
        self._model = model
        self._queue = queue
        self._permission = permission
        self._dialogs = dialogs
        self._jobs = jobs

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

        settings = self._model.settings
        self._jobs.do(lambda: installed.rows(settings), self._offer, self._dialogs.fail_with)

    def _offer(self, rows: list[Row]) -> None:
        from docstra_tui.workspace.models.installed import details

        here = {row.name for row in rows}
        answers = OF_REMOTE + self._model.remote

        def taken(name: str | None) -> None:
            if name and name.startswith(OF_REMOTE):
                self._remote_taken(name)
            elif name:
                self.take(name, is_here=name in here)

        offer = Offer(
            "Switch model",
            [
                *(
                    Choice(row.name, marked(row.name, row.is_current), columns, row.note)
                    for row, columns in zip(rows, details(rows), strict=True)
                ),
                *(replace(row, label=marked(row.label, row.value == answers)) for row in self._remotes()),
            ],
            placeholder="narrow the list, or type a hub id, a folder or a .gguf file",
            free_text=True,
            is_table=True,
        )
        self._dialogs.choose(offer, taken)

    def take(self, name: str, *, is_here: bool = False) -> bool:
        """Let this model answer from now on, one of this machine where it `is_here`; False while an answer is
        being written."""
        if self._is_busy():
            return False
        self._model.open(switched(self._model.settings, name, is_here=is_here))
        return True

    def remote(self, name: str) -> bool | None:
        """Have that server answer from now on, or our own engine, else a list; False while an answer is being
        written, or where its key is not there: then the one before goes on. Raises `UsageError`."""
        if not name:
            offer = Offer("Switch server", [LOCAL, *self._remotes()], at=OF_REMOTE + self._model.remote)
            self._dialogs.choose(offer, self._remote_taken)
            return None
        settings = remoted(with_new(self._model.settings), name)
        if self._is_busy():
            return False
        try:
            _look_at_key(settings)
        except DocstraError as error:  # before the one that answers is let go
            self._dialogs.fail_with(error)
            return False
        self._model.open(settings)
        return True

    def _remote_taken(self, value: str | None) -> None:
        if not value:
            return
        try:
            self.remote(value.removeprefix(OF_REMOTE))
        except UsageError as error:
            self._dialogs.fail_with(error)

    def _remotes(self) -> list[Choice]:
        """A row for each server that has a name."""
        rows = with_new(self._model.settings).remotes.items()
        return [Choice(OF_REMOTE + name, name, server_words(remote)) for name, remote in rows]

    def device(self, name: str) -> bool | None:
        """Have it on that device from now on, else a list; False while an answer is being written. Raises
        `UsageError`."""
        if not name:
            choices = [Choice(name, name, words) for name, words in DEVICES.items()]
            offer = Offer("Switch device", choices, at=self._model.settings.model.device)
            self._dialogs.choose(offer, self._device_taken)
            return None
        settings = placed(self._model.settings, name)
        if self._is_busy():
            return False
        self._model.open(settings)
        return True

    def _device_taken(self, name: str | None) -> None:
        if name:
            self.device(name)

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
            self._model.offer(opening.offered, opening.words)

    def take_offered(self) -> None:
        """Open the model that this session was with."""
        if self._model.offered is None:
            self._dialogs.say("This session was with no other model than the one that answers.")
        elif not self._is_busy():
            self._model.open(self._model.offered)

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

    def _is_busy(self) -> bool:
        if self._queue.busy:
            self._dialogs.warn(busy())
        return self._queue.busy


def _look_at_key(settings: Settings) -> None:
    """Raises what keeps that server from being opened, most often a key that is not there. Sends nothing."""
    if settings.server is not None:
        from docstra_tui.workspace.models.other_server import ServerBackend

        ServerBackend(settings).close()
