"""What an answer says of files is checked on the screen: said below it, and opened where it stands."""

from __future__ import annotations

import queue
from dataclasses import replace
from types import SimpleNamespace

from docstra_tui.context.files.states import CHANGED, FileState, Ticked
from docstra_tui.context.picks import Pick
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import JOIN, PART
from docstra_tui.session.citations.checking import verify
from docstra_tui.session.citations.citation import Citation, Named
from docstra_tui.session.citations.standing import standing
from docstra_tui.session.turns import SavedTurn
from docstra_tui.tui.main.citations import Citations
from docstra_tui.tui.screens.preview import PreviewScreen
from docstra_tui.tui.screens.prompt import PromptScreen
from docstra_tui.tui.transcript.messages import CitationsWanted
from docstra_tui.tui.transcript.saved_turns import turn_ending
from docstra_tui.tui.widgets.prompt_text import PromptText
from docstra_tui.tui.widgets.source_view import SourceView
from docstra_tui.workspace.citing import LookingUp, has_sources
from docstra_tui.workspace.files.picked import Picked
from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, is_ready

CODE = "".join(f"STEP_{number} = {number}\n" for number in range(1, 60)) + "def get():\n    return 1\n"
ANSWER = (
    "It is `STEP_40 = 40` in `pkg/client.py:40`.\n\nAnd `return 'nothing'` in `pkg/client.py:7`.\n\n"
    "Or `nobody_wrote_this()`."
)


def cited(text, path, line):
    return Citation(text, "quote", path, line, line, "found", 0, len(text), Named())


def row_of(app, words):
    return next((line for line in screen_text(app).splitlines() if words in line), "")


async def test_references_are_looked_up_walked_and_opened(make_app, backend, root):
    (root / "pkg" / "client.py").write_text(CODE)
    backend.llm.enqueue(ANSWER)
    app = make_app()
    async with app.run_test(size=(110, 34), notifications=True) as pilot:
        main = app.main
        await is_ready(pilot)
        main.tree_view.put_picks([Pick("pkg/client.py")])
        await ask(pilot, "Where?")
        await until(pilot, lambda: "3 references: 1 ✓, 2 ✗ not found" in screen_text(app))
        await until(pilot, lambda: not main.turns.queue.busy)
        assert " ✓ It is" in row_of(app, "It is") and " ✗ And" in row_of(app, "And return")

        await pilot.press("f6", "left_parenthesis", "enter")  # the last one is in no file, and names none
        await until(pilot, lambda: "there is nothing to open" in screen_text(app))
        said = main.parts.citation_bar.render().plain  # the toast lies over it
        assert said.startswith("3/3 ✗ nobody_wrote_this()") and "opens" not in said

        await pilot.press("left_parenthesis", "enter")
        await until(pilot, lambda: isinstance(app.screen, PreviewScreen) and "STEP_9" in screen_text(app))
        assert "▶  7 STEP_7 = 7" in screen_text(app) and screen_text(app).count("▶") == 1
        assert app.screen.query_one(SourceView).cursor == 6
        await pilot.press("q")
        await until(pilot, lambda: "2/3 ✗ return 'nothing'" in screen_text(app))
        await pilot.press("left_parenthesis", "enter")
        await until(
            pilot, lambda: isinstance(app.screen, PreviewScreen) and "▶ 40 STEP_40" in screen_text(app)
        )
        await pilot.press("q")

        await until(pilot, lambda: "1/3 ✓ STEP_40 = 40" in screen_text(app))
        await pilot.press("f8")
        await until(
            pilot, lambda: isinstance(app.screen, PromptScreen) and "+✓STEP_40 = 40" in screen_text(app)
        )
        await until(pilot, lambda: ") references" in screen_text(app))
        assert "( references" not in screen_text(app)
        text = app.screen.query_one(PromptText)
        at = text.scroll_offset.y
        await pilot.press("left_parenthesis")
        await until(pilot, lambda: text.scroll_offset.y == at - 33 and "+✗STEP_7 = 7" in screen_text(app))
        await pilot.press("right_parenthesis")
        await until(pilot, lambda: text.scroll_offset.y == at)
        await pilot.press("escape", "f6", "escape")
        await until(pilot, lambda: "1/3" not in screen_text(app))


def test_an_answer_is_looked_up_while_it_grows():
    items = (ContextItem(CODE, "pkg/client.py"),)
    turn = SavedTurn("Where?", answer="")
    looking = LookingUp()
    assert looking.so_far(turn)[1] == ()
    turn.context = items  # which are read when the question is there
    assert looking.so_far(turn)[1] == ()
    for at in range(0, len(ANSWER), 7):
        turn.answer = ANSWER[: at + 7]
        answer, _ = looking.so_far(turn)
        assert answer == turn.answer
    assert [one.status for one in looking.so_far(turn)[1]] == ["found", "missing"]
    turn.answer, turn.status = ANSWER + " `STEP_3 = 3`", "done"
    assert looking.whole(turn, [])[1] == verify(turn.answer, items)
    assert [one.status for one in verify(turn.answer, items)] == ["found", "missing", "missing", "found"]

    turn.answer, turn.thinking = "Other: `STEP_9 = 9`.", "It is"  # all so far was thought
    looking.so_far(turn)
    turn.answer = "No: `STEP_1 = 1`."
    assert [one.text for one in looking.whole(turn, [])[1]] == ["STEP_1 = 1"]


