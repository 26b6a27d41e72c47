"""What a model thinks before it answers: on standard output only where it is wished, always in the object."""

from __future__ import annotations

import io
import json
import threading
import time

import pytest

from docstra_tui import cli
from docstra_tui.commands import waiting
from docstra_tui.commands.console import Console
from docstra_tui.commands.printing import Quoting
from docstra_tui.errors import EngineDied
from docstra_tui.llm.answer import Event, Reading, Reframed, Thought, Usage
from docstra_tui.llm.thinking import wish
from tests.commands.oneshot.one_shot import KEYS, Terminal, ask
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend

THINKS: tuple[Event, ...] = (Thought("Let me "), Thought("see.\nTwo."), "It is ", "two.")


def thinker(*events: Event | BaseException, **rest) -> FakeLLM:
    llm = FakeLLM()
    llm.enqueue(*(events or THINKS), **rest)
    return llm


class Elsewhere(FakeLLM):
    """Somebody else's server."""

    server = "gpu:8000"


@pytest.mark.parametrize("is_terminal", [False, True])
def test_what_is_thought_is_printed_only_where_it_is_wished(is_terminal: bool) -> None:
    def console() -> Console:
        return Console(Terminal() if is_terminal else io.StringIO(), io.StringIO())

    assert ask("ask", "?", llm=thinker(), console=console())[:3] == (0, "It is two.\n", "")
    code, out, err, _ = ask("ask", "?", "--show-thinking", llm=thinker(), console=console())
    assert (code, out, err) == (0, "> Let me see.\n> Two.\n\nIt is two.\n", "")


def test_the_object_has_it_beside_the_answer() -> None:
    for flags in ([], ["--show-thinking"]):
        llm = thinker(usage=Usage(30, 9, 0, 7))
        code, out, _, _ = ask("ask", "?", "--json", *flags, llm=llm)
        found = json.loads(out)
        assert code == 0 and list(found) == KEYS
        assert (found["answer"], found["thinking"]) == ("It is two.", "Let me see.\nTwo.")
        assert found["thinking_tokens"] == 7 and found["thinking_s"] >= 0
    found = json.loads(ask("ask", "?", "--json", llm=FakeLLM("Two."))[1])
    assert (found["thinking"], found["thinking_tokens"], found["thinking_s"]) == (None, None, None)


