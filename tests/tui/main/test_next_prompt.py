"""What would be sent can be looked at: its parts in tokens, and its text with what is reused."""

from __future__ import annotations

import pytest

from docstra_tui.context.picks import Pick
from docstra_tui.llm.measure import Measure
from tests.fakes import FakeLLM
from tests.tui.fakes import FakeBackend, screen_text, until
from tests.tui.story import ask, is_ready


class CachingLLM(FakeLLM):
    """Has read the first half of every prompt; reading ahead is recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.warmed: list[str] = []

    def measure(self, prompt):
        tokens = self.count_tokens(prompt)
        return Measure(tokens, tokens // 2)

    def show_prompt(self, prompt):
        text = "\n".join(message["content"] for message in prompt)
        return text[: len(text) // 2], text[len(text) // 2 :]

    def warm(self, prompt, stable):
        self.warmed.append(prompt[-1]["content"][:stable])
        return Measure(1, 1)


@pytest.fixture
def backend() -> FakeBackend:
    backend = FakeBackend()
    backend.llm = CachingLLM()
    return backend


async def test_what_is_ticked_is_read_ahead_and_so_is_what_was_answered(make_app, backend):
    backend.llm.enqueue("One.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        app.main.tree_view.put_picks([Pick("pkg/client.py"), Pick("pkg/config.py")])
        await until(pilot, lambda: any("TIMEOUT" in text for text in backend.llm.warmed))
        assert "50% cached" in screen_text(app) or "49% cached" in screen_text(app)
        before = len(backend.llm.warmed)

        await ask(pilot, "why?")
        await until(pilot, lambda: len(backend.llm.warmed) > before)
        assert backend.llm.warmed[-1] == ""  # the files stand in the first turn now
        await pilot.pause(0.5)
        assert len(backend.llm.warmed) == before + 1  # nothing changed: nothing is read again


async def test_what_is_typed_is_counted(make_app, backend):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await until(pilot, lambda: app.main.board.facts.budget is not None)
        before = app.main.board.facts.budget.used
        await pilot.press(*"four words of mine")
        await until(pilot, lambda: app.main.board.facts.budget.used == before + 4)
        assert f"{before + 4} / 8k tokens" in screen_text(app)


async def test_the_budget_has_every_part(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        app.main.tree_view.put_picks([Pick("pkg/client.py")])
        await until(pilot, lambda: len(app.main.session.context) == 1)
        await pilot.press(*"a b c")
        app.main.next_prompt.show_budget(app.main.session)
        await until(pilot, lambda: "kept for the answer" in screen_text(app))
        shown = screen_text(app)
        for part in ("system", "pkg/client.py", "history", "question", "sum", "window", "8,192", "free"):
            assert part in shown
        await pilot.press("escape")
        await until(pilot, lambda: app.main.composer.has_focus)


async def test_the_prompt_is_shown_with_what_is_reused_and_why_the_rest_is_not(make_app, root, backend):
    backend.llm.enqueue("One.")
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        (root / "pkg" / "config.py").write_text("\x1b[31m" + "long " * 200)
        app.main.tree_view.put_picks([Pick("pkg/client.py"), Pick("pkg/config.py")])
        await until(pilot, lambda: len(app.main.session.context) == 2)
        await ask(pilot, "why?")
        await until(pilot, lambda: "One." in screen_text(app))
        app.main.tree_view.untick(Pick("pkg/client.py"))
        await until(pilot, lambda: len(app.main.session.context) == 1)
        await pilot.press("f8")
        await until(pilot, lambda: "are reused up to here" in screen_text(app))
        shown = screen_text(app)
        assert "pkg/client.py was removed" in " ".join(shown.split())
        assert "= " in shown and "+ " in shown and "\x1b" not in shown
        await pilot.press("end", "home")
        await until(pilot, lambda: "You are a careful assistant" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.main.composer.has_focus)
