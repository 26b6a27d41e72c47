"""The models of this machine, as lists offer them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from docstra_tui import paths
from docstra_tui.engine.client import place
from docstra_tui.engine.client.identity import EngineIdentity, LockNote
from docstra_tui.llm.files import hub, profile
from docstra_tui.llm.files.catalog import InstalledModel, installed_models
from docstra_tui.llm.files.profile import Profile
from docstra_tui.llm.files.starter import FILE
from docstra_tui.llm.machine import memory_free, speeds
from docstra_tui.llm.machine.speeds import Speed
from docstra_tui.settings import ModelSettings, RemoteSettings, Settings
from docstra_tui.workspace.models.installed import Row, details, lines, rows
from tests.llm.files.made_files import gguf_bytes, model_folder

GB = 10**9
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "max_position_embeddings": 32768,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "hidden_size": 4096,
    "dtype": "bfloat16",
}


@pytest.fixture(autouse=True)
def small_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(memory_free, "of_gpus", dict)
    monkeypatch.setattr(memory_free, "of_machine", lambda: 8 * GB)


def cached(repository: str) -> Path:
    storage = hub.cache_folder() / f"models--{repository.replace('/', '--')}"
    (storage / "refs").mkdir(parents=True)
    (storage / "refs" / "main").write_text("1" * 40)
    return storage / "snapshots" / ("1" * 40)


def row(size: int, window: int | None = 32768, token: int | None = 147456, problem: str = "") -> Row:
    model = InstalledModel("m", "hub", size, Path("/m"))
    about = Profile("bfloat16", window, size, token, problem)
    return Row(model, about, None, is_current=False, is_loaded=False, free=8 * GB)


def test_the_starter_says_what_it_is_and_how_large() -> None:
    [starter] = rows(Settings())
    assert (starter.name, starter.is_current, starter.fit) == ("starter", True, "")
    assert starter.note == "small and often wrong, fetched when it is first used: 93 MB"
    folder = paths.cache_dir() / "starter"
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(gguf_bytes())
    [starter] = rows(Settings(remote=RemoteSettings(base_url="http://gpu/v1")))
    assert (starter.is_current, starter.columns[1:4]) == (False, ("Q4_1", "", "fits"))
    assert starter.note == "small and often wrong"


def test_the_current_one_is_first_then_what_fits_and_last_what_is_broken() -> None:
    for name in ("zoo/b", "zoo/a", "zoo/large", "zoo/mine"):
        model_folder(cached(name), **CONFIG)
    weights = hub.cached_snapshot("zoo/large")
    assert weights is not None
    table = json.dumps({"w": {"dtype": "BF16", "shape": [2 * GB * 5], "data_offsets": [0, 20 * GB]}}).encode()
    with (weights / "model.safetensors").open("wb") as file:  # a hole: nothing of it is on the disk
        file.write(len(table).to_bytes(8, "little") + table)
        file.truncate(8 + len(table) + 20 * GB)
    (model_folder(cached("zoo/0-broken"), **CONFIG) / "model.safetensors").unlink()
    speeds.keep("zoo/a", Speed(41.2, "cpu", "bfloat16"))
    found = rows(Settings(model=ModelSettings(name="zoo/mine")))
    assert [one.name for one in found] == [
        "zoo/mine",
        "zoo/a",
        "zoo/b",
        "starter",
        "zoo/large",
        "zoo/0-broken",
    ]
    assert [one.fit for one in found] == ["fits", "fits", "fits", "", "needs 22.0 GB", ""]
    assert found[1].columns[1:] == ("bf16", "32k", "fits", "41 tok/s")
    assert found[2].columns[4] == "—" and found[5].columns == ("",) * 5
    assert found[5].note == "zoo/0-broken is incomplete: model.safetensors is missing."
    assert len({line.index("bf16") for line in details(found)[:3]}) == 1


def test_one_that_an_engine_has_needs_no_more_room() -> None:
    model_folder(cached("zoo/a"), **CONFIG)
    identity = EngineIdentity(model="zoo/a")
    taken = place.Place.claim(identity.socket, LockNote(os.getpid(), identity, "/log"))
    assert taken is not None and [one.fit for one in rows(Settings())] == ["", "loaded"]
    taken.leave()
    assert [one.fit for one in rows(Settings())] == ["", "fits"]


def test_how_much_fits_beside_the_weights_is_said_in_tokens() -> None:
    assert row(2 * GB).fit == "fits"
    assert row(5 * GB).fit == "fits 17.0k"
    assert row(5 * GB, token=None).fit == row(5 * GB, window=None).fit == "fits"
    assert row(int(7.25 * GB)).fit == row(int(7.27 * GB)).fit == "needs 8.0 GB"
    assert row(5 * GB, problem="It is broken.").fit == ""


def test_columns_stand_beside_the_names_where_all_of_them_have_room() -> None:
    model_folder(cached("zoo/a"), **CONFIG)
    found = rows(Settings())
    wide, narrow = lines(found, 100), lines(found, 30)
    assert wide[0].startswith("● starter") and wide[-1].startswith("  zoo/a    ")
    assert wide[-1].endswith("fits  —") and all(len(line) <= 100 for line in wide)
    assert narrow[0] == "● starter" and "  zoo/a" in narrow and all(len(line) <= 30 for line in narrow)


@pytest.mark.parametrize(
    "config",
    [
        {"max_position_embeddings": "many", "num_hidden_layers": -3, "hidden_size": 1e300},
        {"text_config": [], "num_attention_heads": [None, True], "num_key_value_heads": {"a": 1}},
        {"dtype": 3, "quantization_config": "x", "max_position_embeddings": 10**30},
    ],
)
def test_a_configuration_that_lies_is_as_good_as_none(config: dict[str, object]) -> None:
    folder = model_folder(cached("zoo/odd"), **config)
    [_, odd] = installed_models()
    found = profile.of(odd)
    assert (found.window, found.token, found.problem) == (None, None, "")
    (folder / "config.json").write_text("[" * 100_000)
    assert profile.of(odd) == Profile(problem=profile.of(odd).problem)


def test_a_gguf_is_read_once_and_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = cached("zoo/files")
    folder.mkdir(parents=True)
    (folder / "m.Q8_0.gguf").write_bytes(gguf_bytes())
    (folder / "cut.Q4_0.gguf").write_bytes(gguf_bytes()[:60])
    (folder / "odd.Q5_0.gguf").write_bytes(gguf_bytes(architecture="unheard-of"))
    found = {model.name.partition(":")[2]: model for model in installed_models()[1:]}
    assert profile.of(found["Q8_0"]) == Profile("Q8_0", None, 16)
    assert "is cut short" in profile.of(found["Q4_0"]).problem
    assert "transformers cannot read" in profile.of(found["Q5_0"]).problem
    monkeypatch.setattr(profile.gguf_files, "read_header", lambda path: pytest.fail("it was read again"))
    assert profile.of(found["Q8_0"]) == Profile("Q8_0", None, 16)


@pytest.mark.parametrize("row", [None, 3, {}, {"write": "1"}, {"write": -1.0, "device": "cpu", "dtype": "f"}])
def test_a_speed_that_is_damaged_is_unknown(row: object) -> None:
    speeds.KEPT.keep(speeds.key_of("m"), row)
    assert speeds.find("m") is None


def test_a_speed_is_written_again_only_when_it_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    for seen, kept in ((20.0, 20.0), (21.0, 20.0), (30.0, 30.0), (10.0, 25.0)):
        speeds.keep("m", Speed(seen, "cpu", "bfloat16"))
        assert speeds.find("m") == Speed(kept, "cpu", "bfloat16")
    monkeypatch.setattr(speeds, "processor", lambda: "another one")
    assert speeds.find("m") is None


def test_free_memory_is_that_of_the_device_that_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    program = tmp_path / "nvidia-smi"
    program.write_text(
        "#!/bin/sh\necho '0, GPU-aa-1, 4000'\necho '1, GPU-bb-2, 8000'\necho '2, GPU-cc, [N/A]'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(memory_free, "of_machine", lambda: 7)
    one, other = 4000 << 20, 8000 << 20
    assert [memory_free.for_device(name) for name in ("cuda", "cuda:0", "cpu", "mps")] == [other, one, 7, 7]
    assert memory_free.for_device("auto") == int((one + other) * 0.9)
    for visible, found in {
        "1": {0: other},
        "GPU-bb,0": {0: other, 1: one},
        "0,9,1": {0: one},
        "-1": {},
    }.items():
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert memory_free.of_gpus() == found
