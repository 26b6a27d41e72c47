"""An answer that was cut goes on as if it were not: from the ids that were written, else from the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from docstra_tui.errors import ContextOverflow, NoAnswer
from docstra_tui.llm.inference.going_on import written_ids
from docstra_tui.llm.inference.stopping import KeywordFilter
from docstra_tui.llm.inference.thoughts import ThinkingMarks, ThoughtReader
from docstra_tui.llm.local import LocalLLM
from docstra_tui.llm.sampling import Sampling
from docstra_tui.llm.thinking import families
from docstra_tui.llm.thinking.families import Family
from docstra_tui.llm.written import Written
from tests.llm.inference.test_thoughts import encode, tokenizer_of
from tests.llm.thinking.pieces import joined
from tests.tiny_models import make_endless, make_scripted

QUESTION = "How are you?"
ASKED = [{"role": "user", "content": QUESTION}]
END = "<|im_end|>"
FAMILIES = families.load()

Load = Callable[..., LocalLLM]


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLLM]:
    torch.set_num_threads(1)
    folder = make_endless(tmp_path_factory.mktemp("endless"))
    model = LocalLLM(str(folder), max_tokens=40, temperature=0.0, device="cpu", reserve=64)
    yield model
    model.close()


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Load]:
    """Loads a model that writes what it is told to."""
    torch.set_num_threads(1)
    models: list[LocalLLM] = []

    def load(*says: Sequence[str], **how: Any) -> LocalLLM:
        folder = make_scripted(tmp_path / f"model{len(models)}", *says, **how)
        models.append(LocalLLM(str(folder), max_tokens=60, temperature=0.0, device="cpu", reserve=64))
        return models[-1]

    yield load
    for model in models:
        model.close()


def behind(llm: LocalLLM, written: Written) -> list[int]:
    """The ids that stand behind the prompt."""
    prompt = llm._chat.render(QUESTION)
    known = llm._generator.prefixes.behind(prompt)
    return llm._generator.recipe.written_ids(prompt, written, known, llm._chat.behind)


def test_the_rest_is_what_would_have_come(endless: LocalLLM) -> None:
    whole = str(endless.stream(QUESTION, max_tokens=40))
    for cut in (7, 16, 31):
        begun = str(endless.stream(QUESTION, max_tokens=cut))
        if begun.endswith("\ufffd"):  # in the middle of a character
            continue

        rest = endless.stream(QUESTION, max_tokens=40 - cut, written=Written(begun))

        assert begun + str(rest) == whole
        assert rest.finish_reason == "length" and rest.usage.completion_tokens == 40 - cut
        assert rest.usage.prompt_tokens == len(endless._chat.render(QUESTION)) + cut
        assert (rest.usage.reused_tokens or 0) >= rest.usage.prompt_tokens - 2


def test_what_no_cache_has_any_more_is_made_from_the_text(endless: LocalLLM) -> None:
    begun = "def add(left, right):\n    return <|im_end|> </s>  "
    endless._generator.prefixes.clear()

    ids = behind(endless, Written(begun))

    assert endless.tokenizer.decode(ids) == begun
    assert not set(ids) & set(endless.tokenizer.all_special_ids)


def test_the_ids_are_those_of_the_template_where_it_goes_on_itself(endless: LocalLLM) -> None:
    begun = "The client sends the request again"
    theirs = endless.tokenizer.apply_chat_template(
        [*ASKED, {"role": "assistant", "content": begun}], continue_final_message=True, return_dict=False
    )
    endless._generator.prefixes.clear()

    assert endless._chat.render(QUESTION) + behind(endless, Written(begun)) == list(theirs)


def test_a_seed_gives_the_same_rest_again(endless: LocalLLM) -> None:
    begun = str(endless.stream(QUESTION, max_tokens=9)).rstrip("\ufffd")

    def rest(seed: int) -> str:
        said: list[str] = []
        job = endless.submit(
            QUESTION,
            lambda event: said.append(event) if isinstance(event, str) else None,
            max_tokens=12,
            sampling=Sampling(1.0, seed=seed),
            written=Written(begun),
        )
        job.done.wait(30)
        return "".join(said)

    assert rest(3) == rest(3) != rest(4)


def test_the_verb_of_the_library_gives_the_rest_alone(scripted: Load) -> None:
    llm = scripted(["Yes", ", ", "very", " well", "!", END])

    assert llm.continue_answer(QUESTION, "Yes, ") == "very well!"
    stream = llm.continue_answer(QUESTION, "Yes, very", stream=True)
    assert list(stream) == [" well", "!"]
    assert llm.continue_answer(QUESTION, "Yes, very well!") == ""  # it was whole: that is no error
    with pytest.raises(ValueError, match="nothing of that answer"):
        llm.continue_answer(QUESTION, " ")


def test_thinking_that_was_cut_goes_on(scripted: Load) -> None:
    llm = scripted(["<think>", "I see", " it", " now.", "</think>", "Yes", "!", END], ending="<think>")
    first = llm.stream(QUESTION, max_tokens=2)
    with pytest.raises(NoAnswer):
        str(first)
    assert first.thinking == "I see it"

    for is_kept in (True, False):
        if not is_kept:
            llm._generator.prefixes.clear()
        rest = llm.continue_answer(QUESTION, "", stream=True, thinking=first.thinking)
        assert (str(rest), rest.thinking) == ("Yes!", " now.")  # type: ignore[union-attr]


def test_an_answer_stands_behind_what_was_thought_before_it(scripted: Load) -> None:
    llm = scripted(["<think>", "I see.", "</think>", "Yes", "!", END], ending="<think>")
    tokenizer = llm.tokenizer

    assert tokenizer.decode(behind(llm, Written("Yes", "I see."))) == "I see.\n</think>\n\nYes"
    assert tokenizer.decode(behind(llm, Written("Yes"))) == "\n</think>\n\nYes"
    whole = llm.stream(QUESTION)
    assert str(whole) == "Yes!"
    # The model put no lines there itself, and what it wrote is still known.
    assert tokenizer.decode(behind(llm, Written("Yes", "I see."))) == "I see.</think>Yes"
    rest = llm.continue_answer(QUESTION, "Yes", stream=True, thinking="I see.")
    assert (str(rest), rest.thinking, rest.finish_reason) == ("!", "", "stop")  # type: ignore[union-attr]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_each_family_is_gone_on_with(family: Family) -> None:
    tokenizer = tokenizer_of(family, template="".join((*family.open, *family.close)))
    marks = ThinkingMarks(tokenizer)
    usual = marks.usual
    assert usual is not None
    prompt = encode(tokenizer, "<|im_start|>assistant\n")
    opened = encode(tokenizer, "<|im_start|>assistant\n" + family.open[0])
    close, footer = family.close[0], family.footers[-1] if family.footers else ""

    def both(written: Written, rest: str, prompt: list[int]) -> tuple[str, str]:
        """Thinking and answer: of what stands behind the prompt, and of what comes then."""
        ids = written_ids(marks, prompt, written, (), lambda text: encode(tokenizer, text, spelt_out=True))
        before, after = ThoughtReader(marks, prompt), ThoughtReader(marks, prompt, written=written)
        there = [piece for id_ in ids for piece in before.step(id_)] + before.flush()
        come = [piece for id_ in encode(tokenizer, rest) for piece in after.step(id_)] + after.flush()
        assert joined(there) == (written.thinking, written.answer)
        return joined(come)

    for start in (prompt, opened):
        assert both(Written("The an", "A plan."), f"swer.{footer}{END}", start) == ("", "swer.")
        assert both(Written("", "A plan"), f" for it.{close}Yes.{END}", start) == (" for it.", "Yes.")


def test_a_keyword_that_had_begun_ends_the_answer_where_it_is_whole() -> None:
    for rest, shown, matched in (("op> and on", "", True), ("ay", "ay", False), ("o", "o", False)):
        keyword_filter = KeywordFilter(["<stop>"])
        keyword_filter.follows("So it is <st")
        said = "".join(map(keyword_filter.feed, rest)) + keyword_filter.flush()
        assert (said, keyword_filter.matched) == (shown, matched)


def test_a_stop_that_had_begun_stops_the_model(scripted: Load) -> None:
    llm = scripted(["one", " EN", "D", " two", " three", " four", END])
    said: list[Any] = []
    job = llm.submit(QUESTION, said.append, sampling=Sampling(stop=("END",)), written=Written("one EN"))
    job.done.wait(30)
    assert [event for event in said if isinstance(event, str)] == []
    assert said[-1].reason == "stop" and said[-1].usage.completion_tokens <= 2


def test_what_leaves_no_room_is_refused(endless: LocalLLM) -> None:
    with pytest.raises(ContextOverflow):
        endless.stream(QUESTION, written=Written("word " * 2000))
