"""A few pictures of the conversation: what Markdown looks like, as a whole and while it comes.

`pytest --snapshot-update tests/tui/transcript/test_pictures.py` draws them anew; look at them then.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from docstra_tui.tui.transcript.layout.ending import ShownTurn, TurnEnding

LISTS = """# Retries

1. First the pool
   - waits for a *connection*
     - at most `timeout.pool` seconds, which is a sentence long enough to be broken at the width
   - throws away what was **closed**
2. Then it asks

> A note
> > in a note, about `Vec<T>` and <div>

---

Averylongwordthatdoesnotfitanywhereandhasnospaceinitatallbecauseitisonlyletters ends.
"""
TABLE = """| 名前 | value | what it is for |
|---|---:|---|
| 漢字かな交じり | 1 | text that is rather long and has to be wrapped within its column |
| 👩‍👩‍👧 family | 22 | `code` and **strong** |
| é combining | 333 | 한국어 |

漢字かな交じり文は空白なしで書かれるので、どこでも折り返すことができます。
"""
CODE = """Before:

```python
class Client(Base):
    '''Asks.'''

    def retry(self, times: int = 3) -> None:
        for attempt in range(times):  # once more
            print(f"{attempt!r} of a line that is long enough to be broken somewhere", 1.5)
```

After.
"""
DONE = TurnEnding(prompt_tokens=1200, completion_tokens=181, ttft_s=0.21, tokens_per_s=41.0)


async def drawn(pilot: Any, words: str) -> None:
    """Wait until `words` stand there and nothing is left to lay out or to colour."""
    view, deadline = pilot.app.view, time.monotonic() + 20
    while (
        words not in "".join(pilot.app.rows)
        or view._work_timer is not None
        or any(lines.wants_colours for lines in view.document.code(0, 1 << 30))
    ):
        assert time.monotonic() < deadline, pilot.app.rows
        await pilot.pause(0.05)


@pytest.mark.parametrize(
    ("name", "answer"), [("lists", LISTS), ("table", TABLE), ("code", CODE)], ids=["lists", "table", "code"]
)
def test_an_answer(snap_compare: Any, make_app: Any, name: str, answer: str) -> None:
    app = make_app()

    async def show(pilot: Any) -> None:
        app.view.load([ShownTurn("How does the client retry?", answer, ("src/client.py",), DONE)])
        await drawn(pilot, "client.py")

    assert snap_compare(app, terminal_size=(64, 30), run_before=show)


def test_code_that_is_still_being_written(snap_compare: Any, make_app: Any) -> None:
    app = make_app()

    async def show(pilot: Any) -> None:
        app.view.begin_turn("How does the client retry?")
        app.view.append(CODE[: CODE.index("once more")])
        await drawn(pilot, "#")

    assert snap_compare(app, terminal_size=(64, 16), run_before=show)


WHOLE = CODE[: CODE.index("```\n\nAfter")]
STATES = {
    "opening": ("Before:\n\n``", "Before:"),
    "half a language": ("Before:\n\n```pyth", "Before:"),
    "a language": ("Before:\n\n```python\n", "python"),
    "half a line": ("Before:\n\n```python\nclass Client(Ba", "(Ba"),
    "half closed": (WHOLE + "``", "1.5"),
    "closed": (WHOLE + "```\n", "1.5"),
    "in a list": ("1. Install it:\n\n   ```sh\n   pip install x\n   pip che", "pip che"),
    "after a list": ("1. Install it:\n\n   ```sh\n   pip install x\n   ```\n\nThen a", "Then a"),
}


@pytest.mark.parametrize("state", STATES)
def test_code_in_every_state_of_being_written(snap_compare: Any, make_app: Any, state: str) -> None:
    app = make_app()
    so_far, words = STATES[state]

    async def show(pilot: Any) -> None:
        app.view.begin_turn("How does the client retry?")
        app.view.append(so_far)
        await drawn(pilot, words)
        while app.view.feed:
            await pilot.pause(0.05)

    assert snap_compare(app, terminal_size=(48, 15), run_before=show)


def test_a_failed_answer_after_thinking(snap_compare: Any, make_app: Any) -> None:
    app = make_app()
    failed = TurnEnding("failed", error="The engine stopped.", hint="F9 starts it again.")

    async def show(pilot: Any) -> None:
        app.view.load([ShownTurn("Why?", "Because", (), failed, "\nlet me see\n")])
        await drawn(pilot, "F9")

    assert snap_compare(app, terminal_size=(48, 12), run_before=show)


@pytest.mark.parametrize(("theme", "size"), [("lamp", (80, 24)), ("paper", (120, 40))], ids=["lamp", "paper"])
def test_where_turns_part_and_an_answer_that_can_go_on(
    snap_compare: Any, make_app: Any, theme: str, size: tuple[int, int]
) -> None:
    app = make_app()
    app.theme = theme
    cut = TurnEnding(finish_reason="length", completion_tokens=24, goes_on=True)

    async def show(pilot: Any) -> None:
        turns = [ShownTurn("Why?", "Because.", (), DONE), ShownTurn("In short?", "It is", (), cut, "Hm.")]
        app.view.load([replace(turn, turn_id=number) for number, turn in enumerate(turns, 1)])
        app.view.show_forks({2: (7, 2, 9)})
        await drawn(pilot, "/continue")

    assert snap_compare(app, terminal_size=size, run_before=show)
