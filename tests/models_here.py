"""`docstra-tui models …` in this process, with what its child would do: torch is imported here already."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from dataclasses import dataclass
from typing import Any

import pytest

from docstra_tui import cli
from docstra_tui.commands import models


@dataclass(frozen=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], action: str, *arguments: str
) -> Ended:
    """How the command ended."""

    def told(console: Any, module: str, *arguments: str) -> dict[str, Any]:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            importlib.import_module(f"docstra_tui.llm.{module}").main(*arguments)
        last: dict[str, Any] = json.loads(said.getvalue().splitlines()[-1])
        return last

    monkeypatch.setattr(models, "_told", told)
    code = cli.main(["models", action, *arguments])
    out, err = capsys.readouterr()
    return Ended(code, out, err)
