"""What the app shows when it starts, and its keys."""

from __future__ import annotations

from docstra_tui.settings import ModelSettings, Settings
from tests.tui.fakes import screen_text, until
from tests.tui.story import is_ready, last_line


async def test_first_frame_shows_the_tree_the_model_and_the_composer(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        shown = screen_text(app)
        assert "docstra-tui ─ " in shown.splitlines()[0]
        assert "Fake-1B · cpu · bf16" in shown.splitlines()[0]
        assert "README.md" in shown
        assert "F1 help" in last_line(app)
        assert "cpu 0.4 / 16 GB" in last_line(app)
        assert app.main.composer.has_focus


async def test_the_first_frame_is_whole_before_anything_is_opened(make_app, monkeypatch):
    """What takes long, a session, the files, a model, begins behind it; and behind no key that was typed."""
    app = make_app()
    frames = []
    begin = app.main.opened.fresh

    def fresh(root):
        frames.append(screen_text(app))
        return begin(root)

    monkeypatch.setattr(app.main.opened, "fresh", fresh)
    async with app.run_test(size=(100, 30)):
        assert app.main.session is not None
        for words in ("docstra-tui ─ ", "Files", "/ filter", "Ask your code.", "Ask anything", "loading"):
            assert words in frames[0], words


async def test_the_keys_stand_in_one_line_of_a_small_terminal(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        assert "F2 tick files  Enter ask  Ctrl+P commands  F1 keys" in screen_text(app)


async def test_the_starter_says_that_it_is_small(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        assert "small and often wrong" in screen_text(app)


async def test_a_named_model_is_named_in_the_welcome(make_app):
    app = make_app(Settings(model=ModelSettings(name="org/model")))
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        assert "org/model answers." in screen_text(app)
        assert "often wrong" not in screen_text(app)


async def test_an_unknown_theme_falls_back_with_a_notice(make_app):
    app = make_app(Settings(theme="nope"))
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: "There is no theme" in screen_text(app))
        assert app.theme in app.theme_specs


async def test_help_lists_the_keys_that_are_really_bound(make_app):
    app = make_app()
    async with app.run_test(size=(100, 60)) as pilot:
        await is_ready(pilot)
        await pilot.press("f1")
        await until(pilot, lambda: "F2, Ctrl+B" in screen_text(app))
        assert "Ctrl+Q, F10" in screen_text(app)
        assert "Ctrl+J" in screen_text(app)


async def test_every_binding_of_ours_has_id_description_and_tooltip(make_app):
    from docstra_tui.tui.app import DocstraApp
    from docstra_tui.tui.main.key_actions import KeyActions
    from docstra_tui.tui.transcript.view import TranscriptView
    from docstra_tui.tui.widgets.composer import Composer
    from docstra_tui.tui.widgets.file_tree import FileTree

    for owner in (DocstraApp, KeyActions, Composer, FileTree, TranscriptView):
        for binding in owner.__dict__["BINDINGS"]:
            assert binding.id and binding.description and binding.tooltip, binding
            if any(key.startswith("ctrl+") for key in binding.key.split(",")):
                others = [key for key in binding.key.split(",") if not key.startswith("ctrl+")]
                assert others or binding.key in ("ctrl+c", "ctrl+z"), binding
