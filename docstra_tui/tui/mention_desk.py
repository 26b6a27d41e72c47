"""`@` in the composer: offers files while one types, and ticks what a question names when it is sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from docstra_tui.context.mentions import find_mentions, write_mention
from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.errors import DocstraError
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.tui.finder import Finder, Found
from docstra_tui.tui.lane import Lane
from docstra_tui.tui.widgets.mention_list import MentionList

if TYPE_CHECKING:
    from docstra_tui.session.mentioned import Mentioned
    from docstra_tui.tui.screens.main import MainScreen

LINES = re.compile(r"(?P<path>.*?)(?P<lines>:\d+(?:-\d*)?)?")


class MentionDesk:
    """For the main screen."""

    def __init__(self, screen: MainScreen, lane: Lane) -> None:
        self._screen = screen
        self._lane = lane
        self._finder = Finder(screen.root, self._found, screen.call_later, with_folders=True)
        self._query: str | None = None
        self._lines = ""
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
            return
        if self._is_dismissed:
            return
        found = LINES.fullmatch(fragment.lstrip('"'))
        query, self._lines = (found["path"], found["lines"] or "") if found else (fragment, "")
        if query == self._query:
            return
        self._query = query
        folders = self._screen.files.folders
        self._finder.begin(folders.rules, show_hidden=folders.show_hidden)
        self._finder.find(query)

    def key(self, key: str) -> None:
        """A key for the list."""
        rows = self._screen.query_one(MentionList)
        if key in ("up", "down"):
            rows.step(1 if key == "down" else -1)
        elif rows.chosen is not None:
            self.take(rows.chosen)

    def take(self, path: str) -> None:
        """Put a path in the place of what was typed of it."""
        mention = write_mention(path) + self._lines.rstrip("-")
        self._screen.composer.put_mention(mention + " ")
        self._offer(())

    def dismiss(self) -> bool:
        """Close the list until another `@` is typed; False when it was not open."""
        if not self._screen.query_one(MentionList).is_open:
            return False
        self._is_dismissed = True
        self._offer(())
        return True

    def _found(self, found: Found) -> None:
        if found.query == self._query and not self._is_dismissed:
            self._offer(found.paths)

    def _offer(self, paths: tuple[str, ...]) -> None:
        rows = self._screen.query_one(MentionList)
        rows.offer(paths)
        self._screen.composer.is_completing = rows.is_open

    # When it is sent

    def tick_named(self, text: str, send: Callable[[], object]) -> None:
        """Tick what `text` mentions, then `send`; what does not exist is said, and nothing is sent."""
        if text == self._unknown or not find_mentions(text):
            self._unknown = ""
            send()
            return
        screen = self._screen
        folders, picks, root = screen.files.folders, screen.picks, screen.root

        def work() -> Mentioned:
            from docstra_tui.session.mentioned import resolve

            hidden = folders.show_hidden
            return resolve(text, root, folders.rules, max_bytes=picks.max_bytes_of, show_hidden=hidden)

        def failed(error: Exception) -> None:
            screen.warn(sanitize_line(error.message if isinstance(error, DocstraError) else str(error))[:300])

        self._lane.do(work, lambda named: self._tick(text, named, send), failed, key="mentions")

    def _tick(self, text: str, named: Mentioned, send: Callable[[], object]) -> None:
        screen, tree = self._screen, self._screen.tree_view
        if screen.composer.text.strip("\n").rstrip() != text:
            return  # it is being changed: whoever types sends again
        if named.problems:
            self._unknown = text
            screen.warn(f"{sanitize_line(' '.join(named.problems))[:300]} Enter again sends it as it is.")
            return
        secret = [pick.path for pick in named.picks if may_hold_secrets(pick.path)]
        is_asked = bool(screen.model.host) and any(not tree.model.is_ticked(path) for path in secret)
        if named.picks:
            tree.put_mentioned(named.picks)
        for folder, paths in named.folders.items():
            open_ones = tuple(path for path in paths if not may_hold_secrets(path))
            tree.put_ticked(folder, open_ones)
            if len(open_ones) < len(paths):
                count = len(paths) - len(open_ones)
                screen.warn(f"{count} in {shown_name(folder)} left out, as they may hold secrets.")
        if is_asked:
            return  # about to be asked whether that may leave the machine; then Enter again
        screen.picks.choose(tree.picks)
        send()
