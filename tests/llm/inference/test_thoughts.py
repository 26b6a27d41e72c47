"""Thinking is found in ids: marks that are tokens by their id alone, others in the text around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from docstra_tui.llm.answer import Finished
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.recipe import Request
from docstra_tui.llm.inference.thoughts import LONGEST_CHARACTER, ClosedByForce, ThinkingMarks, ThoughtReader
from docstra_tui.llm.thinking import families
from docstra_tui.llm.thinking.families import Family
from tests.llm.thinking.pieces import joined
from tests.tiny_models import CHATML, tiny_tokenizer

TOKENS = {
    "granite": ["<think>", "</think>"],
    "think": ["<think>", "</think>"],
    "harmony": ["<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|return|>"],
    "gemma": ["<|channel>", "<channel|>"],
    "mistral": ["[THINK]", "[/THINK]"],
    "cohere": ["<|START_THINKING|>", "<|END_THINKING|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>"],
    "seed": ["<seed:think>", "</seed:think>"],
    "answer tag": ["<think>", "</think>"],
    "muse": ["<|start|>", "<|message|>", "<|eom|>", "<|eot|>"],
    "solar": ["<|begin|>", "<|think|>", "<|content|>", "<|end|>"],
    "minimax": ["<mm:think>", "</mm:think>"],
    "hunyuan": ["<think:opensource>", "</think:opensource>"],
    "apertus": ["<|inner_prefix|>", "<|inner_suffix|>"],
    "kimi": ["<|open|>", "<|close|>", "<|sep|>"],
}
"""What of each family's marks are tokens in the vocabularies of its models."""

FAMILIES = families.load()


def tokenizer_of(family: Family, *, are_special: bool = True, template: str = "") -> Any:
    tokenizer = tiny_tokenizer("llama", 2048)
    tokenizer.add_tokens(TOKENS.get(family.name, []), special_tokens=are_special)
    tokenizer.chat_template = CHATML + template + family.template
    return tokenizer


def encode(tokenizer: Any, text: str, *, spelt_out: bool = False) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False, split_special_tokens=spelt_out))


def read(
    marks: ThinkingMarks, ids: Sequence[int], prompt: Sequence[int] = (), budget: int | None = None
) -> tuple[str, str]:
    reader = ThoughtReader(marks, prompt, budget)
    return joined([piece for id_ in ids for piece in reader.step(id_)] + reader.flush())


@pytest.mark.parametrize("are_special", [True, False], ids=["special", "added"])
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_each_family_is_split(family: Family, are_special: bool) -> None:
    tokenizer = tokenizer_of(family, are_special=are_special)
    marks = ThinkingMarks(tokenizer)
    header = family.headers[-1] if family.headers else ""
    footer = family.footers[-1] if family.footers else ""

    for opening in family.open:
        for closing in family.close:
            text = f"{opening}\nA plan.\n{closing}{header}\nThe answer.{footer}<|im_end|>"
            assert read(marks, encode(tokenizer, text)) == ("A plan.", "The answer.")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_an_answer_begins_where_the_prompt_left_off(family: Family) -> None:
    tokenizer = tokenizer_of(family)
    marks = ThinkingMarks(tokenizer)
    before = f"<|im_start|>user\nWhat is {family.open[0]}?<|im_end|>\n<|im_start|>assistant\n"
    opened = encode(tokenizer, before + family.open[0] + "\n")
    closed = encode(tokenizer, before + family.open[0] + "\n\n" + family.close[0] + "\n\n")
    answer = encode(tokenizer, f"A plan.{family.close[0]}The answer.<|im_end|>")

    assert read(marks, answer, opened) == ("A plan.", "The answer.")
    assert read(marks, encode(tokenizer, "The answer.<|im_end|>"), closed) == ("", "The answer.")
    assert read(marks, encode(tokenizer, "The answer.<|im_end|>"), encode(tokenizer, before)) == (
        "",
        "The answer.",
    )


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_spent_budget_gives_ids_that_close_the_block(family: Family) -> None:
    tokenizer = tokenizer_of(family)
    marks = ThinkingMarks(tokenizer)
    reader = ThoughtReader(marks, encode(tokenizer, family.open[0]), budget=3)
    thought = encode(tokenizer, "one two three four five six seven")
    pieces = [piece for id_ in thought[:3] if not reader.closing() for piece in reader.step(id_)]

    forced = reader.closing()
    pieces += [piece for id_ in forced for piece in reader.step(id_)]
    assert forced and not reader.closing()
    assert reader.thinking_tokens >= 3
    pieces += [piece for id_ in encode(tokenizer, "Yes.") for piece in reader.step(id_)]

    thinking, answer = joined([*pieces, *reader.flush()])
    assert answer == "Yes."
    assert thinking == tokenizer.decode(thought[:3]).strip()


