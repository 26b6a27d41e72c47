"""Which numbers a CPU counts with: measured once for a machine and a shape, bounded by memory, said."""

from __future__ import annotations

import json
import math
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, MambaConfig

from docstra_tui.llm.files.sources import ModelSpec
from docstra_tui.llm.loading import accelerators, kept_paces, paces, placement
from docstra_tui.llm.loading.layer_shape import Shape, shape_of
from docstra_tui.llm.loading.loader import load
from docstra_tui.llm.loading.numeric_form import choose
from docstra_tui.llm.loading.paces import Measured, Pace
from docstra_tui.llm.loading.placement import Weights, place
from docstra_tui.llm.local import LocalLLM
from docstra_tui.llm.machine import kept
from tests.tiny_models import make_endless

GB = 1_000_000_000
SHAPE = Shape(layers=30, hidden=576, inner=1536, heads=9, groups=3, head=64, window=8192)
HALF, WHOLE = Pace(2e-5, 4e-4), Pace(1e-5, 4e-4)
"""Reading is twice as fast in the second one, a question 1.2 times."""


class Probe:
    """Stands for the measuring, and counts how often it was done."""

    def __init__(self, bfloat16: Pace = HALF, float32: Pace = WHOLE) -> None:
        self.paces = {"bfloat16": bfloat16, "float32": float32, "float16": HALF}
        self.is_sure = True
        self.times = 0

    def __call__(self, shape: Shape, names: Sequence[str]) -> Measured:
        self.times += 1
        return Measured({name: self.paces[name] for name in names}, self.is_sure)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Probe:
    """A CPU machine of 64 GB with bfloat16, where float32 reads faster."""
    probe = Probe()
    monkeypatch.setattr(paces, "measure", probe)
    monkeypatch.setattr(accelerators, "gpus", lambda: [])
    monkeypatch.setattr(accelerators, "_nvidia_is_here", lambda: False)
    monkeypatch.setattr(accelerators, "free_memory", lambda: 64 * GB)
    monkeypatch.setattr(placement, "cpu_has_bfloat16", lambda: True)
    return probe


def model(billions: float = 1, dtype: str = "bfloat16", asked: str = "auto") -> Weights:
    return Weights("m", dtype, lambda width: int(billions * GB * width), "llama", asked, SHAPE)


# The choice


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_float32_is_taken_where_it_is_faster_and_the_reason_says_by_how_much(
    probe: Probe, dtype: str
) -> None:
    placed = place(model(dtype=dtype))
    assert placed.dtype == "float32"
    assert placed.reason == "no GPU was found; float32 reads 2.0 × faster here"


@pytest.mark.parametrize(
    ("half", "whole", "picked", "reason"),
    [
        (Pace(1e-5, 1e-4), Pace(2e-5, 2e-4), "bfloat16", "bfloat16 reads 2.0 × and writes 2.0 × faster here"),
        (Pace(1e-5, 1e-4), Pace(1e-5, 1e-4), "bfloat16", ""),
        (Pace(1.05e-5, 1e-4), Pace(1e-5, 1e-4), "bfloat16", ""),  # is not worth twice the memory
        (
            Pace(3e-5, 1e-4),
            Pace(1e-5, 4e-4),
            "bfloat16",
            "bfloat16 writes 4.0 × faster and reads 3.0 × slower here",
        ),
        (
            Pace(9e-5, 1e-4),
            Pace(1e-5, 2e-4),
            "float32",
            "float32 reads 9.0 × faster and writes 2.0 × slower here",
        ),
    ],
)
def test_a_whole_question_decides(probe: Probe, half: Pace, whole: Pace, picked: str, reason: str) -> None:
    probe.paces = {"bfloat16": half, "float32": whole}
    assert choose(SHAPE, "bfloat16", "float32") == (picked, reason)


