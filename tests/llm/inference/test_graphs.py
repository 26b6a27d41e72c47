"""Steps that are recorded: what a GPU would play is played here by a tape, operation by operation."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from docstra_tui.llm.answer import Finished
from docstra_tui.llm.inference import proof
from docstra_tui.llm.inference.cached_prompt import CachedPrompt
from docstra_tui.llm.inference.decoding import graphs, masked_attention, on_gpu
from docstra_tui.llm.inference.decoding.body import ModelBody, Pass
from docstra_tui.llm.inference.decoding.graphs import GraphStep
from docstra_tui.llm.inference.decoding.lean import LeanBody, LeanStep
from docstra_tui.llm.inference.decoding.masked_attention import WAYS, Shape
from docstra_tui.llm.inference.decoding.step import ModelStep, Slot
from docstra_tui.llm.inference.forward import Forward
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.recipe import Request
from docstra_tui.llm.sampling import Sampling
from tests.llm.inference.tape import Tape
from tests.llm.small_models import small_model
from tests.tiny_models import tiny_hybrid, tiny_model, tiny_tokenizer

CLOSE = 2e-4
WINDOW = 2048

IDS = torch.randint(3, 500, (3, 1200), generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def forward() -> Forward:
    torch.set_num_threads(1)
    tokenizer = tiny_tokenizer("llama", WINDOW)
    return Forward(tiny_model("llama", tokenizer, layers=2, window=WINDOW, seed=0))


@pytest.fixture(autouse=True)
def without_gradients() -> Any:
    with torch.inference_mode():
        yield


def step_of(forward: Forward, **given: Any) -> GraphStep:
    values: dict[str, Any] = {
        "recorder": Tape,
        "heads": 4,
        "window": WINDOW,
        "free_bytes": lambda: 1 << 30,
        "first_room": 512,
        **given,
    }
    return GraphStep(values.pop("body", ModelBody(forward)), ModelStep(forward), **values)


def read(forward: Forward, row: int, tokens: int) -> Any:
    cache = forward.new_cache()
    forward(IDS[row : row + 1, :tokens], 0, cache)
    return cache


def right(forward: Forward, row: int, at: int, new: int) -> torch.Tensor:
    """The logits behind `new` ids from `at` on, without any cache."""
    return forward(IDS[row : row + 1, : at + new], 0, None, new)


def slot(cache: Any, row: int, at: int, new: int = 1) -> Slot:
    return Slot(cache, at, IDS[row, at : at + new].tolist())


def check(forward: Forward, step: GraphStep, cache: Any, row: int, at: int, new: int = 1) -> None:
    logits = step.logits([slot(cache, row, at, new)])
    assert logits.shape[0] == new
    torch.testing.assert_close(logits, right(forward, row, at, new), atol=CLOSE, rtol=CLOSE)
    assert cache.get_seq_length() == at + new


def test_an_answer_is_played_and_the_prompt_goes_on_from_it(forward: Forward) -> None:
    """One id and several, drafts that were wrong, a question behind it: the prompt's cache holds it all."""
    step, cache, at = step_of(forward), read(forward, 0, 20), 20
    for new in (1, 1, 4, 1, graphs.MOST_IDS, 1):
        check(forward, step, cache, 0, at, new)
        at += new
    assert {key[1:] for key in step._recordings} == {(1, 512), (graphs.MOST_IDS, 512)}
    for layer in cache.layers:
        layer.crop(-5)
    check(forward, step, cache, 0, at - 5, 3)
    ahead = forward(IDS[:1, :60], at - 2, cache)  # the next question is read by the model's own pass
    torch.testing.assert_close(ahead, right(forward, 0, 59, 1), atol=CLOSE, rtol=CLOSE)
    check(forward, step, cache, 0, 60)
    assert not step.note


def test_a_prompt_that_is_kept_in_8_bits_from_now_on_leaves_its_lane(forward: Forward) -> None:
    step, prompt = step_of(forward), CachedPrompt(read(forward, 0, 20))
    check(forward, step, prompt.cache, 0, 20)
    prompt.ids = IDS[0, :21].tolist()
    prompt.compact()
    check(forward, step, read(forward, 1, 20), 1, 20)
    assert not step.note
    step.forget()
    assert prompt.cache.get_seq_length() == 21


