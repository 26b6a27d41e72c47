"""Files that belong to others, by what they use and define."""

from __future__ import annotations

import sqlite3

import pytest

from docstra_tui.context.search.extraction import extract
from docstra_tui.context.search.index import shape
from docstra_tui.context.search.index.extracted import extracted
from docstra_tui.context.search.ranking.graph import Related, related

PROJECT = {
    "pkg/__init__.py": "from .http import Retry\n",
    "pkg/http.py": "class Retry:\n    def wait_longer(self): ...\n\ndef open_socket(): ...\n",
    "other/thing.py": "class Retry:\n    pass\n",
    "pkg/client.py": "from .http import Retry\nfrom .texts import to_text\n\nto_text(Retry().go())\n",
    "app.py": "from pkg import Retry\n\nRetry()\n",
    "pkg/texts.py": "def to_text(a): ...\n",
    "pkg/lonely.py": "value = 1\n",
    "README.md": "# Retry\n",
    "setup.cfg": "[Retry]\n",
    **{f"pkg/many{number}.py": "from .texts import to_text\nto_text(1)\n" for number in range(200)},
}


@pytest.fixture(scope="module")
def index() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    shape.make(connection)
    for path, content in PROJECT.items():
        found = extracted(extract(path, content), content.count("\n"))
        file, _ = shape.put(connection, path, (1, 1, 1), found)
        shape.put_all(connection, [(file, path, found)])
    return connection


def ids(index: sqlite3.Connection) -> dict[str, int]:
    return dict(index.execute("SELECT path, id FROM files"))


def found(index: sqlite3.Connection, *paths: str, terms: tuple[str, ...] = ()) -> dict[str, float]:
    paths_of = {file: path for path, file in ids(index).items()}
    scores = seen(index, *paths, terms=terms).scores
    return {paths_of[file]: score for file, score in sorted(scores.items(), key=lambda one: -one[1])}


def seen(index: sqlite3.Connection, *paths: str, terms: tuple[str, ...] = ()) -> Related:
    return related(index, {ids(index)[path]: 1.0 for path in paths}, terms)


def test_what_a_file_uses_belongs_to_it_and_what_everybody_uses_hardly(index: sqlite3.Connection) -> None:
    scores = found(index, "pkg/client.py")
    assert next(iter(scores)) == "pkg/http.py" and scores["pkg/http.py"] == 1.0
    assert scores["other/thing.py"] < scores["pkg/http.py"], "its imports say which of both it means"
    assert scores["pkg/texts.py"] < scores["pkg/http.py"]
    assert not {"README.md", "setup.cfg", "pkg/lonely.py"} & set(scores)


def test_what_a_package_passes_on_is_that_of_its_module(index: sqlite3.Connection) -> None:
    scores = found(index, "app.py")
    assert next(iter(scores)) == "pkg/http.py" and scores["pkg/http.py"] > scores["other/thing.py"]


def test_who_uses_a_file_belongs_to_it(index: sqlite3.Connection) -> None:
    scores = found(index, "pkg/http.py")
    assert {"pkg/client.py", "pkg/__init__.py"} <= set(scores)
    assert not any(path.startswith("pkg/many") for path in found(index, "pkg/texts.py")), "all say nothing"


def test_a_file_says_what_it_is_used_for_and_by_whom(index: sqlite3.Connection) -> None:
    files = ids(index)
    links = seen(index, "pkg/client.py", "pkg/__init__.py", "pkg/many1.py").links
    assert links[files["pkg/http.py"]].name == "Retry"
    assert links[files["pkg/http.py"]].users == {files["pkg/client.py"], files["pkg/__init__.py"]}
    assert links[files["pkg/texts.py"]].users == {files["pkg/client.py"], files["pkg/many1.py"]}


def test_a_word_of_the_question_makes_its_names_weigh_more(index: sqlite3.Connection) -> None:
    plain, asked = (found(index, "pkg/client.py", terms=terms) for terms in ((), ("text",)))
    assert asked["pkg/texts.py"] > plain["pkg/texts.py"]


def test_of_nothing_there_is_nothing(index: sqlite3.Connection) -> None:
    assert related(index, {}) == Related()
    assert related(index, {999_999: 1.0}, ["retry"]).scores == {}
    assert found(index, "pkg/lonely.py") == {}
