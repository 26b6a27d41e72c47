"""Who does the commands of the screen that are no tasks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.errors import UsageError
from docstra_tui.tui.main.branching import Branching
from docstra_tui.tui.main.command_runner import Handlers
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.navigation import Navigation
from docstra_tui.tui.main.next_prompt import NextPrompt
from docstra_tui.tui.main.program import Program
from docstra_tui.tui.main.saving import SavingCommands
from docstra_tui.tui.main.session_shelf import SessionShelf
from docstra_tui.tui.main.settings_view import SettingsView
from docstra_tui.tui.main.tasks import Tasks
from docstra_tui.workspace.cache_switch import CacheSwitch
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.commands import commands_of
from docstra_tui.workspace.files.watched_selection import WatchedSelection
from docstra_tui.workspace.model_switch import ModelSwitch
from docstra_tui.workspace.sessions.opened import OpenSessions
from docstra_tui.workspace.sessions.switch import Sessions
from docstra_tui.workspace.theme_switch import Themes
from docstra_tui.workspace.think_switch import SAID_SECONDS, ThinkDialogs, ThinkSwitch
from docstra_tui.workspace.wording import NO_THOUGHT

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.tui.transcript.view import TranscriptView
    from docstra_tui.tui.widgets.file_tree import FileTree
    from docstra_tui.workspace.models.answering import AnsweringModel


class ScreenCommands:
    """Also what a key does that does the same."""

    def __init__(
        self,
        root: Path,
        tree: FileTree,
        picks: WatchedSelection,
        opened: OpenSessions,
        navigation: Navigation,
        tasks: Tasks,
        next_prompt: NextPrompt,
        conversation: TranscriptView,
        model: AnsweringModel,
        models: ModelSwitch,
        sessions: Sessions,
        shelf: SessionShelf,
        branching: Branching,
        themes: Themes,
        settings: SettingsView,
        program: Program,
        dialogs: Dialogs,
        more: Handlers,
    ) -> None:
        """`more` are the commands of whoever brings his own."""
        self._root = root
        self._tree = tree
        self._opened = opened
        self._next_prompt = next_prompt
        self._dialogs = dialogs
        self._conversation = conversation
        self.thinking = ThinkDialogs(ThinkSwitch(model), dialogs)
        self._program = program
        self.handlers: Handlers = {
            **branching.handlers,
            "continue": lambda line: tasks.go_on(opened.current),
            "files": lambda line: navigation.to_files(),
            "drop": self._drop,
            "fit": lambda line: self._about_next(lambda it: next_prompt.choose(it, picks.recount)),
            "budget": lambda line: self._about_next(next_prompt.show_budget),
            "prompt": lambda line: self.show_prompt(),
            "model": lambda line: models.model(line.text),
            "remote": lambda line: models.remote(line.text),
            "think": lambda line: self.thinking.think(line.text),
            "cache": lambda line: dialogs.say(CacheSwitch(model).take(line.text), SAID_SECONDS),
            "device": lambda line: models.device(line.text),
            "thought": lambda line: self._show_thought(),
            "restart": lambda line: models.restart(),
            "sessions": lambda line: shelf.show(line.text),
            **more,
            "resume": lambda line: sessions.resume(line.text or "last"),
            "new": lambda line: sessions.begin(),
            **SavingCommands(root, opened, conversation, model, program, dialogs).handlers,
            "theme": lambda line: themes.theme(line.text),
            "settings": settings.take,
            "redraw": lambda line: program.redraw(),
            "suspend": lambda line: program.action_suspend_process(),
            "help": lambda line: self.show_help(commands_first=True),
            "quit": lambda line: program.leave(),
        }

    def show_help(self, *, commands_first: bool = False) -> None:
        """Every key and every command."""
        from docstra_tui.tui.main.key_table import key_table
        from docstra_tui.tui.main.main_keys import APP_KEYS, MAIN_KEYS
        from docstra_tui.tui.screens.help import HelpScreen

        sections = key_table([*MAIN_KEYS, *APP_KEYS], self._program.changed_keys)
        self._dialogs.ask(HelpScreen(sections, commands_of("screen"), commands_first=commands_first))

    def _show_thought(self) -> None:
        if not self._conversation.show_thought():
            self._dialogs.say(NO_THOUGHT)

    def show_prompt(self) -> None:
        """The next prompt, as the model reads it."""
        citations, marked = self._conversation.citations.shown
        self._about_next(lambda session: self._next_prompt.show_text(session, citations, marked))

    def _about_next(self, show: Callable[[ChatSession], None]) -> None:
        if self._opened.current is not None:
            show(self._opened.current)

    def _drop(self, line: CommandLine) -> None:
        """Untick what is named, else everything. Raises `UsageError` where none of it is ticked."""
        from docstra_tui.workspace.files.named_files import without_named

        picks = self._tree.picks
        left = without_named(picks, line.mentions, self._root) if line.text else ()
        if line.text and len(left) == len(picks):
            raise UsageError(f"{line.text} is not ticked.", "What is ticked stands above the tree.")
        self._tree.set_ticked(left)
