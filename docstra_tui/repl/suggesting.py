"""Files for a question in the inline chat: a numbered list, and which of them the model gets."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from docstra_tui.context.mentions import Mention
from docstra_tui.errors import DocstraError, NoAnswer, UsageError
from docstra_tui.key_hints import press
from docstra_tui.repl.printer import Printer
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.suggesting.numbered import picked
from docstra_tui.workspace.suggesting.offers import Offer, Offers, index_of
from docstra_tui.workspace.suggesting.own_words import ASKING, looked_for
from docstra_tui.workspace.suggesting.subject import question_in
from docstra_tui.workspace.suggesting.weights import Sum, Weight, reading_pace, weight_words

if TYPE_CHECKING:
    from docstra_tui.context.fitting.budget import Budget
    from docstra_tui.context.search.index.project import ProjectIndex
    from docstra_tui.repl.files import ChatFiles
    from docstra_tui.repl.models import Models
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.settings import Settings

SHOWN = 8
"""Files that are listed."""
STANDS_SECONDS = 0.35
"""Nothing was typed for this long: files are looked for."""

AGAIN_SECONDS = 1.0
"""While the index grows, they are looked for again this often."""

INDENT = 5
"""Columns in front of a reason."""

NO_QUESTION = "There is no question to find files for."
HOW = "Write one behind it: /suggest How does the client retry?"


class Chatting(Protocol):
    """What it is about."""

    @property
    def session(self) -> ChatSession:
        """The one that goes on."""

    @property
    def budget(self) -> Budget | None:
        """What the next question would take, as far as that is counted."""

    def files_changed(self) -> None:
        """The model gets other files."""


class Suggesting:
    """Main thread, but for what is looked for while somebody types."""

    def __init__(
        self,
        chat: Chatting,
        files: ChatFiles,
        models: Models,
        settings: Callable[[], Settings],
        printer: Printer,
        ask_value: Callable[[str, str, Callable[[str], str]], str | None],
    ) -> None:
        self._chat = chat
        self._files = files
        self._models = models
        self._settings = settings
        self._printer = printer
        self._ask_value = ask_value
        self._root: Path | None = None
        self._index: ProjectIndex | None = None
        self._offers: Offers | None = None
        self._listed: tuple[str, ...] = ()
        """The paths of the list, by their numbers."""
        self._of = ""
        """The question that it is for."""
        self._weights: Mapping[str, Weight] = {}
        self._typed, self._typed_at, self._asked = "", 0.0, ""
        self._asked_at = 0.0
        self._offer = Offer()

    @property
    def handlers(self) -> Mapping[str, Callable[[CommandLine], None]]:
        """By the names of the commands."""
        return {"suggest": self.take, "words": self.take_words}

    # Commands

    def take(self, line: CommandLine) -> None:
        """List files for a question, else for the last one, or take some of them. Raises `DocstraError`."""
        places = picked(line.text, len(self._listed))
        if places is not None:
            self._add(places)
        elif self._list(line.text or self._last_question()):
            self._printer.line("/suggest 1 3 gives the model these of them.", "hint")

    def take_words(self, line: CommandLine) -> None:
        """The same with words that the model says. Raises `DocstraError`."""
        question = line.text or self._of or self._last_question()
        if not question:
            raise UsageError(NO_QUESTION, HOW)
        if not (self._models.may_send() and self._models.is_ready()):
            return
        self._printer.progress(f"{ASKING} (Ctrl+C stops)")
        words: tuple[str, ...] = ()
        try:
            words = self._models.llm.own_words(question)
        except NoAnswer:
            pass
        except KeyboardInterrupt:
            self._printer.line("Stopped.", "note")
            return
        finally:
            self._printer.end_progress()
        self._printer.line(looked_for(words), "note")
        if self._list(question, words):
            self._printer.line("/suggest 1 3 gives the model these of them.", "hint")

    def take_draft(self, draft: str) -> None:
        """List files for what is being written, and ask which. Says what goes wrong."""
        try:
            if self._list(question_in(draft, "chat") or self._last_question()):
                self._ask_which()
        except DocstraError as error:
            self._printer.error(error)

    def _last_question(self) -> str:
        turns = self._chat.session.turns
        return question_in(turns[-1].question, "chat") if turns else ""

    # The list

    def _list(self, question: str, words: Sequence[str] = ()) -> bool:
        """False where there is nothing to pick."""
        from docstra_tui.workspace.suggesting.waited import offer_now, weigh_now

        if not question:
            raise UsageError(NO_QUESTION, HOW)
        if self._settings().index == "off":
            raise UsageError(
                "The setting index is off: no index is made here.", "To have one: /settings index auto"
            )
        session = self._chat.session
        self._open()
        assert self._index is not None
        ticked = [pick.path for pick in self._files.selection.picks]
        try:
            offer = offer_now(self._index, question, ticked, words, self._printer.progress)
            paths = tuple(file.path for file in offer.files[:SHOWN])
            self._weights = weigh_now(
                session, session.root, paths, self._files.selection.max_bytes_of, counts=self._counts
            )
        finally:
            self._printer.end_progress()
        self._listed, self._of = paths, question
        left = self._chat.budget.left if self._chat.budget is not None else None
        pace = reading_pace(session.turns)
        for number, file in enumerate(offer.files[:SHOWN], 1):
            weighs = weight_words(self._weights[file.path], left, pace)
            self._printer.line(f"{number:>3}  {shown_name(file.path)}  {weighs}")
            for line in textwrap.wrap(
                sanitize_line(file.reason), max(20, self._printer.columns - INDENT - 1)
            ):
                self._printer.line(f"{'':{INDENT}}{line}", "dim")
        if offer.problem:
            self._printer.line(offer.problem, "error")
        elif not paths:
            self._printer.line("Nothing in the project has words of this question.", "note")
            self._printer.line("/words has the model say what else to look for.", "hint")
        if offer.note:
            self._printer.line(f"{offer.note}: there may be more.", "note")
        return bool(paths)

    @property
    def _counts(self) -> bool:
        """False where nobody counts, or where a file that nobody picked would be sent for it."""
        return self._models.status.state == "ready" and not self._models.host

    def _ask_which(self) -> None:
        def below(text: str) -> str:
            try:
                places = picked(text, len(self._listed)) or ()
            except UsageError as error:
                return str(error)
            weights = [self._weights[self._listed[place]] for place in places]
            return Sum(self._chat.budget, weights).words(reading_pace(self._chat.session.turns))

        typed = self._ask_value("Which of them? Numbers; Enter for none: ", "", below)
        if typed is not None and (places := picked(typed, len(self._listed))):
            self._add(places)

    def _add(self, places: Sequence[int]) -> None:
        mentions = [Mention(self._listed[place]) for place in places]
        if self._files.name("", mentions, must_exist=True) is not None:
            self._chat.files_changed()

    # While somebody types

    def typed(self, text: str) -> None:
        """This is being written."""
        if text != self._typed:
            self._typed, self._typed_at = text, time.monotonic()

    @property
    def hint(self) -> str:
        """`Ctrl+N: client.py, config.py +6`, for the line below; looks for files where a question stands.
        Quick: for the thread that draws."""
        question = question_in(self._typed, "chat")
        if not question or self._settings().index == "off":
            return ""
        offer, now = self._offer, time.monotonic()
        is_new = question != self._asked and now - self._typed_at >= STANDS_SECONDS
        is_part = offer.question == question == self._asked and not offer.is_complete
        if is_new or (is_part and now - self._asked_at >= AGAIN_SECONDS):
            self._asked, self._asked_at = question, now
            self._open().ask(question, [pick.path for pick in self._files.selection.picks])
        if offer.question != question or not offer.files:
            return ""
        names = [sanitize_line(shown_name(file.path.rpartition("/")[2])) for file in offer.files[:2]]
        more = min(SHOWN, len(offer.files)) - len(names)
        note = f" ({offer.note})" if offer.note else ""
        return (
            f"{press('main.suggest', '/suggest')}: {', '.join(names)}" + (f" +{more}" if more else "") + note
        )

    def _open(self) -> Offers:
        """For the folder of the session, brought up in the background from now on."""
        root = self._chat.session.root
        if self._offers is None or root != self._root:
            self.close()
            index = index_of(root, self._settings())()
            self._root, self._index, self._listed = root, index, ()
            self._offers = Offers(lambda: index, self._found, lambda call: call())
            self._offers.begin()
        return self._offers

    def _found(self, offer: Offer) -> None:
        self._offer = offer

    def close(self) -> None:
        """Stop what runs."""
        if self._offers is not None:
            self._offers.close()
