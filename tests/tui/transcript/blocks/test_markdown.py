"""Markdown as lines of text."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from docstra_tui.tui.transcript.blocks import look
from tests.tui.transcript.drawn import draw, texts


def test_paragraphs_are_wrapped_at_words_and_keep_the_models_line_breaks():
    assert texts("one two three four\nfive\n\nsix", 10) == ["one two", "three four", "five", "", "six"]


def test_headings_lose_their_signs_and_stand_apart():
    assert texts("# One\nText\n### Two") == ["One", "", "Text", "", "Two"]


def test_lists_nest_and_keep_their_numbers():
    text = "1. one\n2. two\n   - a\n     - deep\n   - b\n7. seven\n\n- x\n\n- y\n  more"
    assert texts(text) == [
        "1. one",
        "2. two",
        "   • a",
        "     ◦ deep",
        "   • b",
        "7. seven",
        "",
        "• x",
        "",
        "• y",
        "  more",
    ]


def test_long_items_hang_under_their_text():
    assert texts("- aaa bbb ccc ddd", 10) == ["• aaa bbb", "  ccc ddd"]


def test_quotes_have_bars():
    assert texts("> a\n> b\n>\n> > c\n\nd") == ["│ a", "│ b", "│ │", "│ │ c", "", "d"]


def test_code_is_on_its_own_ground_with_its_language():
    lines = draw("```python\nx = 1\n\ny = 2\n```", 20)
    assert [line.text.rstrip() for line in lines] == [" python", " x = 1", "", " y = 2"]
    assert all(line.cells == 20 for line in lines)
    assert all(style & look.FENCE for line in lines for _, style in line.bits)


def test_long_code_lines_go_on_with_a_mark():
    assert texts("```\nabcdefghijklmnop\n```", 10) == [" abcdefgh", " ↪ ijklmn", " ↪ op"]


def test_code_inside_a_list_item_keeps_its_indentation():
    assert texts("1. Do\n   ```sh\n   ls\n     -l\n   ```\n   done", 20) == [
        "1. Do",
        "    sh",
        "    ls",
        "      -l",
        "   done",
    ]


def test_tables_align_their_columns():
    text = "| a | b |\n|---|--:|\n| one | 1 |\n| two | 22 |"
    assert texts(text) == ["a   │  b", "────┼───", "one │  1", "two │ 22"]


def test_tables_fit_the_width():
    text = "| name | what |\n|---|---|\n| x | " + "word " * 20 + "|"
    lines = texts(text, 30)
    assert all(cell_len(line) <= 30 for line in lines)
    assert " ".join(" ".join(line.split("│")[-1].split()) for line in lines[2:]) == "word " * 19 + "word"


def test_a_table_with_too_many_columns_is_stacked():
    text = "|" + "c|" * 12 + "\n" + "|" + "-|" * 12 + "\n|" + "v|" * 12
    lines = texts(text, 30)
    assert lines[0] == "c: v"
    assert len(lines) == 13


def test_rules_run_across():
    assert texts("a\n\n---\n\nb", 5) == ["a", "", "─────", "", "b"]


def test_wide_characters_take_two_cells():
    lines = draw("漢字かな交じり文", 6)
    assert [line.text for line in lines] == ["漢字か", "な交じ", "り文"]
    assert max(line.cells for line in lines) == 6


def test_emoji_are_never_cut():
    family = "👩‍👩‍👧‍👦"
    assert "".join(texts(family * 5, 5)) == family * 5


def test_long_words_are_cut_and_joined_again():
    lines = draw("see " + "a" * 25 + " end", 10)
    assert [line.text for line in lines] == ["see", "aaaaaaaaaa", "aaaaaaaaaa", "aaaaa end"]
    assert [line.joint for line in lines] == ["\n", " ", "", ""]


def test_links_show_where_they_lead():
    assert texts("[good](https://evil.example) x", 60) == ["good (https://evil.example) x"]
    assert texts("![pic](http://a/b.png)", 60) == ["pic (http://a/b.png)"]


@pytest.mark.parametrize(
    "text",
    [
        "a Vec<T> b",
        "<div>",
        "<details><summary>x</summary></details>",
        "a <!-- c --> b",
        "text <think> text",
        "__init__ and self.__dict__",
        "2*3*4 = 24, 2**3**4",
        "snake_case_name",
        "&lt;b&gt; &nbsp; &#27;",
        "[ref]: http://hidden.example",
        "\\( x^2 \\) and \\[ y \\]",
        "C:\\new\\table",
        "<https://auto.link>",
        "[javascript](javascript:alert(1))",
        "====",
        "a | b",
    ],
)
def test_what_was_said_is_shown_as_it_was_said(text):
    assert "".join(texts(text, 200)) == text


def test_signs_that_are_meant_become_looks():
    (line,) = draw("**bold** *em* `code` ~~gone~~")
    assert line.text == "bold em code gone"
    assert [style for text, style in line.bits if text.strip()] == [
        look.STRONG,
        look.EMPHASIS,
        look.CODE,
        look.STRUCK,
    ]


HOSTILE = "a\x1b[2Jb\x1b]52;c;eHh4\x07 \x9b31m \u202egpj.exe \U000e0041 \r x\tt \x00 \ud800 &#27;[1m"


@pytest.mark.parametrize(
    "template",
    [
        "{}",
        "# {}",
        "- {}",
        "> {}",
        "`{}`",
        "```{}\n{}\n```",
        "| {} |\n|---|\n| {} |",
        "[{}](http://{})",
    ],
)
def test_no_control_character_is_ever_drawn(template):
    text = template.replace("{}", HOSTILE)
    for lines in (
        draw(text),
        draw(list(text)),
        draw(text, ended=False),
    ):
        assert lines
        for line in lines:
            assert line.text.replace("\ud800", "").isprintable() and "\ud800" not in line.text


def test_no_cell_of_a_table_is_lost() -> None:
    rows = ("| cond | meaning |", "|---|---|", "| `a || b` | either |", "| `x | y` | union |")
    table = "\n".join((*rows, "| 1 | 2 | 3 four |", "| one |", ""))
    drawn = "\n".join(texts(table))
    for word in ("either", "union", "3 four", "one"):
        assert word in drawn
    nested = "\n".join(texts("- list\n\n  " + table.replace("\n", "\n  ")))
    for word in ("either", "union", "3 four"):
        assert word in nested


def test_a_table_without_room_and_without_rows_shows_its_columns() -> None:
    drawn = "\n".join(texts("| first | second | third | fourth |\n|---|---|---|---|\n", width=12))
    for word in ("first", "second", "third", "fourth"):
        assert word in drawn


def test_all_that_stands_behind_a_fence_is_shown() -> None:
    for info in (
        'python title="src/app/secret.py"',
        "diff src/httpx/_client.py",
        "rust,ignore",
        "x" * 90,
        "{.python .numberLines}",
    ):
        for text in (f"```{info}\nx = 1\n```\n", f"- item\n\n  ```{info}\n  x = 1\n  ```\n"):
            assert info in "".join(line.strip(" │•") for line in texts(text, width=50)).replace("\n", "")
