"""Which files a typed text names, and which a fragment may mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstra_tui.context.files.language import language_of
from docstra_tui.context.mentions import Mention, awaits_lines, find_mentions, fragment_parts, write_mention


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("what does @src/a.py do?", [Mention("src/a.py")]),
        ("see @a.py, @b.py.", [Mention("a.py"), Mention("b.py")]),
        ("@a.py:3-9 and @a.py:7", [Mention("a.py", 3, 9), Mention("a.py", 7, 7)]),
        ('@"with space.py":3-4!', [Mention("with space.py", 3, 4)]),
        ('@a.py:3- and @"b c":7-', [Mention("a.py", 3), Mention("b c", 7)]),
        ("me@host.py and a@b", []),
        ("@a.py\n@b.py", [Mention("a.py"), Mention("b.py")]),
        ("@app/[slug]/page.tsx @f(1).py", [Mention("app/[slug]/page.tsx"), Mention("f(1).py")]),
        ("twice @a @a", [Mention("a")]),
        ("an @ alone, @, @?", []),
        ("@a.py: what", [Mention("a.py")]),
        ("review @diff, then @staged.", [Mention("@diff"), Mention("@staged")]),
        ("why @commit:HEAD~1? @commit:1234567!", [Mention("@commit:HEAD~1"), Mention("@commit:1234567")]),
        (
            'the files @./diff and @"staged" and @diff.py @diff:3',
            [Mention("./diff"), Mention("staged"), Mention("diff.py"), Mention("diff", 3, 3)],
        ),
    ],
)
def test_mentions_are_found(text: str, found: list[Mention]) -> None:
    assert find_mentions(text) == found


@given(st.text(st.characters(exclude_characters='"\n', codec="utf-8"), min_size=1, max_size=20))
def test_what_is_written_is_read_back(path: str) -> None:
    assert find_mentions(f"see {write_mention(path)} please") == [Mention(path)]
    assert find_mentions(write_mention(path, 3, 9)) == [Mention(path, 3, 9)]


@pytest.mark.parametrize("path", ["diff", "staged", "commit:x", "@diff", "@commit:a/b"])
def test_what_is_git_s_and_a_file_of_that_name_are_told_apart(path: str) -> None:
    assert find_mentions(write_mention(path)) == [Mention(path)]


@pytest.mark.parametrize(
    ("fragment", "parts"),
    [
        ("src/a", ("src/a", "")),
        ('"with sp', ("with sp", "")),
        ("a.py:3", ("a.py", ":3")),
        ("a.py:3-", ("a.py", ":3-")),
        ("a.py:3-9", ("a.py", ":3-9")),
        ("a:b", ("a:b", "")),
        ("", ("", "")),
        ("commit:12", ("commit:12", "")),
    ],
)
def test_what_is_written_so_far_is_a_name_and_lines(fragment: str, parts: tuple[str, str]) -> None:
    assert fragment_parts(fragment) == parts


@pytest.mark.parametrize(
    ("path", "language"),
    [("a/b.PY", "python"), ("Dockerfile", "dockerfile"), ("x/Makefile", "makefile"), ("a.cu", "cuda"),
     ("noext", ""), (".gitignore", ""), ("a.unknown", "")],
)  # fmt: skip
def test_languages_follow_names(path: str, language: str) -> None:
    assert language_of(path) == language


@pytest.mark.parametrize(
    ("before", "awaits"),
    [
        ("see @src/a.py ", True),
        ('see @"my file.py" ', True),
        ("first\n@a.py ", True),
        ("see @src/a.py", False),
        ("see @src/a.py  ", False),
        ("see @src/a.py:3 ", False),
        ("see @src/a.py and ", False),
        ("mail me@a.py ", False),
        ("plain ", False),
    ],
)
def test_a_completed_mention_waits_for_its_lines(before: str, awaits: bool) -> None:
    assert awaits_lines(before) is awaits
    if awaits:
        (mention,) = find_mentions(f"{before[:-1]}:10-20")
        assert (mention.start_line, mention.end_line) == (10, 20)
