"""What a line that begins with a slash may become."""

from __future__ import annotations

from docstra_tui.workspace.command_offers import offered
from docstra_tui.workspace.commands import commands_of


def test_a_name_becomes_the_commands_that_begin_so_with_their_help() -> None:
    assert [row.line for row in offered("/", "chat")] == [f"/{row.name} " for row in commands_of("chat")]
    [row] = offered("/expl", "screen")
    assert (row.line, row.shown) == ("/explain ", "/explain [FILE…]") and "one answer each" in row.help
    assert offered("/EXPL", "screen") == (row,)
    assert offered("/nothing", "screen") == offered("expl", "screen") == offered("/a\nb", "screen") == ()


def test_behind_a_command_stand_its_choices_and_what_the_face_knows() -> None:
    assert [row.shown for row in offered("/think o", "chat")] == ["off", "on"]
    more = offered("/set load ", "chat", lambda before: [f"{before}docs", "/set load all"])
    assert [row.line for row in more] == ["/set load docs", "/set load all"]
    assert (
        offered("/think on", "chat") == offered("/explain a", "chat") == offered("/unknown o", "chat") == ()
    )
