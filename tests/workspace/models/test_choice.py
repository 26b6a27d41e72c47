"""Which model is meant: what settings ask for, and what another name leaves of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui.engine.client.identity import STARTER
from docstra_tui.session.turns import ModelChoice
from docstra_tui.settings import ModelSettings, RemoteSettings, Settings
from docstra_tui.workspace.models.choice import choice_of, settings_for, switched

CONFIGURED = Settings(model=ModelSettings(name="org/configured"))
FAR = ModelChoice("http://gpu7:8000/v1", "big")


def test_a_choice_is_what_opens_the_model_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(model=ModelSettings(name="./model", revision="v1", quant="bnb-8bit"))
    choice = choice_of(settings)
    assert choice == ModelChoice("", str(tmp_path / "model"), "v1", "bnb-8bit")
    assert choice_of(settings_for(CONFIGURED, choice)) == choice
    assert choice_of(Settings()) == ModelChoice("", STARTER)
    remote = Settings(remote=RemoteSettings(base_url="HTTP://GPU7:8000/v1/"))
    assert choice_of(remote, "big") == FAR
    assert choice_of(settings_for(CONFIGURED, FAR)) == FAR


def test_another_model_has_neither_the_revision_nor_the_quantisation_of_the_one_before() -> None:
    before = Settings(
        model=ModelSettings(name="org/one", revision="v1", quant="bnb-4bit", device="cuda:1", dtype="float16")
    )
    after = switched(before, "org/two")
    assert after.model == ModelSettings(name="org/two", device="cuda:1", dtype="float16")
    assert (after.answer, after.engine, after.context) == (before.answer, before.engine, before.context)


@pytest.mark.parametrize(
    ("name", "is_taken", "is_here"),
    [
        ("org/two", False, False),  # typed: a model of the server that one asks
        ("org/two", True, True),  # taken from the list of this machine's
        ("starter", False, True),
        ("~/models/two", False, True),
        ("./two", False, True),
        ("two.GGUF", False, True),
    ],
)
def test_a_name_is_one_of_the_server_unless_it_can_only_be_here(
    name: str, is_taken: bool, is_here: bool
) -> None:
    there = RemoteSettings(base_url="http://gpu7:8000/v1", context=9000)
    after = switched(Settings(remote=there), name, is_here=is_taken)
    assert after.remote.base_url == ("" if is_here else there.base_url)
    assert (after.remote.context, after.model.name) == (9000, name)
