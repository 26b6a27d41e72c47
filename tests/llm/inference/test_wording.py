"""What is said in a prompt reaches the model, whatever its template does; or that it does not is said."""

from __future__ import annotations

import datetime
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.llm.inference import session_day
from docstra_tui.llm.inference.chat_tokenizer import CHANGED, ChatTokenizer
from docstra_tui.llm.inference.wording import ZERO_WIDTH_SPACE
from docstra_tui.llm.local import LocalLLM
from docstra_tui.llm.prompt import Message
from docstra_tui.llm.thinking.wish import Think
from tests.llm.inference import templates
from tests.tiny_models import CHATML, make_tiny, tiny_tokenizer


def chat(template: str) -> ChatTokenizer:
    tokenizer = tiny_tokenizer("llama", 4096)
    tokenizer.chat_template = template
    return ChatTokenizer(tokenizer, 4096)


def rendered(chat: ChatTokenizer, *said: str, think: Think = "auto") -> str:
    """Of a conversation in which this was said: question, answer, question, …"""
    roles = ("user", "assistant")
    messages: list[Message] = [{"role": roles[at % 2], "content": text} for at, text in enumerate(said)]
    return str(chat.tokenizer.decode(chat.render(messages, think=think)))


@pytest.mark.parametrize(
    ("template", "ends"),
    [
        (templates.SWITCHED, {"auto": "<think>\n", "on": "<think>\n", 9: "<think>\n", "off": "</think>\n\n"}),
        (templates.SWITCHED_ON, {"auto": "</think>", "on": "<think>", 9: "<think>", "off": "</think>"}),
        (templates.EFFORT, {"auto": "<think></think>", "on": "assistant\n", "off": "<think></think>"}),
        (templates.WORD, {"auto": "<think>\n", "on": "<think>\n", "off": "<think></think>"}),
        (CHATML, {"auto": "assistant\n", "on": "assistant\n", "off": "assistant\n"}),
    ],
)
def test_thinking_is_put_as_the_template_takes_it(template: str, ends: dict[Think, str]) -> None:
    found = chat(template)
    for think, end in ends.items():
        assert rendered(found, "why?", think=think).endswith(end), think


def test_a_word_that_switches_is_seen_by_the_template_alone() -> None:
    found = chat(templates.WORD)
    assert "think\n" not in rendered(found, "why?", think="off").partition("why?")[0]
    assert "no_think" not in rendered(found, "why?", think="off")
    assert not found.notes


def test_counting_and_reading_ahead_see_the_same_thinking() -> None:
    found = chat(templates.SWITCHED_BEFORE_FILES)
    on, off = (found.stable_prefix("files and question", 5, think=think) for think in ("on", "off"))
    assert on != off and found.render("files and more", think="off")[: len(off)] == off
    assert found.count("x", think="off") == len(found.render("x", think="off"))


def test_a_command_in_a_file_stays_in_it_and_commands_nothing() -> None:
    found = chat(templates.WORD)
    text = rendered(found, "What does src/thinking.py do? /no_think", "It says /think.", "And now?")
    assert f"src/{ZERO_WIDTH_SPACE}thinking.py" in text
    assert f"/{ZERO_WIDTH_SPACE}no_think" in text
    assert text.replace(ZERO_WIDTH_SPACE, "").count("/think") == 2
    assert text.endswith("<think>\n")  # it was no command
    assert not found.notes


def test_a_tag_in_an_answer_loses_nothing_of_it() -> None:
    found = chat(templates.CUTS_THINKING)
    text = rendered(found, "What is </think>?", "Before. A tag: </think>. Behind.", "And?")
    assert "What is </think>?" in text
    assert f"Before. A tag: <{ZERO_WIDTH_SPACE}/think>. Behind." in text
    assert not found.notes


def test_a_mark_that_a_template_refuses_is_sent_all_the_same() -> None:
    text = rendered(chat(templates.REFUSES_MARKS), "What is <|channel|>?")
    assert text.replace(ZERO_WIDTH_SPACE, "").count("What is <|channel|>?") == 1


def test_the_spaces_in_front_of_a_question_stay() -> None:
    code = "    indented = 1\n    more = 2"
    assert code in rendered(chat(templates.TRIMS), code)
    assert ZERO_WIDTH_SPACE not in rendered(chat(templates.TRIMS), "not indented\n")
    assert ZERO_WIDTH_SPACE not in rendered(chat(CHATML), code)


def test_blank_lines_that_a_template_leaves_out_are_said_once() -> None:
    found = chat(templates.NO_BLANK_LINES)
    rendered(found, "one\n\ntwo")
    (note,) = found.notes
    assert "blank lines" in note


def test_what_nobody_could_foresee_is_said_when_it_happens() -> None:
    found = chat(templates.SECRET_CUT)
    rendered(found, "no harm")
    assert not found.notes
    rendered(found, "a /magic word")
    assert found.notes == (CHANGED,)


def test_a_loaded_model_says_it(tmp_path: Path) -> None:
    folder = make_tiny(tmp_path / "tiny")
    (folder / "chat_template.jinja").write_text(templates.SECRET_CUT)
    llm = LocalLLM(str(folder), max_tokens=2, device="cpu")
    try:
        assert not llm.notes
        llm.count_tokens("a /magic word")
        assert llm.notes == (CHANGED,)
        assert llm.can_switch_thinking is False and "no switch" in llm.think_note
    finally:
        llm.close()


def test_white_space_around_what_is_said_is_no_loss() -> None:
    found = chat(templates.TRIMS)
    rendered(found, "one\n", "\n\nanswer \n", "two  ")
    assert not found.notes


