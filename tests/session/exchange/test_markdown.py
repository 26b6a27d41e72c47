"""A conversation can be read outside the program, and no name in it breaks the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from docstra_tui.errors import EngineDied, NoAnswer
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import JOIN, PART
from docstra_tui.session.citations.answered import citations_of, citations_on_paths
from docstra_tui.session.exchange.exported import document_of, exported
from docstra_tui.session.exchange.imported import read
from docstra_tui.session.exchange.markdown import to_markdown
from docstra_tui.session.exchange.whole import WholeSession
from docstra_tui.session.turns import LABEL, SavedTurn, StoredSession


def test_the_document_tells_who_said_what_about_which_files() -> None:
    files = (ContextItem("x", "a.py", "python", 3, 9), ContextItem("y", "odd`\x1b.py"))
    turns = (
        SavedTurn("Why?\nReally?", context=files, answer="Because.\n", status="done", model="m"),
        SavedTurn("And?", answer="half", status="cancelled"),
        SavedTurn("Then?", status="failed", error=EngineDied("It died.", "Restart it.")),
    )
    session = StoredSession("id", "Why? Really?", "/src/it", "m", "", 0.0, 0.0, turns)
    text = to_markdown(session)
    assert text.startswith("# Why? Really?\n")
    for part in (
        "about `/src/it`",
        "> Why?\n> Really?",
        "Files: `a.py:3-9`, `` $'odd`\\033.py' ``",
        "Because.\n\n*m*",
        "half\n\n*Stopped here.*",
        "*Failed: It died. Restart it.*",
    ):
        assert part in text
    assert "\x1b" not in text


def test_what_was_thought_is_folded_beside_the_answer() -> None:
    turns = (
        SavedTurn("Why?", thinking="Hm.\n</details>\x1b", thinking_s=12.3, answer="Because.", status="done"),
        SavedTurn("And?", thinking="So much", status="failed", error=NoAnswer("No answer came.")),
    )
    text = to_markdown(StoredSession("id", "Why?", "/src/it", "m", "", 0.0, 0.0, turns))
    assert "> Why?\n\n<details>\n<summary>Thought for 12 s</summary>\n\n> Hm.\n" in text
    assert "> &lt;/details>␛\n\n</details>\n\nBecause." in text
    assert "<summary>Thought</summary>\n\n> So much\n\n</details>\n\n*Failed: No answer came." in text
    assert "\x1b" not in text


def test_what_it_says_of_the_files_is_listed_below_an_answer_where_it_can_be_looked_up() -> None:
    odd = ContextItem("def retry(times):\n    return times + 1  # more\n", "odd`\x1b.py", "", 7, 8)
    answer = "See `return times + 1  # more` and `raise Never(*_<b>)`."
    turns = (
        SavedTurn("How?", context=(odd,), answer=answer, status="done", id=1),
        SavedTurn("And?", answer=answer, status="done", id=2),
        SavedTurn(
            "Then?", context=(replace(odd, content="", detail=LABEL),), answer=answer, status="done", id=3
        ),
    )
    session = StoredSession("id", "How?", "/src/it", "m", "", 0.0, 0.0, turns)
    whole = WholeSession(session, turns)
    text = exported(whole, "md", with_thinking=False)
    said = text.partition("> And?")[0]
    assert (
        "*2 references: 1 ✓, 1 ✗ not found*\n\n- ✓ `return times + 1  # more`, `` $'odd`\\033.py:8' ``"
        in said
    )
    assert "\n- ✗ `raise Never(*_<b>)`" in said and "\x1b" not in text
    assert text.count("references:") == 1  # nothing was sent with the second, and of the third only names
    document = document_of(whole, with_thinking=False)
    assert [[one.status for one in turn.citations] for turn in document.turns] == [
        ["found", "missing"],
        [],
        [],
    ]
    assert (document.turns[0].citations[0].line, document.turns[0].citations[0].kind) == (8, "quote")
    more = document_of(
        read(exported(whole, "json", with_thinking=False).encode(), Path("/here")), with_thinking=False
    )
    assert not any(turn.citations for turn in more.turns)  # they are not taken from a file of somebody else's


def test_what_joins_answers_about_parts_is_looked_up_in_all_of_them() -> None:
    asked = {"question": "How?"}
    one, other = (
        ContextItem("    return times + 1\n", "a.py"),
        ContextItem("    raise Never(times)\n", "b.py"),
    )
    parts = (
        SavedTurn("How?", PART, asked, (one,), answer="`return times + 1`", status="done", id=1, parent=0),
        SavedTurn("How?", PART, asked, (other,), answer="`return times + 1`", status="done", id=2, parent=1),
    )
    joined = SavedTurn(
        "How?", JOIN, asked, answer="`return times + 1`, `raise Never(times)`", status="done", id=3
    )
    joined.parent = 2
    found = citations_on_paths([*parts, joined])
    assert [citation.status for citation in found[2]] == ["missing"]
    assert [(citation.status, citation.path) for citation in found[3]] == [
        ("found", "a.py"),
        ("found", "b.py"),
    ]
    assert citations_of(joined, parts) == found[3]
