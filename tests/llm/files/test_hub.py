"""Models of the hub, against a stand-in on loopback: what is downloaded, and how each failure is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub.constants
import huggingface_hub.file_download
import pytest

from docstra_tui.errors import (
    GatedModel,
    HubUnreachable,
    IncompleteDownload,
    ModelError,
    ModelNotFound,
    UnknownArchitecture,
    UnsafeWeights,
)
from docstra_tui.llm.files.location import resolve
from docstra_tui.llm.files.sources import LoadProgress, ModelSpec
from tests.llm import hub_standin
from tests.llm.files.made_files import gguf_bytes, model_folder, safetensors
from tests.llm.hub_standin import HubStandIn

ONE = ModelSpec("owner/model")


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStandIn]:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    with hub_standin.running() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def go_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


def test_only_what_is_needed_is_downloaded(standin: HubStandIn, tmp_path: Path) -> None:
    folder = standin.repositories["owner/model"] = model_folder(tmp_path / "m")
    for name in ("pytorch_model.bin", "README.md", "modeling_own.py", "onnx.pb", "logo.png"):
        (folder / name).write_bytes(b"x" * 100)
    safetensors(folder / "consolidated.safetensors")
    seen: list[LoadProgress] = []
    files = resolve(ONE, seen.append)
    assert sorted(path.name for path in files.folder.iterdir()) == [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    ]
    assert files.name == "owner/model" and files.gguf is None
    downloads = [step for step in seen if step.phase == "download"]
    assert seen[0].phase == "find"
    assert (
        downloads[-1].done
        == downloads[-1].total
        == sum(path.stat().st_size for path in files.folder.iterdir())
    )


def test_a_gguf_repository_gives_one_file(standin: HubStandIn, tmp_path: Path) -> None:
    for name in ("m.Q2_K.gguf", "m.Q4_K_M.gguf", "m.Q8_0.gguf"):
        (tmp_path / name).write_bytes(gguf_bytes() + name.encode())
    standin.repositories["owner/model"] = tmp_path
    files = resolve(ONE)
    assert files.gguf is not None and files.gguf.name == "m.Q4_K_M.gguf"
    files = resolve(ModelSpec("owner/model:Q8_0"))
    assert files.name == "owner/model:Q8_0" and files.gguf is not None and files.gguf.name == "m.Q8_0.gguf"
    assert standin.downloads() == ["m.Q4_K_M.gguf", "m.Q8_0.gguf"]

    with pytest.raises(ModelNotFound, match="no quantisation Q5_0") as caught:
        resolve(ModelSpec("owner/model:Q5_0"))
    assert "Q2_K, Q4_K_M, Q8_0" in caught.value.hint


def test_a_gguf_that_cannot_be_read_is_not_downloaded(standin: HubStandIn, tmp_path: Path) -> None:
    (tmp_path / "m.Q4_K_M.gguf").write_bytes(gguf_bytes(architecture="deepseek2"))
    standin.repositories["owner/model"] = tmp_path
    standin.gguf["owner/model"] = {"architecture": "deepseek2", "total": 100}
    with pytest.raises(UnknownArchitecture, match="deepseek2") as refused:
        resolve(ONE)
    assert "qwen3" in refused.value.hint
    assert standin.downloads() == []
    standin.gguf["owner/model"] = {"total": 100}  # a hub that does not say: then the file does
    with pytest.raises(UnknownArchitecture, match="deepseek2"):
        resolve(ONE)
    assert standin.downloads() == ["m.Q4_K_M.gguf"]


def test_the_hub_may_tell_of_the_projector_beside_the_model(standin: HubStandIn, tmp_path: Path) -> None:
    for name in ("m.Q4_K_M.gguf", "mmproj-m.gguf"):
        (tmp_path / name).write_bytes(gguf_bytes())
    standin.repositories["owner/model"] = tmp_path
    standin.gguf["owner/model"] = {"architecture": "clip"}
    assert resolve(ONE).gguf is not None


def test_a_second_time_nothing_is_downloaded(standin: HubStandIn, tmp_path: Path) -> None:
    standin.repositories["owner/model"] = model_folder(tmp_path / "m")
    resolve(ONE)
    before = len(standin.downloads())
    resolve(ONE)
    assert len(standin.downloads()) == before


def test_a_file_that_was_cut_short_here_is_downloaded_again(standin: HubStandIn, tmp_path: Path) -> None:
    folder = standin.repositories["owner/model"] = model_folder(tmp_path / "m")
    weights = resolve(ONE).folder / "model.safetensors"
    with weights.open("r+b") as file:  # through the link, as a full disk leaves it
        file.truncate(20)
    standin.requests.clear()
    again = resolve(ONE).folder / "model.safetensors"
    assert standin.downloads() == ["model.safetensors"]
    assert again.read_bytes() == (folder / "model.safetensors").read_bytes()


def test_offline_the_cache_is_used_and_nobody_is_asked(
    standin: HubStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin.repositories["owner/model"] = model_folder(tmp_path / "m")
    first = resolve(ONE)
    asked = len(standin.requests)
    go_offline(monkeypatch)
    assert resolve(ONE) == first
    assert len(standin.requests) == asked
    with pytest.raises(HubUnreachable, match="offline mode is on"):
        resolve(ModelSpec("owner/other"))


@pytest.mark.parametrize("refusal", [(503, ""), (403, "GatedRepo"), (401, "GatedRepo")])
def test_a_hub_that_refuses_does_not_matter_when_the_model_is_here(
    standin: HubStandIn, tmp_path: Path, refusal: tuple[int, str]
) -> None:
    standin.repositories["owner/model"] = model_folder(tmp_path / "m")
    first = resolve(ONE)
    standin.refusals["owner/model"] = refusal
    assert resolve(ONE) == first


@pytest.mark.parametrize(
    ("status", "code", "error", "says", "hint"),
    [
        (404, "RepoNotFound", ModelNotFound, "There is no model owner/model", "spelling"),
        (401, "RepoNotFound", ModelNotFound, "or it is private", "HF_TOKEN"),
        (401, "GatedRepo", GatedModel, "gated", "HF_TOKEN"),
        (403, "GatedRepo", GatedModel, "gated", "Accept it"),
        (403, "", GatedModel, "gated", "HF_TOKEN"),
        (500, "", HubUnreachable, "500", "later"),
    ],
)
def test_each_refusal_is_one_sentence(
    standin: HubStandIn, status: int, code: str, error: type[ModelError], says: str, hint: str
) -> None:
    standin.refusals["owner/model"] = (status, code)
    with pytest.raises(error, match=says) as caught:
        resolve(ONE)
    assert type(caught.value) is error
    assert hint in caught.value.hint
    assert "http" not in str(caught.value)


def test_a_revision_that_is_not_there(standin: HubStandIn, tmp_path: Path) -> None:
    standin.repositories["owner/model"] = model_folder(tmp_path / "m")
    with pytest.raises(ModelNotFound, match="no revision v9"):
        resolve(ModelSpec("owner/model", revision="v9"))


def test_nobody_listens(standin: HubStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    with pytest.raises(HubUnreachable, match="cannot be reached"):
        resolve(ONE)


def test_pickled_weights_are_not_even_downloaded(standin: HubStandIn, tmp_path: Path) -> None:
    folder = standin.repositories["owner/model"] = model_folder(tmp_path / "m")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UnsafeWeights, match="pickle"):
        resolve(ONE)
    assert standin.downloads() == []


def test_a_download_that_breaks_off_is_told_and_resumed(
    standin: HubStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = standin.repositories["owner/model"] = model_folder(tmp_path / "m")
    safetensors(folder / "model.safetensors", 100_000)
    standin.cut.add("model.safetensors")
    # The library waits a second before each of its five tries
    monkeypatch.setattr(huggingface_hub.file_download, "time", SimpleNamespace(sleep=lambda seconds: None))
    with pytest.raises(IncompleteDownload, match="broke off"):
        resolve(ONE)
    go_offline(monkeypatch)
    with pytest.raises(IncompleteDownload, match="incomplete"):
        resolve(ONE)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    standin.cut.clear()
    assert (resolve(ONE).folder / "model.safetensors").is_file()