def test_a_checkpoint_in_float16_stays_so_where_that_is_the_fastest(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe.paces["float16"] = Pace(5e-6, 4e-4)
    placed = place(model(dtype="float16"))
    assert placed.dtype == "float16"
    assert placed.reason == "no GPU was found; float16 reads 4.0 × faster here"
    assert place(replace(model(dtype="float16"), model_type="gemma3")).dtype == "float32"
    monkeypatch.setattr(accelerators, "free_memory", lambda: 3 * GB)
    assert place(model(dtype="float16")).dtype == "float16"  # it needs no more room
    assert place(model()).dtype == "bfloat16"  # nothing of that width holds its numbers but itself


def test_what_the_user_asked_for_is_never_overridden(probe: Probe) -> None:
    for asked in ("bfloat16", "float16", "float32"):
        placed = place(model(asked=asked))
        assert (placed.dtype, placed.reason) == (asked, "no GPU was found")
    assert probe.times == 0


def test_without_room_for_weights_and_a_full_window_the_checkpoints_form_stays(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = model(8)
    cache = 2 * 30 * 3 * 64 * 4 * 8192
    most = int(8 * GB * 4 * 1.1) + cache
    monkeypatch.setattr(accelerators, "free_memory", lambda: most)
    assert place(weights).dtype == "float32"
    monkeypatch.setattr(accelerators, "free_memory", lambda: most - 1)
    assert place(weights).dtype == "bfloat16"
    assert place(replace(weights, shape=replace(SHAPE, window=8191))).dtype == "float32"


def test_a_small_model_and_one_in_float32_are_not_measured(probe: Probe) -> None:
    assert place(model(0.019)).reason == "no GPU was found"
    assert place(model(0.019)).dtype == "bfloat16"
    assert place(model(1, "float32")).dtype == "float32"
    assert place(replace(model(), shape=None)).dtype == "bfloat16"
    assert probe.times == 0


def test_a_cpu_that_would_emulate_bfloat16_is_not_measured(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placement, "cpu_has_bfloat16", lambda: False)
    assert (place(model()).dtype, probe.times) == ("float32", 0)


# What is kept


def test_what_was_measured_is_used_at_the_next_start(probe: Probe) -> None:
    first = place(model())
    assert place(model()) == first
    assert probe.times == 1
    assert stat.S_IMODE(kept_paces.KEPT.place.stat().st_mode) == 0o600
    assert [path.name for path in kept_paces.KEPT.place.parent.iterdir()] == ["paces.json"]


def test_another_shape_thread_count_torch_or_processor_is_measured_anew(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(SHAPE, "bfloat16", "float32")
    choose(replace(SHAPE, window=100), "bfloat16", "float32")
    assert probe.times == 1
    choose(replace(SHAPE, hidden=640), "bfloat16", "float32")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 77)
    choose(SHAPE, "bfloat16", "float32")
    monkeypatch.setattr(torch, "__version__", "9.0")
    choose(SHAPE, "bfloat16", "float32")
    monkeypatch.setattr(kept, "_processor", lambda: "flags: amx")
    choose(SHAPE, "bfloat16", "float32")
    assert probe.times == 5
    choose(SHAPE, "bfloat16", "float32")
    assert probe.times == 5


KEY = "the row"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "\xff",
        '{"format": 99, "paces": {}}',
        '{"format": 1, "paces": []}',
        '{"format": 1, "paces": {"the row": 3}}',
        '{"format": 1, "paces": {"the row": {"bfloat16": [1.0, 1.0]}}}',
        '{"format": 1, "paces": {"the row": {"bfloat16": [1.0, 1.0], "float32": [1.0]}}}',
        '{"format": 1, "paces": {"the row": {"bfloat16": [1.0, 1.0], "float32": [1.0, NaN]}}}',
        '{"format": 1, "paces": {"the row": {"bfloat16": [1.0, 1.0], "float32": [0.0, -1.0]}}}',
        '{"format": 1, "paces": {"the row": {"bfloat16": [1.0, 1.0], "float32": ["1", true]}}}',
    ],
)
def test_a_damaged_file_is_measured_again_and_whole_afterwards(
    probe: Probe, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_paces, "key_of", lambda shape: KEY)
    kept_paces.KEPT.place.parent.mkdir(mode=0o700)
    kept_paces.KEPT.place.write_text(text, encoding="latin-1")
    assert choose(SHAPE, "bfloat16", "float32")[0] == "float32"
    assert probe.times == 1
    assert json.loads(kept_paces.KEPT.place.read_text())["paces"][KEY]["float32"] == [WHOLE.read, WHOLE.write]
    choose(SHAPE, "bfloat16", "float32")
    assert probe.times == 1