def test_playing_needs_none_of_the_models_python(forward: Forward, monkeypatch: pytest.MonkeyPatch) -> None:
    step, cache = step_of(forward), read(forward, 0, 20)
    check(forward, step, cache, 0, 20)
    logits = right(forward, 0, 21, 1)
    monkeypatch.setattr(forward.model, "forward", None)
    played = step.logits([slot(cache, 0, 21)])
    torch.testing.assert_close(played, logits, atol=CLOSE, rtol=CLOSE)


@pytest.mark.parametrize("kind", ["gpt2", "opt", "gpt_bigcode", "codegen", "gptj"])
def test_a_model_with_a_table_of_places_is_never_asked_for_one_behind_it(kind: str) -> None:
    """A GPU would answer nothing any more. The lanes are longer than its window."""
    forward = Forward(small_model(kind))
    step = step_of(forward, window=256)
    assert not on_gpu.objection(step, forward, IDS[:1, : proof.TOKENS])
    slots = [slot(read(forward, row, 20), row, 20, row + 1) for row in range(3)]
    wanted = torch.cat([right(forward, row, 20, row + 1) for row in range(3)])
    torch.testing.assert_close(step.logits(slots), wanted, atol=CLOSE, rtol=CLOSE)
    assert not step.note


def test_ids_may_have_stayed_on_the_device(forward: Forward) -> None:
    step, cache = step_of(forward), read(forward, 0, 20)
    logits = step.logits([Slot(cache, 20, IDS[0, 20:21])])  # type: ignore[arg-type]
    torch.testing.assert_close(logits, right(forward, 0, 20, 1), atol=CLOSE, rtol=CLOSE)


def test_a_text_that_outgrows_its_lane_moves(forward: Forward) -> None:
    step = step_of(forward)
    cache = read(forward, 0, 400)
    check(forward, step, cache, 0, 400)
    room = step._lanes[1].room
    assert room == 1536  # what it needs now, and some
    forward(IDS[:1, :1150], 401, cache)
    check(forward, step, cache, 0, 1150)
    assert {key[2] for key in step._recordings} == {512, 1536}
    forward(torch.cat([IDS[:1], IDS[1:2, :340]], 1), 1151, cache)
    step.logits([Slot(cache, 1540, [7])])
    assert step._lanes[1].room > room
    assert not step.note


def test_what_is_seen_is_hardly_longer_than_the_text() -> None:
    step = step_of(Forward(small_model("llama")))
    reaches = {step._reach(end) for end in range(1, 9000)}
    assert sorted(reaches) == [512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288]
    assert all(end <= step._reach(end) for end in range(1, 9000))


def test_another_prompt_takes_the_lane_and_the_first_keeps_its_own(forward: Forward) -> None:
    step, one, other = step_of(forward), read(forward, 0, 20), read(forward, 1, 30)
    check(forward, step, one, 0, 20)
    check(forward, step, other, 1, 30)
    check(forward, step, one, 0, 21)
    check(forward, step, other, 1, 31, 2)
    rest = forward(IDS[:1, :40], 22, one, 3)
    torch.testing.assert_close(rest, right(forward, 0, 37, 3), atol=CLOSE, rtol=CLOSE)


def test_a_prompt_that_rests_leaves_its_lane_and_can_come_back(forward: Forward) -> None:
    step, prompt = step_of(forward), CachedPrompt(read(forward, 0, 20))
    prompt.ids = IDS[0, :21].tolist()
    check(forward, step, prompt.cache, 0, 20)
    prompt.rest()
    assert not step._lanes[1].holds(0, prompt.cache)
    twin = prompt.branch(21, forward.new_cache())
    check(forward, step, prompt.cache, 0, 21)
    check(forward, step, twin.cache, 0, 21)
    check(forward, step, prompt.cache, 0, 22)


def test_a_prompt_that_is_forgotten_is_not_kept_by_its_lane(forward: Forward) -> None:
    step, cache = step_of(forward), read(forward, 0, 20)
    check(forward, step, cache, 0, 20)
    gone = weakref.ref(cache)
    del cache
    gc.collect()
    assert gone() is None
    check(forward, step, read(forward, 1, 20), 1, 20)


