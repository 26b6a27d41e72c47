"""The wheel has everything in it: built here, unpacked elsewhere, run from another folder. The sdist too."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked wheel; its dependencies are this environment's."""
    base = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(base)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, timeout=100)
    (wheel,) = base.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(base / "site")
    return base / "site"


def python(installed: Path, code: str, cwd: Path) -> str:
    """What `code` prints with the wheel's package instead of the checkout's."""
    program = f"import sys; sys.path.insert(0, {str(installed)!r})\n{code}"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_command_runs_from_any_folder(installed: Path, tmp_path: Path) -> None:
    code = "from docstra_tui import cli; print(cli.__file__); sys.exit(cli.main(['--version']))"

    where, version = python(installed, code, tmp_path).splitlines()

    assert where.startswith(str(installed))
    assert "0." in version
    assert (
        "docstra-tui = docstra_tui.__main__:main"
        in next(installed.glob("*.dist-info/entry_points.txt")).read_text()
    )


def test_themes_and_all_that_is_read_at_run_time_are_inside(installed: Path, tmp_path: Path) -> None:
    code = "from docstra_tui import themes; print(sorted(themes.load_all()[0]))"
    package = PROJECT / "docstra_tui"
    files = {path for path in package.rglob("*.*") if path.is_file() and path.parent.name != "__pycache__"}
    read = {path for path in files if path.suffix != ".py"}

    assert python(installed, code, tmp_path).strip() == "['chalk', 'lamp', 'paper', 'sixteen']"
    assert {path.suffix for path in read} >= {".tcss", ".toml", ".json", ".txt", ".typed"}
    assert not [path for path in files if not (installed / path.relative_to(PROJECT)).is_file()]
    assert not list(installed.rglob("tests"))


def test_the_source_archive_can_be_tested_and_linted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, timeout=100)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}

    folders = ["docs", "tests", "tools", "benchmarks", "findings", "themes", "deploy", ".ci"]
    pages = [page.name for page in PROJECT.glob("*.md")]
    rest = ["Makefile", "constraints.txt", "pyproject.toml", "LICENSE", ".pre-commit-config.yaml"]
    for wanted in (*folders, *pages, *rest):
        assert any(name == wanted or name.startswith(f"{wanted}/") for name in names), wanted
    assert not [name for name in tracked() if name not in names]


def tracked() -> list[str]:
    """What git has of the project; nothing where this is a source archive itself."""
    if not (PROJECT / ".git").exists():
        return []
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60
    )
    return [name for name in listed.stdout.split("\0") if name and (PROJECT / name).is_file()]
