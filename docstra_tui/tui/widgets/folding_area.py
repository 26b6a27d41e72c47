"""A text area in which a long text is one mark: drawn, passed and deleted as one, and whole in `text`."""

from __future__ import annotations

from rich.text import Text
from textual.document._document import EditResult, Location
from textual.document._document_navigator import DocumentNavigator
from textual.document._edit import Edit

from docstra_tui.tui.widgets.drawn_lines import DrawnLines, Wrapped, drawn
from docstra_tui.tui.widgets.fields import TextField
from docstra_tui.workspace.folds import Folds


class FoldingArea(TextField):
    """As wide and as high as whoever has it wants."""

    def __init__(self) -> None:
        self.folds = Folds()
        self._whole = ("", "")
        """What is written with its marks, and the same whole."""
        super().__init__(compact=True, soft_wrap=True, highlight_cursor_line=False)

    @property
    def text(self) -> str:
        """All that is written, long pastes whole."""
        shown = self.document.text
        if shown != self._whole[0] or not self.folds:
            self._whole = (shown, self.folds.whole(shown))
        return self._whole[1]

    @text.setter
    def text(self, value: str) -> None:
        self.load_text(value)

    def change_to(self, text: str) -> None:
        """This stands here now; undo takes it back."""
        self.history.checkpoint()
        self.replace(self.folds.again(text), (0, 0), self.document.end, maintain_selection_offset=False)
        self.history.checkpoint()

    def load_text(self, text: str) -> None:
        marked = self.folds.again(text)
        super().load_text(marked)
        self.folds.forget_unused(marked)

    # Marks of long pastes: whole or not at all

    def edit(self, edit: Edit) -> EditResult:
        top, bottom = edit.top, edit.bottom
        if top == bottom:
            top = bottom = self._beside_mark(top, at_end=True)
        else:
            top, bottom = self._beside_mark(top, at_end=False), self._beside_mark(bottom, at_end=True)
        if (top, bottom) != (edit.top, edit.bottom):
            edit = Edit(edit.text, top, bottom, edit.maintain_selection_offset)
        return super().edit(edit)

    def move_cursor(
        self, location: Location, select: bool = False, center: bool = False, record_width: bool = True
    ) -> None:
        at = self._beside_mark(location, at_end=location >= self.cursor_location)
        super().move_cursor(at, select, center, record_width)

    @property
    def selected_text(self) -> str:
        return self.folds.whole(super().selected_text)

    def _beside_mark(self, location: Location, *, at_end: bool) -> Location:
        """The end or the beginning of the mark that a place lies in; where it lies in none, itself."""
        row, column = location
        if self.folds and row < self.document.line_count:
            for start, end in self.folds.spans(self.document.get_line(row)):
                if start < column < end:
                    return row, end if at_end else start
        return location

    def unfold(self) -> bool:
        """Write a long paste in the place of its mark, which the cursor is beside; False where there is
        none."""
        row, column = self.cursor_location
        line = self.document.get_line(row)
        for start, end in self.folds.spans(line):
            text = self.folds.of(line[start:end])
            if column in (start, end) and text is not None:
                self.replace(text, (row, start), (row, end), maintain_selection_offset=False)
                return True
        return False

    # Drawing

    def _set_document(self, text: str, language: str | None) -> None:
        super()._set_document(text, language)
        lines = DrawnLines(self.document)
        self.wrapped_document = Wrapped(lines, tab_width=self.indent_width)  # type: ignore[arg-type]
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._rewrap_and_refresh_virtual_size()

    def _recompute_cursor_offset(self) -> None:
        """In the middle of an undo the cursor may stand behind the text's end, and Textual asks for its place
        when the scrollbar goes with the lines."""
        location = self.clamp_visitable(self.cursor_location)
        self._cursor_offset = self.wrapped_document.location_to_offset(location)

    def get_line(self, line_index: int) -> Text:
        """A line as it is drawn; Textual puts the looks on."""
        line = self.document.get_line(line_index)
        text = Text(drawn(line), end="", no_wrap=True)
        for start, end in self.folds.spans(line):
            text.stylize("bold", start, end)
        return text
