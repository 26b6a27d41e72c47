"""What is asked, and about which files."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui import settings
from docstra_tui.errors import (
    UnreadableFile,
)
from tests.commands.oneshot.one_shot import ask
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend


def test_a_question_is_asked_about_files_that_stand_before_it() -> None:
    llm = FakeLLM("It is one.")
    code, out, err, backend = ask("ask", "What is a?", "-f", "a.py", "-f", "b.rs:1-1", llm=llm)
    assert (code, out, err) == (0, "It is one.\n", "")
    sent = llm.calls[0].question
    assert sent.startswith('File "a.py":\n```python\na = 1\n')
    assert 'File "b.rs", lines 1-1:' in sent
    assert sent.endswith("What is a?")
    assert backend.opened_with[0][1] is True  # one shot: the engine leaves sooner
    assert backend.closed == 1


def test_a_file_that_is_no_utf8_is_sent_and_it_is_said_how_it_was_read(project: Path) -> None:
    text = "Die Größe der Straße ist für jeden größer.\n" * 5
    (project / "latin.txt").write_bytes(text.encode("latin-1"))
    llm = FakeLLM("x")
    code, out, err, _ = ask("ask", "What?", "-f", "latin.txt", llm=llm)
    assert (code, out) == (0, "x\n")
    assert "latin.txt" in err and "guess" in err.lower()
    assert "Straße" in llm.calls[0].question


def test_a_file_in_the_home_folder_is_named_with_a_tilde(project: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(project))
    llm = FakeLLM("One.")
    ask("ask", "What?", "-f", "~/a.py:1", llm=llm)
    assert 'a.py", lines 1-1' in llm.calls[0].question


def test_flags_reach_the_backend() -> None:
    *_, backend = ask("ask", "?", "--model", "m", "--max-tokens", "9", llm=FakeLLM("x"))
    found = backend.opened_with[0][0]
    assert isinstance(found, settings.Settings)
    assert (found.model.name, found.answer.max_tokens) == ("m", 9)


def test_a_file_that_cannot_be_read_stops_it_before_any_model_is_started() -> None:
    backend = FakeBackend()
    with pytest.raises(UnreadableFile):
        ask("ask", "Why?", "-f", "missing.py", backend=backend)
    assert backend.opened_with == []
