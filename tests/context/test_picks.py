"""What is picked, its order and its names; and which names are not picked without a word."""

from __future__ import annotations

import pytest

from docstra_tui.context.picks import Pick, with_lines, without_lines
from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.llm.items import ContextItem


def test_a_pick_is_called_what_its_item_is_called() -> None:
    assert Pick("a.py").label == ContextItem("", "a.py").label
    assert Pick("a.py", 3, 9).label == ContextItem("", "a.py", "", 3, 9).label == "a.py:3-9"


def test_picks_stand_in_the_order_of_the_tree() -> None:
    picks = [Pick("b.py"), Pick("A.py", 9, 10), Pick("A.py", 1, 2), Pick("pkg/z.py")]
    assert [pick.label for pick in sorted(picks, key=lambda pick: pick.place)] == [
        "pkg/z.py",
        "A.py:1-2",
        "A.py:9-10",
        "b.py",
    ]


@pytest.mark.parametrize(
    ("ranges", "lines", "left"),
    [
        ([], (3, 9), [(3, 9)]),
        ([(1, 10)], (11, 20), [(11, 20)]),
        ([(1, 10)], (3, 5), []),
        ([(1, 10)], (5, 20), [(11, 20)]),
        ([(5, 6), (10, 12)], (1, 20), [(1, 4), (7, 9), (13, 20)]),
        ([(1, 30)], (5, 30), []),
    ],
)
def test_what_no_range_holds_is_left(
    ranges: list[tuple[int, int]], lines: tuple[int, int], left: list[tuple[int, int]]
) -> None:
    assert without_lines(ranges, *lines) == left


@pytest.mark.parametrize(
    ("ranges", "lines", "becomes"),
    [
        ([], (3, 9), [(3, 9)]),
        ([(20, 30)], (3, 9), [(3, 9), (20, 30)]),
        ([(3, 9)], (10, 12), [(3, 12)]),
        ([(3, 9), (20, 30)], (8, 25), [(3, 30)]),
        ([(1, 50)], (8, 25), [(1, 50)]),
    ],
)
def test_lines_that_overlap_or_touch_are_one_range(
    ranges: list[tuple[int, int]], lines: tuple[int, int], becomes: list[tuple[int, int]]
) -> None:
    assert with_lines(ranges, *lines) == becomes


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "deploy/.env.production",
        "server.pem",
        "id_rsa",
        "home/id_ed25519",
        "tls/SERVER.KEY",
        ".netrc",
        "credentials.json",
        "credentials",
        "vault.kdbx",
        *("prod.env", ".npmrc", ".git-credentials", "app.p12", "infra/main.tfstate", "main.tfstate.backup"),
        *(".htpasswd", "secrets.yaml", "secrets.toml", "credentials.yml.enc", "_netrc", ".pypirc"),
        ".aws/config",
        ".ssh/known_hosts",
    ],
)
def test_a_file_that_may_hold_secrets_is_known_by_its_name(path: str) -> None:
    assert may_hold_secrets(path)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "id_rsa.pub",
            "id_map.py",
            "credentials.go",
            "environment.py",
            "keys.py",
            ".env.example",
            "a.pem.md",
        ),
        *("secrets.py", "secrets.ts", "credentials.tsx", "secretsanta.txt", "prod.env.example", "env"),
    ],
)
def test_source_that_is_only_called_like_one_is_not(path: str) -> None:
    assert not may_hold_secrets(path)
