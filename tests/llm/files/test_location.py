"""What a model's name means, and every way its files can be wrong, each told in one sentence."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from docstra_tui.errors import (
    BadModelFile,
    IncompleteDownload,
    MissingPackage,
    ModelError,
    ModelNotFound,
    UnknownArchitecture,
    UnsafeWeights,
)
from docstra_tui.llm.files import checkpoint, gguf_files, sources
from docstra_tui.llm.files.location import resolve
from docstra_tui.llm.files.sources import ModelFiles, ModelSpec
from tests.llm.files.made_files import gguf_bytes, model_folder, safetensors

# What a name means


def test_a_whole_folder_is_found(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "model")
    assert resolve(ModelSpec(str(folder))) == ModelFiles(str(folder), folder)


def test_the_path_wins_over_the_name(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "model")
    assert resolve(ModelSpec("owner/other", path=str(folder))).folder == folder


def test_a_gguf_file_is_found_in_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "tiny.Q8_0.gguf"
    file.write_bytes(gguf_bytes())
    assert resolve(ModelSpec(str(file))) == ModelFiles(str(file), tmp_path, file)


def test_a_folder_of_gguf_files_takes_a_quantisation(tmp_path: Path) -> None:
    for name in ("m.Q2_K.gguf", "m.Q8_0.gguf", "m.Q4_K_S.gguf", "mmproj-m.F16.gguf"):
        (tmp_path / name).write_bytes(gguf_bytes())
    assert resolve(ModelSpec(str(tmp_path))).gguf == tmp_path / "m.Q4_K_S.gguf"
    assert resolve(ModelSpec(f"{tmp_path}:q8_0")).gguf == tmp_path / "m.Q8_0.gguf"
    with pytest.raises(ModelNotFound, match="Q6_K") as caught:
        resolve(ModelSpec(f"{tmp_path}:Q6_K"))
    assert "Q2_K, Q4_K_S, Q8_0" in caught.value.hint


def test_a_folder_in_a_project_is_never_taken_for_a_hub_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_folder(tmp_path / "owner" / "name")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError):
        resolve(ModelSpec("owner/name"))
    assert resolve(ModelSpec("./owner/name")).folder == tmp_path / "owner" / "name"


def test_a_path_and_a_home_folder_mean_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = model_folder(tmp_path / "Qwen" / "Coder")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (str(folder), "~/Qwen/Coder", "../Qwen/Coder"):
        assert resolve(ModelSpec(name)).folder == folder
        assert resolve(ModelSpec(sources.absolute(name))).folder == folder


def test_who_has_both_is_told_how_to_name_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model_folder(tmp_path / "Qwen" / "Coder")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError) as caught:
        resolve(ModelSpec("Qwen/Coder"))
    assert "./Qwen/Coder" in caught.value.hint


def test_local_names_become_absolute_and_hub_names_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sources.absolute("model.gguf") == str(tmp_path / "model.gguf")
    assert sources.absolute("./owner/name") == str(tmp_path / "owner" / "name")
    for name in ("", "starter", "owner/name", "owner/name-GGUF:Q4_K_M"):
        assert sources.absolute(name) == name


def test_a_missing_path_says_what_a_name_can_be(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="There is no model") as caught:
        resolve(ModelSpec(str(tmp_path / "nothing")))
    assert "hub id" in caught.value.hint


# Quantisations


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["m-Q4_K_M.gguf", "m-Q8_0.gguf"], "m-Q4_K_M.gguf"),
        (["m.q5_k_m.gguf", "m.q3_k_s.gguf"], "m.q5_k_m.gguf"),
        (["m-f16.gguf", "m-Q2_K.gguf"], "m-f16.gguf"),
        (["m-UD-Q4_K_XL.gguf", "m-IQ4_NL.gguf"], "m-IQ4_NL.gguf"),
        (
            ["big-Q4_K_M-00001-of-00002.gguf", "big-Q4_K_M-00002-of-00002.gguf", "big-Q2_K.gguf"],
            "big-Q2_K.gguf",
        ),
        (["ggml-model.gguf"], "ggml-model.gguf"),
    ],
)
def test_the_default_quantisation_is_the_sensible_one(names: list[str], chosen: str) -> None:
    assert gguf_files.choose("owner/repo", names) == chosen


def test_a_split_model_is_refused_with_a_way_out() -> None:
    with pytest.raises(ModelError, match="part 1 of 3") as caught:
        gguf_files.choose("owner/repo", ["m-Q4_K_M-00001-of-00003.gguf", "m-Q4_K_M-00002-of-00003.gguf"])
    assert "llama-gguf-split --merge" in caught.value.hint


# Bad GGUF files


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", IncompleteDownload, "is empty"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n",
            IncompleteDownload,
            "git-lfs pointer",
        ),
        (b"<!DOCTYPE html><html><title>Sign in</title>", BadModelFile, "web page"),
        (b"PK\x03\x04 something else entirely", BadModelFile, "not a GGUF"),
        (b"GGUF\x03\x00", IncompleteDownload, "cut short"),
        (b"GGUF" + struct.pack("<IQQ", 99, 0, 0), BadModelFile, "version is 99"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1 << 60), BadModelFile, "million"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 1, 1, 1 << 62), IncompleteDownload, "cut short"),
        (gguf_bytes()[:100], IncompleteDownload, "cut short"),
        (gguf_bytes(claimed=24_000_000), IncompleteDownload, "truncated: 0.00 of 96 MB"),
        (gguf_bytes(parts=2), ModelError, "one of 2 parts"),
    ],
)
def test_a_bad_gguf_says_what_is_wrong(
    tmp_path: Path, content: bytes, error: type[ModelError], says: str
) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(content)
    with pytest.raises(error, match=says):
        resolve(ModelSpec(str(file)))


# Bad folders


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    safetensors(folder / "model-00001-of-00002.safetensors")
    index = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    with pytest.raises(IncompleteDownload, match=r"model-00002-of-00002\.safetensors is missing"):
        resolve(ModelSpec(str(folder)))


def test_truncated_weights_are_told_with_their_size(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    whole = safetensors(folder / "model.safetensors", 1_000_000).read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:2_000_000])
    with pytest.raises(IncompleteDownload, match=r"2\.0 of 4\.0 MB"):
        resolve(ModelSpec(str(folder)))


def test_an_lfs_pointer_in_place_of_the_weights(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\n")
    with pytest.raises(IncompleteDownload, match="git-lfs pointer") as caught:
        resolve(ModelSpec(str(folder)))
    assert "git lfs pull" in caught.value.hint


def test_weights_that_are_no_safetensors(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(BadModelFile, match="damaged"):
        resolve(ModelSpec(str(folder)))


def test_pickled_weights_are_refused_and_never_opened(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    canary = tmp_path / "ran"
    (folder / "pytorch_model.bin").write_bytes(f"cos\nsystem\n(S'touch {canary}'\ntR.".encode())
    with pytest.raises(UnsafeWeights, match="pickle"):
        resolve(ModelSpec(str(folder)))
    assert not canary.exists()


def test_no_weights_and_no_tokenizer_are_incomplete(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "tokenizer.json").write_text('{"model": {"vocab": {"a"')
    with pytest.raises(IncompleteDownload, match="cut short"):
        resolve(ModelSpec(str(folder)))
    (folder / "tokenizer.json").unlink()
    with pytest.raises(IncompleteDownload, match="no tokenizer"):
        resolve(ModelSpec(str(folder)))
    (folder / "model.safetensors").unlink()
    with pytest.raises(IncompleteDownload, match=r"model\.safetensors is missing"):
        resolve(ModelSpec(str(folder)))


@pytest.mark.parametrize(
    "config",
    [
        {"architectures": ["BertForMaskedLM"]},
        {"architectures": ["T5ForConditionalGeneration"], "is_encoder_decoder": True},
    ],
)
def test_a_model_that_cannot_write_is_refused(tmp_path: Path, config: dict[str, object]) -> None:
    with pytest.raises(UnknownArchitecture, match="cannot write text"):
        resolve(ModelSpec(str(model_folder(tmp_path / "m", **config))))


def test_a_broken_configuration(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "config.json").write_text("{")
    with pytest.raises(BadModelFile, match=r"config\.json is not valid JSON"):
        resolve(ModelSpec(str(folder)))


def test_a_missing_quantisation_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "is_installed", lambda module: False)
    folder = model_folder(tmp_path / "m", quantization_config={"quant_method": "gptq"})
    with pytest.raises(MissingPackage, match="gptq") as caught:
        resolve(ModelSpec(str(folder)))
    assert caught.value.hint == "pip install optimum gptqmodel"


def test_an_adapter_is_not_a_model(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match="adapter"):
        resolve(ModelSpec(str(tmp_path)))
