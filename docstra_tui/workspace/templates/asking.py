"""Asking with a template on the screen: chosen or named, read where a project offers it, filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docstra_tui.context.picks import Pick
from docstra_tui.errors import DocstraError
from docstra_tui.templates import Template
from docstra_tui.text import reveal, sanitize_line
from docstra_tui.workspace.dialogs import Choice, Dialogs, Form, Offer
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.templates import filling, known
from docstra_tui.workspace.templates.known import Known
from docstra_tui.workspace.templates.project import Reviewed

OWN_WORDS = ""
"""The choice that is no template."""

Send = Callable[[Template, Mapping[str, str]], object]


@dataclass(frozen=True)
class Wanted:
    """A template that somebody wants to ask with."""

    template: Template
    values: Mapping[str, str]
    is_reviewed: bool


class TemplateAsker:
    """Every step returns at once; the files of templates are read in the background, anew each time."""

    def __init__(
        self, root: Path, dialogs: Dialogs, jobs: JobQueue, picks: Callable[[], Sequence[Pick]]
    ) -> None:
        """`picks` are the files that it would be asked about."""
        self._root = root
        self._dialogs = dialogs
        self._jobs = jobs
        self._picks = picks
        self._reviewed = Reviewed(root)
        self._left: dict[str, Mapping[str, str]] = {}
        """What stood in forms that were closed, by the template's name: the next one begins with it."""

    def choose(self, send: Send, ask_words: Callable[[], object] | None = None) -> None:
        """Offer them all; with `ask_words` a request in one's own words too, at once where there is nothing
        to choose from."""

        def found(them: Known) -> None:
            for error in them.wrong.values():
                self._dialogs.fail_with(error)
            if ask_words is not None and not them.offered:
                ask_words()
                return
            choices = [Choice(one.name, one.name, _told(one)) for one in them.templates.values()]
            if ask_words is not None:
                choices.insert(0, Choice(OWN_WORDS, "In your own words"))
            title = "Custom request" if ask_words is not None else "Ask with a template"
            self._dialogs.choose(Offer(title, choices), chosen)

        def chosen(name: str | None) -> None:
            if name == OWN_WORDS and ask_words is not None:
                ask_words()
            elif name:
                self._look(name, {}, send)

        self._jobs.do(lambda: known.find_all(self._root), found, self._dialogs.fail_with, key="templates")

    def start(self, text: str, send: Send) -> None:
        """Ask with the one that is named in what was typed. Raises `UsageError`."""
        words = filling.read_words(text)
        self._look(words.name, words.values, send)

    def _look(self, name: str, values: Mapping[str, str], send: Send) -> None:
        def work() -> Wanted:
            template = known.find_all(self._root).named(name)
            filling.check_values(template, values)
            return Wanted(template, values, self._reviewed.has(template))

        self._jobs.do(work, lambda it: self._review(it, send), self._fail, key="templates")

    def _fail(self, error: Exception) -> None:
        if isinstance(error, DocstraError):
            self._dialogs.warn(sanitize_line(str(error))[:400])
        else:
            self._dialogs.fail_with(error)

    def _review(self, wanted: Wanted, send: Send) -> None:
        """Go on once it was read by whoever asks."""
        if wanted.is_reviewed:
            self._fill(wanted, send)
            return

        def answered(yes: bool) -> None:
            if yes:
                self._jobs.do(
                    lambda: self._reviewed.add(wanted.template),
                    lambda _: self._fill(wanted, send),
                    self._dialogs.fail_with,
                )

        title, text = review_of(wanted.template)
        self._dialogs.review(title, text, answered)

    def _fill(self, wanted: Wanted, send: Send) -> None:
        template, values, picks = wanted.template, wanted.values, self._picks()
        if not filling.has_form(template, values):
            send(template, values)
            return
        form = Form(
            f"{template.name}: {', '.join(field.name for field in template.fields)}",
            " ".join(filter(None, [template.title and f"{template.title}.", template.description])),
            template.fields,
            {**template.defaults, **self._left.get(template.name, {}), **values},
            lambda given: filling.preview(template, {**values, **given}, picks),
            lambda written: self._left.update({template.name: written}),
        )

        def given(filled: Mapping[str, str] | None) -> None:
            if filled is not None:
                self._left.pop(template.name, None)
                send(template, {**values, **filled})

        self._dialogs.fill(form, given)


def review_of(template: Template) -> tuple[str, str]:
    """What is asked about a project's template, and all of its file with whatever may hide in it visible."""
    text = template.source.rstrip("\n")
    lines = f"{text.count(chr(10)) + 1:,} lines" if "\n" in text else "1 line"
    return (
        f"{template.name} is this project's: its {lines} go to the model as your words. Ask with it?",
        reveal(text),
    )


def _told(template: Template) -> str:
    said = template.title or " ".join(template.text.split())[:60]
    return f"{said} ({known.place_of(template)})"
