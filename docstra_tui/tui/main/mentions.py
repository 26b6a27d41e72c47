"""`@` in the composer: offers files while one types, and ticks what a question names when it is sent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from docstra_tui.context.mentions import Mention, write_mention
from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.errors import DocstraError
from docstra_tui.text import sanitize_line
from docstra_tui.tui.main.draft import Draft
from docstra_tui.workspace.command_line import ONLY_FILES
from docstra_tui.workspace.files.finder import Finder, Found
from docstra_tui.workspace.jobs import JobQueue

if TYPE_CHECKING:
    from docstra_tui.tui.main.screen import MainScreen
    from docstra_tui.workspace.files.named_files import NamedFiles

SAID = 3
"""Names without a file that are told; the others are in the same line."""

LINES = re.compile(r"(?P<path>.*?)(?P<lines>:\d+(?:-\d*)?)?")


class Mentions:
    """For the main screen."""

    def __init__(self, screen: MainScreen, jobs: JobQueue) -> None:
        self._screen = screen
        self._jobs = jobs
        self._finder = Finder(screen.root, self._found, screen.call_later, with_folders=True)
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
        self._unknown = ""
        """The text whose mentions were said to be none: sent once more, it is sent as it is."""

    def close(self) -> None:
        """Stop what runs; any thread, never blocks."""
        self._finder.close()

    # While one types

    def typed(self) -> None:
        """The text or the cursor is another one."""
        fragment = self._screen.composer.mention
        if fragment is None:
            self._query, self._is_dismissed = None, False
            self._offer(())
            self._forget_tab()
            return
        if self._is_dismissed:
            return
        query = _parts(fragment)[0]
        if query == self._query:
            return
        self._query = query
        self._forget_tab()
        folders = self._screen.files.folders
        self._finder.begin(folders.rules, show_hidden=folders.show_hidden)
        self._finder.find(query)

    def key(self, key: str) -> bool:
        """A key that may be for the list; False when it means nothing there."""
        self.typed()  # of a burst, the text is there before anybody was told
        rows = self._screen.mention_list
        query = self._query
        if query is None or self._is_dismissed:
            return False
        if self._shown_for != query or not rows.is_open:
            if key != "tab" or not query:
                return False
            self._tabbed = query
            self._is_completed.clear()
            self._screen.app.keyboard.wait_for(self._is_completed)
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
        chosen = self._screen.mention_list.chosen
        if chosen is not None:
            self.take(chosen)

    def take(self, path: str) -> None:
        """Put a path in the place of what was typed of it."""
        lines = _parts(self._screen.composer.mention or "")[1]
        mention = write_mention(path) + lines.rstrip("-")
        self._screen.composer.put_mention(mention)
        self._offer(())

    def dismiss(self) -> bool:
        """Close the list until another `@` is typed; False when it was not open."""
        self._forget_tab()
        if not self._screen.mention_list.is_open:
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
        rows = self._screen.mention_list
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

        if not mentions or (draft.text == self._unknown and not must_exist):
            self._unknown = ""
            send(NamedFiles())
            return
        screen = self._screen
        folders, picks, root = screen.files.folders, screen.picks, screen.root

        def work() -> NamedFiles:
            hidden = folders.show_hidden
            return find_named(mentions, root, folders.rules, max_bytes=picks.max_bytes_of, show_hidden=hidden)

        def failed(error: Exception) -> None:
            draft.keep()
            screen.warn(sanitize_line(error.message if isinstance(error, DocstraError) else str(error))[:300])

        def found(named: NamedFiles) -> None:
            if draft.is_changed:
                return  # whoever types sends again
            if named.problems:
                self._refuse(draft, named, send, must_exist)
            else:
                self._tick(draft, named, send)

        self._jobs.do(work, found, failed, key="mentions")

    def _refuse(
        self, draft: Draft, named: NamedFiles, send: Callable[[NamedFiles], object], must_exist: bool
    ) -> None:
        problems = sanitize_line(" ".join(named.problems[:SAID]))[:300]
        if must_exist:
            draft.keep()
            self._screen.warn(f"{problems} {ONLY_FILES}")
        elif draft.is_in_composer:
            self._unknown = draft.text
            self._screen.warn(f"{problems} Enter again sends it as it is.")
        else:
            from docstra_tui.tui.screens.confirm import ConfirmScreen

            def answered(yes: bool | None) -> None:
                if yes:
                    self._tick(draft, named, send)
                else:
                    draft.keep()

            question = f"{problems} Send it as it is?"
            self._screen.app.push_screen(ConfirmScreen("A word that names no file", question), answered)

    def _tick(self, draft: Draft, named: NamedFiles, send: Callable[[NamedFiles], object]) -> None:
        screen, tree = self._screen, self._screen.tree_view
        secret = [pick.path for pick in named.picks if may_hold_secrets(pick.path)]
        is_asked = bool(screen.model.host) and any(not tree.model.is_ticked(path) for path in secret)
        if named.picks:
            tree.put_mentioned(named.picks)
        for folder, paths in named.folders.items():
            tree.put_ticked(folder, paths)
        for words in named.left_out:
            screen.warn(words)
        if is_asked:
            draft.keep()
            return  # about to be asked whether that may leave the machine; then Enter again
        screen.picks.choose(tree.picks)
        send(named)


def _parts(fragment: str) -> tuple[str, str]:
    """What is written of a mention: of the name, and of its lines."""
    found = LINES.fullmatch(fragment.lstrip('"'))
    return (found["path"], found["lines"] or "") if found else (fragment, "")
