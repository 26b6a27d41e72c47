"""The theme that was chosen is the one of the next start, here and in folders without a choice."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui import paths
from docstra_tui.commands import faces
from docstra_tui.commands.arguments import parse
from docstra_tui.settings import PROJECT_FILE
from docstra_tui.workspace.theme_choice import keep, theme_for


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    return tmp_path / "one", tmp_path / "two"


def configure(text: str) -> None:
    paths.config_dir().mkdir(parents=True, exist_ok=True)
    (paths.config_dir() / "config.toml").write_text(text)


def test_a_folders_own_choice_comes_before_the_last_one_elsewhere(folders: tuple[Path, Path]) -> None:
    one, two = folders
    assert theme_for(one) == "lamp"
    keep(one, "paper")
    assert (theme_for(one), theme_for(two)) == ("paper", "paper")
    keep(two, "lamp")
    assert (theme_for(one), theme_for(two), theme_for(one.parent)) == ("paper", "lamp", "lamp")


def test_another_theme_in_the_settings_is_newer_than_a_choice(folders: tuple[Path, Path]) -> None:
    one, two = folders
    configure('theme = "paper"\n')
    keep(one, "lamp")
    assert (theme_for(one), theme_for(two)) == ("lamp", "lamp")
    configure('theme = "mine"\n')
    assert (theme_for(one), theme_for(two)) == ("mine", "mine")


def test_a_project_with_a_theme_of_its_own_keeps_it_until_another_is_chosen_there(
    folders: tuple[Path, Path],
) -> None:
    one, two = folders
    (two / PROJECT_FILE).write_text('theme = "paper"\n')
    keep(one, "other")
    assert theme_for(two) == "paper"
    keep(two, "lamp")
    assert (theme_for(two), theme_for(one)) == ("lamp", "other")


def test_a_file_that_is_not_ours_is_no_choice(folders: tuple[Path, Path]) -> None:
    one, _ = folders
    keep(one, "paper")
    for file in (paths.state_dir() / "themes").iterdir():
        assert file.stat().st_mode & 0o077 == 0
        file.write_bytes(b'{"theme": [1]}\xff')
    assert theme_for(one) == "lamp"


def test_what_cannot_be_kept_is_no_trouble(folders: tuple[Path, Path], monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DOCSTRA_STATE_DIR", str(tmp_path / "file" / "state"))
    keep(folders[0], "paper")
    assert theme_for(folders[0]) == "lamp"


@pytest.mark.parametrize(
    ("words", "environment", "worn"),
    [((), {}, "paper"), (("--theme", "lamp"), {}, "lamp"), ((), {"DOCSTRA_THEME": "lamp"}, "lamp")],
)
def test_both_faces_start_with_it_unless_another_is_named(
    words: tuple[str, ...],
    environment: dict[str, str],
    worn: str,
    folders: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep(folders[0], "paper")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    started: list[str] = []
    monkeypatch.setattr("docstra_tui.commands.terminal.take", lambda name: None)
    monkeypatch.setattr(
        "docstra_tui.repl.app.run", lambda settings, root, **options: started.append(settings.theme)
    )
    faces.run(parse(["chat", str(folders[0]), *words]))
    assert started == [worn]
