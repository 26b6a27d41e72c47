"""What is taken out of the conversation: copied, or saved into a file that somebody names."""

from __future__ import annotations

from docstra_tui.tui.transcript.keys import TranscriptKeys
from docstra_tui.tui.transcript.messages import CopyRequested, SaveRequested


class TakingKeys(TranscriptKeys):
    """A document out of which one can take something."""

    @property
    def answer_in_sight(self) -> str:
        """As the model wrote it; empty without any."""
        index = self.turn_in_sight
        return self.document.turns[index].answer if index >= 0 else ""

    def action_copy(self) -> None:
        """The selection, else the marked code, else the answer in sight."""
        self._copy(*self._marked())

    def action_copy_turn(self) -> None:
        """Question and answer."""
        if self.document.turns:
            turn = self.document.turns[self.current_turn]
            self._copy(f"{turn.question}\n\n{turn.answer}", "turn")

    def action_save(self) -> None:
        """The same as is copied, into a file."""
        text, what = self._marked()
        if text:
            self.post_message(SaveRequested(text, what))

    def _marked(self) -> tuple[str, str]:
        if self.marks.selected is not None:
            return self.marks.selected_text, "selection"
        if code := self.code_walk.marked_code():
            return code, "code"
        turns = self.document.turns
        return (turns[self.current_turn].answer if turns else ""), "answer"

    def _copy(self, text: str, what: str) -> None:
        if text:
            self.post_message(CopyRequested(text, what))
