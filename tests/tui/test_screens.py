"""What whole screens look like, at two sizes, in two themes and in the terminal's own sixteen colours.

`pytest --snapshot-update tests/tui/test_screens.py` writes the pictures anew; look at them then.
"""

from __future__ import annotations

import difflib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from textual.color import Color
from textual.widgets import Input

from docstra_tui import figures, paths
from docstra_tui.context.search.offered import Suggestion, Suggestions
from docstra_tui.llm.answer import Usage
from docstra_tui.session.turns import SavedTurn
from docstra_tui.settings import Settings
from docstra_tui.tui.app import DocstraApp
from docstra_tui.tui.main import controllers
from docstra_tui.tui.screens.choice import ChoiceScreen
from docstra_tui.tui.screens.earlier import EarlierScreen
from docstra_tui.tui.screens.find import FindScreen
from docstra_tui.tui.screens.form import FormScreen
from docstra_tui.tui.screens.review import ReviewScreen
from docstra_tui.tui.screens.settings import SettingsScreen
from docstra_tui.tui.screens.suggestions import SuggestionsScreen
from docstra_tui.tui.screens.waiting import WaitingScreen
from docstra_tui.tui.widgets.file_view import FileView
from docstra_tui.workspace.models.backend import Status
from tests.tui.conftest import Unindexed
from tests.tui.fakes import Backends, FakeBackend, is_idle, screen_text, until
from tests.tui.picture import picture
from tests.tui.story import is_ready

KEPT = Path(__file__).parent / "__snapshots__" / "screens"
LOOKS = ("lamp", "paper", "sixteen")
TEMPLATE = '+++\ntitle = "Risks"\n[fields.what]\nasks = "which part"\n+++\nHow risky is {what}?\n'
OF_THE_PROJECT = '+++\ntitle = "Log"\n+++\nWhat is written\u202e to the log?\n'
TOKENS = {"form": 79, "earlier questions": 79, "review": 79, "files for a question": 88}
"""Of the next prompt, where it is not 77."""
DAY = 1_790_000_000.0


def turns() -> list[SavedTurn]:
    code = "It waits, then it asks again:\n\n```python\nfor attempt in range(3):\n    get()\n```\n"
    counts: dict[str, Any] = {"usage": Usage(412, 60, 380), "ttft_s": 0.2, "tokens_per_s": 41.0}
    return [
        SavedTurn("How does it retry?", answer=code, status="done", asked=DAY, **counts),
        SavedTurn("And for how long?", answer="For as", status="cancelled", asked=DAY + 60),
    ]


async def screens(app: DocstraApp, backend: FakeBackend, pilot: Any) -> AsyncIterator[str]:
    """Each screen while it is shown, by its name."""
    await is_ready(pilot)
    await until(pilot, lambda: "For as" in screen_text(app))
    await pilot.press("f2", "down", "space", "escape")
    await until(pilot, lambda: "☑" in screen_text(app))
    yield "conversation"
    await pilot.press(*"/theme", "enter")
    await until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
    yield "themes"
    await pilot.press("escape", "f3")
    await until(pilot, lambda: "~/elsewhere" in screen_text(app))
    yield "sessions"
    app.screen.query_one(Input).value = "ask it"  # at once: it is looked for once
    await until(pilot, lambda: "line 1" in screen_text(app))
    yield "sessions with words"
    await pilot.press("escape", *"/find -e \\bre", "enter")
    await until(pilot, lambda: isinstance(app.screen, FindScreen) and " in 1 file" in screen_text(app))
    await pilot.press("enter")
    await until(pilot, lambda: "ticks lines" in screen_text(app))
    await until(pilot, lambda: app.screen.query_one(FileView)._painted == 2)
    yield "find in files"
    await pilot.press("escape", *"/settings", "enter")
    await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
    yield "settings"
    await pilot.press("escape", *"/run risk", "enter")
    await until(pilot, lambda: isinstance(app.screen, FormScreen) and "which part" in screen_text(app))
    yield "form"
    await pilot.press("escape", "ctrl+r")
    await until(pilot, lambda: isinstance(app.screen, EarlierScreen) and "for how long" in screen_text(app))
    yield "earlier questions"
    await pilot.press("escape", "ctrl+u", *"/run project:log", "enter")
    await until(pilot, lambda: isinstance(app.screen, ReviewScreen) and "U+202E" in screen_text(app))
    yield "review"
    await pilot.press("n", "ctrl+u")
    backend.now = Status("loading", model="Org/Fake-1B", window=8192)
    await until(pilot, lambda: "loading" in screen_text(app))
    await pilot.press(*"Which file sets it?", "enter", *"And who reads it?", "enter", *"/queue", "enter")
    await until(pilot, lambda: isinstance(app.screen, WaitingScreen) and "who reads" in screen_text(app))
    yield "waiting questions"
    await pilot.press("escape", *"/suggest who gets it?", "enter")
    await until(pilot, lambda: isinstance(app.screen, SuggestionsScreen) and "gets" in screen_text(app))
    await pilot.press("space", "down")
    await until(pilot, lambda: "2 ticked" in screen_text(app) and "TIMEOUT" in screen_text(app))
    yield "files for a question"


