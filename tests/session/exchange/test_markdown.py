"""A conversation can be read outside the program, and no name in it breaks the page."""

from __future__ import annotations

from docstra_tui.errors import EngineDied, NoAnswer
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.exchange.markdown import to_markdown
from docstra_tui.session.turns import SavedTurn, StoredSession


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
