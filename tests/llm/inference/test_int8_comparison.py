"""What `--quant int8` brings and costs: compared on request, kept, and told where a model is chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from docstra_tui.commands import inspected
from docstra_tui.errors import ModelError
from docstra_tui.llm.files.catalog import InstalledModel
from docstra_tui.llm.files.profile import Profile
from docstra_tui.llm.files.sources import ModelSpec, ignore
from docstra_tui.llm.inference import inspection, int8_comparison
from docstra_tui.llm.loading import int8
from docstra_tui.llm.machine import int8_figures, kept
from docstra_tui.llm.machine.int8_figures import Int8Figures
from docstra_tui.workspace.models import installed

FOUND = Int8Figures(read=1.24, write=1.93, equal=0.934, tokens=1024)


def test_both_forms_are_compared_and_what_was_found_is_kept(tiny_folder: Path) -> None:
    threads = torch.get_num_threads()
    spec = ModelSpec(str(tiny_folder), device="cpu")
    assert inspection.report(spec, ignore)["int8"] is None
    found = int8_comparison.measure(spec, ignore)
    assert found.tokens == len(int8_comparison.SOURCES) * int8_comparison.PASSAGE
    assert 0.5 < found.equal <= 1 and found.read > 0 and found.write > 0
    assert int8_figures.find(str(tiny_folder)) == found
    report = inspection.report(spec, ignore)
    assert Int8Figures(**report["int8"]) == found
    assert ("--quant int8", f"{found.words} here") in inspected.rows(report)
    assert torch.get_num_threads() == threads


def test_tokens_are_compared_as_they_would_be_written(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where long passes read with the weights as they were, which changes nothing."""
    quantise = int8.quantise
    monkeypatch.setattr(
        int8, "quantise", lambda model, form, seen: quantise(model, replace(form, read=""), seen)
    )
    monkeypatch.setattr(int8_comparison, "_times", lambda *_: (1.0, 1.0))
    assert int8_comparison.measure(ModelSpec(str(tiny_folder), device="cpu"), ignore).equal < 1


def test_where_int8_does_not_work_it_says_so(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "engines", lambda: ())
    monkeypatch.setattr(int8_comparison, "_times", lambda *_: (1.0, 1.0))
    with pytest.raises(ModelError, match="does not work here"):
        int8_comparison.measure(ModelSpec(str(tiny_folder), device="cpu"), ignore)


def test_without_a_comparison_it_says_how_to_make_one(tiny_folder: Path) -> None:
    rows = inspected.rows(inspection.report(ModelSpec(str(tiny_folder)), ignore))
    assert (
        "--quant int8",
        f"not compared yet: docstra-tui models inspect {tiny_folder} --quant int8",
    ) in rows


def note(model: InstalledModel) -> str:
    return installed.Row(model, Profile(), None, is_current=False, is_loaded=False, free=0).note


def test_lists_of_models_say_it_of_the_one_that_was_compared_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (InstalledModel(name, "hub", 1_200_000_000, tmp_path / name) for name in "ab")
    int8_figures.keep(str(one.path), FOUND)
    words = "int8 writes 1.9 × and reads 1.2 × as fast, 93% of 1,024 tokens the same"
    assert [note(model) for model in (one, other)] == [words, ""]
    monkeypatch.setattr(kept, "_processor", lambda: "another one")
    assert note(one) == ""


@pytest.mark.parametrize(
    "row", [None, 3, {}, {"read": 1.0}, {"read": 1, "write": "1", "equal": 1, "tokens": 1}]
)
def test_what_is_damaged_is_as_if_it_were_not_there(row: object) -> None:
    int8_figures.KEPT.keep(int8_figures._key("m"), row)
    assert int8_figures.find("m") is None
