"""A model that thinks, in an engine of its own process, asked by commands and in a conversation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docstra_tui import cli
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.settings import AnswerSettings, ModelSettings, Settings
from docstra_tui.workspace.models.opening import open_backend
from tests.engine.engines import until
from tests.tiny_models import make_scripted

THOUGHT = "a b a b a b a"


@pytest.fixture(scope="module")
def ponderer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thinks for ever, unless its block is closed for it."""
    says = (["<think>", "a ", "b ", "a "], ["\n\n", "Yes!", "<|im_end|>"], ["</think>"])
    return make_scripted(tmp_path_factory.mktemp("ponderer") / "model", *says, ending="<think>")


def test_commands_and_a_conversation_part_what_it_thinks_from_what_it_says(
    ponderer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = ["--model", str(ponderer), "--device", "cpu", "--temperature", "0", "--max-tokens", "40"]

    assert cli.main(["ask", "Well?", *model]) == 1
    out, err = capsys.readouterr()
    assert out == "" and "used its whole budget for thinking; no answer came." in err

    assert cli.main(["ask", "Well?", *model, "--think", "7"]) == 0
    assert capsys.readouterr().out == "Yes!\n"
    assert cli.main(["ask", "Well?", *model, "--think", "7", "--show-thinking"]) == 0
    assert capsys.readouterr().out == f"> {THOUGHT}\n\nYes!\n"

    assert cli.main(["ask", "Well?", *model, "--think", "7", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["answer"], found["thinking"], found["finish_reason"]) == ("Yes!", THOUGHT, "stop")
    assert 7 <= found["thinking_tokens"] < found["completion_tokens"]

    assert cli.main(["ask", "Well?", *model, "--think", "off", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["answer"], found["thinking"]) == ("Yes!", None)

    answer = AnswerSettings(max_tokens=40, temperature=0.0, think="7")
    backend = open_backend(Settings(model=ModelSettings(name=str(ponderer), device="cpu"), answer=answer))
    until(lambda: backend.status().state == "ready", 60)
    store = SessionStore()
    session = ChatSession(backend.llm, ponderer, store)
    for question in ("Well?", "And now?"):
        list(session.ask(question))
    assert [(turn.answer, turn.thinking, turn.status) for turn in session.turns] == [
        ("Yes!", THOUGHT, "done")
    ] * 2
    shown = session.show_prompt("Then?")
    text = shown.cached_text + shown.new_text
    assert text.count("Yes!") == 2 and "a b" not in text
    store.close()
    backend.close()