def test_several_texts_are_written_together(forward: Forward) -> None:
    """Of different lengths, with different numbers of new ids; one ends and another takes its place."""
    step = step_of(forward)
    lengths = [20, 33, 50]
    caches = [read(forward, row, length) for row, length in enumerate(lengths)]

    def together(rows: Sequence[int], new: Sequence[int]) -> None:
        slots = [slot(caches[row], row, lengths[row], n) for row, n in zip(rows, new, strict=True)]
        logits = step.logits(slots)
        wanted = torch.cat([right(forward, r, lengths[r], n) for r, n in zip(rows, new, strict=True)])
        torch.testing.assert_close(logits, wanted, atol=CLOSE, rtol=CLOSE)
        for row, n in zip(rows, new, strict=True):
            lengths[row] += n
            assert caches[row].get_seq_length() == lengths[row]

    together([0, 1, 2], [1, 1, 1])
    together([0, 1, 2], [1, 3, 1])
    together([2, 0], [1, 1])
    caches[1] = read(forward, 1, 10)
    lengths[1] = 10
    together([1, 2, 0], [2, 1, 1])
    together([0], [1])
    assert {key[0] for key in step._recordings} == {1, 2, 4}
    # A text whose lane the others' steps leave alone is not touched by them.
    together([1, 2], [1, 1])
    rest = forward(IDS[:1, :60], lengths[0], caches[0])
    torch.testing.assert_close(rest, right(forward, 0, 59, 1), atol=CLOSE, rtol=CLOSE)
    assert not step.note


def test_more_texts_than_lanes_are_done_otherwise(forward: Forward) -> None:
    step = step_of(forward)
    caches = [read(forward, 0, 10) for _ in range(graphs.MOST_SLOTS + 1)]
    logits = step.logits([slot(cache, 0, 10) for cache in caches])
    wanted = right(forward, 0, 10, 1).expand(len(caches), -1)
    torch.testing.assert_close(logits, wanted, atol=CLOSE, rtol=CLOSE)
    assert not step._recordings


def test_without_memory_for_lanes_the_other_step_is_asked(forward: Forward) -> None:
    asked: list[None] = []

    def free() -> int:
        asked.append(None)
        return 1000

    step, cache = step_of(forward, free_bytes=free), read(forward, 0, 20)
    check(forward, step, cache, 0, 20)
    times = len(asked)
    check(forward, step, cache, 0, 21)
    assert len(asked) == times  # it is known by now
    assert not step._lanes and not step.note
    step.forget()
    check(forward, step, cache, 0, 22)
    assert len(asked) > times


def test_memory_that_runs_out_while_recording_ends_no_answer(forward: Forward) -> None:
    class Full(Tape):
        def __call__(self, work: Callable[[], torch.Tensor]) -> Any:
            raise torch.OutOfMemoryError("CUDA out of memory")

    step, cache = step_of(forward, recorder=Full), read(forward, 0, 20)
    check(forward, step, cache, 0, 20)
    check(forward, step, cache, 0, 21)
    assert not step._lanes and not step._recordings and not step.note


def test_what_comes_is_recorded_beforehand(forward: Forward) -> None:
    step, cache = step_of(forward), read(forward, 0, 20)
    step.prepare([slot(cache, 0, 20)])
    known = dict(step._recordings)
    assert len(known) == 2
    for at, new in ((20, 1), (21, 4), (25, 1)):
        check(forward, step, cache, 0, at, new)
    assert step._recordings == known


def test_everything_can_be_let_go_of_and_comes_back(forward: Forward) -> None:
    step, cache = step_of(forward), read(forward, 0, 20)
    check(forward, step, cache, 0, 20)
    lanes = weakref.ref(step._lanes[1])
    step.forget()
    gc.collect()
    assert lanes() is None and not step._recordings
    assert cache.layers[0].room == 21
    check(forward, step, cache, 0, 21)


@pytest.mark.parametrize("kind", ["gemma3_text", "mamba2", "bamba"])
def test_what_cannot_be_recorded_is_written_all_the_same(kind: str) -> None:
    """Windows and states."""
    forward = Forward(small_model(kind))
    step = step_of(forward)
    cache = forward.new_cache()
    forward(IDS[:1, :20], 0, cache)
    logits = step.logits([slot(cache, 0, 20)])
    torch.testing.assert_close(logits, right(forward, 0, 20, 1), atol=CLOSE, rtol=CLOSE)
    assert on_gpu.objection(step_of(forward), forward, IDS[:1, : proof.TOKENS]) == on_gpu.KINDS


