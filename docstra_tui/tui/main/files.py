"""The files pane's other half: what the tree reports, and what follows from it.

Lists, finds, reads, watches and counts in the background, asks where something has to be asked, and
remembers what is ticked. Runs on the screen's thread and never waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from docstra_tui import figures
from docstra_tui.context.picks import Pick
from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.tui.main.folders import Below, Folders
from docstra_tui.tui.widgets.file_rows import Row
from docstra_tui.workspace.files.finder import Finder, Found
from docstra_tui.workspace.files.selection import FileSelection, Picked
from docstra_tui.workspace.files.tick_notes import TickNotes
from docstra_tui.workspace.files.token_counts import TokenCounts
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.models import consent

if TYPE_CHECKING:
    from docstra_tui.context.files.states import Ticked
    from docstra_tui.tui.main.screen import MainScreen
    from docstra_tui.workspace.files.saved_ticks import SavedTicks

LOOK_SECONDS = 2.0
"""Between two looks whether the disk still agrees with what is ticked."""

LARGEST = 64_000_000
"""Bytes; a larger file is not read whoever asks."""


class Files:
    """For the main screen."""

    def __init__(self, screen: MainScreen, jobs: JobQueue) -> None:
        self._screen = screen
        self._jobs = jobs
        self._watching = JobQueue("watch", screen.call_later)
        self._counting = JobQueue("tokens", screen.call_later)
        self.counts = TokenCounts(self._counting, self._show_notes)
        self.finder = Finder(screen.root, self._found, screen.call_later)
        self._notes = TickNotes()
        self._new: set[Pick] = set()
        """Ticked by hand and not read yet: what is wrong with one of these is said at once."""
        self._secrets: set[str] = set()
        """Files that may hold secrets and were asked about, for the host they would go to."""
        self._agreed: set[str] = set()
        """Those of them that may be sent there."""
        self._found_now: Found | None = None
        self._said = Content(" ")
        self._is_restored = False
        self._unsaved: SavedTicks | None = None

    def begin(self) -> None:
        """The screen is there: list the project, tick what was ticked when it was last left."""
        screen = self._screen
        settings = screen.settings.context
        self.folders = Folders(screen.root, settings.ignore, screen.tree_view, self._jobs)
        screen.set_interval(LOOK_SECONDS, self.look)
        screen.watch(screen.app, "app_focus", self._focus_came, init=False)
        self.say_hint()
        self.folders.show("")

    def make_picks(self, chat_jobs: JobQueue) -> FileSelection:
        """Who reads what is ticked."""
        screen = self._screen
        return FileSelection(
            screen.root,
            screen.settings.context.max_file_bytes,
            chat_jobs,
            self._arrived,
            watching=self._watching,
        )

    def close(self) -> None:
        """Stop what runs; any thread, never blocks."""
        self._watching.close()
        self._counting.close()
        self.finder.close()

    # Kept between runs

    def restore(self, *, is_resumed: bool) -> None:
        """Tick what was ticked in this project before; a resumed session brings its own files."""
        self._is_restored = is_resumed
        if is_resumed:
            return
        from docstra_tui.workspace.files import saved_ticks as ticks

        root = self._screen.root
        self._jobs.do(lambda: ticks.load(root), self._restored, lambda error: None, key="restore")

    def _restored(self, saved: SavedTicks) -> None:
        tree = self._screen.tree_view
        self._is_restored = True
        if saved.show_hidden or saved.show_ignored:
            tree.show_hidden, tree.show_ignored = saved.show_hidden, saved.show_ignored
            self.shown_changed()
        known = set(tree.model.ticked)
        elsewhere = bool(self._screen.model.host)  # asked about then before it is sent, not by itself now
        tree.put_picks((pick for pick in saved.picks if pick.path not in known), is_checked=elsewhere)
        for folder in saved.folders:
            self.folders.below(folder, partial(self._put_below, folder))

    def flush(self) -> None:
        """Write what is ticked, if that did not come to pass yet; any thread."""
        from docstra_tui.workspace.files import saved_ticks as ticks

        unsaved, self._unsaved = self._unsaved, None
        if unsaved is not None:
            ticks.save(self._screen.root, unsaved)

    def _save(self) -> None:
        if not self._is_restored:
            return
        from docstra_tui.workspace.files import saved_ticks as ticks

        tree = self._screen.tree_view
        folders = tree.model.whole_folders
        starts = tuple(f"{folder}/" for folder in folders)
        rest = tuple(pick for pick in tree.picks if not pick.path.startswith(starts))
        self._unsaved = ticks.SavedTicks(folders, rest, tree.show_hidden, tree.show_ignored)
        self._jobs.do(self.flush, lambda _: None, lambda error: None, key="save ticks")

    # Ticks

    def ticks_changed(self, picks: Sequence[Pick], *, is_checked: bool = False) -> None:
        """Other files are ticked now; `is_checked`: none of the new ones may hold secrets."""
        screen = self._screen
        before = set(screen.picks.picks)
        new = [pick for pick in picks if pick not in before]
        screen.composer.ask_for(len(picks))
        screen.ticked_list.show_picks(picks)
        screen.picks.choose(picks)
        self._save()
        self._show_notes()
        if self._new:
            self._new &= set(picks)
        if len(new) == 1:
            self._new.add(new[0])
        if not is_checked:
            self.check_secrets(pick.path for pick in new)

    def folder_ticked(self, folder: str) -> None:
        """Every file below `folder` is wanted, but those that may hold secrets."""
        self.folders.below(folder, partial(self._put_below, folder, say=True))

    def _put_below(self, folder: str, below: Below, say: bool = False) -> None:
        tree = self._screen.tree_view
        tree.put_ticked(folder, below.paths)
        secret = [path for path in below.secret if not tree.model.is_ticked(path)]
        if secret and say:
            names = _names(secret)
            self._screen.warn(f"Left out, as they may hold secrets: {names}. Tick them one by one.")
        if below.closed:
            self._screen.warn(f"Left out, as they cannot be read: {_names(below.closed)}.")

    def backend_opened(self) -> None:
        """Somebody else answers: what was agreed to for its host still is."""
        host = self._screen.model.host
        if not host:
            self.check_secrets()
        self._agree([mark.partition("\0")[2] for mark in self._agreed if mark.partition("\0")[0] == host])

    def check_secrets(self, paths: Iterable[str] | None = None) -> None:
        """Files that may hold secrets are agreed to once; the host that they would go to is named."""
        screen, tree = self._screen, self._screen.tree_view
        host = screen.model.host
        self._secrets = {mark for mark in self._secrets if tree.model.is_ticked(mark.partition("\0")[2])}
        found = dict.fromkeys(tree.model.ticked if paths is None else paths)
        asked = [path for path in found if may_hold_secrets(path) and f"{host}\0{path}" not in self._secrets]
        self._secrets |= {f"{host}\0{path}" for path in asked}
        if not asked:
            return
        names = _names(asked)
        if not host:
            screen.notify(consent.stays_here(names))
            return
        from docstra_tui.tui.screens.confirm import ConfirmScreen

        def answered(yes: bool | None) -> None:
            if yes:
                self._agreed |= {f"{host}\0{path}" for path in asked}
                self._agree(asked)
            else:
                for path in asked:
                    self._secrets.discard(f"{host}\0{path}")
                tree.set_ticked([pick for pick in tree.picks if pick.path not in asked])

        text = f"{names} may hold secrets and will be sent to {sanitize_line(host)}. Keep it ticked?"
        screen.app.push_screen(ConfirmScreen("This leaves the machine", text, by_enter=False), answered)

    def _agree(self, paths: Sequence[str]) -> None:
        backend = self._screen.model.backend
        if paths and backend is not None and backend.outgoing is not None:
            backend.outgoing.agree_to_names(paths)
            self._screen.picks.recount()

    # What became of them

    def look(self) -> None:
        """See whether the disk still agrees, unless a question is on its way: it looks itself."""
        if not self._screen.turns.queue.busy:
            self._screen.picks.look()
        self.counts.go_on()

    def _focus_came(self, has_focus: bool) -> None:
        if has_focus:
            self.look()

    def _arrived(self, picked: Picked) -> None:
        screen = self._screen
        items = [file.newer or file.item for file in picked.files if file.state.is_sendable]
        self.counts.want([item for item in items if item is not None], screen.session)
        self._show_notes()
        self._say_what_is_wrong(picked.files)
        screen.picks_changed(picked)

    def _say_what_is_wrong(self, files: Sequence[Ticked]) -> None:
        """A file ticked by hand that is not sent: said at once; a large one is asked about."""
        if not self._new:
            return
        for file in files:
            pick = Pick(file.path, file.start_line, file.end_line)
            if pick not in self._new:
                continue
            self._new.discard(pick)
            state = file.state
            if state.kind == "huge" and state.size is not None and state.size <= LARGEST:
                self._ask_to_read(pick, state.size)
            elif not state.is_sendable:
                self._screen.warn(sanitize_line(state.reason))

    def _ask_to_read(self, pick: Pick, size: int) -> None:
        from docstra_tui.tui.screens.confirm import ConfirmScreen

        def answered(yes: bool | None) -> None:
            if yes:
                self._screen.picks.allow({pick.path: size})
            else:
                self._screen.tree_view.untick(pick)

        name = shown_name(pick.path)
        about = f"{figures.size(size)}, about {figures.tokens(size // 4)} tokens"
        text = f"{name} has {about}. Read it all the same?"
        self._screen.app.push_screen(ConfirmScreen("A large file", text), answered)

    def _show_notes(self) -> None:
        now = self._screen.picks.now
        self._notes = TickNotes(now.by_path, now.costs, self.counts)
        self._screen.tree_view.show_notes(self._notes)
        self._screen.ticked_list.show_notes(self._notes)
        self._screen.board.show_total()
        self.say_hint()

    @property
    def total(self) -> str:
        """Tokens of all ticked files that are sent; empty for none."""
        return self._notes.total

    # Filter, toggles, preview

    def filter_changed(self, query: str | None) -> None:
        """Something else is looked for."""
        if query is not None:
            self.finder.begin(self.folders.rules, show_hidden=self.folders.show_hidden)
        if query:
            self.finder.find(query)
        else:
            self._found_now = None
        self.say_hint()

    def _found(self, found: Found) -> None:
        tree = self._screen.tree_view
        if not found.query or found.query != tree.sought:
            return
        self._found_now = found
        rows = [Row(path, path, 0, "file") for path in found.paths]
        if found.has_more:
            rows.append(Row("", "", 0, "note", "more, type on to narrow"))
        elif not rows:
            rows.append(Row("", "", 0, "note", "nothing yet…" if not found.is_complete else "no such file"))
        if found.is_partial:
            rows.append(Row("", "", 0, "note", f"of the first {found.files:,} files only"))
        tree.show_found(found.query, rows, is_final=found.is_complete)
        self.say_hint()

    def shown_changed(self) -> None:
        """Hidden or ignored files are shown, or no longer."""
        tree = self._screen.tree_view
        self.folders.show_again(tuple(tree.model.open), hidden=tree.show_hidden, ignored=tree.show_ignored)
        self.finder.begin(self.folders.rules, show_hidden=tree.show_hidden, fresh=True)
        self._save()
        self.say_hint()

    def preview(self, path: str, line: int = 1) -> None:
        """Show a file; whole or in lines it can be ticked there."""
        from docstra_tui.tui.screens.preview import PreviewScreen

        screen, tree = self._screen, self._screen.tree_view

        def ticks(start: int | None, end: int | None) -> tuple[tuple[int, int], ...]:
            pick = Pick(path, start, end)
            is_on = tree.model.is_ticked(path) if start is None else pick in tree.picks
            if is_on:
                tree.untick(pick)
            else:
                tree.put_picks([pick])
            return tree.model.lines_of(path)

        limit = screen.picks.max_bytes_of(path)
        lines = tree.model.lines_of(path)
        screen.app.push_screen(
            PreviewScreen(
                screen.root,
                path,
                limit,
                self._jobs,
                screen.conversation.colours,
                ticked=lines,
                tick=ticks,
                line=line,
            ),
            lambda is_over: screen.navigation.to_composer() if is_over else None,
        )

    # The line under the tree

    def say_hint(self) -> None:
        """What is looked for, what is the matter with the row under the cursor, or which keys help."""
        hint = self._screen.files_hint
        said, before = self._hint(), self._said
        if said.markup != before.markup:
            self._said = said
            # Laying out the whole screen takes longer than all else that a typed letter does.
            room = hint.content_size.width
            fits = all("\n" not in line.plain and line.cell_length <= room for line in (said, before))
            hint.update(said, layout=not fits)

    def _hint(self) -> Content:
        tree = self._screen.tree_view
        reason = self._reason()
        if tree.sought is not None:
            line = Content.assemble(("/ ", "$primary"), sanitize_line(tree.sought), ("▏", "$primary"))
            found = self._found_now
            if found is not None and not found.is_complete:
                line += Content.assemble((f"  of {found.files:,} so far", "$muted"))
            return line if not reason else line + Content.assemble("\n", (reason, "$warning"))
        if reason:
            return Content.assemble((reason, "$warning"))
        shown = "all files" if tree.show_hidden and tree.show_ignored else ""
        shown = shown or ("hidden" if tree.show_hidden else "ignored" if tree.show_ignored else "")
        return Content.assemble(("/ filter" + (f"  + {shown}" if shown else ""), "$muted"))

    def _reason(self) -> str:
        screen = self._screen
        ticked = screen.ticked_list
        note = None
        if ticked.has_focus and ticked.pick is not None:
            pick = ticked.pick
            note = self._notes.of_lines(pick.path, pick.start_line, pick.end_line)
        elif screen.tree_view.has_focus and screen.tree_view.row is not None:
            row = screen.tree_view.row
            if row.kind == "file":
                note = self._notes.of_file(row.path)
        return sanitize_line(note.reason) if note is not None else ""


def _names(paths: Sequence[str]) -> str:
    shown = ", ".join(shown_name(path) for path in paths[:3])
    return f"{shown} and {len(paths) - 3} more" if len(paths) > 3 else shown
