"""Names, answers and errors that would do something if they were not shown as they are."""

from __future__ import annotations

from docstra_tui.errors import ModelNotFound
from docstra_tui.workspace.models.backend import Status
from tests.tui.fakes import Backends, FakeBackend, screen_text, until
from tests.tui.story import ask, is_ready, last_line

HOSTILE_NAMES = ["a[", "[@click=app.quit]x", "b\x1b]52;c;eA==\x07c", "\udcff.py", "[slug]", "\u202egpj.exe"]


async def test_hostile_names_are_shown_as_they_are(make_app, root):
    for name in HOSTILE_NAMES:
        (root / name).mkdir() if name == "a[" else (root / name).write_text("x")
    (root / "a[" / "foo]b").write_text("x")
    app = make_app()
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, lambda: "[slug]" in screen_text(app))
        await pilot.press("f2", "enter")
        await until(pilot, lambda: "foo]b" in screen_text(app))
        for _ in range(len(app.main.tree_view.model.rows())):
            await pilot.press("space", "down")
        shown = screen_text(app)
        assert "[@click=app.quit]x" in shown
        assert not any(character in shown for character in "\x1b\x07\u202e\udcff")
        await pilot.click("FileTree", offset=(12, 5))
        assert app.is_running


async def test_hostile_answers_are_literal(make_app, backend):
    backend.llm.enqueue(
        "x \x1b]52;c;eA==\x07 y [/foo] [@click=app.quit]z[/] Vec<T> <think>no</think> __init__"
    )
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "a[/foo]b")
        await until(pilot, lambda: "__init__" in screen_text(app))
        shown = screen_text(app)
        assert "␛]52;c;eA==␇" in shown
        assert "a[/foo]b" in shown
        for text in ("[/foo]", "[@click=app.quit]z[/]", "Vec<T>", "<think>no</think>"):
            assert text in shown
        assert "\x1b" not in shown


async def test_hostile_errors_are_literal(make_app):
    backend = FakeBackend(Status("failed", error=ModelNotFound("No [/model] \x1b[2J here.", "Try [b]x")))
    app = make_app(opener=Backends(backend))
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: "No [/model] ␛[2J here." in screen_text(app))
        await until(pilot, lambda: "Try [b]x" in screen_text(app))
        assert "F4 Switch model" in screen_text(app)
        assert last_line(app).strip().startswith("failed")