def test_what_joins_the_answers_about_parts_is_looked_up_in_their_files():
    part = SavedTurn("Where?", task=PART, fields={"question": "Where?"}, context=(ContextItem(CODE, "a.py"),))
    join = SavedTurn("Where?", task=JOIN, fields={"question": "Where?"}, answer="`STEP_3 = 3`")
    assert not join.files and has_sources(join) and not has_sources(SavedTurn("Where?"))
    assert not turn_ending(join).without_files and turn_ending(SavedTurn("Where?")).without_files
    looking = LookingUp()
    assert looking.so_far(join)[1] == ()
    assert [one.line for one in looking.whole(join, [part])[1]] == [3]


def test_answers_are_looked_up_again_when_a_file_changes_and_not_when_it_is_counted(tmp_path):
    asked = []
    parts = SimpleNamespace(conversation=SimpleNamespace(cite=lambda *_: None), citation_bar=None)
    older = SimpleNamespace(turns=())
    citations = Citations(tmp_path, parts, older, lambda: asked.append(1), None, None, lambda *_: None)
    citations.wanted(CitationsWanted(1))
    citations.wanted(CitationsWanted(2))

    def times(*files):
        asked.clear()
        citations.files_changed(Picked(files))
        return len(asked)

    same, other = Ticked("a.py", item=ContextItem("x = 1\n", "a.py")), ContextItem("x = 2\n", "a.py")
    changed = replace(same, state=CHANGED, newer=other)
    assert [times(same), times(changed), times(changed)] == [0, 2, 0]
    again = replace(changed, newer=ContextItem("x = 3\n", "a.py"))
    assert [times(again), times(again), times(again.updated()), times(changed)] == [2, 0, 0, 2]
    assert times(changed, replace(changed, path="b.py", state=FileState("deleted"))) == 2
    citations.close()


def test_a_changed_file_is_read_once_for_all_answers_about_it(tmp_path, monkeypatch):
    read, delivered = [], queue.SimpleQueue()

    def read_item(root, path, **_):
        read.append(path)
        return ContextItem("x = 2\n", path)

    (tmp_path / "a.py").touch()
    monkeypatch.setattr("docstra_tui.session.citations.since.read_item", read_item)
    sent = (ContextItem("x = 1\n", "a.py"),)
    turns = [SavedTurn("Where?", context=sent, answer="`x = 1`", status="done", id=at) for at in (1, 2)]
    parts = SimpleNamespace(conversation=SimpleNamespace(cite=lambda *_: None), citation_bar=None)
    citations = Citations(
        tmp_path,
        parts,
        SimpleNamespace(turns=turns),
        lambda: None,
        None,
        None,
        delivered.put,
    )
    for number in (1, 2):
        citations.wanted(CitationsWanted(number))
        delivered.get(timeout=60)()
    assert read == ["a.py"] * 2  # each asked for by itself
    changed = replace(Ticked("a.py", item=sent[0]), state=CHANGED, newer=ContextItem("x = 2\n", "a.py"))
    citations.files_changed(Picked((changed,)))
    for _ in turns:
        delivered.get(timeout=60)()
    citations.close()
    assert read == ["a.py"] * 3


def test_places_in_a_prompt_are_those_of_what_was_sent_and_not_of_the_file():
    head = ContextItem(
        "# Outline of 90 lines\nclass A:  # lines 40-90\n    def b(self):  # lines 52-60\n",
        "a.py",
        detail="outline",
    )
    old = ContextItem("x = 1\ny = 2\n", "b.py")
    prompt = f"{head.render()}\n\n{old.render()}\n"
    changed = Citation("y = 2", "quote", "b.py", 1, 1, "changed", 0, 5, Named())  # it was at 2
    found = [cited("b", "a.py", 52), cited("A", "a.py", 2), changed]
    places = standing("", prompt, [head, old], found)
    lines = prompt.split("\n")
    assert [(place.number, lines[place.line].strip()) for place in places] == [
        (0, "def b(self):  # lines 52-60"),
        (2, "y = 2"),
    ]


def test_places_in_a_prompt_are_those_of_the_item_to_the_letter():
    part = ContextItem("b = 2\n```\nc = 3\n", "a.py", start_line=11, end_line=13)
    other = ContextItem("c = 3\n", "b.py")
    prompt = f"system\n{other.render()}\n\n{part.render()}\n\nuser"
    found = [cited("c = 3", "a.py", 13), cited("c = 3", "b.py", 1), cited("gone", "a.py", 3)]
    cut = prompt.index("c = 3\n````")
    places = standing(prompt[:cut], prompt[cut:], [part, other], found)
    lines = [(prompt[cut:] if place.is_new else prompt[:cut]).split("\n")[place.line] for place in places]
    assert [(place.is_new, place.number) for place in places] == [(False, 1), (True, 0)]
    assert lines == ["c = 3", "c = 3"]
