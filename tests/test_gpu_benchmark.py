"""The script for a machine with a GPU runs to its end without one, and says where there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import torch

from benchmarks import gpu, gpu_parts
from docstra_tui.llm.inference.decoding import graphs, on_gpu
from tests.llm.inference.tape import Tape


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_tiny_shapes_go_through_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    gpu.main(["--tiny", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["failed"] == {}
    for figure in (
        "copy_gb_s",
        "tiny_over_plain_60",
        "tiny_share_60",
        "tiny_second_over_first",
        "tiny_step",
        "tiny_told_over_taken",
    ):
        assert said[figure]


def test_recorded_steps_are_measured_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, with a tape in the place of its recordings."""
    monkeypatch.setattr(on_gpu, "is_on_gpu", lambda model: True)
    monkeypatch.setattr(on_gpu, "CudaRecorder", lambda device: Tape())
    monkeypatch.setattr(graphs, "FIRST_ROOM", 512)
    figures = gpu.Figures(as_json=True)
    with gpu_parts.Subject(gpu.TINY_SHAPE, gpu.WINDOW, torch.device("cpu"), 1) as subject:
        gpu_parts.measure(subject, "tiny", figures, 1.0, short=20, long=40, written=2)
    figures.end()
    said = json.loads(capsys.readouterr().out)
    assert (said["failed"], said["tiny_step"], said["tiny_note"]) == ({}, "GraphStep", "")
    assert said["tiny_drafts_step"] > 0 and said["tiny_together"] > 0


def test_without_a_gpu_nothing_is_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    gpu.main([])
    assert capsys.readouterr().out == "There is no GPU that torch can use here, so nothing was measured.\n"
    gpu.main(["--json"])
    assert "no GPU" in json.loads(capsys.readouterr().out)["note"]


def test_what_goes_wrong_ends_its_part_alone(capsys: pytest.CaptureFixture[str]) -> None:
    figures = gpu.Figures(as_json=True)

    def broken() -> None:
        raise ValueError("no such kernel")

    figures.part("one", broken)
    figures.part("other", lambda: figures.add("two", 2.0, "s"))
    figures.end()
    said = json.loads(capsys.readouterr().out)
    assert (said["failed"], said["two"]) == ({"one": "ValueError: no such kernel"}, 2.0)


def test_what_is_left_when_time_is_up_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "SECONDS", -1.0)
    figures = gpu.Figures(as_json=True)
    figures.part("late", pytest.fail)
    assert "no time left" in figures.failed["late"]


def test_bytes_of_a_token_are_those_of_the_model() -> None:
    """Of an 8B model at 16 bits, the weights but for the embedding, and 128 KB for each token before it."""
    with torch.device("meta"):
        subject = gpu_parts.Subject(gpu.SHAPES["8b"], gpu.WINDOW, torch.device("meta"), 1)
        subject.model = gpu_parts.AutoModelForCausalLM.from_config(subject._config, dtype=torch.bfloat16)
    weights = subject.token_bytes(0)
    assert weights == pytest.approx(15.0e9, rel=0.01)
    assert subject.token_bytes(1000) - weights == 1000 * 2 * 32 * 8 * 128 * 2
