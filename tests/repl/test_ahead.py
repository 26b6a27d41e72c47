"""What the next question would take, as the chat knows it."""

from __future__ import annotations

from pathlib import Path

from docstra_tui.repl.ahead import Ahead
from docstra_tui.session.chat import ChatSession
from docstra_tui.settings import ModelSettings, Settings
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.models.choice import switched
from tests.engine.engines import until
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.workspace.models.test_answering import Face, Openers


def test_what_another_model_counted_is_not_what_this_one_takes(tmp_path: Path) -> None:
    first, second = FakeBackend(), FakeBackend(FakeLLM(), host="gpu:8000")
    settings = Settings(model=ModelSettings(name="org/first"))
    model = AnsweringModel(settings, Openers(first, second), lambda call: call())
    model.listener = Face()
    session = ChatSession(FakeLLM(), tmp_path)
    ahead = Ahead(model, lambda: session, lambda: False)
    model.answer_in(session)
    model.open_now()
    until(lambda: model.is_ready)
    ahead.recount()
    until(lambda: ahead.budget is not None)
    model.open_now(switched(settings, "org/second"))
    assert ahead.budget is None, "nobody said yes to it: it counts nothing"
    ahead.close()
    model.close()
