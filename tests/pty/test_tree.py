"""The files pane on a real terminal: found, ticked, counted, ticked in lines, and there again next time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from docstra_tui.context.files.reader import read_item
from docstra_tui.llm.inference.chat_tokenizer import ChatTokenizer
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import PromptBuilder
from tests.pty.conftest import Start
from tests.pty.terminal import Terminal


def is_ready(text: str) -> bool:
    return bool(re.search(r"^ ?ready", text.splitlines()[-1]))


def tokens_of(model: Path, *items: ContextItem) -> int:
    """By the model's own tokenizer and template, without the app."""
    asked = PromptBuilder().conversation("answer_question", items, (), question="Why?")
    tokenizer = ChatTokenizer(AutoTokenizer.from_pretrained(model), 8192)
    return tokenizer.count(asked.messages)


def ticked_rows(terminal: Terminal) -> list[list[str]]:
    """What stands above the tree: name and tokens."""
    rows = [line[:30] for line in terminal.lines if line.startswith((" ✓ ", " ! "))]
    return [row.split()[1:] for row in rows]


@pytest.mark.usefixtures("kept_engine")
def test_files_are_found_ticked_counted_and_ticked_again_in_the_next_run(
    start: Start, project: Path, tiny_model: Path
) -> None:
    (project / "src" / "deep").mkdir()
    (project / "src" / "deep" / "transport.py").write_text(
        "".join(f"def step_{number}():\n    return {number}\n" for number in range(40))
    )
    (project / ".gitignore").write_text("build/\n")
    terminal = start()
    terminal.wait_for(is_ready, 100)  # an engine that starts is nice, and other tests are not
    terminal.wait_for("zebra.txt")

    # Found by a few letters, all in one burst, and ticked.
    terminal.send("f2", "/cli")
    terminal.wait_for("☐ src/client.py")
    terminal.send(" ")
    terminal.wait_for("☑ src/client.py")
    terminal.send("\x15", "notes")
    terminal.wait_for("☐ notes.md")
    terminal.send(" ")
    terminal.wait_for("☑ notes.md")

    # Exact: what each adds to the prompt.
    empty = tokens_of(tiny_model)
    counts = {
        path: tokens_of(tiny_model, read_item(project, path)) - empty
        for path in ("src/client.py", "notes.md")
    }
    wanted = [[path, str(count)] for path, count in counts.items()]
    terminal.wait_for(lambda _: ticked_rows(terminal) == wanted)

    # Lines of a third, in its preview.
    terminal.send("\x15", "transp")
    terminal.wait_for("☐ src/deep/transport.py")
    terminal.send("enter")
    terminal.wait_for("def step_0")
    terminal.send("down", "down", "v", "down", "down", "down")
    terminal.wait_for("Space ticks lines 3-6")
    terminal.send("space", "escape")
    lines = read_item(project, "src/deep/transport.py", start_line=3, end_line=6)
    third = str(tokens_of(tiny_model, lines) - empty)
    terminal.wait_for(lambda _: any(row[-1] == third for row in ticked_rows(terminal)))
    terminal.wait_for("transport.py:3-6")
    terminal.send("f2", "escape")
    terminal.wait_for("zebra.txt")
    before = ticked_rows(terminal)
    terminal.send("ctrl+q")
    assert terminal.wait_end(10) == 0

    # The next run has them again; one is gone meanwhile.
    (project / "notes.md").unlink()
    again = start()
    again.wait_for("notes.md")
    again.wait_for("deleted")
    again.wait_for(lambda _: ticked_rows(again)[:2] == before[:2], 60)
    again.send("ctrl+q")
    assert again.wait_end(10) == 0


@pytest.mark.usefixtures("kept_engine")
def test_a_hundred_keys_in_one_burst_reach_the_filter(start: Start, project: Path) -> None:
    terminal = start()
    terminal.wait_for("zebra.txt")
    terminal.send("f2", "/" + "x" * 100 + "\x15" + "zeb", "space", "f2")
    terminal.wait_for("✓ zebra.txt")
    terminal.wait_for("about 1 file")
    terminal.send("ctrl+q")
    assert terminal.wait_end(10) == 0
