"""Our own reading of `.gitignore` against two others: git, where there is one, and pathspec.

Rules and names are drawn from few characters, so that they often meet. pathspec differs from git in
brackets, in several stars, in names that are not ASCII and in a rule that takes something back below a
folder that is ignored; there git alone is asked.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from docstra_tui.context.files.ignore import IgnoreRules
from tests.context.files.test_ignore import fill, ignored_by_git, make_repository

SEED = 20261127
PIECES = ["a", "b", "ab", "*", "**", "?", "/", "/", ".py", ".", "-", " ", "!", "#", "[ab]", "[!a]", "[a-c]"]
ODD = ["\\", "[", "]", "^", "ä", "[[:alpha:]]", "\t", "$", "(", "|", "+", "{a,b}"]
NAMES = ["a", "b", "ab", "ba", "aab", "c", "a.py", "b.py", ".a", "a-b", "#a", "!a", "a b", "ä", "[a", "$"]


def a_rule(draw: random.Random, pieces: list[str]) -> str:
    return "".join(draw.choices(pieces, k=draw.randint(1, 6)))


def some_paths(draw: random.Random, count: int) -> list[str]:
    """Files in up to three folders; no name is both a file and a folder."""
    folders = {"", *("/".join(draw.choices(NAMES, k=draw.randint(1, 3))) + "/" for _ in range(count // 2))}
    taken = {folder[: at + 1] for folder in folders for at, char in enumerate(folder) if char == "/"}
    drawn = {draw.choice(sorted(folders)) + draw.choice(NAMES) for _ in range(count)}
    return sorted(path for path in drawn if f"{path}/" not in taken)


def ours(root: Path, paths: list[str]) -> set[str]:
    rules = IgnoreRules(root)
    return {path for path in paths if rules.is_ignored(path, False)}


@pytest.mark.parametrize("rules_in_a_file", [1, 4])
def test_drawn_rules_mean_what_git_says(tmp_path: Path, rules_in_a_file: int) -> None:
    draw = random.Random(SEED + rules_in_a_file)
    make_repository(tmp_path)
    paths: list[str] = []
    for number in range(200):
        folder = f"d{number}"
        lines = [a_rule(draw, PIECES + ODD) for _ in range(rules_in_a_file)]
        names = [f"{folder}/{path}" for path in some_paths(draw, 20)]
        fill(tmp_path, names)
        (tmp_path / folder / ".gitignore").write_text("\n".join(lines) + "\n")
        paths += names

    told = ours(tmp_path, paths)
    assert 100 < len(told) < len(paths) - 100  # both happen often
    if shutil.which("git") is None:
        return
    git = ignored_by_git(tmp_path, paths)

    def rules_of(path: str) -> list[str]:
        return (tmp_path / path.partition("/")[0] / ".gitignore").read_text().splitlines()

    assert {path: rules_of(path) for path in told ^ git} == {}


def read_alike(rule: str) -> bool:
    """Rules that pathspec reads as git does."""
    parts = rule.removesuffix("/").removeprefix("/").split("/")
    return (
        all(part.count("*") <= 1 for part in parts)
        and all(parts)
        and parts != ["*"]
        and rule[0] not in "!#"
        and rule == rule.strip()
        and "[" not in rule
    )


@pytest.mark.parametrize("rules_in_a_file", [1, 3])
def test_drawn_rules_mean_what_pathspec_says(tmp_path: Path, rules_in_a_file: int) -> None:
    draw = random.Random(SEED - rules_in_a_file)
    for _ in range(400):
        lines: list[str] = []
        while len(lines) < rules_in_a_file:
            rule = a_rule(draw, PIECES)
            if read_alike(rule):
                lines.append(rule)
        paths = [path for path in some_paths(draw, 20) if path.isascii()]
        (tmp_path / ".gitignore").write_text("\n".join(lines) + "\n")

        told = ours(tmp_path, paths)

        assert told == set(GitIgnoreSpec.from_lines(lines).match_files(paths)), lines