SEED = next(family for family in FAMILIES if family.name == "seed")
THINK = next(family for family in FAMILIES if family.name == "think")


@pytest.mark.parametrize("tag", ["<think>", "</think>", "[THINK]"])
def test_a_mark_that_is_a_token_is_no_mark_when_it_is_spelt_out(tag: str) -> None:
    tokenizer = tokenizer_of(THINK)
    marks = ThinkingMarks(tokenizer)
    inner = f"the characters {tag} are text"
    ids = [
        *encode(tokenizer, "<think>"),
        *encode(tokenizer, inner, spelt_out=True),
        *encode(tokenizer, "</think>Yes."),
    ]
    assert read(marks, ids) == (inner, "Yes.")
    spelt = encode(tokenizer, "<think>a</think>Yes.", spelt_out=True)
    assert read(marks, spelt) == ("", "<think>a</think>Yes.")


@pytest.mark.parametrize("tokens", [[], TOKENS["think"]], ids=["text", "tokens"])
def test_what_somebody_said_opens_no_thinking_where_no_template_invites_the_answer(tokens: list[str]) -> None:
    tokenizer = tiny_tokenizer("llama", 2048)
    tokenizer.chat_template = None
    tokenizer.add_tokens(tokens)
    marks = ThinkingMarks(tokenizer)
    for end in ("<think>", "</think>"):
        question = encode(tokenizer, f"What is meant by {end}", spelt_out=True)
        assert read(marks, encode(tokenizer, "A mark."), question) == ("", "A mark.")
    assert read(marks, encode(tokenizer, "<think>a</think>Yes."), question) == ("a", "Yes.")


def test_a_mark_that_the_vocabulary_lacks_is_found_in_the_text() -> None:
    tokenizer = tiny_tokenizer("llama", 2048)
    marks = ThinkingMarks(tokenizer)

    assert read(marks, encode(tokenizer, "<think>\na\n</think>\n\nYes, <think>.")) == ("a", "Yes, <think>.")
    assert read(marks, encode(tokenizer, "Yes, <think>a</think>")) == ("", "Yes, <think>a</think>")


@pytest.mark.parametrize("are_special", [True, False], ids=["special", "added"])
def test_a_mark_in_the_middle_of_an_answer_is_its_text(are_special: bool) -> None:
    """A model that explains a chat template writes the tag with its own id."""
    tokenizer = tokenizer_of(THINK, are_special=are_special, template="<think>")
    marks = ThinkingMarks(tokenizer)

    ids = encode(tokenizer, "<think>so</think>Use <think> and </think>.<|im_end|>")

    assert read(marks, ids) == ("so", "Use <think> and </think>.")


def test_control_tokens_are_dropped_and_words_that_are_special_are_not() -> None:
    tokenizer = tokenizer_of(SEED)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<filename>"]})
    marks = ThinkingMarks(tokenizer)

    ids = encode(tokenizer, "<seed:think>the <filename></seed:think>cp <filename> <|im_start|>dest<|im_end|>")

    assert read(marks, ids) == ("the <filename>", "cp <filename> dest")


def test_messages_are_told_apart_only_where_the_vocabulary_frames_them() -> None:
    """`<|end|>` ends an answer of Phi, and the thinking of gpt-oss."""
    harmony = next(family for family in FAMILIES if family.name == "harmony")
    tokenizer = tokenizer_of(harmony)
    end = tokenizer.convert_tokens_to_ids("<|end|>")
    assert ThinkingMarks(tokenizer).dividing == {end}

    phi = tiny_tokenizer("llama", 2048)
    phi.add_tokens(["<|end|>"], special_tokens=True)
    marks = ThinkingMarks(phi)
    assert not marks.dividing
    assert phi.convert_tokens_to_ids("<|end|>") not in marks.chars


def test_a_character_that_was_cut_by_a_mark_is_not_joined_over_it() -> None:
    tokenizer = tokenizer_of(THINK)
    crab = encode(tokenizer, "🦀")
    assert len(crab) > 1
    ids = [
        *encode(tokenizer, "<think>a"),
        *crab[:-1],
        *encode(tokenizer, "</think>"),
        *encode(tokenizer, "🦀 Yes."),
    ]

    thinking, answer = read(ThinkingMarks(tokenizer), ids)

    assert answer == "🦀 Yes."
    assert thinking.startswith("a")


