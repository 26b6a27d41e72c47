"""A chat template is tried, two questions deep, where it can be ended, before it renders anything here."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.errors import BadModelFile
from docstra_tui.llm.inference import template_trial
from docstra_tui.llm.inference.chat_tokenizer import ChatTokenizer
from docstra_tui.llm.inference.template_behaviour import Behaviour
from docstra_tui.llm.inference.template_trial import Trial
from docstra_tui.llm.local import LocalLLM
from tests.llm.inference.templates import SYSTEM_IS_LEFT_OUT, SYSTEM_MOVES
from tests.tiny_models import CHATML, NO_SYSTEM_ROLE, make_tiny, tiny_tokenizer

VARIABLES = {"bos_token": "<s>", "eos_token": "</s>"}

ONE_QUESTION = CHATML + "{% if messages | length > 2 %}{{ raise_exception('one question only') }}{% endif %}"

SLOW = "{% for a in range(99999) %}{% for b in range(3000) %}{% endfor %}{% endfor %}"
"""Ends by itself, but not in two seconds."""
LONG = "{% for a in range(99999) %}{{ 'x' * 2000 }}{% endfor %}"
LARGE = "{{ 'x' * 600000000 }}"

REAL_START = template_trial._start
"""Not `tests.llm.trial_children`'s, which takes its place when the tests begin."""


@pytest.fixture
def real_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the child is started as the product starts it."""
    monkeypatch.setattr(template_trial, "_start", REAL_START)


def behaviour(template: str) -> Behaviour:
    return Trial(template, VARIABLES).result()


def refuses(template: str, words: str) -> None:
    """It is refused in one sentence."""
    with pytest.raises(BadModelFile, match=words) as refused:
        behaviour(template)
    assert refused.value.message.startswith("The model's chat template ")
    assert "\n" not in refused.value.message and refused.value.hint


@pytest.mark.parametrize(
    ("template", "takes_system"),
    [(CHATML, True), (NO_SYSTEM_ROLE, False), (SYSTEM_MOVES, False), (SYSTEM_IS_LEFT_OUT, False)],
)
def test_the_system_text_stays_where_the_next_question_finds_it(template: str, takes_system: bool) -> None:
    found = behaviour(template)
    assert (found.takes_system, found.note, found.triggers) == (takes_system, "", {})


def test_a_template_for_one_question_is_known_at_load_and_said() -> None:
    found = behaviour(ONE_QUESTION)
    assert found.takes_system
    assert "second question" in found.note and "one question only" in found.note


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (LONG, "takes more than 512 MB|writes more than 1,000,000 characters"),
        ("{{ 'x' * 30000000 }}" + CHATML, "writes more than 1,000,000 characters"),
        ("{{ messages[0]['content'] ", "cannot render a question: TemplateSyntaxError"),
        ("{{ raise_exception('never') }}", "cannot render a question: TemplateError: never"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "cannot render a question: RecursionError"),
        ("{{ messages[0].role.__class__.__mro__ }}", "cannot render a question: SecurityError"),
        ("hello", "cannot render a question: it leaves out or moves what was said"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(template: str, words: str) -> None:
    refuses(template, words)


@pytest.mark.usefixtures("real_start")
@pytest.mark.parametrize(
    ("template", "words"), [(SLOW, "takes more than 2 seconds"), (LARGE, "takes more than 512 MB")]
)
def test_a_template_that_takes_too_much_is_ended(template: str, words: str) -> None:
    refuses(template, words)


def test_nothing_is_rendered_here_before_the_trial_is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = tiny_tokenizer("llama", 512)
    tokenizer.chat_template = "{{ raise_exception('never') }}"
    rendered: list[Any] = []
    monkeypatch.setattr(type(tokenizer), "apply_chat_template", lambda *args, **kwargs: rendered.append(args))
    chat = ChatTokenizer(tokenizer, 512)
    for use in (lambda: chat.render("x"), lambda: chat.count("x"), lambda: chat.stable_prefix("x", 1)):
        with pytest.raises(BadModelFile, match="never"):
            use()
    assert not rendered


def test_a_model_with_such_a_template_does_not_load(tmp_path: Path) -> None:
    folder = make_tiny(tmp_path / "tiny")
    (folder / "chat_template.jinja").write_text(SLOW)
    with pytest.raises(BadModelFile, match="takes more than 2 seconds"):
        LocalLLM(str(folder), device="cpu")


def test_a_template_for_one_question_loads_with_a_note(tmp_path: Path) -> None:
    folder = make_tiny(tmp_path / "tiny")
    (folder / "chat_template.jinja").write_text(ONE_QUESTION)
    llm = LocalLLM(str(folder), max_tokens=3, device="cpu")
    try:
        assert "second question" in llm.notes[0]
        assert llm.generate("one") is not None
    finally:
        llm.close()


def test_named_templates_without_a_default_are_a_clear_error() -> None:
    tokenizer = tiny_tokenizer("llama", 512)
    tokenizer.chat_template = {"tool_use": CHATML, "rag": CHATML}
    with pytest.raises(BadModelFile, match="several chat templates and none"):
        ChatTokenizer(tokenizer, 512)
    tokenizer.chat_template = {"tool_use": SLOW, "default": CHATML}
    assert ChatTokenizer(tokenizer, 512).render("x")


@pytest.mark.usefixtures("real_start")
def test_the_same_template_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    popen = subprocess.Popen

    def noted(*args: Any, **kwargs: Any) -> Any:
        started.append(args)
        return popen(*args, **kwargs)

    monkeypatch.setattr(subprocess, "Popen", noted)
    template = CHATML + "{# tried once #}"
    first = template_trial.begin(template, VARIABLES).result()
    assert template_trial.begin(template, dict(VARIABLES)).result() == first
    assert first.takes_system
    assert len(started) == 1
    template_trial.begin(template, {**VARIABLES, "bos_token": "<x>"}).result()
    assert len(started) == 2


@pytest.mark.usefixtures("real_start")
def test_a_process_that_was_prepared_is_used() -> None:
    template_trial.prepare()
    template_trial.prepare()
    prepared = template_trial._prepared
    assert prepared is not None
    assert behaviour(CHATML).takes_system
    assert prepared.returncode == 0


@pytest.mark.usefixtures("real_start")
def test_a_process_that_was_prepared_and_not_needed_is_ended() -> None:
    template_trial.prepare()
    unused = template_trial._prepared
    assert unused is not None
    template_trial.dismiss()
    template_trial.dismiss()
    assert unused.returncode is not None


@pytest.mark.usefixtures("real_start")
def test_a_child_that_cannot_be_started_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    with pytest.raises(BadModelFile, match="could not be tried"):
        behaviour(CHATML + "{# no child #}")
