"""What git says in the full screen: `@diff` in a question, looked at and unticked."""

from __future__ import annotations

from docstra_tui.tui.widgets.mention_list import MentionList
from tests.context.git.made import git, needs_git
from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, is_ready

pytestmark = needs_git


def was_said(app, words):
    return any(words in toast.message for toast in app._notifications)


async def test_a_diff_is_completed_asked_about_and_looked_at(make_app, backend, root):
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "First")
    (root / "pkg/client.py").write_text("def get():\n    return 'changed'\n")
    backend.llm.enqueue("Because.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press(*"why @di")
        rows = app.main.query_one(MentionList)
        await until(pilot, lambda: rows.is_open and rows.chosen == "@diff")
        await pilot.press("tab", "?", "enter")
        await until(pilot, lambda: "Because." in screen_text(app))
        assert "+    return 'changed'" in backend.llm.calls[0].question
        assert app.main.tree_view.ticked == ("@diff",)
        assert [item.label for item in app.main.session.turns[0].files] == ["@diff (git)"]
        await pilot.press("f2", "t", "enter")
        await until(pilot, lambda: "diff --git a/pkg/client.py b/pkg/client.py" in screen_text(app))
        await pilot.press("q", "space")
        await until(pilot, lambda: app.main.tree_view.ticked == ())


async def test_without_a_repository_a_diff_is_told_to_be_none(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "@diff")
        await until(pilot, lambda: was_said(app, "lies in no git repository. Enter again sends it as it is"))
