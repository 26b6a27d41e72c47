"""The benchmark of suggestions counts as its questions are meant."""

from __future__ import annotations

from pathlib import Path

from benchmarks.localisation.__main__ import OWN, asked
from benchmarks.localisation.corpora import CORPORA
from benchmarks.localisation.naming import WAYS, asked_of, named
from benchmarks.localisation.scoring import measured, read, summed
from docstra_tui.context.search.ranking.weights import WEIGHTS
from tests.context.search.indexed import indexed


def test_what_a_list_of_files_is_worth() -> None:
    gold = frozenset({"b.py", "i.py"})
    assert measured(gold, ["a.py", "b.py"]) == {
        "hit@1": 0, "hit@5": 1, "hit@8": 1, "recall@8": 0.5, "MRR": 0.5,
    }  # fmt: skip
    assert measured(gold, [*"acdefgh", "i.py"])["hit@8"] == 1
    assert measured(gold, [*"acdefghj", "i.py"]) == {
        "hit@1": 0, "hit@5": 0, "hit@8": 0, "recall@8": 0, "MRR": 1 / 9,
    }  # fmt: skip
    assert set(measured(gold, []).values()) == {0}


def test_a_set_of_questions_is_asked_of_the_index_of_its_corpus(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text(
        '{"id": "1", "corpus": "zoo", "question": "Who swims?", "gold": ["seal.py"], "style": "plain"}\n'
        '{"id": "2", "corpus": "zoo", "question": "Who flies?", "gold": ["seal.py"], "style": "named"}\n'
    )
    questions = read(tmp_path / "set.jsonl")
    with indexed(tmp_path, {"seal.py": "def swim(): ...\n", "owl.py": "def flies(): ...\n"}) as reader:
        answers, _ = asked({"zoo": reader}, questions)
    assert answers == [("seal.py",), ("owl.py",)]
    figures = summed(zip(questions, answers, strict=True))
    assert {group: row["hit@1"] for group, row in figures.items()} == {
        "all": 0.5, "style=plain": 1, "style=named": 0, "corpus=zoo": 0.5,
    }  # fmt: skip


def test_files_are_named_in_all_ways(tmp_path: Path) -> None:
    files = {"zoo/SealPool.py": "def swim(): ...\n", "zoo/__init__.py": "x = 1\n", "zoo/1.py": "y = 2\n"}
    with indexed(tmp_path, files) as reader:
        found = named({"zoo": reader}, WEIGHTS)
    assert found == dict.fromkeys(WAYS, 1.0)
    assert next(question for way, question, _ in asked_of("zoo/SealPool.py") if way == "with dots") == (
        "What does zoo.SealPool export?"
    )
    assert {name for way, _, name in asked_of("zoo/SealPool.py") if way == "as it is"} == {"sealpoolpy"}


def test_the_own_questions_are_about_the_own_corpora() -> None:
    questions = read(OWN)
    assert {question.corpus for question in questions} == {corpus.name for corpus in CORPORA}
    assert len({question.id for question in questions}) == len(questions) >= 90
    assert all(question.gold for question in questions)
