"""The files pane: what is reported in it, and what follows from that.

What the tree shows and what is ticked in it is its own; everything else about the files is in
`workspace.files`. Runs on the screen's thread and never waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from docstra_tui.context.picks import Pick
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.widgets.file_tree import FileTree
from docstra_tui.tui.widgets.files_pane import FilesPane
from docstra_tui.tui.widgets.ticked_list import TickedList
from docstra_tui.workspace.files.change_marks import ChangeMarks
from docstra_tui.workspace.files.change_watch import ChangeWatch
from docstra_tui.workspace.files.finder import Finder
from docstra_tui.workspace.files.folders import Below, Folders
from docstra_tui.workspace.files.questions import FileQuestions
from docstra_tui.workspace.files.secret_files import few_names
from docstra_tui.workspace.files.watched_selection import WatchedSelection
from docstra_tui.workspace.jobs import JobQueue

if TYPE_CHECKING:
    from docstra_tui.workspace.colouring.code_colours import CodeColours
    from docstra_tui.workspace.files.named_files import NamedFiles
    from docstra_tui.workspace.files.picked import Picked
    from docstra_tui.workspace.files.saved_ticks import SavedTicks

LOOK_SECONDS = 2.0
"""Between two looks whether the disk still agrees with what is ticked."""


class Files(FilesPane):
    """The pane, with what is behind it."""

    class Chosen(Message):
        """Other files are ticked. `FileTree.TicksChanged` says it only as far as this pane where the pane
        itself had the tree tick them: Textual stops a message at its sender."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    class Changed(Message):
        """The ticked files were read, looked at or counted."""

        def __init__(self, picked: Picked) -> None:
            super().__init__()
            self.picked = picked

    class Left(Message):
        """A preview was closed: the next key is for the question."""

    def __init__(
        self,
        root: Path,
        ignore: Sequence[str],
        tree: FileTree,
        ticked_list: TickedList,
        selection: WatchedSelection,
        questions: FileQuestions,
        dialogs: Dialogs,
        jobs: JobQueue,
        colours: CodeColours,
        is_asking: Callable[[], bool],
    ) -> None:
        """`is_asking`: a question is on its way. `colours` are those of the code that is looked at."""
        super().__init__(tree, ticked_list)
        self._root = root
        self._selection = selection
        self._questions = questions
        self._dialogs = dialogs
        self._jobs = jobs
        self._colours = colours
        self._is_asking = is_asking
        self.folders = Folders(root, ignore, jobs, self.tree_view.put)
        self.finder = Finder(root, self.show_found, self.call_later)
        self._changes = ChangeWatch(
            root,
            lambda: selection.changes.changes().states,
            JobQueue("changes", self.call_later),
            self._show_changes,
        )
        self._is_restored = False

    def begin(self, *, is_resumed: bool) -> None:
        """The screen is there: list the project, tick what was ticked when it was last left; a session
        `is_resumed` with its own files."""
        from docstra_tui.workspace.files.saved_ticks import TickKeeper

        self._kept = TickKeeper(self._root, self._jobs)
        self._selection.listen(self)
        self.set_interval(LOOK_SECONDS, self.look)
        self.watch(self.app, "app_focus", lambda has_focus: self.look() if has_focus else None, init=False)
        self.say_hint()
        self.folders.show("")
        self._is_restored = is_resumed
        if not is_resumed:
            self._kept.restore(self._restored)

    def close(self) -> None:
        """Stop what runs; any thread, never blocks."""
        self._selection.close()
        self.finder.close()
        self._changes.close()

    # Kept between runs

    def _restored(self, saved: SavedTicks) -> None:
        tree = self.tree_view
        self._is_restored = True
        if saved.show_hidden or saved.show_ignored:
            tree.show_hidden, tree.show_ignored = saved.show_hidden, saved.show_ignored
            self.on_folder_rows_shown_changed()
        known = set(tree.model.ticked)
        elsewhere = self._questions.is_elsewhere  # asked about then before it is sent, not by itself now
        tree.put_picks((pick for pick in saved.picks if pick.path not in known), is_checked=elsewhere)
        for folder in saved.folders:
            self._tick_below(folder, self._put_below)

    def flush(self) -> None:
        """Write what is ticked, if that did not come to pass yet; any thread."""
        if self._is_restored:
            self._kept.flush()

    @property
    def ticks(self) -> SavedTicks:
        """What is ticked now, as it is kept."""
        from docstra_tui.workspace.files.saved_ticks import SavedTicks

        tree, ticks = self.tree_view, self.tree_view.model
        return SavedTicks(
            ticks.whole_folders, ticks.outside_whole_folders, tree.show_hidden, tree.show_ignored
        )

    def tick_exactly(self, saved: SavedTicks) -> None:
        """This, and nothing else, is ticked from now on."""
        self.set_ticked(saved.picks, is_checked=False)
        for folder in saved.folders:
            self._tick_below(folder, self._put_and_say)

    def _keep(self) -> None:
        if self._is_restored:
            self._kept.keep(self.ticks)

    # Ticks

    def on_file_tree_ticks_changed(self, event: FileTree.TicksChanged) -> None:
        picks = self.tree_view.picks  # as it is by now: one act may tick in several steps
        self._choose(picks, is_checked=event.is_checked and event.picks == picks)

    def set_ticked(self, picks: Sequence[Pick], *, is_checked: bool) -> None:
        """Exactly these are ticked, and what is asked from now on is about them."""
        self.tree_view.set_ticked(picks, is_checked=is_checked)
        self._choose(self.tree_view.picks, is_checked=is_checked)

    def toggle(self, path: str) -> None:
        """Tick a file, or no longer; what is asked from now on is about that."""
        tree = self.tree_view
        if tree.model.is_ticked(path):
            tree.untick(Pick(path))
        else:
            tree.put_picks([Pick(path)])
        self._choose(tree.picks, is_checked=False)

    def _choose(self, picks: Sequence[Pick], *, is_checked: bool) -> None:
        before = set(self._selection.picks)
        new = [pick for pick in picks if pick not in before]
        self.ticked_list.show_picks(picks)
        self._selection.choose(picks)
        self.post_message(self.Chosen(len(picks)))
        self._keep()
        self._questions.ticked(new, picks, is_checked=is_checked)

    def on_file_tree_folder_ticked(self, event: FileTree.FolderTicked) -> None:
        """Every file below a folder is wanted, but those that may hold secrets."""
        self._tick_below(event.folder, self._put_and_say)

    def on_file_tree_changed_ticked(self) -> None:
        self.tick_changed()

    def tick_changed(self) -> None:
        """Every file that git says is changed is wanted, but those that may hold secrets."""

        def failed(error: Exception) -> None:
            self._dialogs.warn(sanitize_line(getattr(error, "message", "") or str(error))[:300])

        self._changes.ask(self._tick_changed, failed)

    def _tick_changed(self, changes: ChangeMarks) -> None:
        if notes := self._selection.changes.unsaid():
            self._dialogs.warn(sanitize_line(" ".join(notes))[:300])
        if changes.refusal:
            self._dialogs.say(changes.refusal)
            return
        self._say_secret(changes.secret)
        self.tree_view.put_mentioned(Pick(path) for path in changes.to_tick)

    def _show_changes(self, changes: ChangeMarks) -> None:
        self.tree_view.show_changes(changes)
        self.say_hint()

    def on_ticked_list_unticked(self, event: TickedList.Unticked) -> None:
        self.tree_view.untick(event.pick)

    def _tick_below(self, folder: str, put: Callable[[str, Below], None]) -> None:
        def failed(error: Exception) -> None:
            self.app.notify(sanitize_line(str(error))[:200], severity="error")

        self.folders.below(folder, partial(put, folder), failed)

    def _put_below(self, folder: str, below: Below) -> None:
        self.tree_view.put_ticked(folder, below.paths)
        if below.closed:
            self._dialogs.warn(f"Left out, as they cannot be read: {few_names(below.closed)}.")

    def _put_and_say(self, folder: str, below: Below) -> None:
        self._say_secret(below.secret)
        self._put_below(folder, below)

    def _say_secret(self, paths: Sequence[str]) -> None:
        secret = [path for path in paths if not self.tree_view.model.is_ticked(path)]
        if secret:
            names = few_names(secret)
            self._dialogs.warn(f"Left out, as they may hold secrets: {names}. Tick them one by one.")

    def take_named(self, named: NamedFiles) -> bool:
        """Tick what a question names; False while somebody is asked whether it may leave the machine."""
        tree = self.tree_view
        asks = self._questions.asks_about(named.picks)
        if named.picks:
            tree.put_mentioned(named.picks)
        for folder, paths in named.folders.items():
            tree.put_ticked(folder, paths)
        for words in named.left_out:
            self._dialogs.warn(words)
        if not asks:
            self._selection.choose(tree.picks)
        return not asks

    # What became of them

    def notes_changed(self) -> None:
        """What stands beside them is different."""
        self.show_notes(self._selection.notes, len(self._selection.picks))

    def look(self) -> None:
        """See whether the disk still agrees, unless a question is on its way: it looks itself."""
        self._selection.look(is_asked=self._is_asking())
        if self.app.app_focus:
            self._changes.look()

    def files_changed(self, picked: Picked) -> None:
        """They were read, looked at or counted."""
        self._questions.read(picked.files)
        self.post_message(self.Changed(picked))

    # Folders, filter, preview

    def on_folder_rows_folder_needed(self, event: FileTree.FolderNeeded) -> None:
        self.folders.show(event.folder)

    def on_file_tree_filter_changed(self, event: FileTree.FilterChanged) -> None:
        if event.query is not None:
            self.finder.begin(self.folders.rules, show_hidden=self.folders.show_hidden)
        if event.query:
            self.finder.find(event.query)
        self.look_for(event.query)

    def on_folder_rows_shown_changed(self) -> None:
        tree = self.tree_view
        tree.model.forget_closed()
        self.folders.show_again(tuple(tree.model.open), hidden=tree.show_hidden, ignored=tree.show_ignored)
        self.finder.begin(self.folders.rules, show_hidden=tree.show_hidden, fresh=True)
        self._keep()
        self.say_hint()

    def on_file_tree_refused(self, event: FileTree.Refused) -> None:
        row = event.row
        self._dialogs.warn(f"{shown_name(row.name)}: {sanitize_line(row.reason)}")

    def on_file_tree_preview_requested(self, event: FileTree.PreviewRequested) -> None:
        self.preview(event.path)

    def on_ticked_list_preview_requested(self, event: TickedList.PreviewRequested) -> None:
        self.preview(event.pick.path, event.pick.start_line or 1)

    def preview(self, path: str, line: int = 1, end_line: int | None = None) -> None:
        """Show a file; whole or in lines it can be ticked there. Up to `end_line` it was quoted."""
        from docstra_tui.tui.screens.preview import PreviewScreen

        def left(is_over: bool | None) -> None:
            if is_over:
                self.post_message(self.Left())

        limit, ticked = self._selection.max_bytes_of(path), self.tree_view.model.lines_of(path)
        self._dialogs.ask(
            PreviewScreen(
                self._root,
                path,
                limit,
                self._jobs,
                self._colours,
                ticked=ticked,
                tick=partial(self._toggle, path),
                line=line,
                end_line=end_line,
                changes=self._selection.changes,
            ),
            left,
        )

    def _toggle(self, path: str, start: int | None, end: int | None) -> tuple[tuple[int, int], ...]:
        """Tick or untick a file, or lines of it; which lines are ticked then."""
        tree, pick = self.tree_view, Pick(path, start, end)
        if tree.model.is_ticked(path) if start is None else pick in tree.picks:
            tree.untick(pick)
        else:
            tree.put_picks([pick])
        return tree.model.lines_of(path)
