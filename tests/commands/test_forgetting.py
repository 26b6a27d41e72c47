"""`models forget`: what goes, what stays, and who is asked."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest

from docstra_tui import cli, paths
from docstra_tui.engine.client import place
from docstra_tui.engine.client.identity import EngineIdentity, LockNote
from docstra_tui.llm.files import converted, hub
from docstra_tui.llm.files.starter import FILE
from docstra_tui.llm.machine import speeds
from docstra_tui.llm.machine.speeds import Speed


def forget(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = cli.main(["models", "forget", *words])
    return code, *capsys.readouterr()


def starter() -> Path:
    folder = paths.cache_dir() / "starter"
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(b"x" * 2_000_000)
    kept = paths.cache_dir() / "converted" / "abc"
    kept.mkdir(parents=True)
    (kept / "source.json").write_text(json.dumps({"name": "starter", "path": str(folder / FILE)}))
    (kept / "model.safetensors").write_bytes(b"x" * 1_000_000)
    other = kept.with_name("other")
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
    assert forget(capsys)[0] == 2 and forget(capsys, " ")[0] == 2


def quants(name: str) -> Path:
    """A repository of GGUF files: two quantisations, and one blob that a second revision has too."""
    storage = cached(name)
    first = storage / "snapshots" / ("1" * 40)
    for quant in ("Q4_K_M", "Q8_0"):
        (storage / "blobs" / quant).write_bytes(b"x" * 1_000_000)
        (first / f"m.{quant}.gguf").symlink_to(f"../../blobs/{quant}")
    second = first.with_name("2" * 40)
    second.mkdir()
    (second / "m.Q8_0.gguf").symlink_to("../../blobs/Q8_0")
    (storage / "refs" / "old").write_text("2" * 40)
    return storage


def blobs(storage: Path) -> set[str]:
    return {path.name for path in (storage / "blobs").iterdir()}


def test_of_several_quantisations_the_named_one_goes(capsys: pytest.CaptureFixture[str]) -> None:
    storage = quants("org/q")
    assert "1 MB  the hub's cache, files of Q4_K_M" in forget(capsys, "org/q:Q4_K_M", "--hub", "--yes")[1]
    assert blobs(storage) == {"Q8_0", "b"}
    assert "Nothing is kept of org/q:Q4_K_M." in forget(capsys, "org/q:Q4_K_M", "--hub", "--yes")[2]
    assert forget(capsys, "org/Q", "--hub", "--yes")[0] == 0 and blobs(storage) == {"Q8_0", "b"}


def test_of_several_revisions_the_named_one_goes(capsys: pytest.CaptureFixture[str]) -> None:
    storage = quants("org/q")
    kept = paths.cache_dir() / "converted"
    for name, commit in (("one", "1" * 40), ("two", "2" * 40)):
        (kept / name).mkdir(parents=True)
        source = storage / "snapshots" / commit / "m.Q8_0.gguf"
        (kept / name / "source.json").write_text(json.dumps({"name": "org/q", "path": str(source)}))
    speeds.keep("org/q", Speed(3.0, "cpu", "bfloat16"))
    assert forget(capsys, "org/q", "--revision", "old", "--hub", "--yes")[0] == 0
    assert blobs(storage) == {"Q4_K_M", "Q8_0", "b"} and not (storage / "snapshots" / ("2" * 40)).exists()
    assert [path.name for path in kept.iterdir()] == ["one"] and speeds.find("org/q") is not None


def test_what_another_model_has_too_stays_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    storage, other = quants("org/q"), cached("org/other")
    (storage / "snapshots" / ("2" * 40) / "config.json").symlink_to("../../../models--org--other/blobs/b")
    code, _, err = forget(capsys, "org/q", "--revision", "old", "--hub", "--yes")
    assert code == 3 and "lead out of it" in err and (other / "blobs" / "b").exists()


def test_half_a_download_goes_and_a_link_to_another_disk_stays(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    half = hub.cache_folder() / "models--org--half" / "blobs"
    half.mkdir(parents=True)
    (half / "x.incomplete").write_bytes(b"x" * 3_000_000)
    assert "Removed 3 MB." in forget(capsys, "org/half", "--hub", "--yes")[1] and not half.parent.exists()
    moved = cached("org/one").rename(tmp_path / "moved")
    (hub.cache_folder() / "models--org--one").symlink_to(moved)
    code, _, err = forget(capsys, "org/one", "--hub", "--yes")
    assert code == 3 and "is a link" in err and blobs(moved) == {"b"}


def test_of_a_repository_all_that_is_kept_of_its_files_goes(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("org/q:Q8_0", "org/q", "org/q2"):
        speeds.keep(name, Speed(3.0, "cpu", "bfloat16"))
    assert forget(capsys, "org/q", "--yes")[0] == 0
    assert [speeds.find(name) is None for name in ("org/q:Q8_0", "org/q", "org/q2")] == [True, True, False]


def test_a_name_that_ends_another_is_not_that_one(capsys: pytest.CaptureFixture[str]) -> None:
    speeds.keep("/a /b/m.gguf", Speed(3.0, "cpu", "bfloat16"))
    assert forget(capsys, "/b/m.gguf", "--yes")[0] == 0 and speeds.find("/a /b/m.gguf") is not None


def test_while_it_is_fetched_or_converted_nothing_goes(capsys: pytest.CaptureFixture[str]) -> None:
    folder = starter()
    for lock in (folder / ".lock", converted.lock_of(converted.folder_of(folder / FILE))):
        with open(lock, "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            code, _, err = forget(capsys, "starter", "--yes")
            assert code == 3 and "ed now; nothing was removed" in err and folder.exists()
            assert lock.exists()


def test_what_a_killed_conversion_left_goes_too(capsys: pytest.CaptureFixture[str]) -> None:
    folder = starter()
    half = converted.root() / f".{converted.folder_of(folder / FILE).name}-killed"
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"x" * 4_000_000)
    assert "4 MB  a conversion that was not finished" in forget(capsys, "starter", "--yes")[1]
    assert not half.exists()


def test_what_others_put_beside_the_starter_stays(capsys: pytest.CaptureFixture[str]) -> None:
    folder = starter()
    (folder / "mine.gguf").write_text("mine")
    assert "Removed 3 MB." in forget(capsys, "starter", "--yes")[1]
    assert [path.name for path in folder.iterdir()] == ["mine.gguf"]


def test_an_engine_that_has_come_before_the_answer_is_seen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = starter()
    identity = EngineIdentity(model=str(folder / FILE))  # the same model by another name
    taken: list[place.Place | None] = []

    def answer(question: str) -> bool:
        taken.append(place.Place.claim(identity.socket, LockNote(os.getpid(), identity, "/log")))
        return question.startswith("Remove 3 MB of starter?")

    monkeypatch.setattr("docstra_tui.commands.forgetting.can_ask", lambda console: True)
    monkeypatch.setattr("docstra_tui.commands.forgetting.says_yes", answer)
    code, _, err = forget(capsys, "starter")
    assert code == 3 and "loaded; nothing was removed" in err and folder.exists()
    assert taken[0] is not None
    taken[0].leave()
