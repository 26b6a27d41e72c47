"""Where a model goes: the decision, its reason, and what is said when there is no place."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from docstra_tui.errors import DeviceUnavailable, NotEnoughMemory
from docstra_tui.llm.loading import accelerators, placement
from docstra_tui.llm.loading.accelerators import Gpu
from docstra_tui.llm.loading.placement import Weights, place

GB = 1_000_000_000


@pytest.fixture(autouse=True)
def plain_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No GPU, 64 GB, and hardware that knows bfloat16."""
    show(monkeypatch)
    monkeypatch.setattr(accelerators, "_nvidia_is_here", lambda: False)
    monkeypatch.setattr(accelerators, "free_memory", lambda: 64 * GB)
    monkeypatch.setattr(placement, "cpu_has_bfloat16", lambda: True)
    monkeypatch.setattr(placement, "gpu_has_bfloat16", lambda index: True)


def show(monkeypatch: pytest.MonkeyPatch, *free: int) -> None:
    """Give the machine GPUs with so many free bytes."""
    gpus = [Gpu(index, "Card", size, 80 * GB) for index, size in enumerate(free)]
    monkeypatch.setattr(accelerators, "gpus", lambda: gpus)


def model(billions: float, dtype: str = "bfloat16", asked: str = "auto", kind: str = "llama") -> Weights:
    return Weights("m", dtype, lambda width: int(billions * GB * width), kind, asked)


def test_without_a_gpu_it_is_the_cpu() -> None:
    placed = place(model(7))
    assert (placed.device, placed.dtype, placed.device_map) == ("cpu", "bfloat16", None)
    assert placed.reason == "no GPU was found"


def test_one_that_fits_goes_to_the_gpu_with_the_most_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    show(monkeypatch, 10 * GB, 70 * GB, 40 * GB)
    placed = place(model(7))
    assert (placed.device, placed.device_map) == ("cuda:1", {"": "cuda:1"})
    assert placed.reason == "most free memory of 3 GPUs: 70.0 GB of 80.0 GB were free"
    assert place(model(7), "cuda").device == "cuda:1"


def test_one_that_fits_on_none_alone_is_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    show(monkeypatch, 20 * GB, 20 * GB)
    placed = place(model(14))
    assert (placed.device, placed.device_map) == ("cuda:0+1", "auto")
    assert set(placed.max_memory) == {0, 1}
    assert "spread over 2 GPUs" in placed.reason


@pytest.mark.parametrize(
    ("free", "billions", "device", "used"),
    [
        ((40, 80, 80), 30, "cuda:1", None),  # one is enough: a second would only slow it down
        ((40, 80, 80), 60, "cuda:1+2", {1, 2}),  # and no third where two are
        ((80, 40, 80), 80, "cuda:0+1+2", {0, 1, 2}),
        ((80, 2, 80), 60, "cuda:0+2", {0, 2}),  # somebody else has the one between
    ],
)
@pytest.mark.parametrize("asked", ["auto", "cuda"])
def test_as_few_gpus_as_it_takes(
    free: tuple[int, ...], billions: int, device: str, used: set[int] | None, asked: str, monkeypatch
) -> None:
    show(monkeypatch, *(size * GB for size in free))
    placed = place(model(billions), asked)
    assert placed.device == device and set(placed.max_memory) == (used or set())
    need = placement.needed(model(billions), placed.dtype)
    assert used is None or all(room <= free[index] * GB for index, room in placed.max_memory.items())
    assert used is None or need <= sum(placed.max_memory.values())


def test_what_fits_on_all_gpus_together_no_more_is_refused_where_they_were_asked_for(monkeypatch) -> None:
    show(monkeypatch, 20 * GB, 20 * GB)
    with pytest.raises(NotEnoughMemory, match=r"cuda:0 has 20\.0 GB free"):
        place(model(17.5), "cuda")
    assert place(model(17.5)).device == "cpu"
    with pytest.raises(NotEnoughMemory):
        place(model(14), "cuda:1")  # one that is named is that one


def test_gpus_of_two_kinds_get_what_both_have(monkeypatch) -> None:
    monkeypatch.setattr(placement, "gpu_has_bfloat16", lambda index: index == 0)
    show(monkeypatch, 20 * GB, 19 * GB)
    assert (place(model(14)).device, place(model(14)).dtype) == ("cuda:0+1", "float16")


