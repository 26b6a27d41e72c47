"""What completion offers while a question is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from docstra_tui.repl.completion import ChatCompleter, ProjectFiles
from docstra_tui.workspace.commands import commands_of

FILES = ("src/client.py", "src/my file.py", "README.md", "bad\x1bname.py", "bytes\udcff.py")


def offered(text: str) -> list[str]:
    """What the text becomes with each completion."""
    completer = ChatCompleter(lambda: FILES)
    found = completer.get_completions(Document(text), CompleteEvent(text_inserted=True))
    return [text[: len(text) + completion.start_position] + completion.text for completion in found]


def test_a_slash_at_the_beginning_offers_every_command() -> None:
    assert offered("/") == [f"/{command.name} " for command in commands_of("chat")]
    assert offered("/ex") == ["/explain ", "/examples "]
    assert offered("/explain ") == []
    assert offered("/usr/") == []


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
    files = ProjectFiles(tmp_path, ["*.log"])
    assert files() == ("kept.py",)
