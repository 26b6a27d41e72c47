"""The index of a project: what is in it, what is not, and that it follows the files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from docstra_tui.context.search.index import database, place, shape
from docstra_tui.context.search.index.building import Building, Progress, Stopped
from docstra_tui.context.search.index.extracted import Extracted, Wanted
from docstra_tui.context.search.index.reader import IndexReader
from docstra_tui.context.search.index.worker import look_at
from docstra_tui.context.search.suggestions import filled, suggest
from docstra_tui.errors import NoIndex
from tests.context.search.indexed import paths_with

OLD = 1_600_000_000
PART, MORE = "regions, lengths, kinds", ", ".join(["(1)"] * 8)
"""As many parts as are merged."""


class Project:
    """Files, and an index of them that is made in this process."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.root.mkdir()
        self.index = folder / "index" / place.FILE
        self.read: list[str] = []
        self.told: list[Progress] = []

    def write(self, path: str, content: str | bytes = "", *, seconds: int = OLD) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.utime(file, (seconds, seconds))

    def refresh(self, *, stop_after: int | None = None) -> list[str]:
        """The files that were read for it."""
        self.read.clear()

        def read(files: Sequence[Wanted]) -> Iterator[tuple[Wanted, Extracted]]:
            for wanted in files:
                self.read.append(wanted.path)
                yield wanted, look_at(self.root, wanted)

        building = Building(
            self.root,
            read,
            told=self.told.append,
            is_stopped=lambda: stop_after is not None and len(self.read) >= stop_after,
        )
        database.written(self.index, building.run)
        return sorted(self.read)

    def found(self, *texts: str) -> list[str]:
        with IndexReader(self.index) as reader:
            return paths_with(reader, *texts)

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with IndexReader(self.index) as reader:
            return reader.connection.execute(statement, values).fetchall()

    @property
    def is_complete(self) -> bool:
        with IndexReader(self.index) as reader:
            return reader.is_complete

    @property
    def left_out(self) -> dict[str, int]:
        with IndexReader(self.index) as reader:
            return reader.left_out()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_follows_the_files_and_reads_only_what_changed(project: Project) -> None:
    project.write("src/walrus.py", "class Walrus:\n    def swim(self):\n        return 'flippers'\n")
    project.write("readme.md", "# Penguins\n\nThey waddle.\n")
    project.write("gone.txt", "for a short time\n")
    assert project.refresh() == ["gone.txt", "readme.md", "src/walrus.py"]
    assert project.is_complete
    assert project.found("flippers") == project.found("src walrus") == ["src/walrus.py"]
    assert project.rows("SELECT name, line, end FROM definitions WHERE name LIKE 'Walrus%'") == [
        ("Walrus", 1, 3),
        ("Walrus.swim", 2, 3),
    ]
    assert project.refresh() == []
    (project.root / "gone.txt").unlink()
    project.write("readme.md", "# Albatrosses\n", seconds=OLD + 1)
    os.rename(project.root / "src", project.root / "lib")
    assert project.refresh() == ["lib/walrus.py", "readme.md"]
    assert project.found("albatrosses") == ["readme.md"]
    assert project.found("waddle", "time") == []
    assert project.found("flippers") == ["lib/walrus.py"]
    assert project.told[-1] == Progress(2, 2)


