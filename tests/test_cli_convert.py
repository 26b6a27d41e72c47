"""`models convert`: a GGUF becomes a folder that loads in a moment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import models_here
from tests.tiny_models import make_tiny_gguf


def convert(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "docstra_tui", "models", "convert", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_gguf_is_converted_and_its_place_is_told(tmp_path: Path) -> None:
    gguf = make_tiny_gguf(tmp_path / "tiny.gguf")

    ended = convert(str(gguf), "--json")

    assert ended.returncode == 0, ended.stderr
    folder = Path(json.loads(ended.stdout)["path"])
    assert (folder / "config.json").is_file() and list(folder.glob("*.safetensors"))


def test_what_is_no_gguf_is_one_sentence(tmp_path: Path) -> None:
    ended = convert(str(tmp_path / "nothing.gguf"))

    assert ended.returncode == 3
    assert "nothing.gguf" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_the_disk_refuses_is_one_sentence_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = models_here.run(monkeypatch, capsys, "convert", str(tmp_path / ("long" * 100)))

    assert ended.returncode == 3
    assert "File name too long" in ended.stderr
    assert "Traceback" not in ended.stderr
