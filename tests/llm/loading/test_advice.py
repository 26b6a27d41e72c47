"""A checkpoint's own generation settings never change an answer or break it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GenerationConfig

from docstra_tui.llm.loading import advice
from docstra_tui.llm.local import LocalLLM
from docstra_tui.llm.prompt import Message

QUESTIONS = ("what does this function do?", "and the client?")

BREAKING: dict[str, Any] = {
    "use_cache": False,
    "num_beams": 4,
    "num_return_sequences": 2,
    "prompt_lookup_num_tokens": 3,
    "token_healing": True,
    "penalty_alpha": 0.6,
    "dola_layers": "high",
    "constraints": ["x"],
    "force_words_ids": [[5]],
    "num_beam_groups": 2,
    "diversity_penalty": 0.5,
    "length_penalty": 3.0,
    "early_stopping": "sometimes",
    "max_length": 5,
    "max_new_tokens": 1,
    "min_length": 2000,
    "min_new_tokens": 2000,
    "max_time": 1e-9,
    "do_sample": True,
    "temperature": 0.0,
    "top_k": -1,
    "top_p": 7.0,
    "min_p": -1,
    "typical_p": 0,
    "top_h": 9,
    "epsilon_cutoff": 4,
    "eta_cutoff": -4,
    "repetition_penalty": 0,
    "encoder_repetition_penalty": 3.0,
    "encoder_no_repeat_ngram_size": 2,
    "no_repeat_ngram_size": 1,
    "bad_words_ids": [[n] for n in range(5, 500)],
    "suppress_tokens": list(range(5, 500)),
    "begin_suppress_tokens": list(range(5, 500)),
    "sequence_bias": [[[7], 90.0]],
    "forced_bos_token_id": 9,
    "forced_eos_token_id": 9,
    "guidance_scale": 3.0,
    "exponential_decay_length_penalty": [1, 3.0],
    "renormalize_logits": True,
    "remove_invalid_values": True,
    "watermarking_config": {"seeding_scheme": "none"},
    "return_dict_in_generate": True,
    "output_attentions": True,
    "output_hidden_states": True,
    "output_scores": True,
    "output_logits": True,
    "prefill_chunk_size": 3,
    "compile_config": {"mode": "max-autotune"},
    "disable_compile": False,
    "cache_config": {"backend": "hqq"},
    "max_cache_len": 4,
    "low_memory": True,
    "is_assistant": True,
    "use_mtp": True,
    "num_assistant_tokens": 3,
    "num_assistant_tokens_schedule": "constant",
    "assistant_confidence_threshold": 0.2,
    "assistant_early_exit": 1,
    "assistant_lookbehind": 2,
    "assistant_ensemble_weight": 7.0,
    "target_lookbehind": 2,
    "max_matching_ngram_size": 2,
    "speculation_type": "none",
    "continuous_batching_config": {"x": 1},
    "decoder_start_token_id": 5,
    "bos_token_id": "<s>",
    "pad_token_id": -1,
    "stop_strings": ["is in no answer"],
    "some_field_of_tomorrow": {"deep": [1]},
}
"""Every field of `GenerationConfig` (but the two below), with a value that hurts."""

OTHERS = {"eos_token_id", "cache_implementation", "transformers_version"}

CACHES = ("static", "dynamic", "offloaded", "quantized", "sliding_window", "hybrid", "paged", "of_tomorrow")


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@contextmanager
def loaded(folder: Path) -> Iterator[LocalLLM]:
    llm = LocalLLM(str(folder), max_tokens=12, temperature=0.0, device="cpu", reserve=64)
    try:
        yield llm
    finally:
        llm.close()


def conversation(llm: LocalLLM) -> tuple[list[str], int]:
    """Two answers, the second after the first, and how much of the second prompt was reused."""
    first = str(llm.stream(QUESTIONS[0]))
    turns: list[Message] = [
        {"role": "user", "content": QUESTIONS[0]},
        {"role": "assistant", "content": first},
        {"role": "user", "content": QUESTIONS[1]},
    ]
    second = llm.stream(turns)
    text = str(second)
    return [first, text], second.usage.reused_tokens or 0


@pytest.fixture(scope="module")
def expected(tiny_folder: Path) -> tuple[list[str], int]:
    """What plain `generate` of the clean model says, and what is reused there."""
    torch.set_num_threads(1)
    with loaded(tiny_folder) as llm:
        answers, reused = conversation(llm)
        messages: list[dict[str, str]] = []
        for question, answer in zip(QUESTIONS, answers, strict=True):
            messages.append({"role": "user", "content": question})
            ids = llm.tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
            out = llm.model.generate(torch.tensor([ids]), max_new_tokens=12, do_sample=False)
            assert llm.tokenizer.decode(out[0, len(ids) :], skip_special_tokens=True) == answer
            messages.append({"role": "assistant", "content": answer})
    assert reused > 20
    return answers, reused


def test_every_field_there_is_was_thought_of() -> None:
    fields = {name for name in vars(GenerationConfig()) if not name.startswith("_")}
    assert fields <= {*BREAKING, *OTHERS}


@pytest.mark.parametrize(
    ("name", "value"), [*BREAKING.items(), *(("cache_implementation", cache) for cache in CACHES)]
)
def test_no_field_changes_an_answer_or_its_reuse(
    own_copy: Path, expected: tuple[list[str], int], name: str, value: Any
) -> None:
    change(own_copy / "generation_config.json", **{name: value})
    with loaded(own_copy) as llm:
        assert conversation(llm) == expected


def test_nor_does_any_of_them_in_the_models_configuration(
    own_copy: Path, expected: tuple[list[str], int]
) -> None:
    """Where there is no file of generation settings, transformers reads them from there."""
    (own_copy / "generation_config.json").unlink()
    refused = {"early_stopping", "assistant_ensemble_weight", "compile_config", "watermarking_config"}
    refused |= {"continuous_batching_config"}  # with these there it loads nowhere, so no checkpoint has them
    values = {n: v for n, v in BREAKING.items() if n not in refused and not n.endswith("token_id")}
    change(own_copy / "config.json", **values, cache_implementation="static", return_dict=False)
    with loaded(own_copy) as llm:
        assert conversation(llm) == expected


def test_sampling_is_not_broken_either(own_copy: Path) -> None:
    """`num_beams` and `num_return_sequences` gave an empty answer once a temperature was set."""
    change(own_copy / "generation_config.json", **BREAKING, cache_implementation="static")
    with loaded(own_copy) as llm:
        for _ in range(3):
            stream = llm.stream("go on", temperature=0.8)
            assert str(stream)
            assert stream.usage.completion_tokens in range(1, 13)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"eos_token_id": {"a": 1}}'])
def test_a_damaged_file_of_settings_is_as_none(own_copy: Path, expected: Any, text: str) -> None:
    (own_copy / "generation_config.json").write_text(text)
    with loaded(own_copy) as llm:
        assert conversation(llm) == expected


def test_a_list_of_ends_ends_an_answer(own_copy: Path, expected: tuple[list[str], int]) -> None:
    with loaded(own_copy) as llm:
        str(llm.stream(QUESTIONS[0]))
        written = llm._generator.prefixes._prompts[-1].ids[-3]
    change(own_copy / "generation_config.json", eos_token_id=[1, written, True, -3, "x"])
    with loaded(own_copy) as llm:
        stream = llm.stream(QUESTIONS[0])
        assert expected[0][0].startswith(str(stream))
        assert stream.finish_reason == "stop"
        assert llm._generator.recipe._advice.eos == (1, written)


@pytest.mark.parametrize("as_list", [True, False])
def test_stop_strings_end_an_answer_and_are_not_shown(
    own_copy: Path, expected: tuple[list[str], int], as_list: bool
) -> None:
    whole = expected[0][0]
    stop = whole[5:8]
    change(own_copy / "generation_config.json", stop_strings=[stop, ""] if as_list else stop)
    with loaded(own_copy) as llm:
        stream = llm.stream(QUESTIONS[0])
        assert str(stream) == whole[: whole.find(stop)]
        assert stream.finish_reason == "stop"


def test_the_authors_advice_on_sampling_counts(own_copy: Path) -> None:
    good = {"top_p": 0.8, "top_k": 20, "min_p": 0.05, "typical_p": 0.9, "repetition_penalty": 1.1}
    change(own_copy / "generation_config.json", **good)
    with loaded(own_copy) as llm:
        assert dict(llm._generator.recipe._advice.sampling) == good


def test_a_number_without_end_is_no_advice() -> None:
    endless = {"top_k": float("inf"), "repetition_penalty": float("inf"), "top_p": float("nan")}
    assert advice.sift(endless) == advice.sift({"top_k": 10**400}) == {}


def test_the_log_says_what_is_ignored(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "docstra_tui"):
        advice.sift(
            {"num_beams": 4, "use_cache": False, "top_p": 9, "eos_token_id": 2, "output_scores": False}
        )
    assert "num_beams=4, top_p=9, use_cache=False" in caplog.text
    assert "eos_token_id" not in caplog.text and "output_scores" not in caplog.text


def test_the_models_own_configuration_keeps_only_ids(own_copy: Path) -> None:
    change(own_copy / "generation_config.json", **BREAKING)
    with loaded(own_copy) as llm:
        left = {n: v for n, v in llm.model.generation_config.to_diff_dict().items() if v is not None}
        assert set(left) <= {*advice.IDS, "transformers_version", "_from_model_config"}
