"""A file that a question names comes first, and one whose name is an ordinary word of it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from docstra_tui.context.search.filenames import names_of
from docstra_tui.context.search.index.reader import IndexReader
from docstra_tui.context.search.ranking.weights import WEIGHTS
from docstra_tui.context.search.suggestions import suggest
from tests.context.search.indexed import indexed

LANGUAGES = '''"""Which language a file is in: of a makefile, a dockerfile, a readme, by its name."""

BY_NAME = {"makefile": "makefile", "gnumakefile": "makefile", "dockerfile": "dockerfile", "pyproject": "toml"}


def language(path):
    """The makefile's is makefile, whatever the settings, the store or the retry state say."""
    return BY_NAME.get(path, "readme")
'''
STORE = "def save(value):\n    return value\n\n\ndef settings_of(index):\n    return index\n"
SHELF = '''"""The index of the store: which settings each article has, and where it is kept."""


def find(article, index, settings):
    """Looks an article up in the index, for the store; the index is read again when settings change."""
    return index.get(article, settings)


def stock(article, store):
    """How many of an article the store has, by the index of its shelf."""
    return store.count(article)
'''
FILES = {
    "shop/language.py": LANGUAGES,
    "shop/shelf.py": SHELF,
    "shop/store.py": STORE,
    "shop/index.py": "import shop.store\n",
    "shop/settings.py": "LIMIT = 3\n",
    "shop/screens/settings.py": "def draw(settings):\n    '''Settings, settings, settings.'''\n",
    "shop/retry_state.py": "class Tries:\n    left = 3\n",
    "shop/RetryPlan.ts": "export const plan = 1;\n",
    "shop/plans.py": "class RetryPlan:\n    pass\n\n\nclass Plans:\n    first = RetryPlan()\n",
    "shop/http/__init__.py": "from shop.http.headers import Headers\n",
    "shop/http/headers.py": "class Headers:\n    pass\n",
    "shop/mail/headers.py": "class Headers:\n    '''headers of http mail headers'''\n",
    "tests/test_store.py": "from shop.store import save\n\n\ndef test_store():\n    assert save(1) == 1\n",
    "docs/store.md": "# The store\n\nThe store is where a store stores what the store has.\n",
    "Makefile": "all:\n\tcc main.c\n",
    "Dockerfile": "FROM scratch\n",
    "pyproject.toml": "[project]\nname = 'shop'\n",
    "README.md": "# Shop\n\nA shop.\n",
    "docs/weather/README.md": "# The readme of the weather\n\nThis readme is a readme.\n",
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexReader]:
    with indexed(tmp_path_factory.mktemp("named"), FILES) as opened:
        yield opened


def first(reader: IndexReader, question: str) -> str:
    return suggest(reader, question).files[0].path


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("What does the Makefile do?", "Makefile"),
        ("explain the makefile", "Makefile"),
        ("Which targets has the makefile?", "Makefile"),
        ("what is in the DOCKERFILE", "Dockerfile"),
        ("Which dependencies does pyproject list?", "pyproject.toml"),
        ("Summarise the readme", "README.md"),
        ("What does settings.py do?", "shop/settings.py"),
        ("What does the settings module check when an article is looked up?", "shop/settings.py"),
        ("what does screens/settings do", "shop/screens/settings.py"),
        ("What does shop.screens.settings export?", "shop/screens/settings.py"),
        (r"explain screens\settings.py", "shop/screens/settings.py"),
        ("What is retry_state for?", "shop/retry_state.py"),
        ("explain the retry state file", "shop/retry_state.py"),
        ("explain RetryState", "shop/retry_state.py"),
        ("explain retrystate", "shop/retry_state.py"),
        ("How does retry_state know an article of the store?", "shop/retry_state.py"),
        ("What does mail/headers.py have?", "shop/mail/headers.py"),
        ("Who uses http/headers?", "shop/http/headers.py"),
        ("What does the http package export?", "shop/http/__init__.py"),
        ("What does the store module do?", "shop/store.py"),
        ("What does store.md say?", "docs/store.md"),
        ("What is tested in test_store?", "tests/test_store.py"),
        ("explain index.py", "shop/index.py"),
    ],
)
def test_a_file_that_is_named_comes_first(reader: IndexReader, question: str, path: str) -> None:
    assert first(reader, question) == path
    offered = suggest(reader, question).files[0]
    assert offered.reason.startswith("named in the question")


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("How does the store find an article in its index?", "shop/shelf.py"),
        ("Which settings of an article does the index of the store look up?", "shop/shelf.py"),
        ("How is the language of a file told by its name, with no settings?", "shop/language.py"),
        ("Where does http.get send its headers of mail?", "shop/mail/headers.py"),
        # the class of that name is what somebody else's file defines
        ("Which plans begin with RetryPlan?", "shop/plans.py"),
    ],
)
def test_an_ordinary_word_names_nothing(reader: IndexReader, question: str, path: str) -> None:
    assert first(reader, question) == path


def test_of_several_called_the_same_the_others_follow(reader: IndexReader) -> None:
    assert [one.path for one in suggest(reader, "What does settings.py do?").files[:2]] == [
        "shop/settings.py",
        "shop/screens/settings.py",
    ]


def test_a_name_counts_nothing_where_that_is_left_out(reader: IndexReader) -> None:
    found = suggest(reader, "Summarise the readme", weights=replace(WEIGHTS, named=0)).files
    assert found[0].path == "docs/weather/README.md"
    assert "named" not in found[0].reason


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("a/RetryState.py", ["retrystate", "retrystatepy"]),
        ("a/retry-state.test.ts", ["retrystatetest", "retrystatetestts"]),
        ("Makefile", ["makefile"]),
        ("a/http/__init__.py", ["init", "initpy", "http"]),
        ("web/Button/index.tsx", ["index", "indextsx", "button"]),
        ("index.js", ["index", "indexjs"]),
        ("a/!!!", []),
        ("Éclair.md", ["eclair", "eclairmd"]),
    ],
)
def test_what_a_file_is_called(path: str, names: list[str]) -> None:
    assert names_of(path) == names


def test_what_moved_is_called_as_it_is_now(tmp_path: Path) -> None:
    with indexed(tmp_path, {"zeppelin.py": "mast = 1\n"}) as reader:
        assert first(reader, "explain the zeppelin") == "zeppelin.py"
        (tmp_path / "project" / "zeppelin.py").rename(tmp_path / "project" / "airship.py")
    with indexed(tmp_path, {}) as reader:
        assert reader.connection.execute("SELECT name FROM named ORDER BY name").fetchall() == [
            ("airship",),
            ("airshippy",),
        ]
        assert first(reader, "explain the airship") == "airship.py"


def test_a_question_of_separators_takes_no_time(reader: IndexReader) -> None:
    for text in ("a/" * 2_000, "a." * 2_000, "_./" * 1_300, "a" * 190 + " b/c " * 700, "-" * 4_000):
        suggest(reader, text)
