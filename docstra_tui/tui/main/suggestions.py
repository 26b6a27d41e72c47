"""Files offered for what is being written: the line above the composer, and the list that a key opens.

Nothing is ticked by itself, and nothing is asked of the model for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from textual.timer import Timer
from textual.widget import Widget

from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.files import Files
from docstra_tui.tui.main.parts import Parts
from docstra_tui.tui.main.program import Program
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.files.watched_selection import WatchedSelection
from docstra_tui.workspace.jobs import Deliver
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.permission import Permission
from docstra_tui.workspace.suggesting.offers import Offer, Offers, OpenIndex
from docstra_tui.workspace.suggesting.own_words import OwnWords, looked_for
from docstra_tui.workspace.suggesting.subject import question_in
from docstra_tui.workspace.suggesting.weights import Sum, Weight, Weights, reading_pace

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.tui.screens.suggestions import SuggestionsScreen
    from docstra_tui.workspace.files.picked import Picked

STANDS_SECONDS = 0.35
"""Nothing was typed for this long: files are looked for."""
AGAIN_SECONDS = 1.0
"""While the index grows, they are looked for again this often."""
OFF = "No files are offered: the setting index is off."
NOT_ASKED = "Write a question first: files for it are offered here."


class Suggestions:
    """Runs on the screen's thread."""

    def __init__(
        self,
        root: Path,
        open_index: OpenIndex,
        parts: Parts,
        files: Files,
        selection: WatchedSelection,
        model: AnsweringModel,
        permission: Permission,
        session: Callable[[], ChatSession | None],
        send: Callable[[str], object],
        program: Program,
        dialogs: Dialogs,
        timers: Widget,
    ) -> None:
        """`session` is the one that is shown; `send` does what Enter does in the composer."""
        self._root = root
        self._composer = parts.composer
        self._line = parts.offer_line
        self._colours = parts.conversation.colours
        self._tree = parts.tree_view
        self._files = files
        self._selection = selection
        self._model = model
        self._is_on = model.settings.index != "off"
        self._permission = permission
        self._session = session
        self._send = send
        self._program = program
        self._dialogs = dialogs
        self._timers = timers
        deliver: Deliver = timers.call_later
        self._offers = Offers(open_index, self._found, deliver)
        self._weights = Weights(root, selection.max_bytes_of, self._weighed, deliver)
        self._own_words = OwnWords(deliver)
        self._words: tuple[str, ...] = ()
        """Those of the model, for the question of the list."""
        self._standing: Timer | None = None
        self._screen: SuggestionsScreen | None = None
        self._is_filled = asyncio.Event()
        """The keys behind the one that opened the list wait for it."""
        self._counted: tuple[object, frozenset[str]] = (None, frozenset())
        """The budget that was told last, and the files that are in it."""

    @property
    def handlers(self) -> Mapping[str, Callable[[CommandLine], None]]:
        """By the names of the commands."""
        return {"suggest": self.show, "words": self.show_words}

    # While one writes

    def typed(self) -> None:
        """Something else stands in the composer, or other files are ticked."""
        if self._standing is not None:
            self._standing.stop()
            self._standing = None
        text = self._composer.document.text
        if not text or not self._is_on:
            self._nothing()
            return
        if not text.startswith("/"):  # a command needs no index, or is looked at when it stands still
            self._offers.begin()
        self._standing = self._timers.set_timer(STANDS_SECONDS, self._stands)

    def _stands(self) -> None:
        self._standing = None
        question = question_in(self._composer.text, "screen")
        if question:
            self._ask(question)
        else:
            self._nothing()

    def _nothing(self) -> None:
        if self._screen is None:
            self._offers.forget()
            self._line.show(Offer())

    def _ask(self, question: str) -> None:
        self._offers.ask(question, self._tree.model.ticked, self._words)

    def _found(self, offer: Offer) -> None:
        screen = self._screen
        if screen is not None:
            screen.fill(offer)
            self._weigh(screen)
        elif question_in(self._composer.text, "screen") != offer.question:
            return
        self._line.show(offer)
        self._is_filled.set()
        if not offer.is_complete and self._standing is None:
            self._standing = self._timers.set_timer(AGAIN_SECONDS, lambda: self._again(offer.question))

    def _again(self, question: str) -> None:
        self._standing = None
        if self._screen is not None or question_in(self._composer.text, "screen") == question:
            self._ask(question)

    # The list

    def show(self, line: CommandLine) -> None:
        """Open the list for what stands in the composer, or behind the command; else for what was asked
        last."""
        if not self._is_on:
            self._dialogs.say(OFF)
            return
        if line.text:
            self._composer.write(line.text)
        written = question_in(self._composer.text, "screen")
        session = self._session()
        asked = session.turns[-1].question if session is not None and session.turns else ""
        question = written or question_in(asked, "screen")
        if not question:
            self._dialogs.say(NOT_ASKED)
            return
        self._open(question, can_send=bool(written))

    def _open(self, question: str, *, can_send: bool) -> None:
        from docstra_tui.tui.screens.suggestions import SuggestionsScreen

        self._words = ()
        screen = SuggestionsScreen(self._root, self, self._colours, question, can_send=can_send)
        self._screen = screen
        if self._line.offer.question == question and self._standing is None:
            screen.fill(self._line.offer)
            self._weigh(screen)
        else:
            self._is_filled.clear()
            self._program.keyboard.wait_for(self._is_filled)
        self._ask(question)
        self._dialogs.ask(screen, self._left)

    def _left(self, sends: bool | None) -> None:
        self._screen, self._words = None, ()
        self._own_words.forget()
        self._is_filled.set()
        self._composer.focus()
        if sends and (text := self._composer.written):
            self._send(text)
        else:
            self.typed()

    # The model's own words

    def show_words(self, line: CommandLine) -> None:
        """The same, with words that the model says."""
        self.show(line)
        if self._screen is not None:
            self.ask_words()

    def ask_words(self) -> None:
        self._permission.for_host(self._ask_words)

    def _ask_words(self) -> None:
        screen, llm = self._screen, self._model.llm
        if screen is None or self._own_words.is_asking:
            return
        if llm is None:
            self._dialogs.warn("The model is still being opened.")
            return
        self._own_words.ask(llm, screen.question, self._have_words, self._no_words)
        screen.show_again()

    def _have_words(self, words: tuple[str, ...]) -> None:
        self._words = words
        self._dialogs.say(looked_for(words))
        if self._screen is not None:
            self._screen.say_words(words)
            self._screen.sort_again()
            self._screen.show_again()
            self._ask(self._screen.question)

    def _no_words(self, error: Exception) -> None:
        self._dialogs.fail_with(error)
        if self._screen is not None:
            self._screen.show_again()

    @property
    def is_asking_words(self) -> bool:
        return self._own_words.is_asking

    def _weigh(self, screen: SuggestionsScreen) -> None:
        self._weights.want(screen.paths, self._session(), is_elsewhere=bool(self._model.host))

    def _weighed(self) -> None:
        if self._screen is not None:
            self._screen.show_again()

    # What the list asks, and has done

    def weight(self, path: str) -> Weight:
        return self._weights.of(path)

    def is_ticked(self, path: str) -> bool:
        return self._tree.model.is_ticked(path)

    def tick(self, path: str) -> None:
        self._files.toggle(path)

    def look(self, path: str, line: int) -> None:
        self._files.preview(path, line)

    def max_bytes_of(self, path: str) -> int:
        return self._selection.max_bytes_of(path)

    @property
    def count(self) -> int:
        return len(self._tree.model.ticked)

    @property
    def sum(self) -> Sum:
        budget, counted = self._selection.now.budget, self._counted[1]
        paths = self._screen.paths if self._screen is not None else ()
        added = [self.weight(path) for path in paths if self.is_ticked(path) and path not in counted]
        removed = [self.weight(path) for path in paths if path in counted and not self.is_ticked(path)]
        return Sum(budget, added, removed)

    @property
    def pace(self) -> float | None:
        budget, session = self._selection.now.budget, self._session()
        if budget is not None and budget.pace is not None:
            return budget.pace
        return reading_pace(session.turns) if session is not None else None

    # What is reported

    def ticked(self) -> None:
        """Other files are ticked."""
        if self._screen is not None:
            self._screen.show_again()
        else:
            self.typed()

    def files_changed(self, picked: Picked) -> None:
        """The ticked files were read, looked at or counted."""
        if picked.budget is not self._counted[0]:
            self._counted = (picked.budget, frozenset(picked.by_path))
        self._weights.go_on()
        self._weighed()

    def close(self) -> None:
        """Stop what runs; any thread, never blocks."""
        self._offers.close()
        self._own_words.close()
        self._weights.close()
