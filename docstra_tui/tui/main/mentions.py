"""`@` in the composer: offers files while one types, and completes their names."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from docstra_tui.context.mentions import fragment_parts, write_mention
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.tui.widgets.mention_list import MentionList
from docstra_tui.workspace.files.finder import Finder, Found
from docstra_tui.workspace.files.folders import Folders


class Mentions:
    """Runs on the screen's thread."""

    def __init__(
        self,
        root: Path,
        composer: Composer,
        rows: MentionList,
        folders: Folders,
        hold_keys: Callable[[asyncio.Event], object],
        of_git: Callable[[str], tuple[str, ...]],
    ) -> None:
        """`hold_keys` keeps the keys that come from now on until something is so. `of_git`: what may be
        meant of what git says; blocks."""
        self._composer = composer
        self._rows = rows
        self._folders = folders
        self._hold_keys = hold_keys
        self._finder = Finder(root, self._found, rows.call_later, with_folders=True, more=of_git)
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

    def close(self) -> None:
        """Stop what runs; any thread, never blocks."""
        self._finder.close()

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
        self._finder.begin(self._folders.rules, show_hidden=self._folders.show_hidden)
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
        elif (rows.has(query) or rows.has(f"@{query}")) and not self._is_chosen:
            if key == "enter":  # it is written in full: there is nothing to complete
                self.dismiss()
                return False
            self.take(query if rows.has(query) else f"@{query}")
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