def test_who_looks_at_a_number_is_not_recorded(forward: Forward) -> None:
    class Looks(ModelBody):
        def __call__(self, given: Pass) -> torch.Tensor:
            return super().__call__(given) + float(given.ids.max())

    step = step_of(forward, body=Looks(forward))
    assert "synchronizing" in on_gpu.objection(step, forward, IDS[:1, : proof.TOKENS])


def test_a_failed_recording_is_told_once_and_the_answer_goes_on(forward: Forward) -> None:
    class Broken(ModelBody):
        times = 0

        def __call__(self, given: Pass) -> torch.Tensor:
            Broken.times += 1
            raise RuntimeError("operation not permitted when stream is capturing")

    step, cache = step_of(forward, body=Broken(forward)), read(forward, 0, 20)
    check(forward, step, cache, 0, 20)
    check(forward, step, cache, 0, 21)
    assert Broken.times == 1
    assert step.note == graphs.NOTE.format("operation not permitted when stream is capturing")
    assert step.most_slots == 1


def test_a_device_that_died_is_not_asked_again(forward: Forward) -> None:
    def dead(given: Pass) -> torch.Tensor:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    step, cache = step_of(forward, body=dead), read(forward, 0, 20)
    with pytest.raises(RuntimeError, match="illegal memory access"):
        step.logits([slot(cache, 0, 20)])
    assert not step.note


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "olmo2", "granite", "deepseek_v3", "qwen3_moe"])
def test_kinds_that_are_right(kind: str) -> None:
    forward = Forward(small_model(kind))
    assert on_gpu.objection(step_of(forward), forward, IDS[:1, : proof.TOKENS]) == ""


def test_a_recording_that_is_wrong_is_found_out(forward: Forward) -> None:
    class Off(ModelBody):
        def __call__(self, given: Pass) -> torch.Tensor:
            places = given.places
            shifted = Pass(given.ids, places - 1, given.mask, given.cache, given.attend)
            return super().__call__(shifted)

    assert (
        on_gpu.objection(step_of(forward, body=Off(forward)), forward, IDS[:1, : proof.TOKENS])
        == on_gpu.WRONG
    )


def test_a_model_on_the_cpu_is_not_recorded(forward: Forward) -> None:
    otherwise = ModelStep(forward)
    assert on_gpu.recorded(forward, otherwise, IDS[:1, : proof.TOKENS]) is otherwise


@pytest.mark.parametrize("new", [1, 3])
@pytest.mark.parametrize("texts", [1, 2])
def test_all_ways_of_attention_say_the_same(texts: int, new: int) -> None:
    chance = torch.Generator().manual_seed(1)
    query = torch.randn(texts, 6, new, 8, generator=chance)
    keys, values = torch.randn(2, texts, 2, 40, 8, generator=chance)
    ends = torch.tensor([[7, 20, 30], [39, 0, 12]])[:texts, :new]
    mask = masked_attention.mask_of(ends, torch.arange(40), torch.float32)
    wanted = masked_attention.repeated(query, keys, values, mask, 0.3)
    for way in WAYS:
        torch.testing.assert_close(way(query, keys, values, mask, 0.3), wanted)


def test_the_quickest_way_that_is_right_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(query: torch.Tensor, *others: Any) -> torch.Tensor:
        return query * 0

    def absent(*given: Any) -> torch.Tensor:
        raise NotImplementedError

    monkeypatch.setattr(masked_attention, "WAYS", (wrong, absent, *WAYS))
    shape = Shape(1, 4, 2, 1, 64, 16, 16)
    for number, way in enumerate(WAYS):
        paces = iter([3.0 - (n == number) for n in range(3)])

        def timed(work: Callable[[], torch.Tensor], paces: Any = paces) -> float:
            return next(paces)

        assert masked_attention.fastest(shape, torch.float32, torch.device("cpu"), timed) is way


def test_timing_leaves_chance_alone(forward: Forward) -> None:
    torch.manual_seed(3)
    wanted = torch.rand(1)
    torch.manual_seed(3)
    check(forward, step_of(forward), read(forward, 0, 20), 0, 20)
    assert torch.equal(torch.rand(1), wanted)


