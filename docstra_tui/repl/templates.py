"""Asking with a template in the inline chat: which one, its text where a project offers it, its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from docstra_tui.context.picks import Pick
from docstra_tui.repl.printer import Printer
from docstra_tui.templates import Field, Template
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.templates import filling, known
from docstra_tui.workspace.templates.asking import review_of
from docstra_tui.workspace.templates.project import Reviewed

Write = Callable[[str, str, Callable[[str], str]], str | None]
"""Asks for a value: its name, what stands there at first, and what to say below it while it is written; None
where nobody wants to go on."""


class Templates:
    """Main thread: what it asks is asked in the place of the next line."""

    def __init__(
        self, root: Callable[[], Path], printer: Printer, confirm: Callable[[str], bool], write: Write
    ) -> None:
        self._root = root
        self._printer = printer
        self._confirm = confirm
        self._write = write
        self._reviewed: dict[Path, Reviewed] = {}

    def show_all(self) -> None:
        """Each with its values, and what keeps others from being used."""
        found = known.find_all(self._root())
        for template in found.templates.values():
            usage = filling.usage(template)
            told = " · ".join(filter(None, [template.title, known.place_of(template)]))
            self._printer.line(f"  {usage}  {told}")
        for error in found.wrong.values():
            self._printer.error(error)

    def filled(
        self, words: filling.Words, picks: Sequence[Pick]
    ) -> tuple[Template, Mapping[str, str]] | None:
        """The template that is named, and its values; None where nobody wanted to go on.

        Raises `TemplateError`, `UsageError`.
        """
        template = known.find_all(self._root()).named(words.name)
        filling.check_values(template, words.values)
        if not self._is_read(template):
            return None
        values = dict(words.values)
        if filling.has_form(template, values):
            for field in template.fields:
                if field.name in values:
                    continue
                value = self._ask(template, field, values, picks)
                if value is None:
                    return None
                values[field.name] = value
        return template, values

    def _ask(
        self, template: Template, field: Field, values: Mapping[str, str], picks: Sequence[Pick]
    ) -> str | None:
        """The value of one field; what has to be written is asked for until it is."""

        def below(written: str) -> str:
            given = {**values, field.name: written} if written else values
            return filling.preview(template, given, picks)

        asks = f" ({sanitize_line(field.asks)})" if field.asks else ""
        while True:
            value = self._write(f"{field.name}{asks}: ", field.default or "", below)
            if value is None or value.strip() or field.default is not None:
                return value
            self._printer.line(f"{field.name} has to be written; Ctrl+C asks nothing.", "hint")

    def _is_read(self, template: Template) -> bool:
        """True once it was read by whoever asks, where it is a project's."""
        root = self._root()
        reviewed = self._reviewed.setdefault(root, Reviewed(root))
        if reviewed.has(template):
            return True
        title, text = review_of(template)
        self._printer.line(text)
        if not self._confirm(f"{title} [y/N] "):
            return False
        reviewed.add(template)
        return True
