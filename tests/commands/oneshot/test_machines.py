"""Before another machine: what is said, and who has to have said yes."""

from __future__ import annotations

import io

import pytest

from docstra_tui.address import parse as parse_address
from docstra_tui.commands.console import Console
from docstra_tui.errors import (
    NotAllowed,
    UsageError,
)
from docstra_tui.workspace.models.consent import Consent
from tests.commands.oneshot.one_shot import Terminal, ask
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend


def test_a_script_that_names_another_machine_says_where_it_sends() -> None:
    backend = FakeBackend(FakeLLM("x"), host="gpu.example")
    code, out, err, _ = ask("ask", "?", "--base-url", "http://gpu.example/v1", backend=backend)
    assert (code, out, err) == (0, "x\n", "→ gpu.example\n")


def test_a_machine_from_the_settings_must_have_been_allowed_by_a_person() -> None:
    llm = FakeLLM("x")
    with pytest.raises(NotAllowed, match=r"gpu\.example"):
        ask("ask", "?", backend=FakeBackend(llm, host="gpu.example"))
    assert llm.calls == []
    Consent().give(parse_address("http://gpu.example/v1"), for_good=True)
    assert ask("ask", "?", backend=FakeBackend(llm, host="gpu.example"))[0] == 0


@pytest.mark.parametrize(
    ("typed", "calls", "is_kept"),
    [("y\n", 1, False), ("a\n", 1, True), ("always\n", 1, True), ("\n", 0, False), ("ay\n", 0, False)],
)
def test_a_person_is_asked_and_remembered_where_he_says_so(
    typed: str, calls: int, is_kept: bool, monkeypatch
) -> None:
    llm = FakeLLM("x")
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    try:
        ask(
            *["ask", "?"],
            backend=FakeBackend(llm, host="gpu.example"),
            console=Console(io.StringIO(), Terminal()),
        )
    except UsageError as error:
        assert "Nothing was sent" in error.message
    assert len(llm.calls) == calls
    assert Consent().is_given(parse_address("http://gpu.example/v1")) == is_kept
