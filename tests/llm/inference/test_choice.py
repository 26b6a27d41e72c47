"""A token is chosen with the chances that all of `generate`'s rules give it, however few are looked at."""

from __future__ import annotations

import pytest
import torch
from transformers import (
    LogitNormalization,
    LogitsProcessorList,
    MinPLogitsWarper,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from docstra_tui.llm.inference.decoding.choice import Choice

IDS = torch.tensor([[1, 2, 3]])
RULES = {
    "k": [TopKLogitsWarper(7)],
    "k of more than there are": [TopKLogitsWarper(700)],
    "heat, k, p": [TemperatureLogitsWarper(0.7), TopKLogitsWarper(20), TopPLogitsWarper(0.8)],
    "k, p, min p": [TopKLogitsWarper(20), TopPLogitsWarper(0.95), MinPLogitsWarper(0.05)],
    "k, typical": [TopKLogitsWarper(20), TypicalLogitsWarper(0.6)],
    "p": [TopPLogitsWarper(0.5)],
    "k, then another kind": [TopKLogitsWarper(5), LogitNormalization()],
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("ties", [False, True])
def test_the_chances_are_those_of_all_rules(name: str, ties: bool) -> None:
    logits = torch.randn(1, 500, generator=torch.Generator().manual_seed(1)) * 3
    if ties:
        logits = logits.round().bfloat16()
    rules = LogitsProcessorList(RULES[name])
    right = rules(IDS, logits.float()).softmax(-1)
    chances, tokens = Choice(rules, samples=True).chances(IDS, logits)
    got = torch.zeros_like(right)
    got[:, slice(None) if tokens is None else tokens] = chances
    if ties:  # which of two equals stays is nobody's business
        got, right = got.sort().values, right.sort().values
    assert torch.allclose(got, right, atol=1e-6) and torch.equal(got > 0, right > 0)
    assert (tokens is None) == (name in ("p", "k, then another kind"))


def test_a_token_without_a_chance_is_never_drawn_and_one_with_all_of_it_always() -> None:
    logits = torch.full((1, 50), -5.0)
    logits[0, [4, 40]] = torch.tensor([3.0, 3.0])
    choose = Choice(LogitsProcessorList([TopKLogitsWarper(2)]), samples=True)
    drawn = [int(choose(IDS, logits)) for _ in range(60)]
    assert set(drawn) == {4, 40}
    assert int(Choice(LogitsProcessorList(), samples=False)(IDS, logits.index_fill(1, IDS[0, :1], 9.0))) == 1


def test_with_a_seed_the_random_numbers_are_those_of_the_whole_vocabulary() -> None:
    rules = LogitsProcessorList([TopKLogitsWarper(20)])
    logits = torch.randn(1, 500)
    choose = Choice(rules, samples=True, generator=torch.Generator().manual_seed(5))
    torch.manual_seed(5)
    for _ in range(20):
        assert int(choose(IDS, logits)) == int(torch.multinomial(rules(IDS, logits).softmax(-1), 1))


@pytest.mark.parametrize("name", RULES)
def test_on_a_gpu_all_rules_hold_and_nobody_looks(name: str) -> None:
    rules = LogitsProcessorList(RULES[name])
    logits = torch.randn(1, 500, generator=torch.Generator().manual_seed(2)) * 3
    choose = Choice(rules, samples=True, on_cpu=False)
    chances, tokens = choose.chances(IDS, logits)
    assert tokens is None and torch.equal(chances, rules(IDS, logits).softmax(-1))
    for seed in range(5):
        torch.manual_seed(seed)
        wanted = torch.multinomial(chances, 1)[0]
        torch.manual_seed(seed)
        assert torch.equal(choose(IDS, logits), wanted)
    assert choose.is_sound is not None and bool(choose.is_sound)
    if name == "p":
        choose(IDS, logits * torch.nan)
        assert not bool(choose.is_sound)
