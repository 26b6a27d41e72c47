"""What stands in `tools/`: the system's torch is taken or refused, and what grows too large is named."""

from __future__ import annotations

import importlib.util
import io
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

PROJECT = Path(__file__).resolve().parent.parent


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, PROJECT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where its dataclasses look
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def system_torch() -> ModuleType:
    return tool("system_torch")


def test_torch_and_what_it_pins_leave_the_constraints(system_torch: ModuleType, tmp_path: Path) -> None:
    out = tmp_path / "constraints.txt"

    assert system_torch.main(PROJECT / "constraints.txt", out) == 0

    names = {line.partition("==")[0] for line in out.read_text().splitlines() if "==" in line}
    assert not names & {"torch", "sympy", "networkx"}
    assert {"textual", "transformers", "tokenizers"} <= names


def test_a_torch_outside_the_range_is_refused_with_its_version(
    system_torch: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = (PROJECT / "pyproject.toml").read_text().replace('"torch>=2.6,<3"', '"torch>=9.9"')
    (tmp_path / "pyproject.toml").write_text(old)
    monkeypatch.setattr(system_torch, "PROJECT", tmp_path / "pyproject.toml")

    assert system_torch.main(PROJECT / "constraints.txt", tmp_path / "out.txt") == 1

    assert "this torch is 2." in capsys.readouterr().err
    assert not (tmp_path / "out.txt").exists()


def test_every_dependency_is_pinned(system_torch: ModuleType) -> None:
    import tomllib

    from pip._vendor.packaging.requirements import Requirement

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pinned = {
        system_torch.plain(line.partition("==")[0])
        for line in (PROJECT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }

    assert {system_torch.plain(Requirement(line).name) for line in wanted} <= pinned


def test_what_is_too_large_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = "".join(f"    x{number} = {number}\n" for number in range(700))
    (tmp_path / "large.py").write_text(f"class Eater:\n{body}\n\ndef endless():\n{body}")
    (tmp_path / "small.py").write_text("import textual\n")

    assert tool("sizes").main(tmp_path) == 1

    said = capsys.readouterr().out
    assert "701 large.py:1 Eater" in said and "701 large.py:704 endless" in said
    assert "modules over Textual, %                       50" in said


def test_what_catches_everything_says_why(tmp_path: Path) -> None:
    sizes = tool("sizes")
    (tmp_path / "nets.py").write_text(
        "try: pass\nexcept (OSError, Exception): pass  # a plugin's own\n"
        "try: pass\nexcept BaseException: pass\n"
        "try: pass\nexcept: pass\n"
        "try: pass\nexcept ValueError: pass\n"
    )
    modules = [sizes.Module(tmp_path / "nets.py", tmp_path)]

    assert sizes.broad_excepts(modules).parts == ("nets.py:2", "nets.py:4", "nets.py:6")
    assert sizes.unexplained(modules).parts == ("nets.py:4", "nets.py:6")


def test_the_pictures_are_those_of_the_program_and_fetch_nothing(tmp_path: Path) -> None:
    for run in ("one", "two"):
        words = [sys.executable, "-m", "tools.pictures", str(tmp_path / run)]
        subprocess.run(words, check=True, cwd=PROJECT, timeout=100)
    names = {path.name for path in (PROJECT / "docs" / "pictures").iterdir()}
    assert names == {path.name for path in (tmp_path / "one").iterdir()}, "make pictures draws them again"
    for name in names:
        picture = (tmp_path / "one" / name).read_text()
        assert picture == (tmp_path / "two" / name).read_text()
        drawing = ElementTree.fromstring(picture)
        assert drawing.tag.endswith("svg")
        assert drawing.get("{http://www.w3.org/XML/1998/namespace}space") == "preserve"
        assert not re.search(r"https?://(?!www\.(w3\.org|textualize\.io))|url\((?!#)", picture)


SAID = """\
Collecting torch<3,>=2.6
  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (530.2 MB)
Collecting textual>=8.2
  Using cached https://index.example/a/textual-8.2.1-py3-none-any.whl (790 kB)
Installing collected packages: torch, textual, docstra-tui
"""


@pytest.mark.parametrize("is_terminal", [True, False])
def test_pip_is_told_in_few_words(is_terminal: bool) -> None:
    out = io.StringIO()
    told = tool("installing").Told(out, changes=is_terminal)

    for line in SAID.splitlines(keepends=True):
        told.hear(line)
        told.show()
    told.end("  done")

    said = re.sub(r"\d+ s: ", "", out.getvalue())
    if is_terminal:
        assert [line.strip() for line in said.split("\r\x1b[K")[1:]] == [
            "looks what is needed, 1 so far",
            "fetches torch 2.13.0, 530 MB",
            "looks what is needed, 2 so far",
            "fetches textual 8.2.1",
            "unpacks 3 packages",
            "done",
        ]
    else:
        assert said == "  fetches torch 2.13.0, 530 MB\n  unpacks 3 packages\n  done\n"


def test_a_pip_that_fails_is_shown_and_all_of_it_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "install.log"

    status = tool("installing").main(
        log, ["--no-index", "--find-links", str(tmp_path), "not-a-package-of-anybody"]
    )

    assert status != 0
    said = capsys.readouterr().out
    assert "No matching distribution found for not-a-package-of-anybody" in said and f"is in {log}" in said
    assert "not-a-package-of-anybody" in log.read_text() and log.stat().st_mode & 0o077 == 0


def test_every_way_to_install_is_tried_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    """What the page of installing names; a way that nobody knows is refused before anything is made."""
    trying = tool("try_install")
    with pytest.raises(SystemExit):
        trying.main(["by-pigeon"])

    assert "by-pigeon: no such way" in capsys.readouterr().err
    page = (PROJECT / "docs" / "install.md").read_text()
    assert [way for way in trying.WAYS if f"`{way}`" not in page] == []


def test_make_has_the_tools_for_tests_only_where_they_are_used(tmp_path: Path) -> None:
    """What would be done on a clean checkout: one pip for each, without them for the program alone."""

    def done(goal: str, *words: str) -> list[str]:
        command = ["make", "--dry-run", goal, f"VENV={tmp_path / 'none'}", *words]
        said = subprocess.run(
            command, cwd=PROJECT, capture_output=True, text=True, timeout=30, check=True
        ).stdout
        return [line for line in said.splitlines() if "installing.py" in line]

    for goal in ("run", "venv", "docs"):
        (line,) = done(goal)
        assert line.endswith('-e "."')
    for goal in ("test", "lint", "format", "bench", "pictures"):
        (line,) = done(goal)
        assert line.endswith('-e ".[dev]"') and "-c constraints.txt" in line
    (line,) = done("run", "TORCH=system")
    assert "none/constraints.txt" in line and line.endswith('-e "."')
