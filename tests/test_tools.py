"""`make TORCH=system`: the torch that is there is taken, or refused with its version."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def system_torch() -> ModuleType:
    spec = importlib.util.spec_from_file_location("system_torch", PROJECT / "tools" / "system_torch.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
