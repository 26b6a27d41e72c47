"""Starting a task: which files, which words, and whether they may leave this machine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.context.mentions import find_mentions
from docstra_tui.context.picks import Pick
from docstra_tui.errors import DocstraError
from docstra_tui.key_hints import press
from docstra_tui.templates import write_words
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.widgets.draft import Draft
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.commands import Command
from docstra_tui.workspace.turns import requests
from docstra_tui.workspace.turns.queue import TurnQueue

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.templates import Template
    from docstra_tui.tui.main.naming import Naming
    from docstra_tui.tui.main.parts import Parts
    from docstra_tui.workspace.files.selection import FileSelection
    from docstra_tui.workspace.jobs import JobQueue
    from docstra_tui.workspace.permission import Permission
    from docstra_tui.workspace.templates.asking import Send, TemplateAsker


class Tasks:
    """The way from a question or a task to the queue of turns."""

    def __init__(
        self,
        root: Path,
        parts: Parts,
        files: FileSelection,
        naming: Naming,
        permission: Permission,
        queue: TurnQueue,
        dialogs: Dialogs,
        jobs: JobQueue,
    ) -> None:
        self._root = root
        self._jobs = jobs
        self._composer = parts.composer
        self._tree = parts.tree_view
        self._files = files
        self._naming = naming
        self._permission = permission
        self._queue = queue
        self._dialogs = dialogs

    def ask(self, text: str, draft: Draft) -> None:
        """Ask about the ticked files and those that the question names."""

        def send() -> None:
            if self._queue.ask(requests.question(text, self._files.labels)):
                draft.sent()

        mentions = find_mentions(text)
        self._naming.tick(draft, mentions, lambda named: self._permission.for_host(send, draft.keep))

    def start(self, line: CommandLine, draft: Draft) -> None:
        """Start a task, asking for its words first where it needs any. Raises `UsageError`."""
        if line.command.takes == "files":
            self._start_files(line, draft)
        elif line.command.name == "run" and line.text:
            self._templates.start(line.text, self._sender(draft))
        elif line.text:
            self._start_words(line, draft)
        else:
            draft.sent()
            self.ask_words(line.command)

    def go_on(self, session: ChatSession | None, turn_id: int | None = None) -> None:
        """Have an answer go on, the last where none is named."""
        is_busy = self._queue.busy or bool(self._queue.waiting)
        try:
            request = requests.rest(session, turn_id, is_busy=is_busy)
        except DocstraError as error:
            self._dialogs.fail_with(error)
            return
        self._permission.for_host(lambda: self._queue.ask(request))

    def ask_words(self, command: Command) -> None:
        """Ask for what stands behind a command."""
        if command.name == "custom":
            self._templates.choose(self._sender(), lambda: self.prompt(command))
        elif command.name == "run":
            self._templates.choose(self._sender())
        else:
            self.prompt(command)

    def prompt(self, command: Command) -> None:
        """Ask in a dialog for the words of a command, and start it with them."""

        def written(words: str | None) -> None:
            if words:
                draft = Draft(self._composer, f"/{command.name} {words}", is_in_composer=False)
                self._start_words(CommandLine(command, words), draft)

        self._dialogs.write(command.asks, written)

    @cached_property
    def _templates(self) -> TemplateAsker:
        from docstra_tui.workspace.templates.asking import TemplateAsker

        return TemplateAsker(self._root, self._dialogs, self._jobs, lambda: self._files.picks)

    def _sender(self, typed: Draft | None = None) -> Send:
        """Asks with a template, about the ticked files and those that a value names."""
        from docstra_tui.workspace.templates import filling

        def ask(template: Template, values: Mapping[str, str]) -> None:
            draft = Draft(self._composer, write_words(template.name, values), is_in_composer=False)
            if typed is not None and typed.is_changed:
                return  # Enter came twice
            if typed is not None:
                typed.sent()

            def send() -> None:
                self._queue.submit([filling.request_of(template, values, self._files.labels)])

            mentions = find_mentions("\n".join(values.values()))
            self._naming.tick(draft, mentions, lambda named: self._permission.for_host(send, draft.keep))

        return ask

    def _start_words(self, line: CommandLine, draft: Draft) -> None:
        def send() -> None:
            request = requests.of_words(line.command, line.text, self._files.labels, draft.text)
            if self._queue.ask(request):
                draft.sent()
            else:
                draft.keep()

        self._naming.tick(draft, line.mentions, lambda named: self._permission.for_host(send, draft.keep))

    def _start_files(self, line: CommandLine, draft: Draft) -> None:
        def begin(picks: tuple[Pick, ...]) -> None:
            def send() -> None:
                draft.sent()  # first: what waits stands for it from now on
                self._queue.submit(requests.of_files(line.command, picks))

            self._permission.for_host(send, draft.keep)

        if line.mentions:
            self._naming.tick(draft, line.mentions, lambda named: begin(named.order), must_exist=True)
        elif picks := self._ticked_or_cursor():
            begin(picks)
        else:
            self._dialogs.warn(
                f"Tick a file first ({press('main.tree', '/files')}, then {press('tree.tick')}), "
                "or name it behind the command."
            )

    def _ticked_or_cursor(self) -> tuple[Pick, ...]:
        """What is ticked; where there is nothing, the file under the cursor becomes ticked."""
        tree = self._tree
        row = tree.row
        if not tree.picks and row is not None and row.kind == "file" and row.can_be_picked:
            tree.set_ticked((Pick(row.path),))
            self._files.choose(tree.picks)
        return tree.picks