def test_a_file_that_was_just_written_is_read_once_more(project: Project) -> None:
    project.write("a.txt", "first\n")
    (project.root / "b.txt").write_text("first\n")
    project.refresh()
    status = os.stat(project.root / "b.txt")
    (project.root / "b.txt").write_text("other\n")
    os.utime(project.root / "b.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert project.refresh() == ["b.txt"]
    assert project.found("other") == ["b.txt"]


def test_what_is_not_to_be_looked_at_is_out_and_told(project: Project) -> None:
    outside = project.root.parent / "outside.txt"
    outside.write_text("elsewhere\n")
    project.write(".gitignore", "ignored*\n")
    project.write("ignored.py", "ignored_word = 1\n")
    project.write(".hidden.py", "hidden_word = 1\n")
    project.write("prod.env", "PASSWORD=elephant\n")
    project.write("picture.png", b"\x89PNG elephant")
    project.write("noise.txt", b"elephant\0\1\2" * 99)
    project.write("big.py", "elephant = 1\n" * 90_000)
    project.write("yarn.lock", "elephant\n")
    project.write("rows.csv", "elephant,1\n" * 20_000)
    project.write("packed.js", "elephant();" * 5_000)
    project.write(os.fsdecode(b"caf\xe9.txt"), "elephant\n")
    project.write("odd\nname.txt", "giraffe\n")
    (project.root / "link.txt").symlink_to(outside)
    (project.root / "way").symlink_to(outside.parent)
    project.refresh()
    assert project.found("elephant") == project.found("elsewhere", "hidden", "ignored") == []
    assert project.found("giraffe") == ["odd\nname.txt"]
    assert project.found("big") == ["big.py"]
    assert project.found("yarn", "rows", "packed") == ["packed.js", "rows.csv", "yarn.lock"]
    assert project.found("picture", "noise") == []
    assert project.left_out == {
        "no text": 2,
        "too large": 1,
        "made by a program": 1,
        "data": 1,
        "minified": 1,
        "may be secret": 1,
        "has no name in UTF-8": 1,
    }


def test_a_key_in_a_file_is_not_kept_and_the_file_is(project: Project) -> None:
    key = "ghp_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"
    project.write("deploy.py", f'TOKEN = "{key}"\nregion = "antarctica"\n')
    project.refresh()
    assert project.found("antarctica") == ["deploy.py"]
    assert project.found(key.lower()) == []
    assert key.encode() not in project.index.read_bytes()


def test_nothing_is_left_of_files_that_are_gone(project: Project) -> None:
    for number in range(30):
        project.write(f"{number}.py", f"import os\nclass Penguin{number}:\n    def walk(self): os.getcwd()\n")
    project.refresh()
    assert b"Penguin" in project.index.read_bytes()
    for number in range(30):
        (project.root / f"{number}.py").unlink()
    project.refresh()
    for table in ("files", "region_lines", "definitions", "uses", "imports", "postings", "parts", "gone"):
        assert project.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    assert project.found("walk", "py") == []
    assert b"Penguin" not in project.index.read_bytes()


def test_one_that_was_stopped_goes_on(project: Project) -> None:
    for number in range(5):
        project.write(f"{number}.txt", f"seal{number}\n")
    with pytest.raises(Stopped):
        project.refresh(stop_after=2)
    assert not project.is_complete
    assert project.told[-1] == Progress(2, 5)
    assert len(project.refresh()) == 3
    assert project.is_complete
    assert project.found("seal0", "seal4") == ["0.txt", "4.txt"]


@pytest.mark.parametrize("kind", ["noise", "foreign", "newer", "cut"])
def test_a_broken_or_foreign_file_is_made_anew(project: Project, kind: str) -> None:
    project.write("a.txt", "seal\n")
    project.refresh()
    with IndexReader(project.index) as reader:
        assert reader.is_complete
        if kind == "noise":
            project.index.write_bytes(os.urandom(8192))
        elif kind == "cut":
            with open(project.index, "r+b") as file:
                file.truncate(4096 * 3)
        else:
            project.index.unlink()
            with sqlite3.connect(project.index) as connection:
                connection.execute("CREATE TABLE files (name TEXT)")
                connection.execute(f"PRAGMA user_version = {shape.VERSION + (kind == 'newer')}")
        assert project.refresh() == ["a.txt"]
        assert reader.is_complete  # asked once more, the new one answers
    assert project.found("seal") == ["a.txt"]


def test_its_file_is_private(project: Project) -> None:
    project.write("a.txt", "seal\n")
    project.refresh()
    assert project.index.stat().st_mode & 0o777 == 0o600
    assert project.index.parent.stat().st_mode & 0o777 == 0o700


def test_what_is_damaged_in_it_has_it_made_anew(project: Project) -> None:
    project.write("a.txt", "seal\n")
    project.write("b.txt", "owl\n")
    project.refresh()
    for statement in (
        "UPDATE postings SET packed = x'00'",
        "UPDATE parts SET kinds = x''",
        f"UPDATE sqlite_sequence SET seq = {1 << 60}",  # a number that nothing of ours can be
    ):
        with closing(sqlite3.connect(project.index)) as connection, connection:
            connection.execute(statement)
            connection.execute(f"INSERT INTO parts SELECT NULL, 0, {PART} FROM parts, (VALUES {MORE})")
        (project.root / "a.txt").write_text("seal again\n")
        assert {*project.refresh()} == {"a.txt", "b.txt"}
        assert project.found("seal") == ["a.txt"]


def test_what_sqlite_says_in_bytes_of_a_damaged_file_breaks_nobody(project: Project) -> None:
    project.write("a.txt", "seal\n")
    project.refresh()
    table = b"CREATE TABLE files"
    assert project.index.read_bytes().count(table) == 1
    project.index.write_bytes(project.index.read_bytes().replace(table, b"CREATE\xff\xffABLE files"))
    with IndexReader(project.index) as reader:
        with pytest.raises(sqlite3.DatabaseError, match="damaged"):
            suggest(reader, "seal")
        with pytest.raises(NoIndex, match="damaged"):
            reader.count()
    assert project.refresh() == ["a.txt"]


@pytest.mark.parametrize(
    "change",
    [
        "uses SET count = -1",
        "uses SET count = 'x'",
        "uses SET name = CAST(name AS BLOB)",
        "files SET path = CAST(path AS BLOB)",
        "files SET id = id + 100",
        "region_lines SET start = 'x'",
        "definitions SET called = x'41'",
    ],
)
def test_a_question_to_a_damaged_one_is_answered_or_refused(project: Project, change: str) -> None:
    """By a sentence, and not by whatever breaks on it."""
    project.write("seal.py", "def swim(): ...\n\n\nclass Seal:\n    pass\n")
    project.write("owl.py", "from seal import Seal, swim\n\nSeal()\nswim(Seal)\n")
    project.write("empty.py")
    project.refresh()
    with closing(sqlite3.connect(project.index)) as connection, connection:
        connection.execute(f"UPDATE OR IGNORE {change}")
    with IndexReader(project.index) as reader:
        try:
            found = suggest(reader, "Which seal and owl swim()?", ticked=["owl.py"])
            filled(reader, found)
        except sqlite3.DatabaseError as error:
            assert "damaged" in f"{error}"
        else:
            assert change in ("files SET id = id + 100", "definitions SET called = x'41'")


def test_what_is_left_out_is_told_as_far_as_it_is_whole(project: Project) -> None:
    project.write("picture.png", b"\x89PNG")
    project.write("other.png", b"\x89PNG")
    project.refresh()
    for said in ('{"may be secret": "x", "beyond the limit": 1, "data": null}', "[1]", "{"):
        with closing(sqlite3.connect(project.index)) as connection, connection:
            connection.execute("UPDATE files SET left_out = x'ff' WHERE path = 'other.png'")
            shape.remember(connection, left_out=said)
        assert project.left_out == {"no text": 1} | ({"beyond the limit": 1} if "limit" in said else {})


def test_one_of_other_tables_is_none_and_is_not_asked(project: Project) -> None:
    project.write("a.txt", "seal\n")
    project.refresh()
    with sqlite3.connect(project.index) as connection:
        connection.execute(f"PRAGMA user_version = {shape.VERSION - 1}")
    with pytest.raises(NoIndex, match="no index"):
        IndexReader(project.index)
    project.refresh()
    assert IndexReader(project.index).is_complete
