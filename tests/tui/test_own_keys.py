"""Other keys than those it comes with, on the screen: they act, the old ones do not, and all says so."""

from __future__ import annotations

import importlib
import pkgutil

from textual.binding import Binding
from textual.dom import DOMNode

from docstra_tui import keymap, settings, tui
from docstra_tui.settings import Settings
from docstra_tui.tui.screens.help import HelpScreen, compose_help
from docstra_tui.tui.screens.settings import SettingsScreen, ValueField
from docstra_tui.tui.widgets.key_line import compose_keys
from tests.test_settings import write_config
from tests.tui.driver.test_keyboard import send
from tests.tui.fakes import screen_text, until
from tests.tui.story import is_ready, last_line

OWN = {
    "main.tree": "f6,alt+p",
    "composer.send": "f9",
    "composer.new_line": "enter",
    "tree.tick": "x",
    "transcript.turn-before": "p",
    "main.palette": "none",
    "edit.delete_word_left": "ctrl+y",
}


def said(app):
    """What toasts say."""
    return " ".join(note.message for note in app._notifications)


async def test_keys_of_ones_own_act_in_every_pane(make_app, backend):
    backend.llm.enqueue("An answer.")
    app = make_app(Settings(keys=OWN))
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        main = app.main
        assert "F9 send  Enter new line  F6 files" in screen_text(app)
        await send(pilot, b"one\rtwo three\x19" + F9)  # Enter breaks the line, Ctrl+Y takes a word
        await until(pilot, lambda: "An answer." in screen_text(app) and not main.turns.queue.busy)
        assert backend.llm.calls[0].question == "one\ntwo"
        await send(pilot, F2 + F6)
        assert main.tree_view.has_focus and "x tick" in screen_text(app)
        await send(pilot, b" ")  # no longer a tick: it is written
        assert main.composer.has_focus and not main.tree_view.picks
        await send(pilot, b"\x1bp" + DOWN + DOWN + b"x")
        assert main.tree_view.has_focus
        await until(pilot, lambda: bool(main.tree_view.picks))
        await send(pilot, F4)
        assert app.screen is main
        main.navigation.conversation_and_back()
        await send(pilot, b"p")
        assert main.conversation.has_marks
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        shown = compose_help(app.screen._sections).plain
        assert "F6, Alt+P" in shown and "no key" in shown
        tree = next(line for line in shown.splitlines() if "Go to the files and back" in line)
        assert "F2" not in tree


async def test_the_line_of_keys_says_those_of_the_pane_that_has_the_cursor(make_app, backend):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)

        def line():
            return screen_text(app).splitlines()[-2]

        assert "Enter send  Ctrl+J new line  F2 files" in line()
        await send(pilot, F2)
        assert "Space tick" in line() and "/ filter" in line() and "new line" not in line()
        await pilot.resize_terminal(100, 15)
        await until(pilot, lambda: "Space tick" not in screen_text(app))
        assert "ready" in last_line(app)
    keys = [("F2", "files"), ("Ctrl+J", "new line")]
    fitting = [compose_keys(keys, width).plain for width in (7, 8, 24, 25)]
    assert fitting == ["", "F2 files", "F2 files", "F2 files  Ctrl+J new line"]


async def test_the_settings_are_looked_at_and_changed_and_comments_stay(make_app):
    path = write_config("# mine\n[answer]\nmax_tokens = 100  # short\n")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await send(pilot, b"/settings max_tok\r")
        await until(
            pilot, lambda: isinstance(app.screen, SettingsScreen) and "100  config.toml" in screen_text(app)
        )
        assert "The longest answer, in tokens." in screen_text(app)
        await send(pilot, b"\r")
        await until(pilot, lambda: bool(app.screen.query(ValueField)))
        await send(pilot, b"many\r")
        await until(pilot, lambda: "takes a whole number" in said(app))
        await send(pilot, b"\r")
        await until(pilot, lambda: bool(app.screen.query(ValueField)))
        await send(pilot, b"70\r")
        await until(pilot, lambda: "70  config.toml" in screen_text(app))
        assert path.read_text() == "# mine\n[answer]\nmax_tokens = 70  # short\n"
        await send(pilot, b"\x04")
        await until(pilot, lambda: "2000" in screen_text(app))
        assert "max_tokens" not in path.read_text() and "# mine" in path.read_text()


async def test_a_key_and_a_theme_that_are_set_hold_at_once(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await send(pilot, b"/settings theme paper\r")
        await until(pilot, lambda: app.theme == "paper")
        await send(pilot, b"/settings keys.main.tree\r")
        await until(
            pilot, lambda: isinstance(app.screen, SettingsScreen) and "F2, Ctrl+B" in screen_text(app)
        )
        await send(pilot, b"\r")
        await until(pilot, lambda: bool(app.screen.query(ValueField)))
        await send(pilot, b"\x05" + F7 + b"\r")  # pressed, not written
        await until(pilot, lambda: settings.load().keys == {"main.tree": "ctrl+e,f7"})
        await until(pilot, lambda: "F7 is main.tree" in said(app))
        await send(pilot, b"\x1b")
        await until(pilot, lambda: app.screen is app.main)
        await send(pilot, F7)
        assert app.main.tree_view.has_focus


F2, F4, F6, F7, F9, DOWN = b"\x1bOQ", b"\x1bOS", b"\x1b[17~", b"\x1b[18~", b"\x1b[20~", b"\x1b[B"


def test_every_binding_of_ours_has_an_id_and_a_row_and_none_has_the_key_of_another():
    """`make docs` writes the rows; what has no id could not have another key."""
    for module in pkgutil.walk_packages(tui.__path__, "docstra_tui.tui."):
        importlib.import_module(module.name)
    kinds = [DOMNode]
    for kind in kinds:
        kinds += kind.__subclasses__()
    ours = [kind for kind in kinds if kind.__module__.startswith("docstra_tui.")]
    bindings = [(kind.__name__, key) for kind in ours for key in kind.__dict__.get("BINDINGS", ())]
    assert not [f"{name}: {key}" for name, key in bindings if not (isinstance(key, Binding) and key.id)]
    assert not sorted({key.id for _, key in bindings} - set(keymap.table())), "make docs"
    for kind in ours:
        keys = [key for binding in kind.__dict__.get("BINDINGS", ()) for key in keymap.split(binding.key)]
        assert len(set(keys)) == len(keys), f"{kind.__name__} has a key twice: {sorted(keys)}"
