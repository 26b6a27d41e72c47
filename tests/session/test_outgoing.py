"""What may be secret stops a prompt for another machine, names its place, and waits for a decision."""

from __future__ import annotations

import random
import string
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.address import parse
from docstra_tui.llm.http.gate import Gate
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.messages import Prompt
from docstra_tui.llm.prompt import PromptBuilder, Turn
from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.session import outgoing
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.outgoing import Outgoing, SecretsFound
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.workspace.models import consent
from tests.elsewhere import Elsewhere, elsewhere

TOKEN = "gh" + "p_x7Kq2mZp9RtLwN4vBs8YdHc3JfGa6TeUoQ1i"
CLEAN = ContextItem("a = 1\n", "src/a.py")
KEY = ContextItem(f"one\ntwo\ntoken = {TOKEN}\n", "src/key.py", start_line=10, end_line=12)
LETTERS = string.ascii_letters + string.digits
KEY_THAT_IS_SET = "a password or key that is set"
ENV = ContextItem("HOST=here\n", "deploy/.env")


def prompt(*items: ContextItem, question: str = "Why?", history: Any = ()) -> Prompt:
    return PromptBuilder().messages("answer_question", items, history, question=question)


def found(look: Outgoing, asked: Prompt) -> list[tuple[str, str]]:
    try:
        look.look(asked)
    except SecretsFound as error:
        assert TOKEN not in f"{error} {error.details}"
        return [(finding.where, finding.what) for finding in error.findings]
    return []


def test_a_hit_names_its_file_and_line() -> None:
    look = Outgoing()
    assert found(look, prompt(CLEAN)) == []
    assert found(look, prompt(CLEAN, KEY)) == [("src/key.py line 12", "a GitHub token")]
    assert found(look, prompt(CLEAN, ENV)) == [("deploy/.env", "by its name, it may hold secrets")]
    assert found(look, prompt(question=f"What is {TOKEN}?")) == [("your question", "a GitHub token")]
    assert found(look, f"What is {TOKEN}?") == [("your question", "a GitHub token")]


def test_what_was_said_and_sent_before_is_looked_over_too() -> None:
    look = Outgoing()
    assert found(look, prompt(history=[("What?", f"Take {TOKEN}.")])) == [
        ("what was said before", "a GitHub token")
    ]
    told = Turn("Yes.", fields={"question": "Is it?"}, context=(KEY, ENV))
    places = [where for where, _ in found(look, prompt(history=[told]))]
    assert places == ["deploy/.env", "src/key.py line 12"]


def test_a_file_told_by_its_name_is_one_question_whatever_is_in_it() -> None:
    look = Outgoing()
    env = ContextItem(KEY.content, ".env")
    assert found(look, prompt(env)) == [(".env", "by its name, it may hold secrets")]
    with pytest.raises(SecretsFound) as error:
        look.look(prompt(env))
    error.value.agree()
    assert found(look, prompt(env)) == []
    assert found(look, prompt(env, KEY)) == [("src/key.py line 12", "a GitHub token")]


def test_every_file_that_has_it_is_named() -> None:
    twin = ContextItem(KEY.content, "b.py")
    places = [where for where, _ in found(Outgoing(), prompt(KEY, twin))]
    assert places == ["src/key.py line 12", "b.py line 3"]


def test_a_file_with_many_is_one_question() -> None:
    letters = random.Random(1)
    some = ("".join(letters.choices(LETTERS, k=24)) for _ in range(30))
    keys = "".join(f'password = "7{one}4"\n' for one in some) + KEY.content
    look, asked = Outgoing(), prompt(ContextItem(keys, "src/many.py"))
    with pytest.raises(SecretsFound) as error:
        look.look(asked)
    assert consent.secrets(error.value, "gpu") == [
        "This would be sent to gpu, and may be secret:",
        "  src/many.py line 33: a GitHub token",
        f"  src/many.py line 1: {KEY_THAT_IS_SET}, and 29 more",
    ]
    assert "src/many.py line 33 (a GitHub token), and 30 more." in str(error.value)
    error.value.agree()
    assert found(look, asked) == []


