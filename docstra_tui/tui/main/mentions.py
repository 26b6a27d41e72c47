"""`@` in the composer: offers files while one types, and ticks what a question names when it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.context.mentions import Mention, fragment_parts, write_mention
from docstra_tui.errors import DocstraError
from docstra_tui.text import sanitize_line
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.files import Files
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.tui.widgets.draft import Draft
from docstra_tui.tui.widgets.mention_list import MentionList
from docstra_tui.workspace.command_line import ONLY_FILES
from docstra_tui.workspace.files.finder import Finder, Found
from docstra_tui.workspace.files.selection import FileSelection
from docstra_tui.workspace.files.unknown_names import UnknownNames
from docstra_tui.workspace.jobs import JobQueue

if TYPE_CHECKING:
    from docstra_tui.workspace.files.named_files import NamedFiles

SAID = 3
"""Names without a file that are told; the others are in the same line."""


class Mentions:
    """Runs on the screen's thread."""

    def __init__(
        self,
        root: Path,
        composer: Composer,
        rows: MentionList,
        files: Files,
        selection: FileSelection,
        dialogs: Dialogs,
        jobs: JobQueue,
        hold_keys: Callable[[asyncio.Event], object],
    ) -> None:
        """`hold_keys` keeps the keys that come from now on until something is so."""
        self._root = root
        self._composer = composer
        self._rows = rows
        self._files = files
        self._selection = selection
        self._dialogs = dialogs
        self._jobs = jobs
        self._hold_keys = hold_keys
        self._finder = Finder(root, self._found, rows.call_later, with_folders=True)
        self._query: str | None = None
        self._shown_for: str | None = None
        """What the list that is open was found for."""
        self._is_chosen = False
        """Somebody moved the list's cursor."""
        self._tabbed: str | None = None
        """What Tab is to complete when it is found: the key came before its list."""
        self._is_completed = asyncio.Event()
        """The keys behind that Tab wait for it."""
        self._is_dismissed = False
        self._unknown = UnknownNames()

    def close(self) -> None:
        """Stop what runs; any thread, never blocks."""
        self._finder.close()

    # While one types

    def typed(self) -> None:
        """The text or the cursor is another one."""
        fragment = self._composer.mention
        if fragment is None:
            self._query, self._is_dismissed = None, False
            self._offer(())
            self._forget_tab()
            return
        if self._is_dismissed:
            return
        query = fragment_parts(fragment)[0]
        if query == self._query:
            return
        self._query = query
        self._forget_tab()
        folders = self._files.folders
        self._finder.begin(folders.rules, show_hidden=folders.show_hidden)
        self._finder.find(query)

    def key(self, key: str) -> bool:
        """A key that may be for the list; False when it means nothing there."""
        self.typed()  # of a burst, the text is there before anybody was told
        rows, query = self._rows, self._query
        if query is None or self._is_dismissed:
            return False
        if self._shown_for != query or not rows.is_open:
            if key != "tab" or not query:
                return False
            self._tabbed = query
            self._is_completed.clear()
            self._hold_keys(self._is_completed)
            self._finder.find(query)
        elif key in ("up", "down"):
            self._is_chosen = True
            rows.step(1 if key == "down" else -1)
        elif rows.has(query) and not self._is_chosen:
            if key == "enter":  # it is written in full: there is nothing to complete
                self.dismiss()
                return False
            self.take(query)
        elif rows.chosen is not None:
            self.take(rows.chosen)
        return True

    def choose(self) -> None:
        """Take the row under the list's cursor."""
        chosen = self._rows.chosen
        if chosen is not None:
            self.take(chosen)

    def take(self, path: str) -> None:
        """Put a path in the place of what was typed of it."""
        lines = fragment_parts(self._composer.mention or "")[1]
        mention = write_mention(path) + lines.rstrip("-")
        self._composer.put_mention(mention)
        self._offer(())

    def dismiss(self) -> bool:
        """Close the list until another `@` is typed; False when it was not open."""
        self._forget_tab()
        if not self._rows.is_open:
            return False
        self._is_dismissed = True
        self._offer(())
        return True

    def _found(self, found: Found) -> None:
        if found.query != self._query or self._is_dismissed:
            return
        if self._shown_for != found.query:
            self._shown_for, self._is_chosen = found.query, False
        self._offer(found.paths)
        if self._tabbed == found.query and (found.paths or found.is_complete):
            if found.paths:
                self.take(found.query if found.query in found.paths else found.paths[0])
            self._forget_tab()

    def _forget_tab(self) -> None:
        """It has done its work, or nobody wants it any more."""
        self._tabbed = None
        self._is_completed.set()

    def _offer(self, paths: tuple[str, ...]) -> None:
        rows = self._rows
        rows.offer(paths)
        self._is_chosen = self._is_chosen and rows.is_open

    # When it is sent

    def tick_named(
        self,
        draft: Draft,
        mentions: Sequence[Mention],
        send: Callable[[NamedFiles], object],
        *,
        must_exist: bool = False,
    ) -> None:
        """Tick what a line names, then `send`. What does not exist is said, and nothing is sent; sent once
        more, a word that was none is only a word, unless it `must_exist`."""
        from docstra_tui.workspace.files.named_files import NamedFiles, find_named

        if not mentions:
            send(NamedFiles())
            return
        folders, limit = self._files.folders, self._selection.max_bytes_of

        def work() -> NamedFiles:
            hidden = folders.show_hidden
            return find_named(mentions, self._root, folders.rules, max_bytes=limit, show_hidden=hidden)

        def failed(error: Exception) -> None:
            draft.keep()
            message = error.message if isinstance(error, DocstraError) else str(error)
            self._dialogs.warn(sanitize_line(message)[:300])

        def found(named: NamedFiles) -> None:
            if draft.is_changed:
                return  # whoever types sends again
            if self._is_held_back(draft, named, must_exist):
                self._hold_back(draft, named, send, must_exist)
            else:
                self._tick(draft, named, send)

        self._jobs.do(work, found, failed, key="mentions")

    def _is_held_back(self, draft: Draft, named: NamedFiles, must_exist: bool) -> bool:
        if draft.is_in_composer:
            return self._unknown.hold_back(draft.text, named.problems, must_exist=must_exist)
        return bool(named.problems)  # written in a dialog: there, it is asked

    def _hold_back(
        self, draft: Draft, named: NamedFiles, send: Callable[[NamedFiles], object], must_exist: bool
    ) -> None:
        problems = sanitize_line(" ".join(named.problems[:SAID]))[:300]
        if must_exist:
            draft.keep()
            self._dialogs.warn(f"{problems} {ONLY_FILES}")
        elif draft.is_in_composer:
            self._dialogs.warn(f"{problems} Enter again sends it as it is.")
        else:

            def answered(yes: bool) -> None:
                if yes:
                    self._tick(draft, named, send)
                else:
                    draft.keep()

            question = f"{problems} Send it as it is?"
            self._dialogs.confirm("A word that names no file", question, answered)

    def _tick(self, draft: Draft, named: NamedFiles, send: Callable[[NamedFiles], object]) -> None:
        if self._files.take_named(named):
            send(named)
        else:
            draft.keep()  # about to be asked whether that may leave the machine; then Enter again
