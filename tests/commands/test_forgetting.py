"""`models forget`: what goes, what stays, and who is asked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from docstra_tui import cli, paths
from docstra_tui.engine.client import place
from docstra_tui.engine.client.identity import EngineIdentity, LockNote
from docstra_tui.llm.files import hub, speeds
from docstra_tui.llm.files.speeds import Speed
from docstra_tui.llm.files.starter import FILE


def forget(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = cli.main(["models", "forget", *words])
    return code, *capsys.readouterr()


def starter() -> Path:
    folder = paths.cache_dir() / "starter"
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(b"x" * 2_000_000)
    converted = paths.cache_dir() / "converted" / "abc"
    converted.mkdir(parents=True)
    (converted / "source.json").write_text(json.dumps({"name": "starter", "path": str(folder / FILE)}))
    (converted / "model.safetensors").write_bytes(b"x" * 1_000_000)
    other = converted.with_name("other")
    other.mkdir()
    (other / "source.json").write_text(json.dumps({"name": "x", "path": "/x.gguf"}))
    for name in ("starter", "org/other"):
        speeds.keep(name, Speed(3.0, "cpu", "bfloat16"))
    return folder


def test_nothing_goes_without_a_yes_and_then_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    folder = starter()
    code, out, err = forget(capsys, "starter")
    assert (code, "Nothing was removed: --yes" in err, folder.exists()) == (0, True, True)
    assert "1 MB  converted weights" in out and "2 MB  the starter model" in out and "measured speeds" in out
    told = json.loads(forget(capsys, "starter", "--json")[1])
    assert told["removed"] is False and folder.exists() and len(told["parts"]) == 3
    assert "Removed 3 MB." in forget(capsys, "starter", "--yes")[1]
    assert [path.name for path in (paths.cache_dir() / "converted").iterdir()] == ["other"]
    assert not folder.exists() and speeds.find("starter") is None and speeds.find("org/other") is not None
    assert "Nothing is kept of starter." in forget(capsys, "starter", "--yes")[2]


def test_while_an_engine_has_it_nothing_goes(capsys: pytest.CaptureFixture[str]) -> None:
    folder = starter()
    identity = EngineIdentity()
    taken = place.Place.claim(identity.socket, LockNote(os.getpid(), identity, "/log"))
    assert taken is not None
    code, _, err = forget(capsys, "starter", "--yes")
    taken.leave()
    assert code == 3 and f"engine stop {identity.key[:8]}" in err and folder.exists()


def cached(name: str, text: str = "{}") -> Path:
    """A snapshot whose one file is a link to a blob, as the hub's library has it."""
    storage = hub.cache_folder() / f"models--{name.replace('/', '--')}"
    snapshot = storage / "snapshots" / ("1" * 40)
    snapshot.mkdir(parents=True)
    (storage / "blobs").mkdir()
    (storage / "refs").mkdir()
    (storage / "refs" / "main").write_text("1" * 40)
    (storage / "blobs" / "b").write_text(text)
    (snapshot / "config.json").symlink_to("../../blobs/b")
    return storage


def test_the_hubs_cache_stays_unless_it_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    storage, other = cached("org/one"), cached("org/two")
    assert "--hub removes that too" in forget(capsys, "org/one", "--yes")[2] and storage.exists()
    assert forget(capsys, "org/one", "--hub", "--yes")[0] == 0
    assert not storage.exists() and other.exists()


def test_what_a_link_leads_to_outside_is_never_removed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    storage = cached("org/one")
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (storage / "snapshots" / ("1" * 40) / "model.safetensors").symlink_to(mine)
    code, _, err = forget(capsys, "org/one", "--hub", "--yes")
    assert mine.read_text() == "mine"
    assert (code, "lead out of the hub's cache" in err) == (1, True) or not storage.exists()


def test_a_model_is_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert forget(capsys)[0] == 2