def test_a_control_token_ends_thinking_whatever_stands_around_it() -> None:
    text = "<think>is it `</think>` or not</think>Yes."
    added, control = tokenizer_of(THINK, are_special=False), tokenizer_of(THINK)

    assert read(ThinkingMarks(added), encode(added, text)) == ("is it `</think>` or not", "Yes.")
    found = read(ThinkingMarks(control), encode(control, text))
    assert found == ("is it `", "` or not</think>Yes.")


def test_a_budget_does_not_cut_a_character_in_two() -> None:
    tokenizer = tokenizer_of(THINK)
    reader = ThoughtReader(ThinkingMarks(tokenizer), encode(tokenizer, "<think>"), budget=1)
    crab = encode(tokenizer, "🦀")
    for id_ in crab[:-1]:
        reader.step(id_)
        assert not reader.closing()
    reader.step(crab[-1])
    assert reader.closing()


TEXT = st.text(max_size=30)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from([f for f in FAMILIES if f.name in TOKENS]), TEXT, TEXT, st.booleans())
@example(next(f for f in FAMILIES if f.name == "harmony"), "", "<think>", False)
def test_any_text_comes_out_where_it_was_put(
    family: Family, thought: str, said: str, is_opened: bool
) -> None:
    tokenizer = TOKENIZERS[family.name]
    opening = encode(tokenizer, family.open[0])
    ids = [
        *([] if is_opened else opening),
        *encode(tokenizer, thought, spelt_out=True),
        *encode(tokenizer, family.close[0] + "".join(family.headers[-1:])),
        *encode(tokenizer, said, spelt_out=True),
    ]
    plain = tokenizer.decode(encode(tokenizer, thought, spelt_out=True)).strip()
    answer = tokenizer.decode(encode(tokenizer, said, spelt_out=True)).lstrip()

    found = read(MARKS[family.name], ids, opening if is_opened else ())

    assert found == (plain, answer)


TOKENIZERS = {family.name: tokenizer_of(family) for family in FAMILIES if family.name in TOKENS}
MARKS = {name: ThinkingMarks(tokenizer) for name, tokenizer in TOKENIZERS.items()}


def test_a_forced_end_leaves_caches_of_every_kind_as_reading_would(generator: Generator) -> None:
    """Also those whose layers cannot be cropped."""
    tokenizer = generator._tokenizer
    prompt = encode(tokenizer, "What does the client do with the file? " * 12 + "<think>")

    def ask(ids: list[int]) -> tuple[list[int], Finished]:
        ended = generator.answer(Request(ids, 24, 0.0, thinking=3), lambda piece: None, lambda: False)
        assert isinstance(ended, Finished)
        (cached,) = [held for held in generator.prefixes._prompts if held.ids[: len(ids)] == ids][-1:]
        return cached.ids, ended

    generator.prefixes.clear()
    written, _ = ask(prompt)
    forced = encode(tokenizer, THINK.force)
    begins = range(len(prompt) + 3, len(prompt) + 3 + LONGEST_CHARACTER)
    assert any(written[at : at + len(forced)] == forced for at in begins)
    again = [*written, *encode(tokenizer, "Another question? <think>")]
    after, second = ask(again)
    assert (second.usage.reused_tokens or 0) >= len(written) - 1

    generator.prefixes.clear()
    assert ask(again)[0] == after


@pytest.mark.parametrize("lag", [0, 1])
def test_a_forced_end_is_written_once_also_where_tokens_are_heard_of_late(lag: int) -> None:
    """On a Mac, transformers gives each token to the streamer one step after it was chosen."""
    tokenizer = tokenizer_of(THINK)
    prompt, word = encode(tokenizer, "<think>"), encode(tokenizer, "x")[0]
    reader = ThoughtReader(ThinkingMarks(tokenizer), prompt, budget=4)
    close = ClosedByForce(reader)
    written: list[int] = []
    for _ in range(20):
        scores = torch.zeros(1, len(tokenizer))
        scores[0, word] = 1.0
        chosen = close(torch.tensor([[*prompt, *written]]), scores).argmax().item()
        written.append(int(chosen))
        if len(written) > lag:
            reader.step(written[-1 - lag])

    forced = encode(tokenizer, THINK.force)
    rest = 20 - 4 - lag - len(forced)
    assert written == [word] * (4 + lag) + forced + [word] * rest
