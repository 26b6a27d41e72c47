"""Files for a question: a numbered list, and what is picked from it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from docstra_tui.context.search import suggestions
from docstra_tui.context.search.asking import Asking
from docstra_tui.context.search.index.building import Progress
from docstra_tui.context.search.offered import Suggestion, Suggestions
from docstra_tui.repl import suggesting
from docstra_tui.settings import Settings
from docstra_tui.workspace.suggesting.offers import index_of
from tests.fakes import FakeLLM
from tests.repl.conftest import NoIndex
from tests.repl.fake_backend import READY, FakeBackend, loading
from tests.repl.story import CTRL_C, Typist, chat

CTRL_N = "\x0e"
real_index_of = index_of


class Search(NoIndex):
    """An index that finds what it is told to, and notes what it was asked."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.found = ["src/a.py", "notes.md", "od\x1bd.py"]
        self.asked: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
        self.is_broken_off = False

    def suggest(
        self,
        reader: object,
        question: str,
        *,
        ticked: Sequence[str] = (),
        limit: int = 20,
        words: Sequence[str],
    ) -> Suggestions:
        self.asked.append((question, tuple(ticked), tuple(words)))
        files = [Suggestion(path, f"has \x1b{path}", 1.0, None) for path in self.found if path not in ticked]
        return Suggestions(tuple(files), not self.is_broken_off)

    def refresh(self, on_progress: Callable[[Progress], None]) -> None:  # type: ignore[override]
        on_progress(Progress(1, 3))
        if self.is_broken_off:
            raise KeyboardInterrupt

    def ask(self, work: Callable[[object], Any]) -> Any:
        return work(SimpleNamespace(path=self.root))

    def reader(self) -> Any:
        return contextlib.nullcontext()


@pytest.fixture
def search(project: Path, monkeypatch: pytest.MonkeyPatch) -> Search:
    search = Search(project)
    monkeypatch.setattr(suggesting, "index_of", lambda root, settings: lambda: search)
    monkeypatch.setattr(suggestions, "suggest", search.suggest)
    monkeypatch.setattr(Asking, "suggest", lambda self, *asked, **given: search.suggest(*asked, **given))
    return search


def test_files_are_listed_with_their_reasons_and_picked_by_number(project: Path, search: Search) -> None:
    llm = FakeLLM("one")

    def script(typist: Typist) -> None:
        typist.types("/suggest 1\r")
        typist.sees("Nothing is listed yet.")
        typist.types(CTRL_C + "/suggest Where is a?\r")
        typist.sees("/suggest 1 3 gives the model these")
        typist.types("/suggest 4\r")
        typist.sees("The list has no 4.")
        typist.types(CTRL_C + "/suggest 2, 1\r")
        typist.sees("+ src/a.py")
        typist.types("Where is a?\r")
        typist.waits(lambda: bool(llm.calls))

    shown = chat(project, FakeBackend(llm), script)
    assert re.search(r"  1  src/a\.py  \d+\r?\n", shown) and "     has ␛src/a.py" in shown
    assert r"  3  $'od\033d.py'  There is no file" in shown and "\x1bd.py" not in shown
    assert search.asked == [("Where is a?", (), ())]
    assert 'File "src/a.py"' in llm.calls[0].question and 'File "notes.md"' in llm.calls[0].question


def test_without_words_it_is_the_last_question_and_what_is_picked_is_offered_no_more(
    project: Path, search: Search
) -> None:
    def script(typist: Typist) -> None:
        typist.types("/suggest\r")
        typist.sees("There is no question to find files for.")
        typist.types(CTRL_C + "Where is a?\r")
        typist.sees("no files were sent, @ names some, /suggest finds some")
        typist.types("/suggest\r")
        typist.sees("gives the model these")
        typist.types("/suggest 1\r/suggest\r")
        typist.waits(lambda: len(search.asked) == 2)

    chat(project, FakeBackend(FakeLLM("one")), script)
    assert search.asked == [("Where is a?", (), ()), ("Where is a?", ("src/a.py",), ())]


