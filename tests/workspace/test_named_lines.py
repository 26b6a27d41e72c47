"""Lines of commands with the names of what is there."""

from __future__ import annotations

from pathlib import Path

from docstra_tui import templates
from docstra_tui.workspace.files.saved_ticks import SavedTicks
from docstra_tui.workspace.files.tick_sets import TickSets
from docstra_tui.workspace.named_lines import NamedLines


def test_a_line_may_name_a_set_or_a_template_that_is_there(tmp_path: Path) -> None:
    TickSets(tmp_path).save("the client", SavedTicks())
    templates.folder().mkdir(parents=True)
    (templates.folder() / "review.txt").write_text("Review {what}.")
    lines = NamedLines(lambda: tmp_path)
    assert lines.known("/set load ") == [] == lines.read_and_known("/set")
    assert lines.read_and_known("/set load t") == ["/set load the client"]
    assert lines.known("/set delete ") == ["/set delete the client"]
    assert lines.known("/run ") == ["/run review"] and lines.known("/runs") == []
    TickSets(tmp_path).delete("the client")
    assert lines.known("/set load ") != [] and lines.read_and_known("/set load ") == []
