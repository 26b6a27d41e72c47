"""The queue of turns, without any screen: what is asked when, and what becomes of the rest."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from docstra_tui.context.picks import Pick
from docstra_tui.errors import ContextOverflow, DocstraError, EngineDied
from docstra_tui.llm.answer import Reading, Reframed, Thought
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.each import Each
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.workspace.commands import find
from docstra_tui.workspace.files.selection import ReadReport
from docstra_tui.workspace.turns import requests
from docstra_tui.workspace.turns.branching import Editing
from docstra_tui.workspace.turns.decision import Decision
from docstra_tui.workspace.turns.queue import MOST, TurnQueue
from docstra_tui.workspace.turns.runner import Outcome
from tests.fakes import FakeLLM

ITEMS = (ContextItem("a = 1\n", "a.py", "python"), ContextItem("b = 1\n", "b.py", "python"))


class Files:
    """Two that are as they were read, until one is dropped."""

    def __init__(self) -> None:
        self.items = list(ITEMS)

    @property
    def picks(self) -> tuple[Pick, ...]:
        return tuple(Pick(str(item.path)) for item in self.items)

    def read(self, session: ChatSession) -> ReadReport:
        session.set_context(self.items)
        return ReadReport(("a.py",))

    def read_now(self, pick: Pick) -> ContextItem:
        raise AssertionError(pick)


class Face:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.written = ""
        self.told: list[str] = []
        self.outcomes: list[Outcome] = []
        self.takes_back = True

    def began(self, request: TurnRequest) -> None:
        self.told.append(f"began {request.shown}")

    def read(self, report: ReadReport) -> None:
        self.told.append(f"read {', '.join(report.changed)}")

    def piece(self, text: str) -> None:
        self.told.append(text)

    def thought(self, text: str) -> None:
        self.told.append(f"thought {text}")

    def reframed(self) -> None:
        self.told.append("reframed")

    def reading(self, reading: Reading) -> None:
        self.told.append(f"{reading.done}/{reading.total} read")

    def changed(self) -> None:
        pass

    def ended(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.told.append("ended")

    def wants_back(self, outcome: Outcome) -> bool:
        return self.takes_back

    def give_back(self, text: str) -> None:
        self.written = text

    def warn(self, text: str) -> None:
        self.told.append(f"warned: {text}")


class Talk:
    """A queue, its face, and this thread as the thread of the face."""

    def __init__(self, llm: FakeLLM) -> None:
        self.events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.face, self.files = Face(), Files()
        self.turns = TurnQueue(self.files, self.face, self.events.put)
        self.session = ChatSession(llm, Path("/p"))
        self.turns.use(self.session)

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not is_so():
            assert time.monotonic() < deadline, self.face.told
            try:
                self.events.get(timeout=0.01)()
            except queue.Empty:
                pass

    def until_idle(self) -> None:
        self.until(lambda: not (self.turns.busy or self.turns.waiting))

    @property
    def waits(self) -> list[str]:
        """What the session keeps."""
        return [one.text for one in self.session.waiting]


@pytest.fixture
def llm() -> FakeLLM:
    return FakeLLM()


@pytest.fixture
def talk(llm: FakeLLM) -> Iterator[Talk]:
    talk = Talk(llm)
    yield talk
    talk.turns.close()


def explain() -> tuple[TurnRequest, ...]:
    command = find("explain", "chat")
    assert command is not None
    return requests.of_files(command, [Pick("a.py"), Pick("b.py")])


def test_what_is_read_and_thought_is_told_beside_the_answer(llm: FakeLLM, talk: Talk) -> None:
    gate = threading.Semaphore(0)
    llm.enqueue(Reading(3, 12, 8.0), Thought("Hm"), "no ", Reframed(), "Yes", gate=gate)
    talk.turns.ready = True
    talk.turns.ask(requests.question("Why?"))
    turns = talk.turns
    talk.until(lambda: turns.is_reading)
    gate.release()
    talk.until(lambda: turns.reading == Reading(3, 12, 8.0))
    assert turns.is_reading and not turns.is_thinking
    gate.release()
    talk.until(lambda: turns.is_thinking)
    assert not turns.is_reading
    gate.release()
    talk.until(lambda: turns.has_text)
    assert not turns.is_thinking
    gate.release()
    talk.until(lambda: turns.is_thinking)
    gate.release(2)
    talk.until_idle()
    talk.face.told.remove("read a.py")
    assert talk.face.told == ["began Why?", "3/12 read", "thought Hm", "no ", "reframed", "Yes", "ended"]
    [turn] = talk.session.turns
    assert (turn.thinking, turn.answer) == ("Hmno ", "Yes")
    llm.enqueue("Because")
    talk.turns.ask(requests.question("And?"))
    talk.until_idle()
    assert turns.reading is None and not turns.is_thinking  # nothing of the one before


def test_a_question_waits_for_the_disk_and_for_the_model_and_is_then_asked(llm: FakeLLM, talk: Talk) -> None:
    llm.enqueue("Because", ".")
    assert talk.turns.ask(requests.question("Why?"))
    assert talk.turns.is_saving and talk.waits == ["Why?"]
    talk.until(lambda: not talk.turns.is_saving)
    assert not talk.turns.busy and llm.calls == []
    talk.turns.ready = True
    talk.turns.start_next()
    assert talk.turns.busy
    talk.until_idle()
    assert "read a.py" in talk.face.told  # told on the face's thread, the pieces in that of the turn
    talk.face.told.remove("read a.py")
    assert talk.face.told == ["began Why?", "Because", ".", "ended"]
    assert talk.waits == [] and talk.session.turns[0].answer == "Because."


def ask_all(talk: Talk, *texts: str) -> list[int]:
    """Their numbers, while they wait."""
    assert all(talk.turns.ask(requests.question(text)) for text in texts)
    return [one.question.id for one in talk.turns.waiting if one.question is not None]


def in_line(talk: Talk) -> list[str]:
    """What waits, here and in the session: the same in the same order."""
    texts = [request.text for request in talk.turns.waiting]
    assert talk.waits == texts
    return texts


def test_several_questions_wait_and_are_asked_in_their_order(llm: FakeLLM, talk: Talk) -> None:
    ask_all(talk, "One?", "Two?")
    talk.turns.submit(explain())
    ask_all(talk, "Three?")
    assert in_line(talk) == ["One?", "Two?", "/explain @a.py", "/explain @b.py", "Three?"]
    for number in range(5):
        llm.enqueue(str(number))
    talk.turns.ready = True
    talk.turns.start_next()
    talk.until_idle()
    asked = [turn.question for turn in talk.session.turns]
    assert asked == ["One?", "Two?", "Explain a.py", "Explain b.py", "Three?"]


def test_no_more_wait_than_anybody_means(talk: Talk) -> None:
    ask_all(talk, *(f"{number}?" for number in range(MOST)))
    assert not talk.turns.ask(requests.question("One more?"))
    assert talk.face.told[-1].startswith(f"warned: {MOST} questions wait already.")
    assert len(talk.turns.waiting) == MOST


def test_each_stop_gives_back_the_last_one_that_waits(talk: Talk) -> None:
    ask_all(talk, "One?", "Two?")
    assert talk.turns.stop() and talk.face.written == "Two?" and in_line(talk) == ["One?"]
    assert talk.turns.stop() and talk.face.written == "One?\n\nTwo?" and in_line(talk) == []


def test_one_that_waits_is_changed_and_stands_where_it_stood(talk: Talk) -> None:
    _, second, _ = ask_all(talk, "One?", "Two?", "Three?")
    talk.face.written = "begun"
    assert talk.turns.change(second)
    assert talk.face.written == "Two?\n\nbegun" and in_line(talk) == ["One?", "Three?"]
    ask_all(talk, "Two, exactly?", "Four?")
    assert in_line(talk) == ["One?", "Two, exactly?", "Three?", "Four?"]
    moments = [one.accepted for one in talk.session.waiting]
    assert moments == sorted(set(moments)), "the disk knows the order by them"
    assert not talk.turns.change(second), "it waits no more"


def test_one_whose_place_is_gone_is_the_last(llm: FakeLLM, talk: Talk) -> None:
    first, second = ask_all(talk, "One?", "Two?")
    talk.turns.change(first)
    talk.turns.take_back(second)
    ask_all(talk, "Three?", "One again?")
    assert in_line(talk) == ["Three?", "One again?"]


def test_what_waits_is_moved_and_taken_back_by_number(talk: Talk) -> None:
    first, second, third = ask_all(talk, "One?", "Two?", "Three?")
    assert talk.turns.move(third, -2) and in_line(talk) == ["Three?", "One?", "Two?"]
    assert talk.turns.move(first, 1) and in_line(talk) == ["Three?", "Two?", "One?"]
    assert not talk.turns.move(first, 1) and not talk.turns.move(third, -1) and not talk.turns.move(7, 1)
    talk.turns.take_back(second)
    assert in_line(talk) == ["Three?", "One?"] and talk.face.written == "Two?"
    talk.turns.submit(explain())
    file = talk.turns.waiting[-1].question
    assert file is not None
    talk.turns.take_back(file.id)
    assert in_line(talk) == ["Three?", "One?", "/explain @a.py"] and talk.face.written == "Two?"


def test_stopping_gives_back_what_was_written_first_and_then_stops_the_answer(
    llm: FakeLLM, talk: Talk
) -> None:
    gate = threading.Semaphore(0)
    llm.enqueue("part", " of it", gate=gate)
    talk.turns.ready = True
    talk.turns.ask(requests.question("One?"))
    talk.until(lambda: talk.turns.busy)
    talk.turns.ask(requests.question("Two?"))
    talk.face.written = "begun"
    assert talk.turns.stop()
    assert talk.face.written == "Two?\n\nbegun" and talk.turns.busy and not talk.turns.stopping
    gate.release()
    talk.until(lambda: talk.turns.has_text)
    assert talk.turns.stop() and talk.turns.stopping
    gate.release(5)
    talk.until_idle()
    assert talk.face.outcomes[0].stopped and talk.face.written == "Two?\n\nbegun"
    assert not talk.turns.stop(), "nothing is left"


def test_a_question_is_kept_until_its_turn_has_begun_whatever_is_asked_meanwhile(
    llm: FakeLLM, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, gate = talk.files.read, threading.Event()
    monkeypatch.setattr(talk.files, "read", lambda session: gate.wait(10) and read(session))
    llm.enqueue("one")
    llm.enqueue("two")
    talk.turns.ready = True
    talk.turns.ask(requests.question("One?"))
    talk.until(lambda: talk.turns.busy)
    talk.turns.ask(requests.question("Two?"))
    assert talk.waits == ["One?", "Two?"], "a program that ends now has lost none of them"
    gate.set()
    talk.until_idle()
    assert talk.waits == [] and len(talk.session.turns) == 2


def test_what_is_stopped_while_its_files_are_read_is_not_asked_about_and_comes_back(
    llm: FakeLLM, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, gate = talk.files.read, threading.Event()
    monkeypatch.setattr(talk.files, "read", lambda session: gate.wait(10) and read(session))
    monkeypatch.setattr(talk.session.admission, "admit", lambda request: pytest.fail("somebody is asked"))
    talk.turns.ready = True
    talk.turns.ask(requests.question("Why?"))
    talk.until(lambda: talk.turns.busy)
    assert talk.turns.stop()
    gate.set()
    talk.until_idle()
    assert talk.face.outcomes[0].is_withdrawn and talk.face.outcomes[0].stopped
    assert talk.face.written == "Why?" and talk.session.turns == [] and talk.waits == []


def test_a_file_that_was_dropped_meanwhile_keeps_none_of_the_others(llm: FakeLLM, talk: Talk) -> None:
    llm.enqueue("about b")
    talk.files.items = [ITEMS[1]]
    talk.turns.ready = True
    talk.turns.submit(explain())
    talk.until_idle()
    assert [turn.question for turn in talk.session.turns] == ["Explain b.py"]
    assert talk.face.outcomes[0].is_withdrawn and talk.waits == []
    assert any(told.startswith("warned: a.py is not ticked any more") for told in talk.face.told)


def test_after_an_error_nothing_else_is_sent_by_itself(llm: FakeLLM, talk: Talk) -> None:
    llm.enqueue("part", EngineDied("It is gone."))
    talk.turns.ready = True
    talk.turns.submit(explain())
    talk.until_idle()
    assert len(llm.calls) == 1 and talk.waits == []
    assert talk.face.told[-1] == "warned: 1 waiting turn was not sent."


@pytest.mark.parametrize("takes_back", [True, False])
def test_what_could_not_be_asked_comes_back_or_is_kept_until_something_else_is(
    talk: Talk, takes_back: bool
) -> None:
    talk.session.llm = FakeLLM(window=60)
    talk.face.takes_back = takes_back
    talk.turns.ready = True
    talk.turns.ask(requests.question("What is all of this about, in more than a few words?"))
    talk.until_idle()
    [outcome] = talk.face.outcomes
    assert isinstance(outcome.error, ContextOverflow) and outcome.is_withdrawn
    assert bool(talk.face.written) == takes_back and bool(talk.waits) != takes_back
    talk.turns.ready = False
    talk.turns.ask(requests.question("Else?"))
    assert talk.waits == ["Else?"]
    talk.turns.set_aside()
    assert talk.waits == ["Else?"] and not talk.turns.waiting


def test_nothing_starts_after_the_end_and_what_waits_is_kept(llm: FakeLLM, talk: Talk) -> None:
    talk.turns.ask(requests.question("Why?"))
    talk.turns.close()
    talk.turns.ready = True
    talk.turns.start_next()
    assert not talk.turns.busy and llm.calls == [] and talk.waits == ["Why?"]


def test_a_turn_waits_for_what_somebody_decides_and_that_is_no_time_of_the_model(talk: Talk) -> None:
    decision: Decision[bool] = Decision(talk.turns, talk.events.put)
    asked: list[Callable[[bool], None]] = []
    talk.session.admission.make_room = lambda overfull: decision.wait_for(asked.append)
    talk.session.llm = FakeLLM(window=60)
    talk.turns.ready = True
    talk.turns.ask(requests.question("What is all of this about, in more than a few words?"))
    talk.until(lambda: bool(asked))
    assert decision.is_open
    began = talk.turns.started
    talk.session.llm = FakeLLM("fine")
    asked[0](True)
    assert not decision.is_open and talk.turns.started > began
    talk.until_idle()
    assert talk.session.turns[0].answer == "fine"


def in_parts(talk: Talk) -> None:
    """More files than fit, and a question to each part of them."""
    talk.files.items = [ContextItem("x = 1\n" * 135, f"f{n}.py", "python") for n in range(3)]
    talk.turns.ready = True
    talk.turns.ask(replace(requests.question("Where?", written="/each Where?"), to_each=True))


def test_a_question_to_each_part_goes_on_by_itself_and_before_what_waits() -> None:
    llm = FakeLLM("One.", "Two.", "Together.", "Else.", window=1600)
    talk = Talk(llm)
    in_parts(talk)
    talk.until(lambda: talk.turns.busy)
    talk.turns.ask(requests.question("Else?"))
    talk.until_idle()
    assert [turn.answer for turn in talk.session.turns] == ["One.", "Two.", "Together."]
    assert isinstance(talk.face.outcomes[-1].error, ContextOverflow), "the next one has all files again"
    assert [told for told in talk.face.told if told.startswith("began")] == [
        "began Where?",
        "began Where?\n\n(part 2 of 2: f2.py)",
        "began Where?\n\n(from 2 parts)",
        "began Else?",
    ]
    talk.turns.close()


def test_what_waits_for_its_part_is_the_question_as_it_was_written() -> None:
    llm = FakeLLM(window=1600)
    gate = threading.Semaphore(0)
    llm.enqueue("One.")
    llm.enqueue("Two.", gate=gate)
    talk = Talk(llm)
    in_parts(talk)
    talk.until(lambda: talk.turns.busy and len(talk.session.turns) == 2)
    assert talk.turns.stop()
    talk.until_idle()
    assert [turn.status for turn in talk.session.turns] == ["done", "cancelled"]
    assert len(llm.calls) == 2, "nothing is joined"
    assert talk.waits == []
    talk.turns.close()


def test_a_part_that_fails_gives_the_question_back() -> None:
    llm = FakeLLM(window=1600)
    llm.enqueue(EngineDied("It is gone."))
    llm.enqueue("Two.")
    talk = Talk(llm)
    in_parts(talk)
    talk.until_idle()
    assert [turn.status for turn in talk.session.turns] == ["failed"]
    assert talk.face.written == "/each Where?"
    talk.turns.close()


def _stopped(talk: Talk) -> None:
    assert talk.turns.stop()


@pytest.mark.parametrize("leave", [_stopped, lambda talk: talk.turns.set_aside(), lambda t: t.turns.close()])
def test_of_a_part_that_waits_and_is_given_up_no_answer_goes_on(leave: Callable[[Talk], None]) -> None:
    llm = FakeLLM(window=1600)
    gate = threading.Semaphore(0)
    llm.enqueue("One.", gate=gate)
    llm.enqueue("Two.", gate=threading.Semaphore(0))
    talk = Talk(llm)
    in_parts(talk)
    talk.until(lambda: talk.turns.busy and len(llm.calls) == 2)
    talk.turns.ready = False  # the model is loaded again, say
    gate.release(2)
    talk.until(lambda: bool(talk.turns.waiting))
    among = talk.turns.waiting[0].among
    assert isinstance(among, Each)
    leave(talk)
    assert list(among._running[1][0]) == []
    assert among._running[1][0].finish_reason == "cancelled"
    talk.turns.close()


def test_what_goes_on_is_no_question_and_goes_beside_nothing(llm: FakeLLM, talk: Talk) -> None:
    talk.turns.ready = True
    llm.enqueue("It waits", reason="length")
    talk.turns.ask(requests.question("How long?"))
    talk.until_idle()
    [turn] = talk.session.turns
    with pytest.raises(DocstraError, match="being asked already"):
        requests.rest(talk.session, is_busy=True)
    with pytest.raises(DocstraError, match="no answer"):
        requests.rest(None, is_busy=False)
    talk.turns.editing = Editing(turn.id, 0, 1, "How long?")
    llm.enqueue(" two seconds.")

    talk.turns.ask(requests.rest(talk.session, is_busy=False))
    assert talk.waits == []  # nothing of it could be lost
    talk.until_idle()

    assert talk.session.turns == [turn] and turn.answer == "It waits two seconds."
    assert talk.turns.editing is not None  # that is still being written
    assert talk.face.told.count("read a.py") == 1  # its files are what they were
    talk.turns.ready = False
    llm.enqueue("", reason="length")
    turn.finish_reason = "length"
    talk.turns.ask(requests.rest(talk.session, turn.id, is_busy=False))
    assert talk.turns.stop() and talk.face.written == ""  # nobody wrote it