def test_a_budget_that_was_spent_on_thinking_is_said(monkeypatch, capsys) -> None:
    for flags, out in (([], ""), (["--show-thinking"], "> So much\n\n")):
        backend = FakeBackend(thinker(Thought("So much"), reason="length"))
        monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", backend)
        assert cli.main(["ask", "?", *flags]) == 1
        said = capsys.readouterr()
        assert said.out == out
        assert "used its whole budget for thinking; no answer came." in said.err
        assert "Raise --max-tokens or turn thinking off." in said.err
    backend = FakeBackend(thinker(Thought("So much"), reason="length"))
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", backend)
    assert cli.main(["ask", "?", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["answer"], found["thinking"], found["finish_reason"]) == ("", "So much", "length")
    assert "budget for thinking" in found["error"]["message"]


def test_what_breaks_off_keeps_what_was_thought() -> None:
    console = Console(io.StringIO(), io.StringIO())
    with pytest.raises(EngineDied):
        ask("ask", "?", "--show-thinking", llm=thinker(Thought("Hm"), EngineDied("Gone.")), console=console)
    assert console._out.getvalue() == "> Hm\n\n"
    console = Console(io.StringIO(), io.StringIO())
    with pytest.raises(EngineDied):
        ask("ask", "?", "--json", llm=thinker(Thought("Hm"), EngineDied("Gone.")), console=console)
    assert json.loads(console._out.getvalue())["thinking"] == "Hm"


def test_a_thinking_model_is_stopped_as_any_other() -> None:
    code, out, _, _ = ask("ask", "?", llm=thinker(Thought("Hm"), KeyboardInterrupt()))
    assert (code, out) == (130, "")
    code, out, _, _ = ask("ask", "?", "--json", llm=thinker(Thought("Hm"), KeyboardInterrupt()))
    assert (code, json.loads(out)["thinking"]) == (130, "Hm")


@pytest.mark.parametrize("flags", [[], ["--show-thinking"]])
def test_each_answer_of_several_has_its_own(flags: list[str]) -> None:
    llm = thinker()
    llm.enqueue(Thought("Hm"), "One.")
    _, out, _, _ = ask("explain", "a.py", "b.rs", *flags, llm=llm)
    first, second = ("> Let me see.\n> Two.\n\n", "> Hm\n\n") if flags else ("", "")
    assert out == f"# a.py\n\n{first}It is two.\n\n# b.rs\n\n{second}One.\n"


def test_of_another_server_nothing_is_piped_that_may_turn_out_to_be_thinking() -> None:
    out, flushed = io.StringIO(), []
    out.flush = lambda: flushed.append(out.getvalue())  # type: ignore[method-assign]
    llm = Elsewhere()
    llm.enqueue("The loop ", "ends.\n", Reframed(), "Twice", ", then.")
    ask("ask", "?", llm=llm, console=Console(out, io.StringIO()))
    assert flushed[0] == "Twice" and out.getvalue() == "Twice, then.\n"
    for events, shown in (
        (("The loop ends.\n", Reframed(), "Twice."), "> The loop ends.\n\nTwice.\n"),
        (("Twice.",), "Twice.\n"),
        (("half", EngineDied("Gone.")), "half\n"),
    ):
        llm, console = Elsewhere(), Console(io.StringIO(), io.StringIO())
        llm.enqueue(*events)
        try:
            ask("ask", "?", "--show-thinking", llm=llm, console=console)
        except Exception as error:
            assert "Gone." in str(error)
        assert console._out.getvalue() == shown
    llm = Elsewhere()
    llm.enqueue("The loop ends.", Reframed(), "Twice.")
    found = json.loads(ask("ask", "?", "--json", llm=llm)[1])
    assert (found["thinking"], found["answer"]) == ("The loop ends.", "Twice.")


@pytest.mark.parametrize(("first", "think"), [((Thought("Hm"),), "auto"), ((), "off")])
def test_a_server_that_tells_them_apart_or_does_not_think_is_printed_at_once(first, think) -> None:
    out, flushed = io.StringIO(), []
    out.flush = lambda: flushed.append(out.getvalue())  # type: ignore[method-assign]
    llm = Elsewhere()
    llm.think = think
    llm.enqueue(*first, "one ", "two")
    ask("ask", "?", llm=llm, console=Console(out, io.StringIO()))
    assert flushed[:2] == ["one ", "one two"]


def test_on_a_terminal_it_is_said_that_what_was_shown_was_thinking() -> None:
    llm = Elsewhere()
    llm.enqueue("The loop ends.", Reframed(), "Twice.")
    console = Console(Terminal(), Terminal())
    _, out, err, _ = ask("ask", "?", llm=llm, console=console)
    assert out == "The loop ends.\nTwice.\n"
    assert "What stands above is what the model thought" in err


def test_a_terminal_sees_how_far_it_is(monkeypatch) -> None:
    monkeypatch.setattr(waiting, "STEP_SECONDS", 0.01)
    gate, llm = threading.Semaphore(0), FakeLLM()
    llm.enqueue(Reading(3100, 12400, 8.2), Thought("Hm"), "Two.", gate=gate)
    console = Console(io.StringIO(), Terminal())
    reader = threading.Thread(target=ask, args=("ask", "?"), kwargs={"llm": llm, "console": console})
    reader.start()
    for words in ("reading 3.1k/12.4k · 8 s left", "Thinking…"):
        gate.release()
        deadline = time.monotonic() + 30
        while words not in console._err.getvalue():
            assert time.monotonic() < deadline, console._err.getvalue()
            time.sleep(0.01)
    gate.release(2)
    reader.join(10)
    assert console._out.getvalue() == "Two.\n" and console._err.getvalue().endswith("\r\x1b[K")


def test_how_much_to_think_reaches_the_model() -> None:
    for words, think in (([], "auto"), (["--think", "off"], "off"), (["--think", "500"], "500")):
        *_, backend = ask("ask", "?", *words, llm=FakeLLM("x"))
        assert backend.opened_with[0][0].answer.think == think


@pytest.mark.parametrize(
    ("think", "can", "said"),
    [
        ("off", False, "No switch.\n"),
        ("off", True, ""),
        ("off", None, ""),
        ("500", False, ""),
        ("", False, ""),
    ],
)
def test_where_thinking_cannot_be_switched_it_is_said(
    think: str, can: bool | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeLLM, "can_switch_thinking", can)
    monkeypatch.setattr(FakeLLM, "think_note", "No switch.")
    llm = FakeLLM("x")
    llm.think = wish.parse(think or "off")
    flags = ["--think", think] if think else []  # what a file wishes for good is not said each time
    assert ask("ask", "?", *flags, llm=llm)[:3] == (0, "x\n", said)


def test_pieces_are_quoted_as_the_whole_is() -> None:
    text = "a\n\nb\n"
    whole = Quoting().more(text)
    assert whole == "> a\n> \n> b\n> "
    by_letter = Quoting()
    assert "".join(by_letter.more(letter) for letter in text) == whole
