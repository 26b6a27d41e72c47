"""Under an answer of the chat stands what of it is in the files, and `/check` lists it."""

from __future__ import annotations

import queue
from pathlib import Path

from docstra_tui.llm.items import ContextItem
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.repl.story import Typist, chat


def test_the_sum_stands_under_an_answer_and_check_lists_each(project: Path, monkeypatch) -> None:
    readied: queue.SimpleQueue[tuple[ContextItem, ...]] = queue.SimpleQueue()
    monkeypatch.setattr("docstra_tui.repl.cited.get_ready", readied.put)
    (project / "client.py").write_text("def retry(times):\n    return times + 1  # once more\n")
    llm = FakeLLM(
        "By itself: `return times + 1`.",
        "See `return times + 1  # once more` and `raise Never(\x1b]0;x\x07)`.",
        "Nothing to see.",
    )

    def script(typist: Typist) -> None:
        typist.types("What is it?\r")  # no file goes along
        typist.sees("By itself")
        typist.types("How does @client.py retry?\r")
        typist.sees("2 references: 1 ✓, 1 ✗ not found · /check lists them")
        typist.types("And now?\r")
        typist.sees("Nothing to see.")
        typist.types("/check 2\r")
        typist.sees("✓ return times + 1  # once more client.py:2")
        typist.sees("✗ raise Never(␛]0;x␇)")
        typist.types("/check\r")
        typist.sees("Nothing was found in it that can be looked up.")
        typist.types("/check 9\r")
        typist.sees("There is no question 9.")

    shown = chat(project, FakeBackend(llm), script)
    assert "\x1b]0;" not in shown
    assert shown.count("/check lists them") == 1  # without files, and without references, it says nothing
    # What is sent is looked through while the model reads, and nothing where nothing is sent.
    items = [readied.get(timeout=60) for _ in range(2)]
    assert [item.path for one in items for item in one] == ["client.py"] * 2 and readied.empty()
