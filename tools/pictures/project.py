"""What is on the pictures: a small project and what was asked about it, the same in every run."""

from __future__ import annotations

from pathlib import Path

from docstra_tui.context.files.reader import read_item
from docstra_tui.llm.answer import Usage
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import ModelChoice, Placed, SavedTurn

MODEL = "Qwen/Qwen3-8B"
ASKED = 1_790_000_000.0
"""When it was asked: a day in September 2026."""

FILES = {
    "README.md": "# weather\n\nForecasts for the boat, cached for when there is no network.\n",
    "pyproject.toml": '[project]\nname = "weather"\nversion = "0.4"\n',
    "tests/test_cache.py": """from weather.cache import Cache


def test_empty():
    assert Cache().get("oslo") is None
""",
    "weather/__init__.py": '"""Forecasts for the boat."""\n',
    "weather/cache.py": '''"""Forecasts that were fetched, with the moment when."""

import time

STALE_AFTER = 3 * 3600


class Cache:
    def __init__(self):
        self._kept = {}

    def put(self, place, forecast):
        self._kept[place] = (time.time(), forecast)

    def get(self, place):
        """The forecast, or None where there is none or it is stale."""
        when, forecast = self._kept.get(place, (0, None))
        return forecast if time.time() - when < STALE_AFTER else None
''',
    "weather/client.py": '''"""Asks the service, and the cache where the service is out of reach."""

from weather.cache import Cache
from weather.service import Unreachable, fetch


class Client:
    def __init__(self, cache: Cache):
        self._cache = cache

    def forecast(self, place):
        try:
            found = fetch(place)
        except Unreachable:
            return self._cache.get(place)
        self._cache.put(place, found)
        return found
''',
    "weather/service.py": '''"""The service on shore."""


class Unreachable(Exception):
    pass


def fetch(place):
    raise Unreachable
''',
}

FIRST = """The client asks the service first, and where that is out of reach the cache (`client.py`). What is
older than three hours counts as stale: `Cache.get` returns `None` then, although the forecast is there.

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
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


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