class Offering(Unindexed):
    """An index whose answer is always the same."""

    def ask(self, work: object) -> Any:
        return Suggestions(
            (
                Suggestion("pkg/client.py", "defines `get`; used by 1 ticked file", 1.0, (1, 2)),
                Suggestion("pkg/config.py", "is about `timeout`", 0.5, (1, 1)),
                Suggestion("pkg/gone.py", "has words of the question", 0.4, None),
            ),
            is_complete=False,
        )


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_what_the_screens_look_like(
    size: tuple[int, int], root: Any, backend: Any, store: Any, request: Any, monkeypatch: Any
) -> None:
    monkeypatch.setenv("HOME", str(root.parent))
    monkeypatch.setenv("TZ", "UTC")
    session = store.create(str(root), "Org/Fake-1B")
    for turn in turns():
        store.begin_turn(session, turn)
        store.end_turn(turn.id, turn)
    elsewhere = SavedTurn("Something else?", answer="No.", status="done", asked=DAY - 60)
    store.keep_turn(store.create(str(root.parent / "elsewhere"), "Org/Fake-1B"), elsewhere)
    monkeypatch.setattr(figures, "moment", lambda since_1970: "2026-11-28 07:00")
    folder = paths.config_dir() / "templates"
    folder.mkdir(parents=True)
    (folder / "risk.md").write_text(TEMPLATE)
    theirs = root / ".docstra" / "templates"
    theirs.mkdir(parents=True)
    (theirs / "log.md").write_text(OF_THE_PROJECT)
    monkeypatch.setattr(controllers, "index_of", lambda root, settings: Offering)
    app = DocstraApp(Settings(), root, Backends(backend), store, "last")
    differing: list[str] = []
    async with app.run_test(size=size) as pilot:
        async for name in screens(app, backend, pilot):
            await is_counted(app, pilot, name)
            for look in LOOKS:
                app.theme = look
                drawn = await at_rest(app, pilot)
                path = KEPT / f"{name} {size[0]}x{size[1]} {look}.txt"
                if request.config.option.update_snapshots:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(drawn)
                differing += difference(path, drawn)
            app.theme = LOOKS[0]
            await at_rest(app, pilot)  # before another screen comes: it would keep the look of before
    assert not differing, "\n".join(differing)


async def is_counted(app: DocstraApp, pilot: Any, name: str) -> None:
    """What was typed on the way to a screen is in no number any more, but what a form gives back."""
    await until(pilot, lambda: f"{TOKENS.get(name, 77)} / 8k" in screen_text(app))


async def at_rest(app: DocstraApp, pilot: Any) -> str:
    """The screen, when nothing moves any more."""
    ground = Color.parse(app.current_theme.background or "")
    await until(pilot, lambda: app.main.conversation.styles.background == ground)
    pictures = [""]
    while len(set(pictures[-3:])) > 1 or len(pictures) < 3 or not is_idle(app):
        await pilot.pause(0.03)
        pictures.append(picture(app))
    return pictures[-1]


def difference(path: Path, drawn: str) -> list[str]:
    kept = path.read_text() if path.exists() else ""
    return list(
        difflib.unified_diff(kept.splitlines(), drawn.splitlines(), path.name, "drawn now", lineterm="", n=1)
    )
