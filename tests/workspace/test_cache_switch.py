"""How exactly what is read is kept: said, switched, and taken along to another model."""

from __future__ import annotations

import pytest

from docstra_tui.errors import MemoryOverflow, UsageError
from docstra_tui.settings import AnswerSettings, RemoteSettings, Settings
from docstra_tui.workspace.cache_switch import CacheSwitch
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.models.choice import placed
from docstra_tui.workspace.wording import memory_ways
from tests.engine.engines import until
from tests.repl.fake_backend import FakeBackend
from tests.workspace.models.test_answering import Face, Openers


def model_of(settings: Settings, *backends: FakeBackend) -> AnsweringModel:
    model = AnsweringModel(settings, Openers(*backends), lambda call: call())
    model.listener = Face()
    return model


def test_it_is_switched_for_whatever_answers_from_then_on() -> None:
    first, second = FakeBackend(), FakeBackend()
    model = model_of(Settings(), first, second)
    switch = CacheSwitch(model)
    model.open_now()
    until(lambda: model.is_ready)
    assert "full" in switch.take("") and first.llm.kv_cache == "full"
    assert "8 bits" in switch.take(" INT8 ") and first.llm.kv_cache == "int8"
    with pytest.raises(UsageError, match="int4"):
        switch.take("int4")
    model.open_now()
    assert second.llm.kv_cache == "int8"
    model.close()


def test_settings_say_it_too_and_another_server_keeps_as_it_likes() -> None:
    assert model_of(Settings(answer=AnswerSettings(kv_cache="int8"))).kv_cache == "int8"
    far = Settings(remote=RemoteSettings(base_url="http://127.0.0.1:9/v1"))
    assert "as it likes" in CacheSwitch(model_of(far)).take("int8")
    with pytest.raises(UsageError, match="whichever device"):
        placed(far, "cpu")


def test_a_model_is_placed_on_devices_that_there_may_be() -> None:
    assert placed(Settings(), "cuda:1").model.device == "cuda:1"
    for wrong in ("", "gpu", "cpu;rm"):
        with pytest.raises(UsageError, match="no device"):
            placed(Settings(), wrong)


def test_the_ways_out_are_those_that_there_are() -> None:
    said = memory_ways(MemoryOverflow(9000, 6000, 512, compact=12_000, on_gpu=True))
    assert "/cache int8" in said and "/device cpu" in said
    said = memory_ways(MemoryOverflow(9000, 6000, 512, compact=9000))
    assert "/cache" not in said and "/device" not in said and "/model" in said
