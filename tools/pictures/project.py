"""What is on the pictures: a small project and what was asked about it, the same in every run."""

from __future__ import annotations

import shutil
from pathlib import Path

from docstra_tui.context.files.reader import read_item
from docstra_tui.llm.answer import Usage
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import ModelChoice, Placed, SavedTurn

MODEL = "Qwen/Qwen3-8B"
ASKED = 1_790_000_000.0
"""When it was asked: a day in September 2026."""

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "weather"
"""The one of the tour: who walks it has its files."""

# A model breaks no lines within a paragraph, and what it breaks is shown broken.
FIRST = """The client asks the service first, and where that is out of reach the cache (`client.py`). \
What is older than three hours counts as stale: `Cache.get` returns `None` then, although the forecast \
is there.

So a boat without a network for half a day has **no** forecast at all. To tell an old one from none:

```python
def get(self, place):
    when, forecast = self._kept.get(place, (0, None))
    age = time.time() - when
    return forecast, age > STALE_AFTER
```

The caller then shows the old forecast with its age.
"""
OTHER = """It raises `STALE_AFTER`: with `24 * 3600` a forecast of yesterday is still shown.
"""
SECOND = """One that puts a forecast in, moves the clock four hours on and looks again:

```python
def test_stale(monkeypatch):
    cache = Cache()
    cache.put("oslo", "rain")
    later = time.time() + 4 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    assert cache.get("oslo") is None
```
"""
EARLIER = (
    ("Which file talks to the network?", "Only `weather/service.py`; `fetch` raises `Unreachable` there."),
    ("Write a docstring for Cache.put", '```python\n"""Keep a forecast, with the moment it came."""\n```'),
)
"""Older sessions: a question and its answer each."""


def write(root: Path) -> None:
    """The files of the project."""
    shutil.copytree(FOLDER, root, dirs_exist_ok=True)


def ask(store: SessionStore, root: Path, server: str) -> None:
    """Put what was asked about it into the store, the newest session last."""
    choice = ModelChoice(server=server, name=MODEL)
    for at, (question, answer) in enumerate(EARLIER):
        session = store.create(str(root), MODEL)
        _keep(store, session, _turn(question, answer, ASKED - 86_400 * (len(EARLIER) - at)), choice)
    items = tuple(read_item(root, name) for name in ("weather/cache.py", "weather/client.py"))
    session = store.create(str(root), MODEL)
    first = _turn("What happens on a day without a network?", FIRST, ASKED)
    first.context = items
    _keep(store, session, first, choice)
    second = _turn("Which test is missing?", SECOND, ASKED + 60)
    second.earlier = tuple(Placed(first.id, item) for item in items)
    _keep(store, session, second, choice)


def _turn(question: str, answer: str, asked: float) -> SavedTurn:
    words = len(answer.split())
    return SavedTurn(
        question,
        fields={"question": question},
        answer=answer,
        status="done",
        finish_reason="stop",
        usage=Usage(412, 2 * words, 380),
        ttft_s=0.2,
        tokens_per_s=41.0,
        model=MODEL,
        asked=asked,
    )


def _keep(store: SessionStore, session: str, turn: SavedTurn, choice: ModelChoice) -> None:
    store.begin_turn(session, turn, choice)
    store.end_turn(turn.id, turn)
