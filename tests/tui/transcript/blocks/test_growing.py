"""Answers in pieces."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui.tui.transcript.blocks.growing import Growing
from docstra_tui.tui.transcript.layout.ending import TurnEnding
from docstra_tui.tui.transcript.layout.turn import Turn
from tests.tui.transcript.drawn import draw, draw_blocks, looks, paint, texts

SAMPLE = '''# Title
A paragraph with `code`, **bold** and [a link](http://x.y) that is long enough to be wrapped.
Second line
- one
- two
  - nested
    ```python
    def f():
        """Doc
        string"""
        return 1
    ```
- three

1. first
2. second

   with a paragraph

> quote
> more
> - listed

| a | b | c |
|---|:-:|--:|
| 1 | two words | 3 |
| `x` | y | 漢字 |
after the table
---
```js
/* a comment
   over lines */
const x = `template ${1}`;
```
~~~
tilde ``` inside
~~~
| not | a table
# Last #
    indented code
<div>html</div> Vec<T> __init__ 2*3*4
***
tail without end `'''

fragment = st.sampled_from(
    [
        "# ", "- ", "* ", "1. ", "2) ", "> ", "```", "```py\n", "~~~", "\n", "\n\n", "| ", " |", "---",
        "|---|---|\n", "===", "`", "**", "*", "_", "__", "[", "](", ")", "<div>", "<think>", "</think>",
        "    ", "  ", "\t", "\\", "word", "two words", "x = 1", "漢字", "👍🏽", "\r\n", "\r", "\x1b[31m",
        "a" * 60, "def f():\n", '"""', "/*", "*/", "- [ ] ", "|", ":--", "!", "&lt;", "0",
    ]
)  # fmt: skip


@given(parts=st.lists(fragment, max_size=60), data=st.data())
@settings(max_examples=300, deadline=None)
def test_pieces_end_in_the_lines_of_the_whole(parts, data):
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    turn = Turn("q")
    for piece in pieces:
        turn.append(piece)
        turn.grow(30)
    turn.end(TurnEnding())
    turn.grow(30)
    whole = Turn("q", (), text, turn.ending)
    whole.lay(30, 0, 10_000, 60)
    for one in (turn, whole):
        paint(one.code(0, 10_000))
    assert turn.height(30) == whole.height(30)
    rows = range(turn.height(30))
    assert looks([turn.line(y) for y in rows]) == looks([whole.line(y) for y in rows])


@pytest.mark.parametrize("seed", range(30))
def test_a_rich_answer_in_random_pieces_ends_the_same(seed):
    chance = random.Random(seed)
    pieces, at = [], 0
    while at < len(SAMPLE):
        size = chance.choice([1, 2, 4, 9, 40, 200])
        pieces.append(SAMPLE[at : at + size])
        at += size
    assert looks(draw(pieces, 50)) == looks(draw(SAMPLE, 50))


def test_lines_above_the_tail_never_change():
    growing = Growing()
    finished: list[object] = []
    for character in SAMPLE:
        growing.feed(character)
        growing.advance()
        lines = looks(draw_blocks(_only_finished(growing), 50))
        assert lines[: len(finished)] == finished
        finished = lines
    assert len(finished) > 20


def _only_finished(growing: Growing) -> Growing:
    copy = Growing()
    copy.blocks = list(growing.blocks)
    return copy


def test_only_the_tail_is_parsed_again():
    growing = Growing()
    for number in range(50):
        for piece in (f"Paragraph {number} ", "goes on", ".\n\n"):
            growing.feed(piece)
            growing.advance()
    assert growing.parsed <= 3 * 50 + 50
    assert len(growing.tail) <= 2
    before = growing.parsed
    growing.advance()
    assert growing.parsed == before


def test_the_lines_of_a_fence_are_not_parsed():
    growing = Growing()
    growing.feed("```python\n")
    growing.advance()
    before = growing.parsed
    for number in range(500):
        growing.feed(f"x = {number}\n")
        growing.advance()
    assert growing.parsed == before


@pytest.mark.parametrize(
    ("so_far", "lines"),
    [
        ("```", []),
        ("```py", []),
        ("```py\n", [" py"]),
        ("```py\nx", [" py", " x"]),
        ("```py\nx = 1\n``", [" py", " x = 1"]),
        ("```py\nx = 1\n```", [" py", " x = 1"]),
        ("```py\nx = 1\n```\nText", [" py", " x = 1", "", "Text"]),
        ("Text\n-", ["Text"]),
        ("Text\n- i", ["Text", "", "• i"]),
        ("Text\n#", ["Text"]),
        ("1", []),
        ("Say **bo", ["Say **bo"]),
    ],
)
def test_half_finished_signs_wait(so_far, lines):
    assert texts(so_far, ended=False) == lines


