"""What a project offers is read as any file of it is, and used once somebody has read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from docstra_tui import paths
from docstra_tui.errors import TemplateError
from docstra_tui.workspace.templates import project
from docstra_tui.workspace.templates.project import FILE, FOLDER, Reviewed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / FOLDER
    made.mkdir(parents=True)
    return made


def test_they_are_called_as_the_projects_and_no_link_is_followed(tmp_path: Path, folder: Path) -> None:
    (folder / "review.md").write_text("Review for {focus}.")
    (folder / "review.txt").write_text("not one")
    (folder / "explain_code.md").write_text("Mine.")
    (folder / "bad.md").write_text("+++\ntitle = 3\n+++\nx")
    (folder / "link.md").symlink_to(folder / "review.md")
    (folder / "a\nb.md").write_text("x")
    os.mkfifo(folder / "pipe.md")
    wrong: dict[str, TemplateError] = {}
    found = project.load(tmp_path, wrong)
    assert list(found) == ["project:explain_code", "project:review"]
    assert found["project:review"].where == f"{FOLDER}/review.md"
    told = {name: str(error) for name, error in wrong.items()}
    assert sorted(told) == ["project:a\nb", "project:bad", "project:link", "project:pipe"]
    assert f"{FOLDER}/bad.md:2: title takes text" in told["project:bad"]
    assert "is a link" in told["project:link"] and "is a named pipe" in told["project:pipe"]
    assert "\n" not in told["project:a\nb"]


def test_a_folder_that_is_a_link_offers_nothing(tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "templates").mkdir(parents=True)
    (tmp_path / "elsewhere" / "templates" / "review.md").write_text("x")
    root = tmp_path / "root"
    root.mkdir()
    wrong: dict[str, TemplateError] = {}
    assert project.load(root, wrong) == wrong == {}
    (root / ".docstra").symlink_to(tmp_path / "elsewhere")
    assert project.load(root, wrong) == {} and list(wrong) == ["project:"]


def test_a_project_with_very_many_is_read_up_to_a_number(tmp_path: Path, folder: Path) -> None:
    for number in range(project.MOST + 2):
        (folder / f"{number:04}.md").write_text("x")
    wrong: dict[str, TemplateError] = {}
    assert len(project.load(tmp_path, wrong)) == project.MOST
    assert "202 templates" in str(wrong["project:"])


def test_a_yes_is_to_one_text_under_one_name_in_one_folder(tmp_path: Path, folder: Path) -> None:
    def now(name: str = "project:review", root: Path = tmp_path) -> bool:
        return Reviewed(root).has(project.load(tmp_path, {})[name])

    (folder / "review.md").write_text("Review.")
    (folder / "other.md").write_text("Review.")
    assert not now()
    Reviewed(tmp_path).add(project.load(tmp_path, {})["project:review"])
    assert now() and not now("project:other") and not now(root=tmp_path / "copy")
    (folder / "review.md").write_text("Review.\u200b")
    assert not now()
    (folder / "review.md").write_text("Review.")
    kept = paths.state_dir() / FILE
    assert now() and kept.stat().st_mode & 0o777 == 0o600
    kept.chmod(0o666)
    assert not now(), "somebody else could have written it"
