"""The main screen: passes on what its parts report to who does something about it. It reads and saves nothing
itself."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.events import Key, Paste, Resize
from textual.widgets import OptionList

from docstra_tui.errors import EngineDied
from docstra_tui.tui.main.controllers import Controllers
from docstra_tui.tui.main.files import Files
from docstra_tui.tui.main.model_notices import ModelChanged
from docstra_tui.tui.main.store_notices import LOOK_SECONDS
from docstra_tui.tui.main.turns import TurnEnded
from docstra_tui.tui.transcript.messages import (
    BranchWanted,
    CitationMarked,
    CitationOpened,
    CitationsWanted,
    CopyRequested,
    NoCitation,
)
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.workspace.commands import commands_of

NARROW, LOW, TINY_WIDTH, TINY_HEIGHT = 80, 20, 20, 5


class MainScreen(Controllers):
    """Files, conversation, composer."""

    AUTO_FOCUS = "Composer"

    def compose(self) -> ComposeResult:
        yield from self.parts.compose(self.files)

    def on_mount(self) -> None:
        self.composer.ask_for(0)
        self.composer.words = tuple(line for command in commands_of("screen") for line in command.lines)
        self.composer.completes = self.completing.key
        self.composer.has_more = lambda: self._program.keyboard.has_more
        self.files.say_hint()
        self._model_notices.say_welcome()
        self.board.refresh()
        # Not before the first frame is out, which needs none of it; before any key is done all the same.
        self.call_later(self._begin)

    def _begin(self) -> None:
        """List the project, begin a session, let a model be opened."""
        self.session_view.show(self.opened.fresh(self.root), "kept")
        self.files.begin(is_resumed=self._resume is not None)
        self.set_interval(LOOK_SECONDS, self._store_notices.look)
        if self._resume is not None:
            self.sessions.open(self._resume or "last", at_start=True)
        else:
            self.sessions.bring_back_unsent()
        self.model.open()
        self._program.begun()
        self.writing.begin()

    # What is reported

    def on_model_changed(self, event: ModelChanged) -> None:
        if event.is_other:
            self.file_questions.backend_opened()
        self.board.refresh()
        self.ahead.consider(self.session)

    def on_composer_question_submitted(self, event: Composer.QuestionSubmitted) -> None:
        self.commands.take(event.text)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.completing.clicked(event.option_list)  # the only such lists here

    def on_turn_began(self) -> None:
        self._program.link.ask(self.app)  # it may be another line than an hour ago
        self.citations.turn_began()
        self.notices.clear("offer")  # one goes on with what answers; a key still opens the other

    def on_turns_changed(self) -> None:
        self.board.turns_changed()

    def on_turn_ended(self, event: TurnEnded) -> None:
        self.board.turn_ended(event.outcome)
        self.citations.turn_ended()
        if isinstance(event.outcome.error, EngineDied):
            self._model_notices.died(event.outcome.error)
        self.model.look_now()

    def on_files_chosen(self, event: Files.Chosen) -> None:
        self.composer.ask_for(event.count)
        self.suggestions.ticked()

    def on_file_tree_ticked_wanted(self) -> None:
        self.navigation.to_ticked()

    def on_ticked_list_tree_wanted(self) -> None:
        self.navigation.to_tree()

    def on_files_changed(self, event: Files.Changed) -> None:
        self.board.files_changed(event.picked)
        self.suggestions.files_changed(event.picked)
        self.citations.files_changed(event.picked)
        self.ahead.consider(self.session)

    def on_offer_line_opened(self) -> None:
        self.commands.give("suggest")

    def on_files_left(self) -> None:
        self.navigation.to_composer()

    def on_search_requested(self) -> None:
        self.navigation.search()

    def on_older_wanted(self) -> None:
        self.older.read()

    def on_citations_wanted(self, event: CitationsWanted) -> None:
        self.citations.wanted(event)

    def on_citation_marked(self, event: CitationMarked) -> None:
        self.citations.marked(event)

    def on_no_citation(self, event: NoCitation) -> None:
        self.citations.none_there(event)

    def on_citation_opened(self, event: CitationOpened) -> None:
        self.citations.opened(event)

    def on_copy_requested(self, event: CopyRequested) -> None:
        self._program.copying.copy(event.text, event.what)

    def on_text_area_changed(self) -> None:
        self.note_typed()
        if self.session is not None:
            self.session.draft = self.typed[1]  # on the disk within a second
        self.ahead.typed(self.session, self.composer.text)
        self.model.typed()
        self.suggestions.typed()
        self.completing.typed()

    def note_typed(self) -> None:
        """What stands in the composer now is typed for the session that is shown."""
        self.typed = (self.session, self.composer.kept)

    def on_text_area_selection_changed(self) -> None:
        self.completing.typed()

    def on_composer_folded(self, event: Composer.Folded) -> None:
        self.writing.folded(event.mark)

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width < NARROW, "-narrow")
        self.set_class(event.size.height < LOW, "-low")
        self.set_class(event.size.width < TINY_WIDTH or event.size.height < TINY_HEIGHT, "-tiny")

    def on_screen_resume(self) -> None:
        """A dialog was left: by Escape, the next key is for the question, wherever the focus was."""
        if self._program.keyboard.doing == "escape":
            self.navigation.to_composer()

    def on_key(self, event: Key) -> None:
        self.navigation.write(event)

    def on_paste(self, event: Paste) -> None:
        self.navigation.paste(event)

    def on_branch_wanted(self, event: BranchWanted) -> None:
        self.branching.do(event)

    def close_parts(self) -> None:
        """Stop what runs beside the screen; any thread, never blocks."""
        self.files.close()
        self.citations.close()
        self.completing.close()
        self.suggestions.close()
        self._file_jobs.close()
        self._chat_jobs.close()
