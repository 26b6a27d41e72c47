"""config.toml as the program changes it: what stands in it stays, and it is whole at any time."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from pathlib import Path

import pytest

from docstra_tui import cli, config_file, paths, setting_words, settings
from docstra_tui.errors import SettingsError
from tests.test_settings import write_config

COMMENTED = """\
# my settings
theme = "lamp"  # at night

[answer]
# short ones
max_tokens = 100   # tokens

[keys]
main.tree = "f2"
"transcript.copy" = ["c"]  # as in vi
"""


def put(*words: str) -> int:
    return cli.main(["config", "set", *words])


def test_comments_order_and_the_rest_stay(capsys: pytest.CaptureFixture[str]) -> None:
    path = write_config(COMMENTED)
    assert put("theme", "paper") == put("answer.max_tokens", "7") == 0
    assert put("keys.main.tree", "F2,", "Ctrl+E") == put("keys.transcript.copy", "") == 0
    assert path.read_text() == COMMENTED.replace('"lamp"', '"paper"').replace("100", "7").replace(
        'tree = "f2"', 'tree = ["F2", "Ctrl+E"]'
    ).replace('["c"]', '""')
    assert put("model.name", "a b") == put("context.ignore", "*.log", "build/") == 0
    assert put("keys.main.search", "f7") == put("engine.cache_gb", "1") == put("engine.own", "true") == 0
    found = settings.load()
    assert (found.model.name, found.context.ignore, found.engine.cache_gb) == (
        "a b",
        ("*.log", "build/"),
        1.0,
    )
    assert found.engine.own and found.keys["main.search"] == "f7" and found.answer.max_tokens == 7
    assert "# as in vi" in path.read_text() and "# short ones" in path.read_text()
    capsys.readouterr()
    assert cli.main(["config", "unset", "answer.max_tokens"]) == 0
    assert "answer.max_tokens has its default again." in capsys.readouterr().err
    assert cli.main(["config", "unset", "keys.main.tree", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["was_set"] is True
    assert settings.load().answer.max_tokens == 2000
    assert "main.tree" not in settings.load().keys and "# short ones" in path.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "answer.reserve = 1\n",
        "answer = { reserve = 1 }\n",
        "[answer]\nreserve = 1",
        "[model]\nname = 'x'\n",
    ],
)
def test_a_key_finds_its_place_in_any_file(text: str) -> None:
    path = write_config(text)
    assert put("answer.max_tokens", "5") == put("theme", "paper") == put("keys.main.tree", "f7") == 0
    found = tomllib.loads(path.read_text())
    assert (found["answer"]["max_tokens"], found["theme"]) == (5, "paper")
    assert settings.load().keys == {"main.tree": "f7"}
    if "reserve" in text:
        assert settings.load().answer.reserve == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["answer.max_token", "5"], "Did you mean 'answer.max_tokens'?"),
        (["answer.max_tokens", "many"], "takes a whole number, not 'many'"),
        (["answer.max_tokens", "0"], "the least is 1"),
        (["model.dtype", "int3"], "model.dtype"),
        (["keys.main.tre", "f2"], "Did you mean 'main.tree'?"),
        (["keys.main.tree", "f2+"], "is no key"),
        (["keys", "f2"], "Unknown setting"),
        (["theme", "papre"], "Did you mean 'paper'?"),
    ],
)
def test_what_would_not_be_understood_is_not_written(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_config(COMMENTED)
    assert put(*words) != 0
    told = capsys.readouterr().err
    assert said in told and "config.toml" not in told  # the file has no part in it
    assert path.read_text() == COMMENTED


def test_a_broken_file_is_told_with_its_line_and_stays(capsys: pytest.CaptureFixture[str]) -> None:
    path = write_config("[answer]\nmax_tokens = \n")
    assert put("theme", "paper") != 0
    assert "line 2" in capsys.readouterr().err
    path.write_text('# one\n[context]\nignore = [\n  "a",\n]\n[answer]\n# a comment\nreserve = "x"\n')
    assert cli.main(["config", "show"]) != 0
    assert "config.toml, line 8" in capsys.readouterr().err


def test_modes_and_links_stay(tmp_path: Path) -> None:
    assert put("theme", "paper") == 0
    path = settings.config_path()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    os.chmod(path, 0o644)
    assert put("theme", "lamp") == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    path.rename(dotfiles / "docstra.toml")
    path.symlink_to(dotfiles / "docstra.toml")
    assert put("theme", "paper") == 0
    assert path.is_symlink() and 'theme = "paper"' in (dotfiles / "docstra.toml").read_text()
    assert os.listdir(dotfiles) == ["docstra.toml"] and os.listdir(path.parent) == ["config.toml"]


def test_a_write_that_fails_leaves_the_file_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_config(COMMENTED)

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(config_file.os, "replace", full)
    with pytest.raises(SettingsError, match="No space left"):
        config_file.put("theme", "paper")
    assert path.read_text() == COMMENTED and os.listdir(path.parent) == ["config.toml"]


def test_the_schema_says_of_each_key_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "schema"]) == 0
    found = json.loads(capsys.readouterr().out)["properties"]
    answer = found["answer"]["properties"]
    assert answer["max_tokens"]["type"] == "integer" and answer["max_tokens"]["minimum"] == 1
    assert answer["kv_cache"]["enum"] == ["full", "int8"]
    assert answer["temperature"]["description"].startswith("0.0 is greedy")
    assert found["keys"]["properties"]["main.tree"]["default"] == "f2,ctrl+b"
    assert "](" not in json.dumps(found)  # a link of Markdown leads nowhere in an editor
    assert all(setting_words.meanings()[key] for key in settings.known_keys())


def editor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *lines: str) -> None:
    program = tmp_path / "editor.sh"
    program.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    program.chmod(0o700)
    monkeypatch.setenv("VISUAL", f"{program} --wait")


def test_an_edit_is_taken_when_it_is_understood(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    editor(monkeypatch, tmp_path, f'cp "$2" {tmp_path}/seen', 'echo \'main.tree = "f7"\' >> "$2"')
    assert cli.main(["config", "edit"]) == 0
    assert settings.load().keys == {"main.tree": "f7"}
    assert "# max_tokens = 2000" in (tmp_path / "seen").read_text()  # what could be set stands there
    assert "main.search: Ctrl+F (F7 is main.tree)" in capsys.readouterr().err
    left = [name for name in os.listdir(paths.state_dir()) if name.startswith("config-")]
    assert left == []


def test_an_edit_that_is_not_understood_is_kept_beside_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_config(COMMENTED)
    editor(monkeypatch, tmp_path, 'echo "nonsense = 1" >> "$2"')
    assert cli.main(["config", "edit"]) != 0
    said = capsys.readouterr().err
    draft = Path(said.rpartition("is in ")[2].strip().rstrip("."))
    assert "nonsense" in said and "nonsense = 1" in draft.read_text()
    assert path.read_text() == COMMENTED
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600 and stat.S_IMODE(draft.parent.stat().st_mode) == 0o700

    editor(monkeypatch, tmp_path, 'echo "x" > "$2"; exit 3')
    assert cli.main(["config", "edit"]) != 0
    said = capsys.readouterr().err
    assert "ended with 3" in said and path.read_text() == COMMENTED
    assert Path(said.rpartition("is in ")[2].strip().rstrip(".")).read_text() == "x\n"


@pytest.mark.parametrize("said", ["false", "/nowhere/editor"])
def test_an_editor_that_wrote_nothing_leaves_nothing(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_config(COMMENTED)
    monkeypatch.setenv("VISUAL", said)
    assert cli.main(["config", "edit"]) == 2
    assert path.read_text() == COMMENTED
    assert [name for name in os.listdir(paths.state_dir()) if name.startswith("config-")] == []
