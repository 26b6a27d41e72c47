"""Every model but the starter is asked for what can be looked up, unless somebody says otherwise."""

from __future__ import annotations

import pytest

from docstra_tui.llm.prompt import CITING, SYSTEM
from docstra_tui.settings import AnswerSettings, ModelSettings, RemoteSettings, Settings
from docstra_tui.workspace.models.other_server import ServerBackend
from docstra_tui.workspace.models.system_text import system_text

SERVER = RemoteSettings(base_url="http://localhost:1/v1")


@pytest.mark.parametrize(
    ("wish", "name", "remote", "text"),
    [
        ("auto", "", RemoteSettings(), SYSTEM),
        ("auto", "starter", RemoteSettings(), SYSTEM),
        ("on", "", RemoteSettings(), CITING),
        ("auto", "org/model", RemoteSettings(), CITING),
        ("off", "org/model", RemoteSettings(), SYSTEM),
        ("auto", "", SERVER, CITING),
        ("off", "", SERVER, SYSTEM),
    ],
)
def test_who_is_asked_for_places_and_quotes(wish, name, remote, text) -> None:
    settings = Settings(ModelSettings(name=name), AnswerSettings(citations=wish), remote=remote)
    assert system_text(settings) == text
    assert "`path:line`" in CITING and CITING != SYSTEM


def test_a_server_is_told_what_the_settings_say() -> None:
    for wish, text in (("auto", CITING), ("off", SYSTEM)):
        backend = ServerBackend(Settings(answer=AnswerSettings(citations=wish), remote=SERVER))
        try:
            assert backend.llm.prompt_builder.system == text
        finally:
            backend.close()