def test_colours_of_a_long_fence_do_not_depend_on_the_pieces():
    code = (
        "```python\n"
        + "".join(f'def f{n}():\n    """Doc\n    of {n}"""\n    return {n}\n' for n in range(80))
        + "```"
    )
    pieces = [code[i : i + 7] for i in range(0, len(code), 7)]
    assert looks(draw(pieces, 60)) == looks(draw(code, 60))


def unseen(parser: Growing) -> str:
    """What has come and is in no block, without empty lines."""
    shown = parser.tail[-1].end if parser.tail else parser.blocks[-1].end if parser.blocks else 0
    return parser.text[shown:].strip()


@pytest.mark.parametrize(
    "text",
    [
        "1. Install it:\n   ```sh\n   pip install x\n   ```\n   and run.\n2. Then.\n\n" + "More of it. " * 30,
        "> Note\n> ```py\n> x = 1\n> ```\n\nAfter.\n\n" + "More of it. " * 30,
        "word and words " * 150,
        "- item\n" * 160,
        "> quoted words\n" * 90,
        "    indented = 1\n" * 80,
    ],
    ids=["fence in item", "fence in quote", "paragraph", "list", "quote", "indented"],
)
@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_what_has_come_is_seen_at_once_whatever_the_pieces(text: str, size: int) -> None:
    """A place where looking stops for now must not be where it stops for good."""
    parser = Growing()
    for at in range(0, len(text), size):
        parser.feed(text[at : at + size])
        parser.advance()
        assert "\n" not in unseen(parser), f"after {at + size} characters"
        assert len(unseen(parser)) < 20


@given(
    words=st.lists(
        st.sampled_from(["word ", "a few more words, ", "`code` ", "\n", "\n\n", "- "]), min_size=20
    ),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_prose_in_any_pieces_is_seen_at_once(words: list[str], seed: int) -> None:
    text, rng, at = "".join(words) * 8, random.Random(seed), 0
    parser = Growing()
    while at < len(text):
        step = rng.choice([1, 3, 5, 8, 40, 400])
        parser.feed(text[at : at + step])
        parser.advance()
        at += step
        assert "\n" not in unseen(parser)
        assert len(unseen(parser)) < 20


TABLES = """Before.

| setting | default | what it does in **part 3** |
|---|---:|---|
| `retries` | 0 | attempts *after* the first |
| **timeout** | 5.0 | `seconds` for each of them |
| `limits | x` | 100 | connections, [some](http://a.b) of them kept |

```py
a_line_that_is_wider_than_any_column = 1
```

| a | b |
|---|---|
| 1 | two |
```
no empty line before
```
"""


def grown(text: str, sizes: list[int], width: int) -> Turn:
    """A turn that was drawn after every piece, as a screen does."""
    turn, at, number = Turn("q"), 0, 0
    while at < len(text):
        size = sizes[number % len(sizes)]
        turn.append(text[at : at + size])
        turn.grow(width)
        for row in range(turn.height(width)):
            turn.line(row)
        at, number = at + size, number + 1
    turn.end(TurnEnding())
    turn.grow(width)
    paint(turn.code(0, 10_000))
    return turn


def whole_of(text: str, width: int) -> Turn:
    turn = Turn("q", (), text, TurnEnding())
    turn.lay(width, 0, 10_000, 60)
    paint(turn.code(0, 10_000))
    return turn


def lines_of(turn: Turn, width: int) -> list[object]:
    return list(looks([turn.line(row) for row in range(turn.height(width))]))


@pytest.mark.parametrize("width", [30, 48, 80])
@pytest.mark.parametrize("sizes", [[1], [3], [7, 2], [40]])
def test_tables_drawn_while_they_came_end_as_if_they_had_come_at_once(sizes: list[int], width: int) -> None:
    assert lines_of(grown(TABLES, sizes, width), width) == lines_of(whole_of(TABLES, width), width)


cell = st.sampled_from(["`code`", "**bold**", "plain words", "1", "", "a | b", "漢字", "*half", "`x"])


@given(
    rows=st.lists(st.lists(cell, min_size=1, max_size=4), min_size=1, max_size=6),
    after=st.sampled_from(["", "\nText.\n", "```\ncode that is rather long\n```\n", "- item\n"]),
    size=st.integers(1, 9),
)
@settings(max_examples=80, deadline=None)
def test_any_table_ends_as_if_it_had_come_at_once(rows: list[list[str]], after: str, size: int) -> None:
    body = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    text = f"| one | two | three |\n|---|:-:|--:|\n{body}{after}"
    assert lines_of(grown(text, [size], 40), 40) == lines_of(whole_of(text, 40), 40)
