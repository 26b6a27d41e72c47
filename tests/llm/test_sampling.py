"""What a request asks of the choice of tokens changes the tokens."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch

from docstra_tui.llm.answer import Finished
from docstra_tui.llm.local import LocalLLM
from docstra_tui.llm.sampling import BadSampling, Sampling


def answer(llm: LocalLLM, sampling: Sampling, tokens: int = 24) -> tuple[str, Finished]:
    pieces: list[str] = []
    ended: list[Any] = []
    done = threading.Event()

    def sink(event: Any) -> None:
        if isinstance(event, str):
            pieces.append(event)
        else:
            ended.append(event)
            done.set()

    llm.submit("tell me", sink, max_tokens=tokens, sampling=sampling)
    assert done.wait(30)
    assert isinstance(ended[0], Finished), ended[0]
    return "".join(pieces), ended[0]


def ids(llm: LocalLLM, text: str) -> list[int]:
    return list(llm.tokenizer.encode(text, add_special_tokens=False))


GREEDY = Sampling(temperature=0.0)


def test_the_same_seed_gives_the_same_answer_and_another_one_another(llm: LocalLLM) -> None:
    def sampled(seed: int | None) -> str:
        return answer(llm, Sampling(temperature=1.5, seed=seed))[0]

    assert sampled(7) == sampled(7)
    assert len({sampled(seed) for seed in range(6)}) > 3
    assert len({sampled(None) for _ in range(6)}) > 3  # a seed is for its own request


def test_a_tiny_temperature_and_no_top_p_are_greedy(llm: LocalLLM) -> None:
    greedy, _ = answer(llm, GREEDY)
    for sampling in (Sampling(temperature=5e-5), Sampling(temperature=1e-30), Sampling(1.5, top_p=0.0)):
        assert answer(llm, sampling)[0] == greedy
    assert Sampling(temperature=1e-4).heat(0.7) == 1e-4 and Sampling().heat(0.7) == 0.7


def test_a_small_top_p_leaves_the_likeliest_token(llm: LocalLLM) -> None:
    greedy, _ = answer(llm, GREEDY)
    assert answer(llm, Sampling(1.0, top_p=0.001, seed=3))[0] == greedy
    assert {answer(llm, Sampling(1.5, top_p=1.0, seed=seed))[0] for seed in range(3)} != {greedy}


def test_a_stop_ends_the_answer_and_is_not_shown(llm: LocalLLM) -> None:
    whole, _ = answer(llm, GREEDY)
    stop = whole[6:9]
    text, end = answer(llm, Sampling(0.0, stop=("never", stop)))
    assert text == whole[: whole.find(stop)] and end.reason == "stop"
    # what other models end with is an ordinary text here, unless somebody asks for it
    assert answer(llm, Sampling(0.0, stop=("</s>",)))[0] == whole


def test_a_stop_that_is_a_mark_of_the_format_is_a_stop(llm: LocalLLM) -> None:
    mark = "<|im_start|>"
    bias = {llm.tokenizer.convert_tokens_to_ids(mark): 100.0}
    text, end = answer(llm, Sampling(0.0, stop=(mark,), logit_bias=bias))
    assert (text, end.reason, end.usage.completion_tokens) == ("", "stop", 1)


def test_what_is_not_shown_any_more_is_not_written_either(llm: LocalLLM) -> None:
    whole, end = answer(llm, GREEDY)
    assert end.usage.completion_tokens == 24
    stop = whole[6:9]  # the tokenizer has an id for it, and the model spells it out
    llm.tokenizer.add_special_tokens({"additional_special_tokens": [stop]})
    text, end = answer(llm, Sampling(0.0, stop=(stop,)))
    assert (text, end.reason) == (whole[: whole.find(stop)], "stop")
    assert end.usage.completion_tokens is not None and end.usage.completion_tokens < 24


def test_a_bias_bans_and_forces(llm: LocalLLM) -> None:
    prompt = llm.tokenizer.apply_chat_template(
        [{"role": "user", "content": "tell me"}], add_generation_prompt=True, return_dict=False
    )
    with torch.inference_mode():
        first = int(llm.model(torch.tensor([prompt])).logits[0, -1].argmax())
    assert answer(llm, GREEDY, tokens=1)[0] == llm.tokenizer.decode([first])
    banned, _ = answer(llm, Sampling(0.0, logit_bias={first: -100}), tokens=1)
    assert banned != llm.tokenizer.decode([first])
    wanted = ids(llm, "x")[0]
    forced, _ = answer(llm, Sampling(0.0, logit_bias={wanted: 100}), tokens=5)
    assert forced == "xxxxx"
    with pytest.raises(BadSampling, match="vocabulary"):
        answer(llm, Sampling(0.0, logit_bias={len(llm.tokenizer): 1}))


@pytest.mark.parametrize("name", ["frequency_penalty", "presence_penalty"])
def test_penalties_make_what_was_written_less_likely(llm: LocalLLM, name: str) -> None:
    """Two tokens of nearly the same weight: without a penalty the heavier one for ever."""
    one, other = ids(llm, "x")[0], ids(llm, "y")[0]
    bias = {one: 100.0, other: 100.0}

    def written(penalty: float) -> str:
        return answer(llm, Sampling(0.0, logit_bias=bias, **{name: penalty}), tokens=12)[0]  # type: ignore[arg-type]

    plain = written(0.0)
    assert set(plain) <= {"x", "y"}
    changes = sum(a != b for a, b in zip(plain, written(2.0), strict=False))
    assert changes > 0


def test_penalties_count_the_answer_and_not_the_prompt() -> None:
    from docstra_tui.llm.inference.steering import Penalties

    scores = torch.zeros((1, 6))
    out = Penalties(Sampling(frequency_penalty=0.5, presence_penalty=1.0), 3)(
        torch.tensor([[5, 5, 5, 1, 1, 2]]), scores
    )
    assert out[0].tolist() == [0.0, -2.0, -1.5, 0.0, 0.0, 0.0]
