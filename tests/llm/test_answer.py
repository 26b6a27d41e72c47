"""An answer as a live iterator: it ends once, it can be stopped, and it keeps its figures."""

from __future__ import annotations

import gc

import pytest

from docstra_tui.errors import AnswerFailed, EngineDied, GenerationFailed, NoAnswer
from docstra_tui.llm.answer import AnswerStream, Event, Finished, Listener, Reading, Reframed, Thought, Usage


class Script:
    """A source that plays enqueued events and records cancels."""

    def __init__(self, *events: Event | BaseException) -> None:
        self.events = list(events)
        self.cancels = 0

    def next_event(self) -> Event:
        event = self.events.pop(0)
        if isinstance(event, BaseException):
            raise event
        return event

    def cancel(self) -> None:
        self.cancels += 1


def test_pieces_come_one_by_one_and_the_figures_at_the_end() -> None:
    answer = AnswerStream(Script("Hel", "", "lo", Finished("stop", Usage(9, 3, 5))), started=0.0)
    assert next(answer) == "Hel"
    assert (answer.text, answer.ended, answer.finish_reason) == ("Hel", False, None)
    assert list(answer) == ["lo"]
    assert (answer.finish_reason, answer.usage) == ("stop", Usage(9, 3, 5))
    assert answer.ttft_s is not None and answer.ttft_s > 0
    assert list(answer) == []


@pytest.mark.parametrize("drain", [str, "{}".format, lambda answer: f"{answer}"])
def test_it_can_be_used_as_text(drain) -> None:
    assert drain(AnswerStream(Script("a", "b", Finished("stop")))) == "ab"


def test_speed_leaves_out_the_first_token(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 12.0, 14.0])
    with monkeypatch.context() as patch:
        patch.setattr("docstra_tui.llm.answer.time.monotonic", lambda: next(clock))
        answer = AnswerStream(Script("a", "b", Finished("stop", Usage(1, 5))))
        assert str(answer) == "ab"
    assert answer.ttft_s == 2.0
    assert answer.tokens_per_s == 2.0


def test_figures_that_nobody_knows_are_none() -> None:
    stopped = AnswerStream(Script(Finished("cancelled", Usage(1, 0))))
    assert str(stopped) == ""
    assert (stopped.ttft_s, stopped.tokens_per_s) == (None, None)
    one = AnswerStream(Script("a", Finished("stop", Usage(1, 1))))
    assert str(one) and one.tokens_per_s is None


@pytest.mark.parametrize(("reason", "said"), [("stop", "without any text"), ("length", "--max-tokens")])
@pytest.mark.parametrize("pieces", [(), (" ", "\n\n")])
def test_an_answer_without_text_is_never_a_success(reason, said: str, pieces: tuple[str, ...]) -> None:
    answer = AnswerStream(Script(*pieces, Finished(reason, Usage(7, 2))))
    with pytest.raises(NoAnswer, match=said):
        str(answer)
    assert (answer.ended, answer.finish_reason, answer.usage) == (True, reason, Usage(7, 2))
    assert list(answer) == []  # raised once


def test_an_end_with_a_problem_keeps_the_part_and_the_figures() -> None:
    answer = AnswerStream(Script("part", Finished(None, Usage(7, 2), AnswerFailed("It broke."))))
    with pytest.raises(AnswerFailed, match="It broke"):
        str(answer)
    assert (answer.text, answer.finish_reason, answer.usage) == ("part", None, Usage(7, 2))


@pytest.mark.parametrize("error", [GenerationFailed("no"), ValueError("no"), KeyboardInterrupt()])
def test_what_goes_wrong_is_raised_where_it_is_read_and_the_part_stays(error: BaseException) -> None:
    source = Script("part", error)
    answer = AnswerStream(source)
    with pytest.raises(type(error)):
        str(answer)
    assert (answer.text, answer.ended, answer.finish_reason) == ("part", True, None)
    assert source.cancels == 1
    assert list(answer) == []  # and the source is not asked again


def test_cancelling_lets_the_rest_be_read() -> None:
    source = Script("a", "b", Finished("cancelled"))
    answer = AnswerStream(source)
    next(answer)
    answer.cancel()
    assert (source.cancels, list(answer), answer.finish_reason) == (1, ["b"], "cancelled")


def test_leaving_its_block_cancels() -> None:
    source = Script("a", "b", Finished("stop"))
    with AnswerStream(source) as answer:
        next(answer)
    assert source.cancels == 1
    assert (answer.finish_reason, list(answer)) == ("cancelled", [])


def test_dropping_it_cancels_only_what_still_runs() -> None:
    running, ended = Script("a", Finished("stop")), Script("a", Finished("stop"))
    AnswerStream(running)
    str(AnswerStream(ended))
    gc.collect()
    assert (running.cancels, ended.cancels) == (1, 0)


def test_closing_after_the_end_keeps_the_reason() -> None:
    answer = AnswerStream(Script("a", Finished("length")))
    str(answer)
    answer.close()
    assert answer.finish_reason == "length"


def test_thinking_is_heard_and_kept_apart() -> None:
    heard: list[str] = []
    script = Script(Thought("I "), Thought("think."), "Answer.", Finished("stop", Usage(1, 4)))
    answer = AnswerStream(script, listener=Listener(heard.append))
    assert list(answer) == ["Answer."]
    assert heard == ["I ", "think."]
    assert (answer.text, answer.thinking) == ("Answer.", "I think.")
    assert answer.thinking_s is not None and answer.thinking_s >= 0
    assert answer.ttft_s is not None


def test_thinking_stays_after_an_error() -> None:
    answer = AnswerStream(Script(Thought("So far."), EngineDied("gone")))
    with pytest.raises(EngineDied):
        str(answer)
    assert answer.thinking == "So far."


def test_a_budget_spent_on_thinking_is_said() -> None:
    answer = AnswerStream(Script(Thought("Hm."), Finished("length", Usage(1, 4))))
    with pytest.raises(NoAnswer, match="whole budget for thinking"):
        str(answer)
    assert answer.finish_reason == "length"


def test_text_that_turns_out_to_be_thinking_moves_there() -> None:
    moved: list[bool] = []
    script = Script("I reason.", Reframed(), "Visible.", Finished("stop"))
    answer = AnswerStream(script, listener=Listener(on_reframed=lambda: moved.append(True)))
    assert str(answer) == "Visible."
    assert answer.thinking == "I reason."
    assert moved == [True]


def test_how_far_the_prompt_is_read_is_told() -> None:
    told: list[Reading] = []
    answer = AnswerStream(
        Script(Reading(10, 40), Reading(40, 40, 0.0), "a", Finished("stop")),
        listener=Listener(on_reading=told.append),
    )
    assert str(answer) == "a"
    assert [reading.done for reading in told] == [10, 40]
    assert answer.reading == Reading(40, 40, 0.0)
