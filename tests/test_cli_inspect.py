"""`models inspect`: what is known of a model without reading its weights."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import transformers

from docstra_tui.commands import inspected
from docstra_tui.llm.files.sources import ModelSpec, ignore
from docstra_tui.llm.inference import inspection
from tests import models_here
from tests.llm.inference import templates
from tests.tiny_models import Arch, make_tiny, make_tiny_gguf, tiny_hybrid, tiny_tokenizer


def inspect(*arguments: str) -> subprocess.CompletedProcess[str]:
    """As a shell starts it, torch in its child and all: seconds."""
    command = [sys.executable, "-m", "docstra_tui", "models", "inspect", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def made(folder: Path, template: str, arch: Arch = "llama") -> dict[str, Any]:
    make_tiny(folder, arch)
    if template:
        (folder / "chat_template.jinja").write_text(template)
    return inspection.report(ModelSpec(str(folder)), ignore)


def test_the_command_says_it_for_people_and_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gguf = make_tiny_gguf(tmp_path / "tiny.gguf")
    told = inspect(str(gguf), "--json")
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    assert (report["architecture"], report["window"], report["caches"]) == ("llama", 2048, {"full": 2})
    assert len(report["template"]["sha256"]) == 64 and report["template"]["end_mark"] == "<|im_end|>"
    shown = models_here.run(monkeypatch, capsys, "inspect", str(gguf))
    assert shown.returncode == 0, shown.stderr
    assert report["template"]["sha256"][:16] in shown.stdout and "2,048 tokens" in shown.stdout


def test_what_is_no_model_is_one_sentence(tmp_path: Path) -> None:
    ended = inspect(str(tmp_path / "nothing"))
    assert ended.returncode == 3
    assert "nothing" in ended.stderr and "Traceback" not in ended.stderr


def test_a_template_that_cannot_be_used_is_said_before_any_weight_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_tiny(tmp_path / "tiny")
    (folder / "chat_template.jinja").write_text("{{ raise_exception('never') }}")
    ended = models_here.run(monkeypatch, capsys, "inspect", str(folder), "--json")
    assert ended.returncode == 3 and "never" in ended.stderr


@pytest.mark.parametrize(
    ("template", "arch", "words"),
    [
        ("", "llama", "reads only what is new"),
        (templates.OPENS, "llama", "reads again what stands between the question before it and its answer"),
        ("", "gemma3", "Of 1 layers the state is copied"),
    ],
)
def test_what_will_be_reused_is_said(template: str, arch: Arch, words: str, tmp_path: Path) -> None:
    assert words in made(tmp_path / "tiny", template, arch)["reuse"]


def test_the_caches_of_mixed_layers_are_counted_by_kind(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer("llama", 4096)
    tiny_hybrid(tokenizer).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    report = inspection.report(ModelSpec(str(tmp_path)), ignore)
    assert report["caches"] == {"state": 2, "full": 1}


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (templates.SWITCHED, "the variable enable_thinking; on by itself"),
        (templates.WORD, "/no_think and /think; on by itself"),
        (templates.SWITCHED_BEFORE_FILES, "they are read again"),
        (templates.OPENS, "begun by the template: '<think>\\n'"),
        (templates.EFFORT_WRITTEN, "no switch for thinking"),
        (templates.WORD, "would cut out /no_think /think"),
        (templates.DATED, "writes the day on which a conversation began"),
        (templates.PARTS_ONLY, "takes contents as parts"),
        (templates.ALTERNATES, "must alternate"),
        (templates.SYSTEM_MOVES, "moved by the template"),
        (templates.NO_BLANK_LINES, "leaves out blank lines"),
    ],
)
def test_what_was_found_of_the_template_stands_in_the_rows(template: str, said: str, tmp_path: Path) -> None:
    rows = inspected.rows(made(tmp_path / "tiny", template))
    assert any(said in value for _, value in rows), rows


def test_no_weight_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(transformers.PreTrainedModel, "from_pretrained", read)
    assert made(tmp_path / "tiny", "")["caches"] == {"full": 2}