def test_a_hybrid_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = Forward(tiny_hybrid(tiny_tokenizer("llama", WINDOW)))
    step = step_of(forward)
    assert on_gpu.objection(step, forward, IDS[:1, : proof.TOKENS]) == on_gpu.KINDS
    step.give_up(on_gpu.KINDS)
    assert on_gpu.KINDS in step.note


def test_a_prompt_that_was_moved_away_as_it_is_is_brought_back(forward: Forward) -> None:
    """As parking does it: the tensors are the same, what they hold lies elsewhere."""
    step, cache = step_of(forward), read(forward, 0, 20)
    check(forward, step, cache, 0, 20)
    for layer in cache.layers:
        for room in layer.rooms:
            room.data = room.clone()
    check(forward, step, cache, 0, 21)
    check(forward, step, cache, 0, 22)
    rest = forward(IDS[:1, :60], 23, cache)
    torch.testing.assert_close(rest, right(forward, 0, 59, 1), atol=CLOSE, rtol=CLOSE)


@pytest.fixture
def on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the CPU were one: steps are recorded by the tape, and the loop runs ahead."""
    monkeypatch.setattr(on_gpu, "is_on_gpu", lambda model: True)
    monkeypatch.setattr(on_gpu, "CudaRecorder", lambda device: Tape())
    monkeypatch.setattr(graphs, "FIRST_ROOM", 512)


@pytest.mark.usefixtures("on_a_gpu")
@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_a_generator_writes_the_same_with_recorded_steps(temperature: float) -> None:
    tokenizer = tiny_tokenizer("llama", WINDOW)
    model = tiny_model("llama", tokenizer, layers=2, window=WINDOW, seed=0)
    plain = Generator(model, tokenizer, 1 << 28, decode="plain")
    ours = Generator(model, tokenizer, 1 << 28, decode="auto")
    assert isinstance(ours.writer.step, GraphStep) and ours.writer.note == ""
    assert isinstance(ours.writer.step._body, LeanBody) and isinstance(ours.writer.step.otherwise, LeanStep)
    ours.writer.runs_ahead = True
    ids = IDS[0, :60].tolist() * 2
    for more in ([], IDS[1, :9].tolist()):
        request = Request([*ids, *more], 24, temperature, sampling=Sampling(seed=5))
        ended = [one.answer(request, lambda event: None, lambda: False) for one in (ours, plain)]
        assert ended[0] == ended[1]
        known = ours.prefixes._prompts[-1]
        assert known.ids == plain.prefixes._prompts[-1].ids
        ids = known.ids
    assert ours.writer.step._recordings
    ours.park(lambda: False)
    assert not ours.writer.step._lanes
    request = Request(ids, 6, 0.0)
    ended = [one.answer(request, lambda event: None, lambda: False) for one in (ours, plain)]
    assert ended[0] == ended[1] and isinstance(ended[0], Finished)


@pytest.mark.usefixtures("on_a_gpu")
def test_the_models_own_arithmetic_is_taken_where_a_quicker_one_fails(forward: Forward) -> None:
    def wrong(given: Pass) -> torch.Tensor:
        return torch.zeros(*given.ids.shape, 600)

    def broken(given: Pass) -> torch.Tensor:
        raise RuntimeError("no such kernel")

    ids = IDS[:1, : proof.TOKENS]
    step = on_gpu.recorded(forward, ModelStep(forward), ids, [wrong, broken])
    assert isinstance(step, GraphStep) and step.note == ""
    check(forward, step, read(forward, 0, 20), 0, 20)
    asked: list[Pass] = []

    class Quick(ModelBody):
        def __call__(self, given: Pass) -> torch.Tensor:
            asked.append(given)
            return super().__call__(given)

    on_gpu.recorded(forward, ModelStep(forward), ids, [Quick(forward)])
    assert asked


@pytest.mark.usefixtures("on_a_gpu")
def test_a_model_that_cannot_be_recorded_says_so() -> None:
    tokenizer = tiny_tokenizer("llama", WINDOW)
    generator = Generator(tiny_hybrid(tokenizer), tokenizer, 1 << 28, decode="auto")
    assert generator.writer.note == graphs.NOTE.format(on_gpu.KINDS)
    ended = generator.answer(Request(IDS[0, :30].tolist(), 4, 0.0), lambda event: None, lambda: False)
    assert isinstance(ended, Finished)
