"""What could not be looked up is said: a parser that failed once is no proof that a name is nowhere."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from docstra_tui.context.search.definitions import Defined, Text
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.citations import checking, definitions
from docstra_tui.session.citations.checking import looked_up
from docstra_tui.session.turns import SavedTurn
from docstra_tui.workspace.citing import LookingUp, get_ready

ANSWER = "The work is done by `(*Server).Serve`.\n"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the process answers, for each time that it is asked; it does where nothing is said."""
    answers: list[bool] = []

    def definitions_of(texts: Sequence[Text]) -> list[tuple[Defined, ...] | None]:
        if not texts:
            return []
        works = answers.pop(0) if answers else True
        return [(Defined("Server.Serve", 2, 3),) if works else None for _ in texts]

    monkeypatch.setattr(definitions, "definitions_of", definitions_of)
    monkeypatch.setattr(definitions, "_known", type(definitions._known)())
    monkeypatch.setattr(definitions, "_failed", type(definitions._failed)())
    return answers


def said(item: ContextItem) -> tuple[list[str], bool]:
    citations, shortfall = looked_up(ANSWER, [item])
    assert not shortfall or "web/server.go" in shortfall
    return [one.status for one in citations], bool(shortfall)


def test_a_parser_that_failed_is_told_and_tried_again(asked: list[bool]) -> None:
    item = ContextItem("package web\nfunc (s *Server) Serve() {\n}\n", "web/server.go", "go")
    asked[:] = [False]
    assert said(item) == (["missing"], True)
    assert said(item) == (["found"], False)
    asked[:] = [False] * 9
    assert said(item) == (["found"], False)  # remembered


def test_files_are_parsed_before_an_answer_about_them_comes(asked: list[bool]) -> None:
    code = "package web\nfunc (s *Server) Serve() {\n}\n// "
    chatted, shown = (ContextItem(code + name, "web/server.go", "go") for name in ("chat", "app"))
    get_ready([chatted])
    LookingUp().so_far(SavedTurn("Where?", context=(shown,)))
    asked[:] = [False] * 9
    assert said(chatted) == said(shown) == (["found"], False)


def test_one_that_always_fails_is_not_tried_for_ever(asked: list[bool]) -> None:
    item = ContextItem("package web\nfunc (s *Server) Serve() { }\n", "web/server.go", "go")
    asked[:] = [False] * 9
    assert [said(item)[1] for _ in range(5)] == [True] * 5
    assert len(asked) == 9 - definitions.TRIES


def test_references_beyond_the_last_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    item = ContextItem("x = 1\n", "a.py", "python")
    monkeypatch.setattr(checking, "CITATIONS", 3)
    answer = "`a.py` has it.\n\n"
    assert looked_up(answer * 3, [item]).shortfall == ""
    assert "first 3 references" in looked_up(answer * 4, [item]).shortfall
