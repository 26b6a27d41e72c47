"""A diff, put on the old text, gives the new one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from docstra_tui.context.git.comparison import Change
from docstra_tui.context.git.differences import Writer
from docstra_tui.context.git.history import Row
from docstra_tui.context.git.unified import unified

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "def f():\n"]), max_size=40)


def put_on(old: list[str], diff: list[str]) -> list[str]:
    """As `patch` does it, and every line that it says is there has to be."""
    made: list[str] = []
    at = 0
    for row in diff:
        for line in row.splitlines(keepends=True)[:1]:
            if line.startswith("@@"):
                start, _, count = line.split()[1][1:].partition(",")
                begin = int(start) - (0 if count == "0" else 1)
                made += old[at:begin]
                at = begin
            elif line[0] in " -":
                assert old[at] == line[1:]
                made += [line[1:]] if line[0] == " " else []
                at += 1
            else:
                made.append(line[1:])
    return made + old[at:]


@given(LINES, LINES)
def test_what_is_said_to_differ_makes_the_one_of_the_other(old: list[str], new: list[str]) -> None:
    assert put_on(old, list(unified(old, new))) == new


def test_what_is_long_is_told_as_replaced_and_soon() -> None:
    old = ["x\n", "y\n"] * 60_000
    new = ["y\n", "x\n", "z\n"] * 60_000
    assert put_on(old, list(unified(old, new))) == new


def test_the_end_of_a_file_is_told() -> None:
    assert list(unified(["a"], ["a\n"])) == [
        "@@ -1 +1 @@\n",
        "-a\n\\ No newline at end of file\n",
        "+a\n",
    ]


def test_what_there_is_no_room_for_is_not_looked_at_for_ever() -> None:
    """The first commit of a large project: every file of it is new."""
    looked_at: list[str] = []

    def load(path: str, row: Row) -> bytes:
        looked_at.append(path)
        return b"long\n" * 100

    new = Row(0o100644, b"x" * 20)
    many = [
        Change(name, None, new) for name in (".env", *(f"{number:03}.py" for number in range(500)), "id_rsa")
    ]
    told = Writer(load, load, 1000).write(many)
    assert len(looked_at) < 100
    assert told.left_out == (
        "2 files are left out, as they may hold secrets.",
        "499 files are left out, as the whole is too long.",
    )
    assert told.text.count("diff --git") == 1
