"""A conversation can be read outside the program, and no name in it breaks the page."""

from __future__ import annotations

from docstra_tui.errors import EngineDied
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.export import to_markdown
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
