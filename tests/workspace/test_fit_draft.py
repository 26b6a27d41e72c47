"""What is decided about a prompt that is too long, without a screen."""

from __future__ import annotations

from dataclasses import replace

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.context.fitting.rows import LEFT_OUT, OUTLINE, WHOLE, lines
from docstra_tui.workspace.fit_draft import FitDraft
from tests.context.fitting.test_plan import choices, plan, row, turn


def test_a_draft_begins_with_what_was_suggested() -> None:
    draft = FitDraft(plan(row("a.py", 40, 10), row("b.py", 60, 20)))
    assert draft.plan is draft.suggested
    assert draft.plan.fits
    draft.everything()
    assert choices(draft.plan) == {"a.py": str(WHOLE), "b.py": str(WHOLE)}
    draft.suggest()
    assert draft.plan == draft.suggested


def test_where_memory_holds_more_now_less_is_left_out() -> None:
    whole = replace(plan(row("a.py", 40, 10), row("b.py", 60, 20)), limit=1000, reserve=0, memory=50)
    draft = FitDraft(whole)
    assert draft.plan.used <= 50 and choices(draft.plan) != choices(whole)
    draft.hold(200)
    assert choices(draft.plan) == choices(whole) and draft.exact is None
    draft.hold(20)
    draft.everything()
    draft.hold(30)  # somebody chose it: it stays, and does not fit
    assert choices(draft.plan) == choices(whole) and not draft.plan.fits


def test_the_choices_of_a_file_go_round_with_the_lines_that_were_asked_for() -> None:
    draft = FitDraft(plan(row("a.py", 40, 10)))
    seen = []
    for _ in range(3):
        draft.turn_file(draft.plan.files[0], 1)
        seen.append(draft.plan.files[0].choice)
    assert seen == [OUTLINE, LEFT_OUT, WHOLE]
    draft.offer_lines("a.py", lines(3, 7))
    draft.turn_file(draft.plan.files[0], -1)
    draft.turn_file(draft.plan.files[0], -1)
    assert draft.plan.files[0].choice == lines(3, 7)


def test_a_summary_that_nobody_wrote_is_left_out_until_it_is_there() -> None:
    draft = FitDraft(plan(turns=(turn(1, 20),)))
    assert not draft.turn_turn(draft.plan.turns[0], 1, is_writing=False)
    assert draft.turn_turn(draft.plan.turns[0], 1, is_writing=False)
    assert draft.plan.turns[0].choice == "left out"
    draft.summarise(1, "In short.", 2)
    assert (draft.plan.turns[0].choice, draft.plan.turns[0].used) == ("summarised", 2)


def test_a_suggestion_that_is_too_long_when_counted_is_followed_by_a_smaller_one() -> None:
    draft = FitDraft(plan(row("a.py", 80, 10)))
    before = draft.plan
    assert choices(before) == {"a.py": str(WHOLE)}
    assert draft.count(before, Budget(before.used + 30, 100, 10))
    assert choices(draft.plan) == {"a.py": str(OUTLINE)}
    assert draft.exact is None
    assert not draft.count(draft.plan, Budget(40, 100, 10))
    assert draft.exact is not None and draft.exact.fits
