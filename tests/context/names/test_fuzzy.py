"""Paths are found by a few of their letters, what a person means first."""

from __future__ import annotations

import time
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from docstra_tui.context.names import fuzzy
from docstra_tui.context.names.fuzzy import Block, candidates, first_paths, letters_of, rank


def best(query: str, blocks: Sequence[Block], limit: int = 200) -> list[str]:
    """What a query finds in paths that are all known."""
    wanted = letters_of(query)
    if not wanted:
        return first_paths(blocks, limit)
    found, _ = candidates(wanted, blocks)
    return rank(wanted, found, limit)


def first(query: str, paths: Sequence[str]) -> str:
    return best(query, [Block(paths)])[0]


def test_the_order_is_what_a_person_means() -> None:
    assert (
        first("client", ["src/clients/old.py", "docs/the_client_guide.md", "src/client.py"])
        == "src/client.py"
    )
    assert first("ft", ["left.py", "tui/FileTree.py", "gift.md"]) == "tui/FileTree.py"
    assert first("fit", ["profits/a.py", "context/fit.py", "fixtures/item.py"]) == "context/fit.py"
    assert first("tui/app", ["tests/tui/test_app.py", "docstra_tui/tui/app.py"]) == "docstra_tui/tui/app.py"
    assert first("test retry", ["retry/test.py", "tests/test_retry.py"]) == "tests/test_retry.py"
    assert first("READ", ["src/read.py", "README.md"]) == "README.md"
    assert first("v2", ["archive12.py", "api_v2.py"]) == "api_v2.py"


def test_a_good_match_with_a_long_path_is_not_lost_in_the_crowd() -> None:
    crowd = sorted((f"src/clt{n % 7}/ixe{n}.py" for n in range(20_000)), key=len)
    wanted = "a/very/long/way/down/to/the/client_index.py"
    blocks = [Block(part) for part in (crowd[:4096], crowd[4096:], [wanted])]
    assert best("client_index", blocks)[0] == wanted
    assert best("ci", blocks, 5)[0] == wanted


names = st.text(alphabet="abAB1_./-\n ", min_size=1, max_size=12)


@given(st.lists(names, max_size=40, unique=True), st.text(alphabet="abB1_./ ", max_size=5))
def test_exactly_the_paths_with_the_letters_in_order_are_found(paths: list[str], query: str) -> None:
    blocks = [Block(paths[:7]), Block(paths[7:])]
    wanted = letters_of(query)

    def matches(path: str) -> bool:
        letters = iter("/" + path.lower().replace("\n", " "))
        return all(letter in letters for letter in wanted)

    found = best(query, blocks, 100)
    assert sorted(found) == sorted(path for path in paths if matches(path))


def test_a_keystroke_over_a_hundred_thousand_paths_is_quick() -> None:
    paths = sorted((f"module_{n % 300}/sub/file_{n}.py" for n in range(100_000)), key=len)
    blocks = [Block(paths[start : start + fuzzy.BLOCK]) for start in range(0, len(paths), fuzzy.BLOCK)]
    for query in ("f", "m2", "file", "zzz", "m299f99", "file_99999"):
        took = []
        for _ in range(3):
            start = time.thread_time()
            best(query, blocks)
            took.append(time.thread_time() - start)
        assert min(took) < 0.15, query  # 0.03 on an idle machine
