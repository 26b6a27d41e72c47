"""The files of the chat: named with `@` or behind a command, listed, and left out again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui import figures
from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.mentions import Mention
from docstra_tui.context.picks import Pick
from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.repl.printer import Printer
from docstra_tui.settings import ContextSettings
from docstra_tui.workspace.command_line import ONLY_FILES
from docstra_tui.workspace.files.badges import badge_of
from docstra_tui.workspace.files.change_marks import marks_of
from docstra_tui.workspace.files.named_files import NamedFiles, find_named
from docstra_tui.workspace.files.secret_files import few_names
from docstra_tui.workspace.files.selection import FileSelection
from docstra_tui.workspace.files.snapshots import pick_of
from docstra_tui.workspace.files.unknown_names import UnknownNames, once_more
from docstra_tui.workspace.models import consent

if TYPE_CHECKING:
    from docstra_tui.context.fitting.budget import Budget
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.workspace.files.saved_ticks import SavedTicks


class ChatFiles:
    """Says what becomes of them."""

    def __init__(
        self, root: Path, settings: ContextSettings, printer: Printer, host: Callable[[], str]
    ) -> None:
        """`host`: the other machine that questions go to; empty while they stay here."""
        self._root = root
        self._settings = settings
        self._printer = printer
        self._host = host
        self._unknown = UnknownNames()
        self.selection = FileSelection(root, settings.max_file_bytes, settings.ignore)

    def take_over(self, session: ChatSession) -> None:
        """Those of a saved session, in its folder."""
        self._root = session.root
        self.selection.close()
        self.selection = FileSelection(self._root, self._settings.max_file_bytes, self._settings.ignore)
        self.selection.take_over(session)

    def name(self, typed: str, mentions: Iterable[Mention], *, must_exist: bool = False) -> NamedFiles | None:
        """Add what a text names; None where some of it does not exist: then nothing is sent."""
        named = find_named(
            mentions,
            self._root,
            lambda: IgnoreRules(self._root, self._settings.ignore),
            max_bytes=self.selection.max_bytes_of,
            changes=self.selection.changes,
        )
        if self._unknown.hold_back(typed, named.problems, must_exist=must_exist):
            for problem in named.problems:
                self._printer.line(problem, "error")
            how = ONLY_FILES if must_exist else once_more()
            self._printer.line(f"Nothing was sent. {how}", "hint")
            return None
        for words in named.left_out:
            self._printer.line(words, "hint")
        self.say(self.selection.add(named.order))
        return named

    def use_exactly(self, ticks: SavedTicks) -> None:
        """These, and no others; those that are gone are said."""
        mentions = [Mention(f"{folder}/") for folder in ticks.folders]
        mentions += [Mention(pick.path, pick.start_line, pick.end_line) for pick in ticks.picks]
        named = find_named(
            mentions,
            self._root,
            lambda: IgnoreRules(self._root, self._settings.ignore),
            max_bytes=self.selection.max_bytes_of,
            changes=self.selection.changes,
        )
        self.selection.choose(())
        for problem in named.problems:
            self._printer.line(problem, "error")
        for words in named.left_out:
            self._printer.line(words, "hint")
        self.say(self.selection.add(named.order))

    def add_changed(self) -> None:
        """Every file that changed since the last commit, but for those that may hold secrets. Raises
        `UnreadableFile`."""
        changes = self.selection.changes.changes()
        marks = marks_of(self._root, changes.states)
        for note in self.selection.changes.unsaid():
            self._printer.line(note, "hint")
        if marks.refusal:
            self._printer.line(marks.refusal, "note")
            return
        if marks.secret:
            self._printer.line(f"Left out, as they may hold secrets: {few_names(marks.secret)}.", "hint")
        self.say(self.selection.add(map(Pick, marks.to_tick)))

    def say(self, picks: Iterable[Pick]) -> None:
        """These are among them now."""
        for pick in picks:
            self._printer.line(f"+ {pick.label}", "note")
            if not self._host() and may_hold_secrets(pick.path):
                self._printer.line(consent.stays_here(pick.label), "hint")

    def list(self, budget: Budget | None) -> None:
        """All of them, what is wrong with one that is not sent, and their tokens."""
        wrong = {pick_of(file): badge_of(file) for file in self.selection.files if not file.state.is_sendable}
        for pick in self.selection.picks:
            badge = wrong.get(pick)
            self._printer.line(f"  {pick.label}" + (f"  {badge.word}" if badge is not None else ""))
        if not self.selection.picks:
            self._printer.line(
                "No files yet. Name one with @ in a question; /suggest finds some for it.", "hint"
            )
        if budget is not None:
            used = figures.used_of(budget.used, budget.limit, budget.exact, budget.is_least)
            self._printer.line(used, "dim")

    def drop(self, mentions: Sequence[Mention]) -> None:
        """Leave out what is named, or everything."""
        for mention in mentions or [Mention(".")]:
            if not self.leave_out([mention]) and mentions:
                self._printer.line(f"{mention.path} is not among the files.", "note")

    def leave_out(self, mentions: Sequence[Mention]) -> bool:
        """Leave out what is named; False where none of it is among them."""
        dropped = self.selection.drop(mentions)
        for pick in dropped:
            self._printer.line(f"{pick.label} is left out.", "note")
        return bool(dropped)
