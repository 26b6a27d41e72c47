"""A model's own words for a question: how they are asked for, and what is taken of a messy answer."""

from __future__ import annotations

import contextlib

import pytest

from docstra_tui.errors import EngineDied, NoAnswer
from docstra_tui.llm import own_words
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.local import LocalLLM
from tests.fakes import FakeLLM

QUESTION = "How does the client retry?"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("backoff\nmax_retries\nHTTPTransport", ("backoff", "max_retries", "HTTPTransport")),
        (
            "Here are some names:\n\n1. `retry_after`: how long\n2. **max_retries** - how often\n"
            "3) backoff()\n- class PoolTimeout(Timeout)\n* pool_timeout = 5\n• src/pool.py",
            ("retry_after", "max_retries", "backoff", "PoolTimeout", "pool_timeout", "src/pool.py"),
        ),
        ("Retry, retries, connection error; sleep", ("retries", "connection error", "sleep")),
        ('```json\n["foo_bar", \'baz\', "Quux"]\n```', ("foo_bar", "baz", "Quux")),
        (
            "The client waits and then calls send_again in Foo.bar, which is quite a long story to tell.",
            ("send_again", "Foo.bar"),
        ),
        ("It is in `Pool.get`, and in `wait()`.", ("Pool.get", "wait")),
        ("the client\nretry\nfunction\nHow does", ()),  # the question's own, and what says nothing
        ("foo\n- foo\n* Foo\n", ("foo",)),
        (
            "queue\nqueue_size\nqueue_size_max\nload_load_load\nis_a\npack_bytes_to_bytes\n__init__",
            ("queue", "queue_size", "is_a", "__init__"),
        ),
        ("authenticate\nJobQueue\nlogout", ("logout",)),  # the first two were examples
        ("x" * 60 + "\n" + "word " * 30, ()),
        ("", ()),
        ("\x1b[31mred\x1b[0m\n\u202eevil\nfine", ("fine",)),
    ],
)
def test_names_and_short_phrases_are_taken_however_they_are_listed(answer, words) -> None:
    assert own_words.read(answer, QUESTION) == words


def test_what_goes_on_for_ever_is_read_no_further_than_it_is_taken() -> None:
    assert own_words.read("\n".join(f"name_{n}" for n in range(40))) == tuple(f"name_{n}" for n in range(10))
    assert own_words.is_enough("\n".join(f"name_{n}" for n in range(11)))
    assert not own_words.is_enough("\n".join(f"name_{n}" for n in range(10)))  # the last may go on


def test_what_goes_round_is_left() -> None:
    assert own_words.is_enough("a_b\nc_d\na_b\nc_d\na_b\n")
    assert not own_words.is_enough("a_b\nc_d\na_b\nc_d\na_")
    assert not own_words.is_enough("Sure!\n\nHere they are:\n\n1. a_b")


def test_a_model_is_asked_once_and_shortly_and_stopped_when_there_are_enough() -> None:
    llm = FakeLLM()
    llm.enqueue(*(f"name_{n}\n" for n in range(10)), "more\n", EngineDied("never read"))
    assert llm.own_words(QUESTION) == tuple(f"name_{n}" for n in range(10))
    (call,) = llm.calls
    assert (call.max_tokens, call.temperature, call.think, call.batch) == (own_words.TOKENS, 0.0, "off", True)
    assert QUESTION in call.question


def test_two_requests_differ_in_nothing_but_the_end() -> None:
    one, two = own_words.request("Where is a?"), own_words.request("Who calls b?\n" * 9000)
    assert one[:-1] == two[:-1]
    same, _, behind = one[-1]["content"].partition("Where is a?")
    long = two[-1]["content"]
    assert long.startswith(same) and long.endswith(behind) and len(long) < len(same) + len(behind) + 2001


def test_what_is_no_answer_is_raised() -> None:
    with pytest.raises(NoAnswer):
        FakeLLM().own_words(QUESTION)
    llm = FakeLLM()
    llm.enqueue("one\n", EngineDied("gone"))
    with pytest.raises(EngineDied):
        llm.own_words(QUESTION)


def test_a_conversation_is_read_no_second_time_because_of_it(llm: LocalLLM) -> None:
    """And what each request begins with is read once."""
    item = ContextItem("def area(r):\n    return 3 * r * r\n" * 12, "shapes.py", "python")
    prompt = llm.prompt_builder.asked("answer_question", (item,), (), {"question": "What is an area?"})
    llm.warm(prompt.messages, prompt.stable)
    before = llm.measure(prompt.messages)
    assert before.cached is not None and before.cached > 200
    for question in ("Where is it?", "Who calls it?"):
        with contextlib.suppress(NoAnswer):
            llm.own_words(question)  # whatever it says: its weights are random
        assert llm.measure(prompt.messages).cached == before.cached
    asked = own_words.request("And what is it called?")
    measured = llm.measure(asked)
    assert measured.cached is not None and measured.cached > 100
