"""Words counted and packed: found where they stand, whatever was put in, merged or taken out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from docstra_tui.context.search import postings
from docstra_tui.context.search.counting import NAME, PATH, counted, lengths_of
from docstra_tui.context.search.facts import SHIFT
from docstra_tui.context.search.index import shape
from docstra_tui.context.search.ranking.evidence import Regions
from docstra_tui.context.search.ranking.weights import WEIGHTS
from docstra_tui.context.search.stems import beside, number_of, parted, stem_of
from tests.context.search.indexed import numbered

TEXT = """
    retries retried retrying agreed sized hopping falling happy sky skies caresses ponies feed
    plastered motoring conflated troubled relational conditional valenci digitizer conformably
    radically differently vilely analogously vietnamization predication operator feudalism
    decisiveness hopefulness callousness formality sensitivity sensibility triplicate formative
    formalize electricity electrical hopeful goodness revival allowance inference airliner
    gyroscopic adjustable defensible irritant replacement adjustment dependent adoption homologous
    communism activate angularity effective bowdlerize probate rate cease controll roll apology is
    as by us tests naïve x2 utf8 no_space HttpServer
"""


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        shape.make(opened)
        yield opened


def put(connection: sqlite3.Connection, **files: str) -> None:
    """Each of one region, by numbers: `f1` is 1."""
    postings.put(
        connection, [(int(name[1:]), "code", numbered(["", "", "", body])) for name, body in files.items()]
    )


def found(connection: sqlite3.Connection, words: str) -> list[int]:
    regions = Regions(connection)
    return sorted((regions.ids[regions.having(words.split(), WEIGHTS).places] >> SHIFT).tolist())


def fts5(*texts: str) -> sqlite3.Connection:
    """The same in a table of SQLite's own, by numbers from 0."""
    other = sqlite3.connect(":memory:")
    other.execute("CREATE VIRTUAL TABLE regions USING fts5 (body, tokenize = 'porter unicode61')")
    other.executemany("INSERT INTO regions (rowid, body) VALUES (?, ?)", enumerate(texts))
    return other


def test_forms_of_words_are_those_of_fts5() -> None:
    with closing(sqlite3.connect(":memory:")) as other:
        other.execute("CREATE VIRTUAL TABLE words USING fts5 (word, tokenize = 'porter unicode61')")
        other.execute("CREATE VIRTUAL TABLE known USING fts5vocab (words, 'instance')")
        other.execute("INSERT INTO words VALUES (?)", (TEXT,))
        theirs = [term for (term,) in other.execute("SELECT term FROM known ORDER BY offset")]
    assert [stem_of(word) for word in parted(TEXT)] == theirs


def test_a_word_is_counted_apart_in_texts_names_and_paths() -> None:
    one = numbered(["http retry", "Retry", "about retries", "retry " * 300, "", "", "", ""])
    assert lengths_of([one]).tolist() == [2 + 1 + 2 + 300, 0]
    of = {int(triple) >> 32: int(triple) & 0xFFFF for triple in counted([one])}
    retry, http, about = map(number_of, ("retry", "http", "about"))
    assert of == {
        retry: PATH + NAME + 255,
        http: PATH,
        about: 1,
        beside(http, retry): PATH,
        beside(about, retry): 1,
        beside(retry, retry): 255,  # and nothing beside what stands in another text
    }


def test_files_counted_together_or_not_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [numbered(["", "", f"seal{number % 3} owl", "newt"] * 2) for number in range(9)]
    together = sorted(counted([*files, numbered([])]).tolist())
    monkeypatch.setattr("docstra_tui.context.search.counting.AT_ONCE", 10)
    assert sorted(counted(files).tolist()) == together
    assert {triple >> 16 & 0xFFFF for triple in together} == set(range(18))
    assert len(counted([])) == 0


def test_more_of_a_word_is_better_and_bm25_is_that_of_fts5(connection: sqlite3.Connection) -> None:
    bodies = [
        *("seal", "seal seal owl", "owl " * 30 + "seal", "newt", "newt owl", "toad", "toad toad", "frog"),
        *("big red fox", "big red fox a big red fox", "red fox, red big", "fox red big", "x", "y", "z"),
    ]
    put(connection, **{f"f{number}": body for number, body in enumerate(bodies)})
    regions = Regions(connection)
    with closing(fts5(*bodies)) as other:
        for words in ("seal", "owl", "newt", "toad", "frog", "red fox", "big red fox", "fox big", "owl frog"):
            ours = regions.having(words.split(), WEIGHTS)
            theirs = other.execute(
                "SELECT rowid, -bm25(regions) FROM regions WHERE regions MATCH ?", (f'"{words}"',)
            ).fetchall()
            assert ours.places.tolist() == [place for place, _ in theirs]
            assert ours.values.tolist() == pytest.approx([value for _, value in theirs])


def test_several_words_are_beside_each_other_where_each_two_are(connection: sqlite3.Connection) -> None:
    put(connection, f1="big red fox", f2="a red fox, so big, red and slow", f3="red fox", f4="fox big red")
    assert found(connection, "big red fox") == [1, 2]
    assert found(connection, "big red fox newt") == []


