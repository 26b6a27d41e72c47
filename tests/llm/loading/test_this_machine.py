"""What this machine says of itself to a doctor."""

from __future__ import annotations

import json

import pytest

from docstra_tui.errors import DeviceUnavailable
from docstra_tui.llm.loading import accelerators, kept_paces, paces, this_machine
from docstra_tui.llm.loading.paces import Measured, Pace
from docstra_tui.llm.machine.pace_rows import PRODUCTS


def told(capsys: pytest.CaptureFixture[str], words: list[str]) -> dict[str, dict[str, object]]:
    this_machine.main(words)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len({line["what"] for line in lines}) == len(lines)
    return {line["what"]: line for line in lines}


def test_it_tells_memory_torch_and_devices_in_the_order_it_knows_them(capsys, monkeypatch) -> None:
    monkeypatch.setattr(accelerators, "gpus", list)
    found = told(capsys, [])
    assert list(found) == ["memory", "torch", "devices"]
    assert 0 < found["memory"]["free"] <= found["memory"]["total"]
    assert (found["devices"]["gpus"], found["devices"]["problem"]) == ([], {})


def test_a_gpu_that_torch_cannot_use_is_told_with_the_way_out(capsys, monkeypatch) -> None:
    def refuse() -> None:
        raise DeviceUnavailable("The driver is too old.", "Update it.")

    monkeypatch.setattr(accelerators, "gpus", list)
    monkeypatch.setattr(accelerators, "check_nvidia", refuse)
    assert told(capsys, [])["devices"]["problem"] == {
        "message": "The driver is too old.",
        "hint": "Update it.",
    }

    def breaks() -> list[accelerators.Gpu]:
        raise RuntimeError("CUDA error: out of memory\nand more")

    monkeypatch.setattr(accelerators, "gpus", breaks)
    problem = told(capsys, [])["devices"]["problem"]
    assert problem["message"] == "The GPU does not answer: CUDA error: out of memory."


@pytest.mark.parametrize("is_sure", [True, False])
def test_what_is_measured_is_kept_for_the_next_start_where_it_is_sure(is_sure, capsys, monkeypatch) -> None:
    found = Measured({"bfloat16": Pace(1e-5, 1e-3), "float32": Pace(2e-5, 2e-3)}, is_sure)
    monkeypatch.setattr(paces, "measure", lambda shape, names: found)
    monkeypatch.setattr(accelerators, "gpus", list)
    said = told(capsys, ["--measure", ""])["paces"]
    assert (said["rows"]["bfloat16"], said["is_sure"], said["layers"]) == ([1e-5, 1e-3], is_sure, 30)
    kept = kept_paces.find(kept_paces.key_of(this_machine.USUAL), ("bfloat16", "float32"))
    assert (kept == dict(found.paces)) is is_sure


def test_the_products_of_a_gpu_are_kept_too(capsys, monkeypatch) -> None:
    found = Measured({"bfloat16": Pace(1e-5, 1e-3), "float32": Pace(2e-5, 2e-3)}, True)
    monkeypatch.setattr(paces, "measure", lambda shape, names: found)
    monkeypatch.setattr(accelerators, "gpus", lambda: [accelerators.Gpu(1, "NVIDIA H100", 7, 8)])
    monkeypatch.setattr(this_machine, "products", lambda device: {"bfloat16": 612.4})
    said = told(capsys, ["--measure", ""])["products"]
    assert (said["index"], said["rows"]) == (1, {"bfloat16": 612.4})
    assert list(PRODUCTS.rows.values()) == [{"bfloat16": 612.4}]


def test_a_devices_products_are_timed_by_dtype() -> None:
    found = this_machine.products("cpu", side=8, seconds=0.001)
    assert set(found) == {"bfloat16", "float16", "float32"}
    assert all(value > 0 for value in found.values())
