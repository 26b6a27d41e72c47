"""Models load from folders and GGUF files, and what cannot load says why."""

from __future__ import annotations

import inspect
import json
import logging
import os
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from filelock import FileLock, Timeout

from docstra_tui.commands import flags
from docstra_tui.engine.client.identity import EngineIdentity
from docstra_tui.errors import (
    BadModelFile,
    DeviceUnavailable,
    MissingPackage,
    ModelError,
    NeedsRemoteCode,
    NotEnoughMemory,
    UnknownArchitecture,
)
from docstra_tui.llm.files import checkpoint, converted
from docstra_tui.llm.files.sources import LoadProgress, ModelSpec
from docstra_tui.llm.loading import accelerators, conversion
from docstra_tui.llm.loading.loader import WINDOW_UNKNOWN, LoadedModel, load, window_of
from docstra_tui.llm.local import LocalLLM
from docstra_tui.settings import ModelSettings, Settings
from tests.tiny_models import Arch, make_tiny, make_tiny_gguf, tiny_model, tiny_tokenizer

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("models") / "llama", "llama", window=512)


def logits(model: torch.nn.Module) -> torch.Tensor:
    with torch.inference_mode():
        return model(torch.tensor([[5, 40, 300, 7]])).logits.float()


def change_config(folder: Path, **values: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize("arch", ["llama", "qwen2", "gemma3"])
def test_a_folder_loads_with_the_dtype_of_the_checkpoint(arch: Arch, tmp_path: Path) -> None:
    loaded = load(ModelSpec(str(make_tiny(tmp_path / arch, arch, window=256)), device="cpu"))
    assert (loaded.device, loaded.dtype, loaded.window) == ("cpu", "float32", 256)
    assert loaded.reason
    source = tiny_model(arch, tiny_tokenizer(arch, 256), layers=2, window=256, seed=0)
    assert torch.equal(logits(loaded.model), logits(source))
    assert not loaded.model.training


def test_the_tokenizer_comes_before_the_weights(llama: Path) -> None:
    events: list[object] = []

    def progress(step: LoadProgress) -> None:
        if not events or events[-1] != step.phase:
            events.append(step.phase)

    load(ModelSpec(str(llama), device="cpu"), progress, lambda tokenizer, window: events.append(window))
    assert events == ["find", "read", 512, "place"]


def test_a_dtype_that_is_asked_for_wins(llama: Path) -> None:
    assert load(ModelSpec(str(llama), device="cpu", dtype="bfloat16")).model.dtype == torch.bfloat16


def test_nothing_reaches_the_terminal(llama: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load(ModelSpec(str(llama), device="cpu"))
    with pytest.raises(ModelError):
        load(ModelSpec(str(llama), device="nonsense"))
    assert capfd.readouterr() == ("", "")


# GGUF


def greedy(loaded: LoadedModel) -> list[int]:
    ids = loaded.tokenizer("What does the client do?", return_tensors="pt")
    return list(loaded.model.generate(**ids, max_new_tokens=12, do_sample=False)[0].tolist())


def test_a_gguf_is_converted_once_and_says_the_same_as_its_source(tmp_path: Path) -> None:
    source = load(ModelSpec(str(make_tiny(tmp_path / "folder", "llama")), device="cpu"))
    file = make_tiny_gguf(tmp_path / "tiny.gguf")
    phases: list[list[str]] = []
    for _ in range(2):
        seen: list[str] = []
        loaded = load(ModelSpec(str(file), device="cpu"), lambda step, seen=seen: seen.append(step.phase))
        phases.append(seen)
        assert torch.allclose(logits(loaded.model), logits(source.model), atol=1e-3)
        assert greedy(loaded) == greedy(source)
        assert loaded.path == str(file)
        chat = [{"role": "user", "content": "hello"}]
        assert loaded.tokenizer.apply_chat_template(chat, tokenize=False).startswith(
            "<|im_start|>user\nhello"
        )
    assert "convert" in phases[0] and "convert" not in phases[1]


def test_a_changed_gguf_is_converted_again(tmp_path: Path) -> None:
    file = make_tiny_gguf(tmp_path / "tiny.gguf")
    first = load(ModelSpec(str(file), device="cpu"))
    make_tiny_gguf(file, seed=1)
    assert not torch.equal(logits(load(ModelSpec(str(file), device="cpu")).model), logits(first.model))


def test_a_large_gguf_is_read_each_time_and_converted_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "LARGEST_BYTES", 1000)
    file = make_tiny_gguf(tmp_path / "tiny.gguf")
    seen: list[LoadProgress] = []
    loaded = load(ModelSpec(str(file), device="cpu"), seen.append)
    assert conversion.converted(file) is None
    read = [step for step in seen if step.phase == "read" and step.total]
    assert read and read[-1].done == read[-1].total
    folder = conversion.convert(ModelSpec(str(file)))
    assert conversion.converted(file) == folder
    assert torch.equal(logits(load(ModelSpec(str(file), device="cpu")).model), logits(loaded.model))


def test_who_converts_beside_another_process_says_that_it_waits(tmp_path: Path) -> None:
    other = FileLock(tmp_path / "model.lock")
    other.acquire()
    seen: list[str] = []

    def show(progress: LoadProgress) -> None:
        seen.append(progress.phase)
        other.release()

    for _ in range(2):
        with conversion._alone(tmp_path / "model.lock", show), pytest.raises(Timeout):
            other.acquire(timeout=0)
    assert seen == ["wait"]


def test_a_killed_conversion_leaves_nothing_that_is_used(tmp_path: Path) -> None:
    file = make_tiny_gguf(tmp_path / "tiny.gguf")
    left = converted.root() / f".{converted.folder_of(file).name}-killed"
    left.mkdir(parents=True)
    (left / "model.safetensors").write_bytes(b"half")
    load(ModelSpec(str(file), device="cpu"))
    assert not left.exists()
    assert conversion.converted(file) is not None


def test_a_full_disk_reads_the_gguf_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Usage = namedtuple("Usage", "total used free")
    monkeypatch.setattr(conversion.shutil, "disk_usage", lambda path: Usage(100, 100, 1000))
    file = make_tiny_gguf(tmp_path / "tiny.gguf")
    assert load(ModelSpec(str(file), device="cpu")).dtype == "float32"
    assert conversion.converted(file) is None
    with pytest.raises(ModelError, match="disk ran full"):
        conversion.convert(ModelSpec(str(file)))


# What cannot load


def test_not_enough_memory_is_told_before_loading(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerators, "free_memory", lambda: 100_000)
    seen: list[str] = []
    with pytest.raises(NotEnoughMemory, match=r"needs 0\.0 GB of memory as float32"):
        load(ModelSpec(str(llama), device="cpu"), lambda step: seen.append(step.phase))
    assert "place" not in seen


def test_memory_that_runs_out_on_the_way_is_the_same_error(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", fail)
    with pytest.raises(NotEnoughMemory, match="used up") as caught:
        load(ModelSpec(str(llama), device="cpu"))
    assert caught.value.__context__ is None and caught.value.__cause__ is None


def test_a_model_with_its_own_code_is_refused_and_its_code_never_runs(own_copy: Path) -> None:
    canary = own_copy / "ran"
    (own_copy / "own.py").write_text(f"open({str(canary)!r}, 'w')\n")
    change_config(own_copy, model_type="own", architectures=["OwnForCausalLM"])
    change_config(own_copy, auto_map={"AutoConfig": "own.Own", "AutoModelForCausalLM": "own.Own"})
    with pytest.raises(NeedsRemoteCode, match="Python code"):
        load(ModelSpec(str(own_copy), device="cpu"))
    assert not canary.exists()


def test_code_beside_a_model_that_is_known_never_runs_either(own_copy: Path) -> None:
    canary = own_copy / "ran"
    (own_copy / "custom_generate").mkdir()
    for name in ("own.py", "custom_generate/generate.py"):
        (own_copy / name).write_text(f"open({str(canary)!r}, 'w')\n")
    (own_copy / "custom_generate" / "requirements.txt").write_text("")
    change_config(own_copy, auto_map={"AutoConfig": "own.Own", "AutoModelForCausalLM": "own.Own"})

    llm = LocalLLM(str(own_copy), max_tokens=2, device="cpu")
    try:
        assert llm.generate("hello") is not None
    finally:
        llm.close()

    assert not canary.exists()


def test_only_a_program_can_turn_a_models_own_code_on() -> None:
    """No face, no setting and no engine has a word for it; the library's argument is off by default."""
    assert inspect.signature(LocalLLM).parameters["trust_remote_code"].default is False
    assert not ModelSpec().trust_remote_code
    words = [flag for option in flags.COMMON for flag in option.flags]
    words += [
        field for shape in (Settings, ModelSettings, EngineIdentity) for field in shape.__struct_fields__
    ]
    assert len(words) > 20
    assert not [word for word in words if "remote_code" in word or "trust" in word]


def test_an_unknown_architecture(own_copy: Path) -> None:
    change_config(own_copy, model_type="tomorrow", architectures=["TomorrowForCausalLM"])
    with pytest.raises(UnknownArchitecture, match="does not know") as caught:
        load(ModelSpec(str(own_copy), device="cpu"))
    assert "pip install -U transformers" in caught.value.hint


def test_an_unknown_gguf_architecture(tmp_path: Path) -> None:
    file = make_tiny_gguf(tmp_path / "tiny.gguf")
    data = file.read_bytes()
    key = b"general.architecture\x08\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00"
    assert key + b"llama" in data
    file.write_bytes(data.replace(key + b"llama", key + b"xlama"))
    with pytest.raises(UnknownArchitecture, match="cannot read"):
        load(ModelSpec(str(file), device="cpu"))


def test_weights_that_lack_a_tensor_are_not_filled_with_noise(own_copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = own_copy / "model.safetensors"
    tensors = load_file(path)
    del tensors["model.layers.1.mlp.up_proj.weight"]
    path.unlink()
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(BadModelFile, match="lacks 1 of its weights"):
        load(ModelSpec(str(own_copy), device="cpu"))


def test_quantising_needs_the_extra(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "is_installed", lambda module: False)
    with pytest.raises(MissingPackage, match="bitsandbytes") as caught:
        load(ModelSpec(str(llama), device="cpu", quant="bnb-4bit"))
    assert caught.value.hint == "pip install 'docstra-tui[quant]'"


def test_the_whole_original_goes_to_the_log(own_copy: Path, caplog: pytest.LogCaptureFixture) -> None:
    (own_copy / "tokenizer.json").write_text("{}")
    with caplog.at_level(logging.ERROR, "docstra_tui"), pytest.raises(ModelError) as caught:
        load(ModelSpec(str(own_copy), device="cpu"))
    assert "Traceback" in caplog.text
    assert "\n" not in caught.value.message


# The window


@pytest.mark.parametrize(
    ("config", "limit", "window"),
    [
        ({"max_position_embeddings": 8192}, 10**30, 8192),
        ({}, 1024, 1024),
        ({}, 10**30, WINDOW_UNKNOWN),
    ],
)
def test_the_window_comes_from_the_best_source(config: dict[str, int], limit: int, window: int) -> None:
    assert window_of(SimpleNamespace(**config), SimpleNamespace(model_max_length=limit)) == window


def test_the_window_of_an_image_text_model_is_its_texts() -> None:
    text = SimpleNamespace(max_position_embeddings=4000)
    whole = SimpleNamespace(get_text_config=lambda: text, max_position_embeddings=77)
    assert window_of(whole, SimpleNamespace(model_max_length=1)) == 4000


def test_a_device_that_is_not_there(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerators, "gpus", lambda: [])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(DeviceUnavailable, match="no CUDA device"):
        load(ModelSpec(str(llama), device="cuda"))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""


def test_an_image_text_model_is_used_for_its_text(llama: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer, CLIPVisionConfig, LlamaConfig, LlavaConfig
    from transformers import LlavaForConditionalGeneration as Llava

    text = LlamaConfig.from_pretrained(llama)
    vision = CLIPVisionConfig(
        hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=28
    )
    folder = tmp_path / "llava"
    Llava(LlavaConfig(vision_config=vision, text_config=text, image_token_index=599)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(llama).save_pretrained(folder)
    loaded = load(ModelSpec(str(folder), device="cpu"))
    assert loaded.window == 512
    assert len(greedy(loaded)) > 12
