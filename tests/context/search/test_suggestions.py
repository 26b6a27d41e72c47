"""Which files are offered for a question, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from docstra_tui.context.search.index.reader import IndexReader
from docstra_tui.context.search.ranking.weights import WEIGHTS
from docstra_tui.context.search.suggestions import NOT_FOUND, filled, suggest
from tests.context.search.indexed import indexed

RETRY = '''"""Requests that are sent more than once."""

LONGEST_PAUSE = 30


class Retry:
    """How often a request is repeated, and after which delay."""

    def backoff(self, attempt: int) -> float:
        return min(2**attempt, LONGEST_PAUSE)
'''
FILLING = "\n\n".join(f"def step_{number}(value):\n    return value + {number}" for number in range(40))

FILES = {
    "shop/http/retry.py": RETRY,
    "shop/http/__init__.py": "from shop.http.retry import Retry\n",
    "shop/basket.py": "class Basket:\n    def add(self, article):\n        self.articles.append(article)\n",
    "shop/client.py": "from shop.http import Retry\n\n\ndef get(url):\n    return Retry().backoff(1)\n",
    "shop/steps.py": FILLING,
    "shop/tree.py": "class DirectoryTree:\n    def expandNode(self, node):\n"
    "        raise OSError('no such node')\n",
    "tests/test_retry.py": "from shop.http.retry import Retry\n\n\ndef test_backoff():\n"
    "    assert Retry().backoff(1) == 2  # how long a retry waits before the next attempt\n",
    "docs/retry.md": "# Retry\n\nHow long a retry waits before the next attempt: backoff.\n",
    "notes.txt": "nothing of interest\n",
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexReader]:
    with indexed(tmp_path_factory.mktemp("shop"), FILES) as opened:
        yield opened


def offered(reader: IndexReader, question: str, **given: object) -> list[str]:
    return [one.path for one in suggest(reader, question, **given).files]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("How long is the backoff of a retry?", "shop/http/retry.py"),
        ("What does expandNode do?", "shop/tree.py"),
        ('It says "no such node": where?', "shop/tree.py"),
        # none of the code's own words
        ("How much time goes by until it tries again?", "shop/http/retry.py"),
        ("What opens a folder so that one sees what is inside?", "shop/tree.py"),
        ("Where are things put into the cart?", "shop/basket.py"),
    ],
)
def test_the_file_that_answers_comes_first(reader: IndexReader, question: str, path: str) -> None:
    assert offered(reader, question)[0] == path


def test_tests_and_documents_come_after_code_unless_they_are_asked_for(reader: IndexReader) -> None:
    assert offered(reader, "How long does a retry wait before the next attempt?")[0] == "shop/http/retry.py"
    assert offered(reader, "Which test has how long a retry waits?")[0] == "tests/test_retry.py"
    assert offered(reader, "Where do the docs say how long a retry waits?")[0] == "docs/retry.md"


def test_what_is_ticked_is_not_offered(reader: IndexReader) -> None:
    question = "How long is the backoff of a retry?"
    every = offered(reader, question)
    assert offered(reader, question, ticked=[every[0]]) == every[1:]
    assert offered(reader, question, limit=2) == every[:2]


def test_the_best_lines_are_those_that_answer(reader: IndexReader) -> None:
    best = suggest(reader, "What does step_37 return?").files[0]
    assert best.path == "shop/steps.py"
    assert best.lines is not None
    first, last = best.lines
    assert "def step_37" in "\n".join(FILLING.split("\n")[first - 1 : last])
    assert best.score == 1


def test_other_words_are_looked_for_as_well(reader: IndexReader) -> None:
    assert offered(reader, "Who?") == []
    assert offered(reader, "Who?", words=("expandNode", "directory tree"))[0] == "shop/tree.py"


@pytest.mark.parametrize(
    "question",
    [
        "",
        "?",
        "the of and",
        '"""',
        "NEAR(a b) OR * ^ -",
        "path: {names} AND",
        "\x00\ud800",
        "a" * 100_000,
        "„ ”" * 9,
    ],
)
def test_a_question_may_be_anything(reader: IndexReader, question: str) -> None:
    assert suggest(reader, question).is_complete


def reason(reader: IndexReader, question: str, path: str, **given: object) -> str:
    offered = suggest(reader, question, **given).files  # type: ignore[arg-type]
    return next(one.reason for one in offered if one.path == path)


def test_a_file_says_why_it_is_offered(reader: IndexReader) -> None:
    assert reason(reader, "What does expandNode do?", "shop/tree.py") == "defines DirectoryTree.expandNode"
    assert reason(reader, "How long is the backoff?", "shop/http/retry.py").startswith(
        "defines Retry.backoff, about backoff"
    )
    question = "How long is the backoff of a retry?"
    used = reason(reader, question, "shop/http/retry.py", ticked=["shop/client.py", "tests/test_retry.py"])
    assert used.endswith("; used by 2 ticked files")


def test_what_belongs_to_ticked_files_is_offered(reader: IndexReader) -> None:
    """The file has nothing of the question, but what the ticked one uses."""
    assert offered(reader, "Which article?") == ["shop/basket.py"]
    assert offered(reader, "Which article?", ticked=["shop/client.py"]) == [
        "shop/basket.py",
        "shop/http/retry.py",
    ]
    assert offered(reader, "And?", ticked=["shop/client.py"]) == ["shop/http/retry.py"]


def test_each_signal_can_be_left_out(reader: IndexReader) -> None:
    """That is how the figures in docs/search.md were made."""
    question = "How much time goes by until it tries again?"
    assert offered(reader, question, weights=replace(WEIGHTS, others=0, phrases=0, related=0)) == []


@pytest.mark.parametrize(
    "question", ["How long is the backoff of a retry?", "Where are things put into the cart?"]
)
def test_of_many_files_only_the_likeliest_are_told_of(reader: IndexReader, question: str) -> None:
    every = offered(reader, question, weights=replace(WEIGHTS, related=0))
    few = offered(reader, question, weights=replace(WEIGHTS, related=0), limit=2)
    assert few[0] == every[0]
    assert few == every[:2]


def test_who_wants_so_many_paths_gets_others_behind_what_was_found(reader: IndexReader) -> None:
    found = suggest(reader, "What does expandNode do?", ticked=["notes.txt"])
    more = filled(reader, found, ticked=["notes.txt"]).files
    assert more[: len(found.files)] == found.files
    assert {one.path for one in more} == FILES.keys() - {"notes.txt"}
    others = more[len(found.files) :]
    assert {(one.reason, one.score) for one in others} == {(NOT_FOUND, 0.0)}
    assert others[0].path == "shop/basket.py"  # beside the file that was found
    assert len(filled(reader, found, limit=3).files) == 3
    assert filled(reader, found, limit=1) == found
