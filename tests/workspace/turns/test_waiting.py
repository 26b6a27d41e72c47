"""What was written and not asked stands in one place again, each of it once."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.workspace.turns.waiting import bring_back, joined
from tests.fakes import FakeLLM


@pytest.mark.parametrize(
    ("texts", "one"),
    [
        ((), ""),
        (("", " \n"), ""),
        (("Why?",), "Why?"),
        (("Why?", "", "and\nthen"), "Why?\n\nand\nthen"),
        (("Why?", "Why?"), "Why?"),
        (("/explain @a.py", '/explain @"b c.py"'), '/explain @a.py @"b c.py"'),
        (("/explain @a.py", "/document @b.py", "/explain @c.py"), "/explain @a.py @c.py\n\n/document @b.py"),
        (
            ("/explain @a.py", "Why?", "/examples sort\na list"),
            "Why?\n\n/examples sort\na list\n\n/explain @a.py",
        ),
    ],
)
def test_texts_become_one_and_none_of_them_is_lost(texts: tuple[str, ...], one: str) -> None:
    assert joined(*texts) == one


def test_what_waited_comes_above_the_draft_and_the_typed_and_comes_once() -> None:
    store = SessionStore()
    session = ChatSession(FakeLLM(), Path("/p"), store)
    session.accept("one")
    session.accept("two", draft="three")
    store.close()

    later = SessionStore()
    session = ChatSession.resume(FakeLLM(), later, "last")
    assert bring_back(session, ["four"]) == 2
    assert session.draft == "one\n\ntwo\n\nthree\n\nfour"
    later.close()

    last = SessionStore()
    session = ChatSession.resume(FakeLLM(), last, "last")
    assert bring_back(session) == 0
    assert session.draft == "one\n\ntwo\n\nthree\n\nfour"
    last.close()
