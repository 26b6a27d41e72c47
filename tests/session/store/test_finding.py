"""Sessions are found by what one knows of them."""

from __future__ import annotations

import pytest

from docstra_tui.errors import StoreError
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import title_of
from tests.session.stored import say


def test_sessions_are_found_by_id_prefix_and_last(store: SessionStore) -> None:
    one, other = store.create("/one", "m"), store.create("/other", "m")
    say(store, one, "first question")
    say(store, other, "second\nquestion")
    assert store.flush()
    assert [(s.id, s.title, s.turns) for s in store.sessions()] == [
        (other, "second question", 1),
        (one, "first question", 1),
    ]
    assert [s.id for s in store.sessions("/one")] == [one]
    assert store.load("last").id == other
    assert store.load("last", root="/one").id == one
    assert store.load(one[:8]).id == one
    for bad in ("zzz", "", one + "0"):
        with pytest.raises(StoreError):
            store.load(bad)
    with pytest.raises(StoreError, match="yet"):
        store.load("last", root="/nowhere")


def test_an_ambiguous_prefix_is_refused(store: SessionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.sessions() == []
    names = iter(["abc111", "abc222"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(names))
    for _ in range(2):
        say(store, store.create("/p", "m"), "q")
    with pytest.raises(StoreError, match="2 sessions begin"):
        store.load("abc")


def test_titles_are_one_line_of_sixty() -> None:
    assert title_of("  a\n b\t c ") == "a b c"
    assert len(title_of("word " * 50)) <= 60 and title_of("word " * 50).endswith("…")