def test_parts_become_fewer_and_say_the_same(connection: sqlite3.Connection) -> None:
    for number in range(postings.TOGETHER):
        put(connection, **{f"f{number}": f"seal w{number}", f"f{number + 100}": "owl"})
    connection.execute("INSERT INTO gone VALUES (3), (100)")
    before = {word: found(connection, word) for word in ("seal", "w0", "w3", "w7", "owl", "newt")}
    assert before["w3"] == [] and before["w7"] == [7] and 100 not in before["owl"]
    postings.merge(connection)
    assert connection.execute("SELECT count(*), max(level) FROM parts").fetchall() == [(1, 1)]
    assert connection.execute("SELECT count(*) FROM gone").fetchone() == (0,)
    assert {word: found(connection, word) for word in before} == before
    assert Regions(connection).count == 2 * postings.TOGETHER - 2


def test_a_part_holds_no_more_than_its_places(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "MOST", 3)
    put(connection, **{f"f{number}": "seal" for number in range(7)})
    assert connection.execute("SELECT count(*) FROM parts").fetchone() == (3,)
    for number in range(10, 16):
        put(connection, **{f"f{number}": "seal"})
    postings.merge(connection)
    sizes = [len(one.ids) for one in postings.regions_of(connection).values()]
    assert sum(sizes) == 13 and max(sizes) == 3
    assert found(connection, "seal") == [*range(7), *range(10, 16)]


def test_nothing_is_left_of_what_is_gone(connection: sqlite3.Connection) -> None:
    put(connection, f1="seal", f2="owl")
    connection.execute("INSERT INTO gone VALUES (1), (2)")
    postings.tidy(connection)
    for table in ("parts", "postings", "gone"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert found(connection, "seal") == []


CUT, LONGER, OTHER = "substr({0}, 1, length({0}) - 1)", "{0} || x'00'", "x'ffffffff' || substr({0}, 5)"


@pytest.mark.parametrize("change", [CUT, LONGER, OTHER, "x''"])
@pytest.mark.parametrize("column", ["postings.packed", "parts.regions", "parts.lengths", "parts.kinds"])
def test_damaged_words_are_noticed_and_break_nobody(
    connection: sqlite3.Connection, column: str, change: str
) -> None:
    for number in range(postings.TOGETHER):
        put(connection, **{f"f{number}": "seal owl", f"f{number + 100}": "seal"})
    table, name = column.split(".")
    connection.execute(f"UPDATE {table} SET {name} = CAST({change.format(name)} AS BLOB)")
    if column in ("parts.regions", "parts.lengths") and change is OTHER:  # other numbers are numbers, too
        assert len(found(connection, "seal")) == 2 * postings.TOGETHER
        return
    for work in (lambda: found(connection, "seal"), lambda: postings.merge(connection)):
        with pytest.raises(sqlite3.DatabaseError, match="damaged"):
            work()


@pytest.mark.parametrize(
    "change",
    ["parts.level = NULL", "parts.regions = NULL", "parts.kinds = 'seal'", "postings.packed = NULL"],
)
def test_what_stands_where_nothing_of_its_kind_may_is_noticed(
    connection: sqlite3.Connection, change: str
) -> None:
    """Damage that no rule of a table keeps out."""
    for number in range(postings.TOGETHER):
        put(connection, **{f"f{number}": "seal"})
    connection.execute("INSERT INTO gone VALUES (1)")
    for table in ("parts", "postings"):
        connection.execute(f"CREATE TABLE other AS SELECT * FROM {table}")
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"ALTER TABLE other RENAME TO {table}")
    table, _, change = change.partition(".")
    connection.execute(f"UPDATE {table} SET {change}")
    for work in (postings.tidy, postings.merge):
        with pytest.raises(sqlite3.DatabaseError, match="damaged"):
            work(connection)


def test_a_word_in_a_place_that_is_nowhere_is_noticed(connection: sqlite3.Connection) -> None:
    for number in range(postings.TOGETHER):
        put(connection, **{f"f{number}": "seal"})
    # of one word in one region: how many words, its number, where it begins and ends, its place
    connection.execute(
        "UPDATE postings SET packed = CAST(substr(packed, 1, 16) || x'0100' || substr(packed, 19) AS BLOB)"
    )
    for work in (lambda: found(connection, "seal"), lambda: postings.merge(connection)):
        with pytest.raises(sqlite3.DatabaseError, match="damaged"):
            work()
    connection.execute(
        "UPDATE postings SET packed = CAST(substr(packed, 1, 16) || x'0000' || substr(packed, 19) AS BLOB)"
    )
    assert len(found(connection, "seal")) == postings.TOGETHER
    connection.execute("DELETE FROM parts WHERE id = 1")
    with pytest.raises(sqlite3.DatabaseError, match="damaged"):
        found(connection, "seal")


def test_parts_of_several_levels_become_one_in_the_order_of_their_files(
    connection: sqlite3.Connection,
) -> None:
    """A part of the last level may have been made before one of older files."""
    for number in range(9, 11):
        put(connection, **{f"f{number}": "seal owl"})
    for number in range(1, 9):
        put(connection, **{f"f{number}": "seal owl"})
    connection.execute("UPDATE parts SET level = 1 WHERE id > 2")
    connection.execute("INSERT INTO gone VALUES (5)")
    postings.tidy(connection)
    regions = Regions(connection)
    both = regions.having(["seal", "owl"], WEIGHTS)
    assert (regions.ids[both.places] >> SHIFT).tolist() == [1, 2, 3, 4, 6, 7, 8, 9, 10]
    assert found(connection, "seal") == [1, 2, 3, 4, 6, 7, 8, 9, 10]
