"""Weights of eight bits on a CPU: right by rows, chosen by measuring, refused where they would be wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

from docstra_tui.errors import MissingPackage, ModelError, NotEnoughMemory
from docstra_tui.llm.files import checkpoint
from docstra_tui.llm.files.sources import ModelSpec
from docstra_tui.llm.inference import proof
from docstra_tui.llm.loading import accelerators, int8, paces, placement, quantisation
from docstra_tui.llm.loading.int8 import Form, Int8Linear, Joined
from docstra_tui.llm.loading.layer_shape import Shape
from docstra_tui.llm.loading.loader import load
from docstra_tui.llm.loading.numeric_form import choose_int8
from docstra_tui.llm.loading.paces import Measured, Pace
from docstra_tui.llm.loading.placement import Placement, Weights, place
from docstra_tui.llm.local import LocalLLM

GB = 1_000_000_000
SHAPE = Shape(layers=30, hidden=576, inner=1536, heads=9, groups=3, head=64, window=8192)
ENGINES = ("x86", "onednn")


def off(found: torch.Tensor, right: torch.Tensor) -> float:
    return float(((found - right).std(-1) / right.std(-1)).max())


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def fresh_engines() -> Iterator[None]:
    int8.engines.cache_clear()
    yield
    int8.engines.cache_clear()


# Engines


def test_torch_has_what_is_needed_of_it() -> None:
    assert int8.engines(), (
        "neither torch.ops.quantized nor torch.ops.onednn multiplies 8-bit numbers any more"
    )


def test_each_engine_is_right_and_a_large_row_costs_the_others_nothing() -> None:
    weight, x = random(48, 80), random(60, 80, seed=1)
    x[7] *= 1000
    for engine in int8.engines():
        assert off(int8.pack(weight, engine)(x), x @ weight.t()) < 0.02


def test_a_row_is_the_same_whatever_is_read_with_it() -> None:
    weight, x = random(48, 80), random(9, 80, seed=1)
    x[3] *= 50
    for engine in int8.engines():
        product = int8.pack(weight, engine)
        alone = torch.cat([product(row[None]) for row in x])
        assert torch.allclose(alone, product(x), rtol=1e-5, atol=1e-6)  # oneDNN sums in another order
        assert engine != "x86" or torch.equal(alone, product(x))


def test_rows_and_weights_of_zeros_stay_so() -> None:
    for engine in int8.engines():
        assert int8.pack(torch.zeros(32, 64), engine)(random(2, 64)).abs().max() == 0
        assert int8.pack(random(32, 64), engine)(torch.zeros(2, 64)).abs().max() == 0


class Saturating:
    """Multiplies as a CPU without VNNI does: the sum of two products stops at 16 bits."""

    def __init__(self, whole: torch.Tensor, scales: torch.Tensor, middle: int) -> None:
        self.whole, self.scales, self.middle = whole.float(), scales, middle
        self.top = 127 if middle > 127 else 63

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.abs().amax(1, keepdim=True) / self.top
        given = (x / rows).round() + self.middle
        pairs = (given[:, None] * self.whole[None]).unflatten(-1, (-1, 2)).sum(-1)
        products = pairs.clamp(-32768, 32767).sum(-1) - self.middle * self.whole.sum(-1)
        return products * self.scales * rows


def test_where_products_are_cut_off_there_are_seven_bits(
    monkeypatch: pytest.MonkeyPatch, fresh_engines: None
) -> None:
    def absent(*_: Any) -> Any:
        raise AttributeError("no such operator")

    monkeypatch.setattr(int8, "_X86", Saturating)
    monkeypatch.setitem(int8._MAKERS, "onednn", absent)
    assert int8.engines() == ("x86 in seven bits",)
    weight, x = random(48, 80), random(60, 80, seed=1)
    assert off(int8.pack(weight, "x86 in seven bits")(x), x @ weight.t()) < 0.04
    assert off(int8.pack(weight.sign(), "x86")(x.sign()), x.sign() @ weight.sign().t()) > 0.1


def test_the_seven_bits_of_the_real_engine_are_right_too() -> None:
    if "x86" not in int8.engines():
        pytest.skip("this torch has no x86 engine")
    weight, x = random(48, 80), random(60, 80, seed=1)
    assert off(int8.pack(weight, "x86 in seven bits")(x), x @ weight.t()) < 0.04


def test_where_torch_has_no_such_thing_it_is_refused_in_a_sentence(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, fresh_engines: None
) -> None:
    monkeypatch.setattr(int8, "_is_right", lambda name: False)
    with pytest.raises(ModelError, match="--quant int8 does not work here") as caught:
        load(ModelSpec(str(tiny_folder), device="cpu", quant="int8"))
    assert caught.value.hint == "Leave out --quant."


# Layers


def layers(bias: bool = True) -> list[nn.Linear]:
    torch.manual_seed(0)
    return [nn.Linear(64, outputs, bias=bias) for outputs in (64, 32, 32)]


def put(plain: Sequence[nn.Linear], form: Form, seen: torch.Tensor | None = None) -> list[Int8Linear]:
    joined = Joined(plain, form, seen)
    return [Int8Linear(layer, joined, index) for index, layer in enumerate(plain)]


@pytest.mark.parametrize("rows", [1, 5, 70])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_layers_side_by_side_are_one_product_and_each_has_its_part(rows: int, dtype: torch.dtype) -> None:
    plain, engine = layers(), int8.engines()[0]
    smaller = put(plain, Form(engine, engine))
    x = random(2, rows, 64, seed=1).to(dtype)
    with torch.inference_mode():
        right = [layer(x.float()) for layer in plain]
        found = [layer(x) for layer in smaller]
        together = smaller[0].joined(x)
    for part, whole in zip(found, right, strict=True):
        assert part.dtype == dtype and part.shape == whole.shape
        assert off(part.float(), whole) < 0.03
    assert torch.equal(together, torch.cat(found, -1))
    assert int8.joined_of(smaller) is smaller[0].joined
    assert int8.joined_of(smaller[:2]) is None and int8.joined_of(plain) is None


def test_an_input_is_multiplied_once_and_another_one_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = int8.engines()[0]
    first, second, third = put(layers(), Form(engine, engine))
    joined, times = first.joined, 0
    product = joined._write

    def counted(x: torch.Tensor) -> torch.Tensor:
        nonlocal times
        times += 1
        return product(x)

    monkeypatch.setattr(joined, "_write", counted)
    x, y = random(1, 64), random(1, 64, seed=1)
    with torch.inference_mode():
        of_x = [first(x), second(x), third(x)]
        assert times == 1 and joined._given is None
        assert torch.equal(first(x), of_x[0])  # asked again: another pass
        assert torch.equal(second(y), first.joined(y)[:, 64:96])
        assert torch.equal(second(x), of_x[1])


def test_channels_that_are_always_large_cost_the_others_less() -> None:
    plain, engine = layers(bias=False), int8.engines()[0]
    x = random(40, 64, seed=1)
    x[:, 5] *= 60
    for layer in plain:
        layer.weight.data[:, 5] /= 60
    plainly = put(plain, Form(engine, engine))
    eased = put(plain, Form(engine, engine), x.abs().amax(0))
    with torch.inference_mode():
        right = torch.cat([layer(x) for layer in plain], -1)
        assert off(eased[0].joined(x), right) < off(plainly[0].joined(x), right) / 2


def test_many_rows_may_be_read_with_the_weights_as_they_were() -> None:
    plain = layers()
    beside = put(plain, Form(int8.engines()[0], ""))
    many, few = random(1, int8.READING, 64), random(1, int8.READING - 1, 64)
    with torch.inference_mode():
        assert torch.equal(beside[0](many), plain[0](many))
        assert not torch.equal(beside[0](few), plain[0](few))
        holder = nn.ModuleList(beside)
        with int8.as_written(holder):
            assert not torch.equal(beside[0](many), plain[0](many))
        assert torch.equal(beside[0](many), plain[0](many))


# How it is held


class Probe:
    """Stands for the measuring."""

    def __init__(self, **found: tuple[float, float]) -> None:
        self.paces = {name.replace("_", " "): Pace(*pace) for name, pace in found.items()}
        self.names: Sequence[str] = ()

    def __call__(self, shape: Shape, names: Sequence[str]) -> Measured:
        self.names = names
        return Measured({name: self.paces[name] for name in names}, True)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Probe]:
    """A CPU machine of 64 GB that is as fast as is said."""
    monkeypatch.setattr(int8, "engines", lambda: ENGINES)
    monkeypatch.setattr(accelerators, "gpus", lambda: [])
    monkeypatch.setattr(accelerators, "_nvidia_is_here", lambda: False)
    monkeypatch.setattr(accelerators, "free_memory", lambda: 64 * GB)
    monkeypatch.setattr(placement, "cpu_has_bfloat16", lambda: True)

    def set_paces(**found: tuple[float, float]) -> Probe:
        probe = Probe(**found)
        monkeypatch.setattr(paces, "measure", probe)
        return probe

    return set_paces


AMX = {
    "bfloat16": (1e-5, 4e-4),
    "float32": (3e-5, 4e-4),
    **{"bfloat16_x86": (3e-5, 1e-4), "bfloat16_onednn": (2e-5, 2e-4)},
    **{"float32_x86": (4e-5, 2e-4), "float32_onednn": (3e-5, 3e-4)},
}
VNNI = {
    "bfloat16": (4e-5, 4e-4),
    "float32": (2e-5, 4e-4),
    **{"bfloat16_x86": (3e-5, 2e-4), "bfloat16_onednn": (3e-5, 2e-4)},
    **{"float32_x86": (1e-5, 1e-4), "float32_onednn": (1e-5, 2e-4)},
}


def test_one_engine_does_all_where_a_second_form_brings_little(machine: Callable[..., Probe]) -> None:
    machine(**VNNI)
    found = choose_int8(SHAPE, ("bfloat16", "float32"), lambda dtype: True)
    assert found == ("float32", Form("x86", "x86"), "int8 reads 2.0 × and writes 4.0 × faster here")


def test_what_reads_faster_is_kept_beside_what_writes_faster_where_it_fits(
    machine: Callable[..., Probe],
) -> None:
    machine(**AMX)
    dtypes = ("bfloat16", "float32")
    assert choose_int8(SHAPE, dtypes, lambda dtype: True)[:2] == ("bfloat16", Form("x86", ""))
    assert choose_int8(SHAPE, dtypes, lambda dtype: False)[:2] == ("bfloat16", Form("x86", "onednn"))
    assert choose_int8(SHAPE, dtypes, lambda dtype: True)[2] == "int8 writes 4.0 × faster here"


def weights(billions: float = 1, asked: str = "auto") -> Weights:
    return Weights(
        "m",
        "bfloat16",
        lambda width: int(billions * GB),
        "llama",
        asked,
        SHAPE,
        lambda width: int(billions * GB * width),
    )


def test_where_it_goes_says_how_it_is_held_and_why(machine: Callable[..., Probe]) -> None:
    machine(**AMX)
    placed = place(weights())
    assert (placed.device, placed.dtype, placed.read_as) == ("cpu", "bfloat16", "bfloat16")
    assert placed.int8 == Form("x86", "")
    assert placed.reason == "no GPU was found; int8 writes 4.0 × faster here"
    assert place(weights(30)).int8 == Form("x86", "onednn")  # the whole weights beside it do not fit
    with pytest.raises(NotEnoughMemory, match=r"m needs 77\.0 GB of memory as int8"):
        place(weights(70))


def test_a_dtype_that_was_asked_for_stays_and_a_small_model_is_not_measured(
    machine: Callable[..., Probe],
) -> None:
    probe = machine(**VNNI)
    assert place(weights(asked="bfloat16")).dtype == "bfloat16"
    assert "float32" not in probe.names
    probe.names = ()
    assert place(weights(0.001)).int8 == Form("x86", "x86")
    assert probe.names == ()


def test_the_real_measuring_times_eight_bits_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paces, "NUMBERS", 400_000)
    monkeypatch.setattr(paces, "SECONDS", 0.05)
    names = ["bfloat16", *(f"bfloat16 {engine}" for engine in int8.engines())]
    measured = paces.measure(replace(SHAPE, hidden=128, inner=256), names)
    assert set(measured.paces) == set(names)
    assert all(0 < pace.read < pace.write for pace in measured.paces.values())


def test_the_size_is_a_byte_a_number_and_the_embeddings_whole() -> None:
    assert quantisation.size("int8", lambda width: 1000 * width, 200, 2) == 816 + 400
    assert quantisation.size("int8", lambda width: 1000 * width, 5000, 2) == 2000
    assert quantisation.size("bnb-4bit", lambda width: 1000 * width, 200, 2) == 700
    assert quantisation.size("", lambda width: 1000 * width, 200, 2) == 2000


# All together


def test_a_model_answers_with_layers_of_eight_bits(tiny_folder: Path) -> None:
    torch.set_num_threads(1)
    plain = AutoModelForCausalLM.from_pretrained(tiny_folder, dtype=torch.float32)
    llm = LocalLLM(str(tiny_folder), device="cpu", quant="int8", reserve=64, temperature=0.0, max_tokens=12)
    try:
        kinds = {type(module) for module in llm.model.model.layers.modules()}
        assert llm.dtype == "int8" and Int8Linear in kinds and nn.Linear not in kinds
        assert type(llm.model.lm_head) is nn.Linear
        assert proof.limit_of(llm.model) == proof.ROUNDING_QUANTISED
        assert not llm.notes
        ids = torch.tensor([llm.tokenizer.encode(quantisation.SAMPLE)])
        with torch.inference_mode():
            assert off(llm.model(ids).logits[0], plain(ids).logits[0]) < 0.2
        question = "What does the client do?"
        first = llm.stream(question)
        text = "".join(first)
        again = llm.stream(question)
        assert "".join(again) == text != ""
        assert again.usage is not None and again.usage.reused_tokens
    finally:
        llm.close()


def test_a_model_that_multiplies_with_weights_by_itself_is_refused(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers.models.llama.modeling_llama import LlamaMLP

    def forward(self: Any, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(x, self.up_proj.weight)[..., : x.shape[-1]]

    monkeypatch.setattr(LlamaMLP, "forward", forward)
    with pytest.raises(ModelError, match="does not work with --quant int8"):
        load(ModelSpec(str(tiny_folder), device="cpu", quant="int8"))


def test_a_model_that_would_answer_otherwise_or_has_little_of_it_is_refused(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = ModelSpec(str(tiny_folder), device="cpu", quant="int8")
    monkeypatch.setattr(quantisation, "OFF", 0.0)
    with pytest.raises(ModelError, match="it would answer otherwise"):
        load(spec)
    monkeypatch.setattr(quantisation, "FIT", 0.99)
    with pytest.raises(ModelError, match=r"Only \d+% of the numbers of"):
        load(spec)


# On a GPU


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def only(*names: str) -> None:
        monkeypatch.setattr(checkpoint, "is_installed", lambda module: module in names)

    return only


ON_GPU = Placement("cuda:0", "bfloat16", "it is there")


def test_on_a_gpu_torchao_does_it_else_bitsandbytes(
    installed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    torchao = ModuleType("torchao.quantization")
    torchao.Int8WeightOnlyConfig = lambda: "eight bits"  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "torchao", ModuleType("torchao"))
    monkeypatch.setitem(__import__("sys").modules, "torchao.quantization", torchao)
    monkeypatch.setattr("transformers.TorchAoConfig", lambda kind: ("torchao", kind))
    installed("torchao", "bitsandbytes")
    assert quantisation.config("int8", ON_GPU) == ("torchao", "eight bits")
    installed("bitsandbytes")
    found = quantisation.config("int8", replace(ON_GPU, device="cuda:0+1"))
    assert isinstance(found, BitsAndBytesConfig) and found.load_in_8bit


def test_on_a_gpu_without_either_and_on_apples_it_says_what_to_do(installed: Callable[..., None]) -> None:
    installed()
    with pytest.raises(MissingPackage, match="torchao or bitsandbytes on a GPU") as caught:
        quantisation.config("int8", ON_GPU)
    assert caught.value.hint == "pip install torchao, or use --device cpu."
    with pytest.raises(ModelError, match="CPUs and CUDA GPUs"):
        quantisation.config("int8", replace(ON_GPU, device="mps"))
    quantisation.check("int8")  # where the model goes is not known yet
    assert quantisation.config("", ON_GPU) is None
    assert quantisation.config("int8", replace(ON_GPU, device="cpu", int8=Form("x86", "x86"))) is None


def test_what_is_proven_with_eight_bits_is_not_proven_without(tiny_folder: Path) -> None:
    spec = ModelSpec(str(tiny_folder), device="cpu")
    keys = {proof.key_of(load(replace(spec, quant=quant)).model, "files") for quant in ("", "int8")}
    assert len(keys) == 2 and all(keys)
