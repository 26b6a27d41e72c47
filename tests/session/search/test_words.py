"""What is looked for, and where it stands."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui.session.search.excerpt import LONGEST, excerpt
from docstra_tui.session.search.words import Place, Term, wanted, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("How does HTTPTransport.__init__ retry?", ["how", "does", "httptransport", "init", "retry"]),
        ("Résumé, re\u0301sume\u0301, STRASSE, Straße", ["resume", "resume", "strasse", "strasse"]),
        ("重试 logic", ["重", "试", "logic"]),
        ("½ \u2474 \x00 \ud800 '\"*", ["1\u20442", "1"]),
        ("", []),
    ],
)
def test_words_are_compared_without_case_and_accents(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_what_is_looked_for_is_words_their_beginnings_and_phrases() -> None:
    assert wanted('retr "in a row" x _client.py “curly” "').terms == (
        Term(("retr",), may_go_on=True),
        Term(("in", "a", "row")),
        Term(("x",)),
        Term(("client", "py"), may_go_on=True),
        Term(("curly",)),
    )
    assert wanted('NEAR(a b) OR c:* ^d -e "never closed').terms[-1] == Term(("never", "closed"))
    assert wanted('"" ++ -> \x00').terms == ()


def test_the_line_with_most_of_it_is_given() -> None:
    parts = ("Why does it retry?", "Nothing here.\nIt will retry\nretry the client\nclient", "src/client.py")
    assert wanted("retry client").place(parts) == Place(1, 3)
    assert wanted("retries client").place(parts) is None
    assert wanted('"here it"').place(parts) == Place(1, 1)  # over the end of a line
    assert wanted("client.p").place(parts) == Place(2, 1)
    assert wanted("does RETRY").place(parts) == Place(0, 1)
    assert wanted("nothing why retry").place(parts) == Place(0, 1)
    assert wanted("retry nothing").place(parts) == Place(1, 1)  # the rarer of the two


def test_a_long_line_is_shown_around_the_words() -> None:
    line = "word " * 1000 + "Needle and " + "thread " * 1000
    [(start, end)] = wanted("needl").spans(line)
    assert line[start:end] == "Needle"
    shown = excerpt(line, start)
    assert "Needle and" in shown and shown.startswith("…") and len(shown) <= LONGEST + 2
    assert excerpt("short", 2) == "short"


TEXTS = st.text(max_size=40) | st.text(alphabet='"*() \n\x00aAbe\u0301ßß重-:^', max_size=60)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS)
def test_whatever_is_typed_the_index_and_the_text_agree(text: str, query: str) -> None:
    looked_for = wanted(query)
    if not looked_for.terms:
        return
    with closing(sqlite3.connect(":memory:")) as index:
        index.execute("CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = ascii)")
        index.execute("INSERT INTO words VALUES (?)", (" ".join(words_of(text)),))
        [(found,)] = index.execute(
            "SELECT count(*) FROM words WHERE words MATCH ?", (looked_for.expression,)
        ).fetchall()
    assert bool(found) == (looked_for.place((text,)) is not None)