def test_one_that_fits_on_no_gpu_goes_to_the_cpu_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    show(monkeypatch, 8 * GB)
    placed = place(model(7))
    assert placed.device == "cpu"
    assert placed.reason == "15.4 GB do not fit in the 8.0 GB that the GPUs have free"


def test_one_that_fits_nowhere_is_refused_with_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    show(monkeypatch, 8 * GB)
    with pytest.raises(NotEnoughMemory, match=r"m needs 154\.0 GB of memory as bfloat16; 64\.0 GB are free"):
        place(model(70))
    with pytest.raises(NotEnoughMemory, match=r"cuda:0 has 8\.0 GB free"):
        place(model(7), "cuda:0")


def test_a_gpu_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    show(monkeypatch, 8 * GB)
    with pytest.raises(DeviceUnavailable, match="no cuda:3; this machine shows 1"):
        place(model(1), "cuda:3")
    with pytest.raises(DeviceUnavailable, match="no device 'gpu'"):
        place(model(1), "gpu")


# dtype


def test_hardware_without_bfloat16_gets_another_dtype(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "cpu_has_bfloat16", lambda: False)
    monkeypatch.setattr(placement, "gpu_has_bfloat16", lambda index: False)
    assert place(model(1)).dtype == "float32"
    show(monkeypatch, 70 * GB)
    assert place(model(1)).dtype == "float16"
    assert place(model(1, kind="gemma3_text")).dtype == "float32"


@pytest.mark.parametrize(
    ("dtype", "on_cpu", "on_gpu"),
    [
        ("bfloat16", "bfloat16", "bfloat16"),
        ("float16", "bfloat16", "float16"),
        ("float32", "float32", "float32"),
    ],
)
def test_the_dtype_is_the_checkpoints_own(
    monkeypatch: pytest.MonkeyPatch, dtype: str, on_cpu: str, on_gpu: str
) -> None:
    assert place(model(1, dtype)).dtype == on_cpu
    assert place(model(1, dtype, asked="float32")).dtype == "float32"
    show(monkeypatch, 70 * GB)
    assert place(model(1, dtype)).dtype == on_gpu


# A GPU that torch cannot use


@pytest.fixture
def nvidia(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with an NVIDIA device, whatever torch thinks of it."""
    monkeypatch.setattr(accelerators, "_nvidia_is_here", lambda: True)
    monkeypatch.setattr(accelerators, "_driver_version", lambda: "470.82.01")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_a_torch_without_cuda_beside_a_gpu_is_an_error_with_the_fix(
    nvidia: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    for device in ("auto", "cuda"):
        with pytest.raises(DeviceUnavailable, match="a build without CUDA") as caught:
            place(model(1), device)
        assert "pip install" in caught.value.hint and "--device cpu" in caught.value.hint
    assert place(model(1), "cpu").device == "cpu"


def test_an_old_driver_is_an_error_with_both_versions(nvidia: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def init() -> None:
        raise RuntimeError("The NVIDIA driver on your system is too old (found version 11040). Please update")

    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "init", init)
    with pytest.raises(DeviceUnavailable, match=r"driver 470\.82\.01 is too old.*CUDA 13\.0") as caught:
        place(model(1))
    assert "Update the driver" in caught.value.hint


def test_any_other_failure_of_cuda_is_told_in_its_words(
    nvidia: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def init() -> None:
        raise RuntimeError("CUDA unknown error - this may be due to an incorrectly set up environment")

    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "init", init)
    with pytest.raises(DeviceUnavailable, match="CUDA unknown error"):
        place(model(1))


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_a_gpu_that_was_hidden_on_purpose_is_no_error(
    nvidia: None, monkeypatch: pytest.MonkeyPatch, hidden: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    monkeypatch.setattr(torch.version, "cuda", None)
    assert place(model(1)).device == "cpu"


def test_free_memory_of_other_gpus_is_asked_from_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'GPU-aa-1, 1024'\necho 'GPU-bb-2, [N/A]'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert accelerators._free_by_uuid() == {"aa-1": 1 << 30}
