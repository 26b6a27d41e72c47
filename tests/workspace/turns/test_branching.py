"""What is asked in the place of a turn comes back as what asks it there."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui.errors import UsageError
from docstra_tui.session.chat import ChatSession
from docstra_tui.workspace.turns import branching, requests
from tests.fakes import FakeLLM
from tests.workspace.turns.test_queue import Talk, explain


@pytest.fixture
def talk() -> Talk:
    talk = Talk(FakeLLM("one", "two"))
    for question in ("first?", "second?"):
        list(talk.session.ask(question))
    return talk


def test_what_waits_is_kept_as_the_command_that_asks_it_there(talk: Talk) -> None:
    first, second = (turn.id for turn in talk.session.turns)
    talk.turns.editing = branching.begin_editing(talk.session, first)
    assert talk.turns.editing.was == "first?" and "question 1" in talk.turns.editing.words
    talk.face.written = "why?"
    talk.turns.submit([requests.question("why?")])
    talk.turns.submit([talk.session.branches.retry(second)])
    assert talk.waits == ["/edit 1 why?", "/retry 2"] and talk.turns.editing is None
    assert [one.parent for one in talk.turns.waiting] == [0, first]
    talk.face.written = ""
    talk.turns.stop()
    assert talk.face.written == "/edit 1 why?", "nobody wrote the other"

    talk.turns.editing = branching.begin_editing(talk.session, second)
    talk.turns.submit(explain())
    assert talk.waits[-2:] == ["/edit 2 /explain @a.py", "/explain @b.py"]
    talk.turns.close()


def test_another_answer_that_can_be_no_other_is_said_to_be_the_same(talk: Talk) -> None:
    session = talk.session
    first = session.turns[0]
    assert branching.says_the_same(session, first.id) == ""
    session.llm.temperature = 0.0
    assert "has the same answer" in branching.says_the_same(session, first.id)
    for sent, is_same in (({"temperature": 0.7}, False), ({"temperature": 0.0}, True), ({}, False)):
        first.settings = sent  # none of its own: the server had one
        assert bool(branching.says_the_same(session, first.id)) is is_same
    first.status = "stopped"  # the rest of it is new
    assert branching.says_the_same(session, first.id) == ""
    first.status, first.model = "done", "another"
    assert branching.says_the_same(session, first.id) == ""
    talk.turns.close()


@pytest.mark.parametrize("text", ["0", "3", "x", "-1", "٣", "9" * 5000])
def test_a_number_that_is_none_is_refused_with_those_there_are(talk: Talk, text: str) -> None:
    with pytest.raises(UsageError, match=f"no question {text}"):
        branching.turn_at(talk.session, text)
    talk.turns.close()


def test_without_a_number_it_is_the_last_and_without_turns_nothing(talk: Talk) -> None:
    assert branching.turn_at(talk.session, "") == (talk.session.turns[-1].id, 2)
    assert branching.number_and_words("2 why not?") == ("2", "why not?")
    assert branching.number_and_words("2") == ("2", "") and branching.number_and_words("2nd?") == ("", "2nd?")
    with pytest.raises(UsageError, match="Nothing stands beside question 2"):
        branching.next_beside(talk.session, talk.session.turns[-1].id)
    with pytest.raises(UsageError, match="Nothing was asked yet"):
        branching.turn_at(ChatSession(FakeLLM(), Path("/p")), "")
    talk.turns.close()
