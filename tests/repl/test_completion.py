"""What completion offers while a question is typed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from docstra_tui.context.names.fuzzy import Block, candidates, first_paths, letters_of, rank
from docstra_tui.repl.completion import SHOWN, ChatCompleter, ProjectFiles
from docstra_tui.workspace.commands import commands_of

FILES = ("src/client.py", "src/my file.py", "README.md", "bad\x1bname.py", "bytes\udcff.py")


def found(query: str, files: Sequence[str] = FILES) -> list[str]:
    """As the finder does it."""
    wanted, blocks = letters_of(query), (Block(files),)
    return rank(wanted, candidates(wanted, blocks)[0], SHOWN) if wanted else first_paths(blocks, SHOWN)


def offered(text: str) -> list[str]:
    """What the text becomes with each completion."""
    completer = ChatCompleter(found)
    rows = completer.get_completions(Document(text), CompleteEvent(text_inserted=True))
    return [text[: len(text) + completion.start_position] + completion.text for completion in rows]


def test_a_slash_at_the_beginning_offers_every_command() -> None:
    assert offered("/") == [f"/{command.name} " for command in commands_of("chat")]
    assert offered("/ex") == ["/explain ", "/examples ", "/export "]
    assert offered("/explain ") == []
    assert offered("/usr/") == []
    assert offered("/think o") == ["/think off", "/think on"]
    assert offered("/think no") == offered("/usr o") == []


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("what is @cli", "what is @src/client.py "),
        ("@READ", "@README.md "),
        ("@my", '@"src/my file.py" '),
        ('@"my fi', '@"src/my file.py" '),
    ],
)
def test_an_at_offers_files(text: str, first: str) -> None:
    assert offered(text)[0] == first


@pytest.mark.parametrize("text", ["mail me@cli", "plain", "@src/client.py done"])
def test_nothing_is_offered_elsewhere(text: str) -> None:
    assert offered(text) == []


def test_names_that_cannot_be_typed_are_not_offered() -> None:
    assert not [line for line in offered("@") if "bad" in line or "bytes" in line]


def test_ignored_files_are_not_offered(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("build/\n")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "made.py").touch()
    (tmp_path / "kept.py").touch()
    (tmp_path / "secret.log").touch()
    files = ProjectFiles(lambda: tmp_path, ["*.log"])
    assert files("") == ("kept.py",)
    files.close()


def test_the_likeliest_file_comes_first(tmp_path: Path) -> None:
    files = ["docs/reading.md", "src/reader.py", "README.md", "src/thread.py", "r/e/a/d.py", "other.py"]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    find = ProjectFiles(lambda: tmp_path)
    assert find("rea")[:3] == ("README.md", "src/reader.py", "docs/reading.md")
    assert find("REA") == find("rea")
    assert "src/thread.py" in find("rea") and "r/e/a/d.py" in find("rea")
    assert "other.py" not in find("rea")
    assert find("src/r")[0] == "src/reader.py"
    for number in range(100):
        (tmp_path / str(number)).touch()
    every = ProjectFiles(lambda: tmp_path)
    assert len(every("")) == 50
    find.close()
    every.close()


def test_another_folder_has_other_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.py").touch()
    roots = ["one", "two"]
    files = ProjectFiles(lambda: tmp_path / roots[0])
    assert files("py") == ("one.py",)
    roots.pop(0)
    assert files("py") == ("two.py",)
    files.close()


def test_folders_are_offered_and_lines_are_kept(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "client.py").touch()
    files = ProjectFiles(lambda: tmp_path)
    assert files("src")[0] == "src/"
    assert offered("@cli:2-9") == ["@src/client.py:2-9 "]
    files.close()