def test_a_yes_holds_for_what_was_shown_and_for_nothing_else() -> None:
    look = Outgoing()
    with pytest.raises(SecretsFound) as error:
        look.look(prompt(KEY, ENV))
    error.value.agree()
    assert found(look, prompt(KEY, ENV, question="And now?")) == []
    other = ContextItem("token = " + TOKEN[::-1].replace("_phg", "") + "\n", "src/key.py")
    assert found(look, prompt(other)) != []
    assert found(look, prompt(ContextItem("x", ".npmrc"))) != []


@pytest.mark.parametrize("before", [0, 1, 100, outgoing.BLOCK - 20, outgoing.BLOCK, 3 * outgoing.BLOCK - 7])
def test_a_key_is_found_wherever_the_text_is_cut(before: int) -> None:
    look = Outgoing()
    filler = ("x = 1\n" * (before // 6 + 1))[:before]
    assert found(look, f"{filler} {TOKEN} {filler}") != []
    assert found(look, f"{filler} {TOKEN} {filler}") != []  # not forgotten the second time
    assert found(look, filler or "nothing") == []


def test_what_was_looked_over_is_not_looked_over_again(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    real = outgoing.credentials.find

    def find(text: str, start: int, end: int) -> Any:
        looked.append(end - start)
        return real(text, start, end)

    monkeypatch.setattr(outgoing.credentials, "find", find)
    look = Outgoing()
    big = ContextItem("".join(f"value = compute({n})\n" for n in range(50_000)), "big.py")
    look.look(prompt(big, question="One?"))
    assert sum(looked) > 1_000_000
    looked.clear()
    look.look(prompt(big, question="Two, a longer one?"))
    assert sum(looked) <= outgoing.BLOCK


@pytest.mark.parametrize("path", ["deploy/.env", "src/keys.py"])
def test_a_file_full_of_keys_takes_no_longer_for_its_length(path: str) -> None:
    is_named = path.endswith(".env")
    times = []
    for count in (4_000, 16_000):
        letters = random.Random(count)
        lines = [f'password = "{"".join(letters.choices(LETTERS, k=24))}"\n' for _ in range(count)]
        asked = prompt(ContextItem("".join(lines), path))
        taken = []
        for _ in range(2):  # a machine that others use charges now and then several times what it takes
            look = Outgoing()
            look.agree_to_names([path])
            began = time.process_time()
            assert found(look, asked)[:1] == ([] if is_named else [(f"{path} line 1", KEY_THAT_IS_SET)])
            taken.append(time.process_time() - began)
        times.append(min(taken))
    assert times[1] < 8 * times[0] + 0.1


def test_what_is_in_many_files_is_looked_for_once() -> None:
    files = [ContextItem(f"def f{n}(): pass\n" * 2_000, f"f{n}.py") for n in range(50)]
    last = ContextItem(f"token = {TOKEN}\n" * 4_000, "last.py")
    began = time.process_time()
    assert found(Outgoing(), prompt(*files, last)) == [("last.py line 1", "a GitHub token")]
    assert time.process_time() - began < 2  # several times what it takes; each line in each file took 4


def test_a_file_that_was_agreed_to_by_its_name_may_be_quoted() -> None:
    look = Outgoing()
    look.agree_to_names([".env"])
    told = Turn(f"It is {TOKEN}.", fields={"question": "Which?"}, context=(ContextItem(KEY.content, ".env"),))
    assert found(look, prompt(history=[told])) == []
    assert found(look, prompt(KEY, history=[told])) == [("src/key.py line 12", "a GitHub token")]


def test_a_key_that_stands_in_a_file_and_in_the_question_is_told_for_both() -> None:
    assert [where for where, _ in found(Outgoing(), prompt(KEY, question=f"Is {TOKEN} in use?"))] == [
        "src/key.py line 12",
        "your question",
    ]


# Through the client


@pytest.fixture
def server() -> Iterator[Elsewhere]:
    with elsewhere() as server:
        yield server


@pytest.fixture
def session(server: Elsewhere, tmp_path: Path) -> ChatSession:
    gate = Gate(parse(server.url), look=Outgoing().look)
    return ChatSession(RemoteLLM(model="their-model", gate=gate), tmp_path)


def sent(server: Elsewhere, text: str) -> list[bytes]:
    return [request for request in server.requests if text.encode() in request]


def test_not_even_a_count_goes_out_before_somebody_decided(session: ChatSession, server: Elsewhere) -> None:
    session.set_context([CLEAN, KEY])
    for ask in (session.count, lambda: session.scale.item(KEY)):
        with pytest.raises(SecretsFound):
            ask()
    shown = session.show_prompt("Why?")  # here it can be looked at
    assert TOKEN in shown.new_text and not shown.budget.exact
    session.set_context([CLEAN])
    session.typed = f"about {TOKEN}"
    with pytest.raises(SecretsFound):
        session.count()
    with pytest.raises(SecretsFound):
        session.ask("Why?" + TOKEN)
    assert session.turns == [] and sent(server, TOKEN) == []
    assert session.count("Why?").used == 42


def test_what_is_left_out_is_not_sent_and_the_rest_is(session: ChatSession, server: Elsewhere) -> None:
    asked: list[tuple[str, ...]] = []

    def leave_out(error: SecretsFound, request: TurnRequest) -> bool:
        asked.append(error.paths)
        session.leave_out(error.paths)
        return True

    session.admission.may_leave = leave_out
    session.set_context([CLEAN, KEY, ENV])
    turn = session.ask("Why?")
    assert "".join(turn) == "An answer." and turn.turn.error is None
    assert asked == [("deploy/.env", "src/key.py")]
    assert sent(server, TOKEN) == [] and sent(server, "HOST=here") == [] and sent(server, "a = 1") != []


def test_what_may_be_sent_is_sent_to_the_letter(session: ChatSession, server: Elsewhere) -> None:
    def agree(error: SecretsFound, request: TurnRequest) -> bool:
        error.agree()
        return True

    session.admission.may_leave = agree
    session.set_context([KEY])
    assert "".join(session.ask("Why?")) == "An answer."
    session.admission.may_leave = None
    assert "".join(session.ask("And?")) == "An answer."
    assert len([request for request in sent(server, TOKEN) if b"/chat/completions" in request]) == 2


def test_a_file_that_was_agreed_to_is_sent_also_where_the_window_is_near(
    session: ChatSession, server: Elsewhere
) -> None:
    """The client counts once more then: that is no second question."""
    session.admission.may_leave = lambda error, request: error.agree() is None
    session.llm.max_tokens = 4000
    session.set_context([ContextItem(KEY.content + "x = 1\n" * 100, "prod.env")])
    assert session.llm.window == 4096
    turn = session.ask("Why?")
    assert "".join(turn) == "An answer." and turn.turn.error is None
    assert sent(server, TOKEN)


def test_a_no_sends_nothing_and_leaves_no_turn(session: ChatSession, server: Elsewhere) -> None:
    session.admission.may_leave = lambda error, request: False
    session.set_context([KEY])
    with pytest.raises(SecretsFound):
        session.ask("Why?")
    assert session.turns == [] and server.connections == 0
    session.set_context([CLEAN])
    assert "".join(session.ask("Why?")) == "An answer."


def test_this_machine_is_told_everything(tmp_path: Path) -> None:
    with elsewhere() as server:
        here = server.url.replace("127.1", "127.0.0.1")
        gate = Gate(parse(here), is_open=False, look=Outgoing().look)
        session = ChatSession(RemoteLLM(model="their-model", gate=gate), tmp_path)
        session.set_context([KEY, ENV])
        assert "".join(session.ask("Why?")) == "An answer."
        assert sent(server, TOKEN)
