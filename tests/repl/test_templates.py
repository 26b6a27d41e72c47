"""Templates in the inline chat."""

from __future__ import annotations

from pathlib import Path

from docstra_tui import templates
from docstra_tui.session.store.sessions import SessionStore
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.repl.story import CTRL_C, Typist, chat


def test_values_are_asked_for_one_after_the_other_with_what_comes_of_them(project: Path) -> None:
    templates.folder().mkdir(parents=True)
    (templates.folder() / "review.md").write_text(
        '+++\ntitle = "Review"\n[fields]\ndepth = "deep"\n[fields.focus]\nasks = "What to look for"\n'
        "+++\nReview for {focus}, {depth}."
    )
    llm = FakeLLM("Fine.")

    def script(typist: Typist) -> None:
        typist.types("/run\r")
        typist.sees("/run review [depth=] focus=  Review · yours")
        typist.sees("/run answer_question question=")
        typist.types("/run rev")
        typist.waits(lambda: typist.screen.text.count("review") > 1)
        typist.types("iew\r")
        typist.sees("depth: deep")
        typist.sees("Review for {focus}, deep.")
        typist.types("er\r")
        typist.sees("focus (What to look for):")
        typist.types("\r")
        typist.sees("focus has to be written")
        typist.types("locks\r")
        typist.sees("Fine.")
        typist.types("/run review\r")
        typist.waits(lambda: typist.screen.text.count("depth: deep") > 1)
        typist.types(CTRL_C + "\x15\r/run\r")
        typist.waits(lambda: typist.screen.text.count("/run review [depth=]") > 1)

    chat(project, FakeBackend(llm), script)
    assert [call.question for call in llm.calls] == ["Review for locks, deeper."]
    store = SessionStore()
    assert store.load("last").turns[0].question == "review, deeper, locks"
    store.close()
