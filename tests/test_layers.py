"""The walls hold, and each can be seen to fall: pyproject.toml's contracts, and what they cannot say."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
PACKAGE = PROJECT / "docstra_tui"
CONTRACTS = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

EVERYWHERE = {"filelock", "msgspec"}
"""Packages that no contract keeps to some place."""

BREACHES = {
    "down": ("text.py", "from docstra_tui.llm.items import ContextItem"),
    "cycles": ("llm/files/gguf_files.py", "if TYPE_CHECKING:\n    import docstra_tui.llm.files.checkpoint"),
    "screen": ("tui/widgets/notice.py", "def f():\n    from docstra_tui.tui.screens.confirm import x"),
    "transcript": ("tui/transcript/layout/turn.py", "def f():\n    from ..marks import Marks"),
    "main": ("tui/screens/confirm.py", "from docstra_tui.tui.main.screen import MainScreen"),
    "library": ("llm/items.py", "from docstra_tui.llm import prompt"),
    "context": ("context/picks.py", "import docstra_tui.llm.prompt"),
    "in_process": ("session/chat.py", "from docstra_tui.llm import local"),
    "server": ("engine/client/lifecycle.py", "from ..server.run import x"),
    "client": ("repl/chat.py", "from docstra_tui.engine.client import place"),
    "remote": ("commands/answers.py", "def f():\n    import docstra_tui.llm.remote"),
    "model_files": ("repl/chat.py", "from docstra_tui.llm.files import hub"),
    "table": ("workspace/commands.py", "from docstra_tui.workspace import wording"),
    "textual": ("commands/oneshot.py", "from textual.app import App"),
    "prompt_toolkit": ("tui/app.py", "import prompt_toolkit.history"),
    "torch": ("session/chat.py", "def f():\n    import torch.nn"),
    "gguf": ("session/chat.py", "import gguf"),
    "hub": ("workspace/backend.py", "from huggingface_hub import login"),
    "http": ("workspace/backend.py", "import httpx2"),
    "web": ("engine/client/contact.py", "from uvicorn import Server"),
    "processes": ("tui/app.py", "import psutil"),
    "grammars": ("tui/widgets/notice.py", "import pygments.lexers"),
    "numbers": ("workspace/status.py", "def f():\n    import numpy"),
    "encodings": ("session/exchange/markdown.py", "from charset_normalizer import from_bytes"),
    "completions": ("cli.py", "import shtab"),
    "toml": ("settings.py", "def f():\n    import tomlkit"),
    "folders": ("themes.py", "import platformdirs"),
}
"""For each contract a file and lines that it forbids: plain, in a function, and for type checkers only."""


def lint(folder: Path) -> str:
    """What `lint-imports` says of the package in a folder."""
    linter = Path(sys.executable).with_name("lint-imports")
    ended = subprocess.run(
        [linter, "--no-cache", "--no-logo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.stdout + ended.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "docstra_tui", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_walls_hold() -> None:
    said = lint(PROJECT)
    assert f"{len(CONTRACTS)} kept, 0 broken" in said, said


def test_every_wall_falls_when_it_is_breached(checkout: Path) -> None:
    assert set(BREACHES) == {contract["id"] for contract in CONTRACTS}
    for name, lines in BREACHES.values():
        with (checkout / "docstra_tui" / name).open("a") as file:
            file.write(f"\n{lines}\n")

    said = lint(checkout)

    standing = [contract["id"] for contract in CONTRACTS if f"{contract['name']} BROKEN" not in said]
    assert not standing, said


def test_a_new_module_at_the_top_has_to_say_where_it_stands(checkout: Path) -> None:
    (checkout / "docstra_tui" / "newcomer.py").write_text('"""Nobody placed it."""\n')
    assert "Imports point down BROKEN" in lint(checkout)


def sources() -> dict[str, ast.Module]:
    """Every module's path below the package, and what it says."""
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")
    }


def imports(tree: ast.Module) -> Iterator[str]:
    """What a source imports, wherever the import stands; what stands under `if TYPE_CHECKING` too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def test_every_package_that_is_imported_has_its_place() -> None:
    """The linter sees only packages that it is told of: another one would go anywhere."""
    placed = {name for contract in CONTRACTS for name in contract.get("protected_modules", ())} | EVERYWHERE
    for path, tree in sources().items():
        packages = {name.partition(".")[0] for name in imports(tree) if not name.startswith(".")}
        strangers = packages - placed - set(sys.stdlib_module_names) - {"docstra_tui"}
        assert not strangers, path


def test_the_packages_above_a_module_cost_nothing() -> None:
    """`docstra_tui.llm` loads its names on first use, so that the remote client costs no torch."""
    for path, tree in sources().items():
        if path.endswith("__init__.py"):
            at_run_time = [node for node in tree.body if not isinstance(node, ast.If)]
            names = [name for node in at_run_time for name in imports(ast.Module([node], []))]
            assert not [name for name in names if name.startswith((".", "docstra_tui"))], path
