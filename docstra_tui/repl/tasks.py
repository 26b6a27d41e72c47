"""Questions and tasks in the inline chat: which files they name, and what is asked about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from docstra_tui.context.mentions import Mention, find_mentions
from docstra_tui.errors import UnreadableFile, UsageError
from docstra_tui.repl.answering import Answering
from docstra_tui.templates import write_words
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.turns import requests

if TYPE_CHECKING:
    from docstra_tui.repl.templates import Templates
    from docstra_tui.session.turn_request import TurnRequest
    from docstra_tui.workspace.files.named_files import NamedFiles
    from docstra_tui.workspace.files.selection import FileSelection


class Sending(Protocol):
    """What stands between a text and the model."""

    @property
    def files(self) -> FileSelection:
        """Those that questions are about."""

    def name_files(
        self, typed: str, mentions: Iterable[Mention], *, must_exist: bool = False
    ) -> NamedFiles | None:
        """Add what a text names to the files; None, and said why, where nothing is to be sent."""

    @property
    def templates(self) -> Templates:
        """Those that can be asked with."""

    def may_send(self) -> bool:
        """False after a no to another machine, which is said."""


class Tasks:
    """Each text as it was typed becomes turns, or stays `unsent`."""

    def __init__(self, sending: Sending, answering: Answering) -> None:
        self._sending = sending
        self._answering = answering

    def ask(self, words: str, typed: str) -> None:
        """Ask about the files, those named in the question among them."""
        if self._sending.name_files(typed, find_mentions(words)) is not None:
            self._send([requests.question(words, self._sending.files.labels, typed)], typed)

    def start(self, line: CommandLine, typed: str) -> None:
        """Start a task. Raises `UsageError`, `UnreadableFile`, `TemplateError`."""
        if line.command.takes == "files":
            self._start_files(line, typed)
        elif line.command.name == "run":
            self._start_template(line, typed)
        elif not line.text:
            raise UsageError(f"There is nothing behind /{line.command.name}.", f"Write {line.command.usage}.")
        elif self._sending.name_files(typed, line.mentions) is not None:
            self._send([requests.of_words(line.command, line.text, self._sending.files.labels, typed)], typed)

    def go_on(self, request: TurnRequest, typed: str) -> None:
        """Have the last answer go on."""
        self._send([request], typed)

    def _start_template(self, line: CommandLine, typed: str) -> None:
        """Fill one and ask with it; without a name, say which there are."""
        from docstra_tui.workspace.templates import filling

        if not line.text:
            self._sending.templates.show_all()
            return
        filled = self._sending.templates.filled(filling.read_words(line.text), self._sending.files.picks)
        if filled is None:
            self._answering.unsent = typed
            return
        template, values = filled
        written = write_words(template.name, values)
        if self._sending.name_files(written, find_mentions("\n".join(values.values()))) is not None:
            self._send([filling.request_of(template, values, self._sending.files.labels)], written)

    def _start_files(self, line: CommandLine, typed: str) -> None:
        """One turn a file: those named, else all of the files."""
        named = self._sending.name_files(typed, line.mentions, must_exist=True)
        if named is None:
            return
        picks = named.order or self._sending.files.picks
        if not picks:
            raise UnreadableFile("There is no file yet.", "Name one: a path behind the command, or @path.")
        self._send(requests.of_files(line.command, picks), typed)

    def _send(self, asked: Iterable[TurnRequest], typed: str) -> None:
        if self._sending.may_send():
            self._answering.ask(tuple(asked), typed)
        else:
            self._answering.unsent = typed
