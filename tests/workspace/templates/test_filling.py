"""What is typed behind /run, what will be sent, and what there is to choose from."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui import templates
from docstra_tui.context.picks import Pick
from docstra_tui.errors import TemplateError, UsageError
from docstra_tui.llm.prompt import BUILT_IN, OWN_TEXT, PromptBuilder
from docstra_tui.session.again import written
from docstra_tui.session.chat import ChatSession
from docstra_tui.templates import parse, write_words
from docstra_tui.text import reveal
from docstra_tui.workspace.templates import filling, known
from docstra_tui.workspace.templates.filling import read_words
from docstra_tui.workspace.templates.project import FOLDER
from tests.fakes import FakeLLM
from tests.workspace.turns.test_requests import A, B, sent

REVIEW = parse("review", '+++\n[fields]\ndepth = "deep"\n+++\nReview {task} for {focus}, {depth}.', "r.md")


def test_words_are_a_name_and_values() -> None:
    words = read_words('  "my review" focus="a \\"b\\" @x.py" depth=x=y empty= \n last=""')
    assert (words.name, words.values) == (
        "my review",
        {"focus": 'a "b" @x.py', "depth": "x=y", "empty": "", "last": ""},
    )
    assert read_words('r focus="see @a.py"').mentions[0].path == "a.py"
    for text, said in [("", "Which template"), ("r loose", "'loose'"), ('r a="b', "KEY=VALUE")]:
        with pytest.raises(UsageError, match=said):
            read_words(text)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "focus", "_x1"]), st.text(max_size=20)))
def test_what_is_written_is_read_again(values: dict[str, str]) -> None:
    written = write_words("project:my review", values)
    words = read_words(written.removeprefix("/run "))
    assert (words.name, words.values) == ("project:my review", values)


def test_the_preview_names_the_files_and_leaves_places_for_what_is_missing() -> None:
    assert filling.preview(REVIEW, {"focus": "locks"}, []) == "Review {task} for locks, deep."
    picks = [Pick("a.py"), Pick("b.py", 2, 3)]
    assert filling.preview(REVIEW, {}, picks).startswith(
        "[a.py, b.py:2-3]\n\nReview {task} for {focus}, deep"
    )
    below = parse("r", "For {focus}: {context} in {language}", "r.md")
    assert filling.preview(below, {"focus": "{depth}"}, picks) == "For {depth}: [a.py, b.py:2-3] in python"


def test_a_line_is_completed_by_names_and_then_by_values() -> None:
    there = {"review": REVIEW, "my own": parse("my own", "{a}", "m.md")}
    assert (
        filling.lines_of(there, "/run ")
        == filling.lines_of(there, "/run re")
        == [
            "/run review",
            '/run "my own"',
        ]
    )
    assert filling.lines_of(there, '/run review focus="a b" ') == [
        '/run review focus="a b" depth=',
        '/run review focus="a b" task=',
    ]
    assert filling.lines_of(there, '/run "my own" a') == ['/run "my own" a=']
    for before in ("/ru", "/resume ", "/run nothing ", '/run review focus="a b'):
        assert filling.lines_of(there, before) == []


def test_a_value_that_has_no_place_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no place for fokus\. It takes depth, task, focus"):
        filling.check_values(REVIEW, {"fokus": "x"})
    filling.check_values(REVIEW, {"focus": "x"})


def test_a_turn_keeps_the_text_that_it_was_asked_with() -> None:
    """Whatever its fields are called, and whatever becomes of the file."""
    request = filling.request_of(REVIEW, {"task": "it", "focus": "locks"}, ["a.py"])
    assert request.shown == "review, deep, it, locks" and request.written == "/run review task=it focus=locks"
    text, session = sent(request, A, B)
    assert written(session.turns[0]) == "/run review task=it focus=locks depth=deep"
    assert text.startswith('File "a.py"') and text.endswith("Review it for locks, deep.")
    again = FakeLLM("Because.")
    session = ChatSession(again, Path("/p"))
    first = FakeLLM("Fine.")
    session.llm = first
    list(session.run(request_now(request)))
    session.llm = again
    list(session.ask("Why?"))
    assert again.calls[0].messages[1]["content"] == "Review it for locks, deep."


def request_now(request):
    from dataclasses import replace

    return replace(request, fields={OWN_TEXT: request.template, **request.fields})


def test_a_damaged_turn_says_what_was_shown() -> None:
    assert not PromptBuilder().can_render("review", {OWN_TEXT: 3, "focus": "x"})
    assert not PromptBuilder().can_render("review", {OWN_TEXT: "{focus} {depth}", "focus": "x"})
    assert PromptBuilder().can_render("review", {OWN_TEXT: "{focus} {context}", "focus": "x"})


def test_the_defaults_of_a_file_are_the_librarys_too(tmp_path: Path) -> None:
    (tmp_path / "r.md").write_text('+++\n[fields]\ndepth = "deep"\n+++\nReview {focus}, {depth}.')
    llm = FakeLLM("Fine.", "Fine.")
    llm.add_template("review", templates.read(tmp_path / "r.md"))
    llm.custom_request("review", focus="locks")
    llm.custom_request("review", focus="locks", depth="flat")
    assert [call.question for call in llm.calls] == ["Review locks, deep.", "Review locks, flat."]
    llm.add_template("review", "{depth}")
    with pytest.raises(TemplateError, match="depth"):
        llm.custom_request("review")


def test_the_users_own_stand_in_the_place_of_ours_and_the_projects_never(tmp_path: Path) -> None:
    templates.folder().mkdir(parents=True)
    (templates.folder() / "explain_code.md").write_text("Mine.")
    (templates.folder() / "bad.md").write_text("+++\n")
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "document_code.md").write_text("Theirs.")
    found = known.find_all(tmp_path)
    assert list(found.templates)[:2] == ["explain_code", "project:document_code"]
    assert found.named("explain_code").text == "Mine."
    assert found.named("document_code").text.rstrip("\n") == BUILT_IN["document_code"]
    assert [known.place_of(one) for one in found.offered] == ["yours", "project"]
    for name, said in [
        ("bad", "bad.md:1"),
        ("explan_code", "Did you mean explain_code"),
        ("zz", "Known temp"),
    ]:
        with pytest.raises(TemplateError, match=said):
            found.named(name)


def test_each_of_ours_is_a_file_that_says_the_same(tmp_path: Path) -> None:
    ours = known.find_all(tmp_path).templates
    assert {name: one.text.removesuffix("\n") for name, one in ours.items()} == BUILT_IN
    assert all(one.title and one.description for one in ours.values())


def test_nothing_hides_in_what_is_reviewed() -> None:
    hidden = "a\u200bb\u200dc\u202ed\u00a0e\ufe0ff\U000e0041g\te\x1b[0m\ue000\u0378\n"
    shown = reveal(hidden)
    assert all(part in shown for part in ("⟨U+200B⟩", "⟨U+200D⟩", "⟨U+202E⟩", "⟨U+00A0⟩", "⟨U+FE0F⟩"))
    assert all(part in shown for part in ("⟨U+E0041⟩", "␛", "⟨U+E000⟩", "⟨U+0378⟩"))
    assert shown.replace("\n", "").isprintable() and reveal("plain é 中\n") == "plain é 中\n"