def test_a_place_that_takes_no_file_costs_a_measuring_only(
    probe: Probe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DOCSTRA_CACHE_DIR", str(tmp_path / "file"))
    assert place(model()).dtype == "float32"
    assert place(model()).dtype == "float32"
    assert probe.times == 2


def test_only_so_many_results_are_kept_and_the_latest_stay(probe: Probe) -> None:
    for number in range(kept.MOST + 5):
        kept_paces.keep(str(number), probe.paces)
    assert kept_paces.find("4", ("float32",)) is None
    assert kept_paces.find("5", ("float32",)) is not None
    assert kept_paces.find(str(kept.MOST + 4), ("float32",)) is not None


def test_what_a_busy_machine_gave_is_used_but_not_kept(probe: Probe) -> None:
    probe.is_sure = False
    assert place(model()).dtype == "float32"
    assert not kept_paces.KEPT.place.exists()


# Shapes and timing


def test_a_shape_is_what_the_configuration_says() -> None:
    config = LlamaConfig(
        num_hidden_layers=3,
        hidden_size=96,
        intermediate_size=200,
        num_attention_heads=6,
        num_key_value_heads=2,
    )
    assert shape_of(config, 512) == Shape(3, 96, 200, 6, 2, 16, 512)
    config.num_key_value_heads = 4
    assert shape_of(config, 512) == Shape(3, 96, 200, 8, 4, 16, 512)
    assert shape_of(MambaConfig(), 512) is None


def test_layers_that_differ_have_a_shape() -> None:
    from transformers import Gemma4TextConfig

    shape = shape_of(Gemma4TextConfig(), 512)
    assert shape is not None and shape.head >= 256 and shape.layers > 1


def test_the_real_measuring_times_each_form_and_leaves_the_threads_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paces, "NUMBERS", 400_000)
    monkeypatch.setattr(paces, "SECONDS", 0.05)
    before = torch.get_num_threads()
    for shape in (replace(SHAPE, hidden=128, inner=256), replace(SHAPE, heads=3)):
        measured = paces.measure(shape, ("bfloat16", "float32"))
        assert set(measured.paces) == {"bfloat16", "float32"}
        for pace in measured.paces.values():
            assert 0 < pace.read < pace.write < math.inf  # a row alone is never cheaper than one of many
    assert torch.get_num_threads() == before


def test_a_large_layer_is_timed_smaller_in_proportion() -> None:
    large = Shape(80, 8192, 28672, 64, 8, 128, 131072)
    small = paces._smaller(large)
    assert paces._numbers(small) <= paces.LAYER_NUMBERS * 1.2 < paces._numbers(large) / 50
    assert small.heads / small.groups == 8 and small.head == 128
    assert small.inner / small.hidden == pytest.approx(3.5, rel=0.1)
    assert paces._smaller(SHAPE) == SHAPE


# All together


def test_a_checkpoint_in_bfloat16_answers_in_float32_as_plain_generation_does(
    probe: Probe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = make_endless(tmp_path / "whole", window=512)
    folder = tmp_path / "half"
    AutoModelForCausalLM.from_pretrained(made, dtype=torch.bfloat16).save_pretrained(folder)
    AutoTokenizer.from_pretrained(made).save_pretrained(folder)
    assert load(ModelSpec(str(folder), device="cpu")).dtype == "bfloat16"  # it is small
    monkeypatch.setattr(placement, "SMALL", 0)
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    llm = LocalLLM(str(folder), device="cpu", reserve=64)
    try:
        assert llm.dtype == "float32" and llm.model.dtype == torch.float32
        assert llm.reason == "the CPU was asked for; float32 reads 2.0 × faster here"
        question = [{"role": "user", "content": "What does the client do?"}]
        ids = llm.tokenizer.apply_chat_template(question, add_generation_prompt=True, return_tensors="pt")[
            "input_ids"
        ]
        out = plain.generate(ids, max_new_tokens=16, do_sample=False)
        expected = llm.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
        answer = "".join(llm.stream("What does the client do?", max_tokens=16, temperature=0.0))
        assert answer.strip() == expected.strip() != ""
    finally:
        llm.close()
    assert load(ModelSpec(str(folder), device="cpu", dtype="bfloat16")).dtype == "bfloat16"
    assert probe.times == 1