def test_a_key_lists_them_for_what_is_being_written_which_stays(project: Path, search: Search) -> None:
    llm = FakeLLM("one")

    def script(typist: Typist) -> None:
        typist.types("Where is a?")
        typist.sees("a.py, notes.md +1")
        typist.types(CTRL_N)
        typist.sees("Which of them?")
        typist.types("1")
        typist.sees("tokens")
        typist.types("\r")
        typist.sees("+ src/a.py")
        typist.types(" Say.\r")
        typist.waits(lambda: bool(llm.calls))

    chat(project, FakeBackend(llm), script)
    assert llm.calls[0].question.endswith("Where is a? Say.") and 'File "src/a.py"' in llm.calls[0].question


def test_nothing_is_picked_where_the_numbers_are_left_empty(project: Path, search: Search) -> None:
    search.found = ["src/a.py"]

    def script(typist: Typist) -> None:
        typist.types("Where is a?" + CTRL_N)
        typist.sees("Which of them?")
        typist.types("9\r")
        typist.sees("The list has no 9.")
        typist.types(CTRL_N)
        typist.waits(lambda: typist.screen.text.count("Which of them?") > 1)
        typist.types(CTRL_C + CTRL_C)
        search.found.clear()
        typist.types("Else?" + CTRL_N)
        typist.sees("Nothing in the project has words of this question.")

    assert "+ src/a.py" not in chat(project, FakeBackend(), script)


def test_the_model_says_what_else_to_look_for(project: Path, search: Search) -> None:
    llm = FakeLLM("beacon\nlight_lamp", "")

    def script(typist: Typist) -> None:
        typist.types("/words Where is a?\r")
        typist.sees("Looked for too: beacon, light_lamp.")
        typist.sees("gives the model these")
        typist.types("/words\r")
        typist.sees("The model had no words of its own.")

    chat(project, FakeBackend(llm, loading(), READY), script)
    assert search.asked == [("Where is a?", (), ("beacon", "light_lamp")), ("Where is a?", (), ())]
    assert [call.batch for call in llm.calls] == [True, True]


def test_words_go_to_another_machine_only_after_a_yes_and_no_file_goes_there(
    project: Path, search: Search
) -> None:
    backend = FakeBackend(FakeLLM("beacon"), host="gpu.example:8000")
    counted: list[object] = []
    backend.llm.count_each = lambda prompts: counted.append(prompts) or []  # type: ignore[method-assign,func-returns-value]

    def script(typist: Typist) -> None:
        typist.types("/words Where?\r")
        typist.sees("will be sent to gpu.example:8000")
        typist.types("n\r")
        typist.sees("Nothing was sent.")
        typist.types("/suggest Where?\r")
        typist.sees("gives the model these")
        typist.types("/words\r")
        typist.waits(lambda: typist.screen.text.count("will be sent to") > 1)
        typist.types("y\r")
        typist.sees("Looked for too: beacon.")

    shown = chat(project, backend, script)
    assert "  1  src/a.py  ≈" in shown and counted == []
    assert len(backend.llm.calls) == 1


def test_a_part_of_the_index_answers_where_somebody_does_not_wait(project: Path, search: Search) -> None:
    search.is_broken_off = True
    shown = chat(project, FakeBackend(), "/suggest Where is a?\r")
    assert "reading the project: 1 of 3 files" in shown
    assert "1  src/a.py" in shown and "index not whole: there may be more." in shown


def test_where_no_index_is_wished_none_is_made(project: Path, search: Search) -> None:
    def script(typist: Typist) -> None:
        typist.types("/suggest Where is a?\r")
        typist.sees("The setting index is off")

    chat(project, FakeBackend(), script, settings=Settings(index="off"))
    assert search.asked == []


def test_it_is_found_in_the_project_itself(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggesting, "index_of", real_index_of)
    (project / "src" / "lamp.py").write_text("def light_lighthouse():\n    lighthouse.lit = True\n")
    shown = chat(project, FakeBackend(), "/suggest Where is the lighthouse lit?\r")
    assert "  1  src/lamp.py" in shown
