"""Commands on a real terminal: what is typed is done, mended or sent with its files, in both faces."""

from __future__ import annotations

from pathlib import Path

from docstra_tui import themes
from tests.pty.key_table import Case, face

RIGHT, HOME = b"\x1b[C", b"\x1b[H"


def colour(theme: str) -> bytes:
    """How a terminal of 24 bits is told the ground of a theme."""
    ground = themes.choose(theme)[0].colours.background
    return b"48;2;%d;%d;%d" % tuple(bytes.fromhex(ground.removeprefix("#")))


def test_a_mistyped_command_is_mended_and_explains_the_file_that_it_names(project: Path) -> None:
    with face(project) as typed:
        typed.terminal.write(b"/expl src/client.py\r")
        typed.terminal.wait_for("Did you mean /explain?")
        assert not typed.questions()
        mended = Case("mended", (HOME + RIGHT * 5 + b"ain",), "")
        assert 'about the file "src/client.py", given above' in typed.run(mended)


def test_a_theme_is_worn_while_one_chooses_and_kept_for_the_next_start(project: Path) -> None:
    with face(project) as typed:
        assert colour("paper") not in typed.terminal.raw
        typed.terminal.write(b"/theme\r")
        typed.terminal.wait_for("Switch theme")
        typed.terminal.write(b"pap")
        typed.terminal.wait_for(lambda _: colour("paper") in typed.terminal.raw)
        typed.terminal.write(b"\r")
        typed.terminal.wait_for(lambda text: "Switch theme" not in text)
        typed.terminal.write(b"/quit\r")
        assert typed.terminal.wait_end() == 0
    with face(project) as typed:
        assert colour("paper") in typed.terminal.raw and colour("lamp") not in typed.terminal.raw


def test_the_inline_chat_takes_lines_behind_a_completed_name(project: Path) -> None:
    with face(project, "chat") as typed:
        typed.terminal.write(b"see @clie")
        typed.terminal.wait_for("src/client.py")
        question = typed.run(Case("lines", (b"\t:1-1",), "see @src/client.py:1-1"))
        assert question.endswith("see @src/client.py:1-1")
        assert 'File "src/client.py", lines 1-1:\n```python\ndef retry(times):\n```' in question


def test_a_yes_that_was_typed_before_it_was_asked_for_replaces_no_file(project: Path) -> None:
    kept = project / "answer.md"
    kept.write_text("mine\n")
    with face(project, "chat") as typed:
        typed.run(Case("a question", (b"how?",), "how?"))
        typed.terminal.write(b"/save answer.md\ry\r")
        # Without what is between words: a long path has the line go on anywhere in it.
        typed.terminal.wait_for(lambda text: "Replaceit?" in "".join(text.split()))
        typed.terminal.write(b"n\r")
        typed.terminal.wait_for(lambda text: "Replaceit?[y/N]n" in "".join(text.split()))
        typed.terminal.write(b"/quit\r")
        typed.terminal.wait_end()
    assert kept.read_text() == "mine\n"
