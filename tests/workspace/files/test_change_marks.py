"""What stands beside changed files, and which of them one key ticks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from docstra_tui.errors import UnreadableFile
from docstra_tui.workspace.files.change_marks import TOGETHER, ChangeMarks, mark_of, marks_of
from docstra_tui.workspace.files.change_watch import ChangeWatch


@pytest.mark.parametrize(
    ("state", "letter", "said"),
    [
        (" M", "M", "not staged"),
        ("M ", "M", "and staged"),
        ("MM", "M", "changed again"),
        ("A ", "A", "New, and staged"),
        ("AM", "A", "New, and staged"),
        (" ?", "?", "not in git"),
        ("UU", "U", "conflict"),
    ],
)
def test_each_state_has_a_letter_and_a_sentence(state: str, letter: str, said: str) -> None:
    mark = mark_of(state)
    assert (mark.letter, said in mark.reason) == (letter, True)


def test_folders_above_a_changed_file_are_marked_and_their_neighbours_are_not() -> None:
    marks = ChangeMarks({"src/a/b.py": " M", "src-old/c.py": " ?"})
    assert [f for f in ("src", "src/a", "src-old", "sr", "src/a/b.py", "z") if marks.is_below(f)] == [
        "src",
        "src/a",
        "src-old",
    ]


def test_only_files_that_are_there_and_hold_no_secrets_are_ticked(tmp_path: Path) -> None:
    """What is gone, a link and a submodule can be changed too, and cannot be ticked."""
    for name in ("b.py", "a.py", ".env"):
        (tmp_path / name).write_text("x = 1\n")
    (tmp_path / "submodule").mkdir()
    (tmp_path / "link.py").symlink_to("a.py")
    named = ("b.py", "a.py", ".env", "gone.py", "link.py", "submodule", "bad\0name", "\udcff")
    marks = marks_of(tmp_path, dict.fromkeys(named, " M"))
    assert marks.to_tick == ("a.py", "b.py")
    assert marks.secret == (".env",)
    assert marks.of_file("gone.py") is None


def test_nothing_and_another_checkout_are_not_ticked_and_that_is_said() -> None:
    assert ChangeMarks().refusal == "No file is changed since the last commit."
    assert ChangeMarks({".env": " M"}).refusal == ChangeMarks({"a.py": " M"}).refusal == ""
    many = ChangeMarks({f"{number}.py": " M" for number in range(TOGETHER + 1)})
    assert many.refusal == "2,001 files are changed, too many for one prompt: pick some of them."


class Once:
    """A queue whose jobs are done when it is told."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def do(self, work, done, failed, *, key: str = "") -> None:
        def run() -> None:
            try:
                result = work()
            except Exception as error:
                failed(error)
            else:
                done(result)

        self.jobs.append(run)

    def run(self) -> int:
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            job()
        return len(jobs)

    def close(self) -> None:
        self.jobs.clear()


def test_looks_only_where_there_is_a_repository_and_not_again_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    read: list[int] = []
    shown: list[ChangeMarks] = []

    def states() -> Mapping[str, str]:
        read.append(1)
        return {"a.py": " M"}

    jobs = Once()
    watch = ChangeWatch(tmp_path, states, jobs, shown.append)  # type: ignore[arg-type]
    watch.look()
    assert (jobs.run(), read, shown) == (1, [], [])
    (tmp_path / ".git").mkdir()
    again = ChangeWatch(tmp_path, states, jobs, shown.append)  # type: ignore[arg-type]
    again.look()
    again.look()
    assert (jobs.run(), len(read), [one.to_tick for one in shown]) == (1, 1, [("a.py",)])
    again.look()
    assert jobs.run() == 0
    asked: list[ChangeMarks] = []
    again.ask(asked.append, pytest.fail)  # somebody wants to know now
    assert (jobs.run(), len(read), asked == shown, len(shown)) == (1, 2, True, 1)


def test_a_repository_that_cannot_be_read_says_why_to_whoever_asks(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    shown: list[ChangeMarks] = []
    told: list[Exception] = []

    def states() -> Mapping[str, str]:
        raise UnreadableFile("The repository is damaged.")

    jobs = Once()
    watch = ChangeWatch(tmp_path, states, jobs, shown.append)  # type: ignore[arg-type]
    watch.look()
    jobs.run()
    watch.ask(lambda marks: pytest.fail("nothing is known"), told.append)
    jobs.run()
    assert shown == []
    assert [str(error) for error in told] == ["The repository is damaged."]
