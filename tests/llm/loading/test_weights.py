"""What happens to the files of a loaded model changes no answer, ends nothing, and is said."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from docstra_tui.llm.files.sources import ModelSpec
from docstra_tui.llm.loading import weights
from docstra_tui.llm.loading.loader import load
from docstra_tui.llm.local import LocalLLM
from tests.tiny_models import make_tiny_gguf

QUESTION = "what is this?"


@pytest.fixture
def loaded(own_copy: Path) -> Iterator[LocalLLM]:
    llm = LocalLLM(str(own_copy), max_tokens=12, temperature=0.0, device="cpu", reserve=64)
    yield llm
    llm.close()


def still_mapped(path: Path) -> list[str]:
    real = os.path.realpath(path)
    return [line for line in Path("/proc/self/maps").read_text().splitlines() if real in line]


def overwrite(path: Path) -> None:
    """In place, as cp, rsync --inplace and a resumed download do."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\x7f" * 4000)


def truncate(path: Path) -> None:
    os.truncate(path, 100)


def replace(path: Path) -> None:
    other = path.with_name("other")
    shutil.copy2(path, other)
    os.replace(other, path)


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [overwrite, truncate, replace, remove])
def test_answers_come_from_what_was_loaded_and_it_is_said(
    loaded: LocalLLM, own_copy: Path, change: Callable[[Path], None]
) -> None:
    file = own_copy / "model.safetensors"
    before = str(loaded.stream(QUESTION))
    assert not loaded.notes
    assert not still_mapped(file)  # a file that is mapped and cut short kills the process

    change(file)
    loaded._generator.prefixes.clear()
    assert str(loaded.stream(QUESTION)) == before

    loaded._on_disk._looking.acquire(timeout=20)  # the look that this answer began has ended
    note = loaded.notes[0]
    assert "model.safetensors changed on the disk" in note
    assert "docstra-tui engine stop" in note


def test_only_what_is_mapped_is_copied(own_copy: Path) -> None:
    model = load(ModelSpec(str(own_copy), device="cpu")).model
    pointers = [parameter.data_ptr() for parameter in model.parameters()]
    assert weights.own(model) == 0
    assert [parameter.data_ptr() for parameter in model.parameters()] == pointers


def test_where_the_system_does_not_tell_everything_is_copied(
    own_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(ModelSpec(str(own_copy), device="cpu")).model
    monkeypatch.setattr(weights, "mapped_ranges", lambda: None)
    steps: list[tuple[int, int]] = []
    size = sum(parameter.nbytes for parameter in model.parameters())
    assert weights.own(model, lambda done, total: steps.append((done, total))) >= size
    assert steps[0][0] == 0 and steps[-1][0] == steps[-1][1] > 5


def test_several_threads_copy_only_what_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "mapped_ranges", lambda: None)
    monkeypatch.setattr(weights, "LARGE", 4000)
    clone, seen = torch.Tensor.clone, []

    def watched(tensor: torch.Tensor) -> torch.Tensor:
        seen.append((tensor.numel(), torch.get_num_threads()))
        return clone(tensor)

    monkeypatch.setattr(torch.Tensor, "clone", watched)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        weights.own(torch.nn.ParameterList([torch.zeros(10), torch.zeros(1000), torch.zeros(11)]))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert seen == [(10, 1), (1000, 2), (11, 1)]


def test_tied_weights_stay_tied(monkeypatch: pytest.MonkeyPatch) -> None:
    one = torch.nn.Linear(4, 4)
    two = torch.nn.Linear(4, 4)
    two.weight = torch.nn.Parameter(one.weight.data)  # another parameter over the same numbers
    model = torch.nn.ModuleList([one, two])
    monkeypatch.setattr(weights, "mapped_ranges", lambda: None)
    weights.own(model)
    assert one.weight.data_ptr() == two.weight.data_ptr()


def test_a_gguf_is_watched_too_and_not_mapped(tmp_path: Path) -> None:
    file = make_tiny_gguf(tmp_path / "tiny.gguf")
    loaded = load(ModelSpec(str(file), device="cpu"))
    assert not still_mapped(file)
    loaded.on_disk.compare()
    assert loaded.on_disk.note == ""
    replace(file)
    loaded.on_disk.compare()
    assert "tiny.gguf changed" in loaded.on_disk.note


def test_a_disk_that_hangs_holds_up_no_answer(loaded: LocalLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, begun = threading.Event(), threading.Event()

    def hanging(file: Path) -> None:
        begun.set()
        hangs.wait(60)

    monkeypatch.setattr(weights, "fingerprint", hanging)
    try:
        assert str(loaded.stream(QUESTION))
        assert begun.wait(20)
        assert str(loaded.stream("and now?"))
    finally:
        hangs.set()
