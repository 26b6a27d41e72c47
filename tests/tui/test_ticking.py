"""Files that are ticked, and what of them reaches the model."""

from __future__ import annotations

from tests.context.git.made import git, needs_git
from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, is_ready


async def test_ticked_files_reach_the_model_in_tree_order(make_app, backend):
    backend.llm.enqueue("ok")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "down", "space")  # README.md
        await pilot.press("up", "enter")  # opens pkg
        await until(pilot, lambda: "client.py" in screen_text(app))
        await pilot.press("down", "space", "escape")
        await until(pilot, lambda: [item.path for item in app.main.session.context] != [])
        await until(pilot, lambda: len(app.main.session.context) == 2)
        assert "Ask about 2 files…" in screen_text(app)
        await ask(pilot, "Why?")
        await until(pilot, lambda: len(backend.llm.calls) == 1)
        prompt = backend.llm.calls[0].question
        assert prompt.index("pkg/client.py") < prompt.index("README.md") < prompt.index("Why?")


async def test_space_on_a_folder_ticks_every_file_below(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "space")
        await until(pilot, lambda: app.main.tree_view.ticked == ("pkg/client.py", "pkg/config.py"))
        await until(pilot, lambda: "☑ pkg/" in screen_text(app))
        await pilot.press("space")
        await until(pilot, lambda: app.main.tree_view.ticked == ())


async def test_a_file_changed_after_it_was_ticked_is_sent_as_it_is_now(make_app, backend, root):
    backend.llm.enqueue("ok")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "down", "space", "escape")
        await until(pilot, lambda: len(app.main.session.context) == 1)
        (root / "README.md").write_text("# Goodbye\n")
        await ask(pilot, "Why?")
        await until(pilot, lambda: len(backend.llm.calls) == 1)
        assert "Goodbye" in backend.llm.calls[0].question


async def test_a_file_that_cannot_be_read_says_why_beside_it(make_app, root):
    (root / "blob.bin").write_bytes(b"\0\1\2" * 100)
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "down", "space")
        await until(pilot, lambda: "binary" in screen_text(app))
        await until(pilot, lambda: "blob.bin is not text" in screen_text(app))
        assert app.main.session.context == ()


async def test_preview_shows_line_numbers_and_space_ticks(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "enter", "down", "enter")
        await until(pilot, lambda: "1 def get():" in screen_text(app))
        await pilot.press("space")
        await until(pilot, lambda: app.main.tree_view.ticked == ("pkg/client.py",))


async def test_the_composer_says_how_many_files_whoever_ticked_them(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "slash", *"client", "space")  # ticked by the pane, once it is found
        await until(pilot, lambda: app.main.tree_view.ticked == ("pkg/client.py",))
        await until(pilot, lambda: "Ask about 1 file…" in screen_text(app))
        await pilot.press("escape", "f2")
        app.main.navigation.to_ticked()
        await pilot.press("space")  # unticked by the pane, above the tree
        await until(pilot, lambda: app.main.tree_view.ticked == ())
        await until(pilot, lambda: "Ask anything" in screen_text(app))


@needs_git
async def test_changed_files_are_marked_and_one_key_ticks_them_all(make_app, backend, root):
    (root / ".env").write_text("TOKEN=\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "First")
    (root / "README.md").write_text("# Changed\n")
    (root / "pkg" / "new.py").write_text("x = 1\n")
    (root / ".env").write_text("TOKEN=changed\n")
    app = make_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "c")
        await until(pilot, lambda: app.main.tree_view.ticked == ("pkg/new.py", "README.md"))
        await until(pilot, lambda: "they may hold secrets" in screen_text(app))
        await until(pilot, lambda: "/ filter  c 2 changed" in screen_text(app))
        await until(pilot, lambda: line_of(app, "▸ ◪ pkg/").rstrip(" │").endswith("•"))
        await pilot.press("end")
        await until(pilot, lambda: line_of(app, "☑ README.md").rstrip(" │").endswith("M"))
        await pilot.press("c")
        await until(pilot, lambda: app.main.tree_view.ticked == ())
        await until(pilot, lambda: "Changed, and not staged." in screen_text(app))
        git(root, "checkout", "-q", ".")
        (root / "pkg" / "new.py").unlink()
        await pilot.press("c")
        await until(pilot, lambda: "No file is changed since the last commit." in screen_text(app))
        assert app.main.tree_view.ticked == ()


def line_of(app, part: str) -> str:
    """The part of the first line with `part` that belongs to the tree."""
    lines = (line for line in screen_text(app).split("\n") if part in line)
    return next(lines, "")[: app.main.tree_view.region.right]
