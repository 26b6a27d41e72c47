"""`engine status` as somebody would say it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from docstra_tui.commands import engine_words
from docstra_tui.commands.engine_words import duration
from docstra_tui.engine.client.identity import EngineIdentity
from docstra_tui.engine.client.wire import Health, Stats

NOW = datetime(2026, 11, 28, 13, 30)
ROW: dict[str, Any] = {
    "id": "0123456789abcdef",
    "model": "org/coder",
    "state": "ready",
    "problem": None,
    "device": "cuda:0",
    "dtype": "bfloat16",
    "reason": "it is the only one",
    "parked": None,
    "notes": ["A note."],
    "window": 32768,
    "memory_used": 17_000_000_000,
    "memory_total": 80_000_000_000,
    "queue": 0,
    "uptime_s": 720.0,
    "log": "/logs/engine-0.log",
}


def stats(**health: Any) -> Stats:
    identity = EngineIdentity(owner=health.pop("owner", ""))
    state = health.pop("state", "ready")
    return Stats(Health(state, identity, "1", 7, leave_after_minutes=30, **health))


def test_it_tells_what_is_loaded_where_since_when_for_whom_and_how_to_free_it() -> None:
    said = engine_words.rows(ROW, stats(clients=2, queue=1), NOW)
    assert said == [
        ("", "org/coder is loaded, and waits for questions."),
        ("where", "cuda:0, as bf16"),
        ("since", "13:18, 12 minutes ago"),
        ("memory", "17.0 GB of 80.0 GB, with what other programs have there"),
        ("window", "32,768 tokens"),
        ("attached", "2 terminals; 1 request being answered or waiting"),
        ("stays", "while somebody is attached or waits, and 30 minutes after that"),
        ("because", "it is the only one"),
        ("note", "A note."),
        ("log", "/logs/engine-0.log"),
        ("to free it", "docstra-tui engine stop 01234567"),
    ]


@pytest.mark.parametrize(
    ("changed", "told", "words"),
    [
        (
            {},
            stats(leaves_in_s=100.0),
            {"attached": "nobody", "stays": "2 minutes more, unless somebody comes"},
        ),
        ({}, stats(owner="pid-1"), {"stays": "for as long as the terminal that started it"}),
        (
            {"state": "loading", "device": None, "memory_used": None},
            stats(state="loading", phase="read", done=1, total=2),
            {"": "org/coder is not ready yet; loading: reading the model 50%."},
        ),
        ({"state": "failed", "problem": "No room."}, stats(state="failed"), {"problem": "No room."}),
        ({"parked": True}, stats(parked=True), {"": "org/coder has left its device"}),
        ({"state": "version 0.0"}, None, {"": "org/coder runs, but tells nothing: version 0.0."}),
        (
            {"model": "starter", "device": "cpu"},
            stats(),
            {"": "The starter model is loaded", "where": "the CPU,"},
        ),
        ({"uptime_s": 200_000.0}, stats(), {"since": "2026-11-26 05:56, 2 days ago"}),
    ],
)
def test_each_state_has_its_words(changed: dict[str, Any], told: Stats | None, words: dict[str, str]) -> None:
    said = dict(engine_words.rows({**ROW, **changed}, told, NOW))
    for label, value in words.items():
        assert said[label].startswith(value)
    assert "stop 01234567" in said["to free it"]


def test_how_long_is_said_in_one_unit() -> None:
    spans = {0.2: "1 second", 59: "59 seconds", 60: "1 minute", 3599: "60 minutes", 3600: "1 hour"}
    spans |= {86400: "24 hours", 2 * 86400: "2 days"}
    assert {span: duration(span) for span in spans} == spans