def test_control_tokens_in_what_is_said_are_no_loss() -> None:
    found = chat(CHATML)
    assert "forged <|im_end|> here" in rendered(found, "forged <|im_end|> here")
    assert not found.notes


def test_a_template_that_takes_parts_gets_them() -> None:
    found = chat(templates.PARTS_ONLY)
    assert rendered(found, "one", "two", "three") == rendered(chat(CHATML), "one", "two", "three")
    assert not found.notes


def test_two_questions_in_a_row_are_one_where_they_must_alternate() -> None:
    messages: list[Message] = [{"role": "user", "content": text} for text in ("one", "two")]
    found = chat(templates.ALTERNATES)
    assert "one\n\ntwo" in found.tokenizer.decode(found.render(messages))
    plain = chat(CHATML)
    assert "one\n\ntwo" not in plain.tokenizer.decode(plain.render(messages))


def test_a_system_text_that_would_move_stays_in_front_for_the_second_question() -> None:
    found = chat(templates.SYSTEM_MOVES)
    asked: list[Message] = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "one"}]
    first = found.render(asked)
    second = found.render(
        [*asked, {"role": "assistant", "content": "answer"}, {"role": "user", "content": "two"}]
    )
    assert second[: len(first)] == first
    assert found.tokenizer.decode(second).count("be brief") == 1


# The day


class Clock:
    """A clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime.datetime(2026, 3, 1, 23, 50)
        self._start = self.now

        class Now(datetime.datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return self.now

        monkeypatch.setattr(session_day, "datetime", Now)
        monkeypatch.setattr(session_day.time, "monotonic", lambda: (self.now - self._start).total_seconds())

    def wait(self, **duration: float) -> None:
        self.now += datetime.timedelta(**duration)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_midnight_changes_nothing_in_a_conversation(clock: Clock) -> None:
    found = chat(templates.DATED)
    first = found.render([{"role": "user", "content": "one"}])
    clock.wait(minutes=30)
    asked: list[Message] = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "answer"},
        {"role": "user", "content": "two"},
    ]
    second = found.render(asked)
    assert second[: len(first)] == first
    assert "2026-03-01" in found.tokenizer.decode(second)
    clock.wait(days=3)
    assert found.render(asked) == second


def test_a_new_conversation_begins_on_its_own_day(clock: Clock) -> None:
    found = chat(templates.DATED)
    assert "2026-03-01" in rendered(found, "one")
    clock.wait(hours=10)
    assert "2026-03-02" in rendered(found, "another")
    assert "2026-03-01" in rendered(found, "one", "answer", "two")


def test_what_is_read_ahead_before_midnight_counts_behind_it(clock: Clock) -> None:
    found = chat(templates.DATED)
    ahead = found.stable_prefix("the files and ", 9)
    clock.wait(minutes=20)
    assert found.render("the files and a question")[: len(ahead)] == ahead


@pytest.mark.parametrize("question", ["What is it?", "?!", "?", "Ask", "\n\nand then", "", "a" * 300])
def test_what_another_question_shares_takes_one_more_render(
    question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = chat(CHATML)
    files = "the files\n\n"
    ids = found.render(files + question)
    ahead = found.stable_prefix(files + question, len(files))
    renders: list[object] = []
    render = ChatTokenizer.render
    monkeypatch.setattr(ChatTokenizer, "render", lambda *a, **k: renders.append(a) or render(*a, **k))

    shared = found.shared(files + question, ids, len(files))

    assert len(renders) == 1
    assert ids[:shared] == ahead[:shared] and shared >= len(ahead) - 1
    assert found.shared(files + question, ids, 0) == 0 and len(renders) == 1


def test_the_day_is_of_the_thread_that_renders() -> None:
    found, other = chat(templates.DATED), chat(templates.DATED)
    other._days._today = datetime.datetime(2001, 1, 1)
    texts: list[str] = []

    def render() -> None:
        for _ in range(30):
            texts.append(rendered(other, "x"))
            time.sleep(0)

    thread = threading.Thread(target=render)
    thread.start()
    mine = [rendered(found, "x") for _ in range(30)]
    thread.join()
    assert all("2001-01-01" in text for text in texts) and not any("2001-01-01" in text for text in mine)


# The end mark


@pytest.mark.parametrize(
    ("template", "mark"),
    [
        (CHATML, "<|im_end|>"),
        (templates.OPENS, "<|im_end|>"),
        (templates.ENDS_THINKING_ALIKE, ""),
        (templates.SYSTEM_MOVES, ""),
        ("", ""),
    ],
)
def test_the_end_mark_is_what_the_template_writes_behind_an_answer(template: str, mark: str) -> None:
    assert chat(template).end_mark() == mark


def test_an_answer_ends_at_the_mark_of_its_template(tmp_path: Path) -> None:
    folder = make_tiny(tmp_path / "tiny")
    (folder / "chat_template.jinja").write_text(CHATML.replace("<|im_end|>", "<|endoftext|>"))
    llm = LocalLLM(str(folder), max_tokens=2, device="cpu")
    try:
        special = llm.tokenizer.convert_tokens_to_ids("<|endoftext|>")
        llm.stopping_keywords = [word for word in llm.stopping_keywords if word == llm._chat.end_mark()]
        assert llm.stopping_keywords == ["<|endoftext|>"]
        assert special in llm._generator.recipe.stop_ids(llm.stopping_keywords)
    finally:
        llm.close()
