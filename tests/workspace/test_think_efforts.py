"""An effort is a wish like the others, where somebody writes it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from docstra_tui.llm.thinking import wish
from docstra_tui.workspace.think_switch import ThinkSwitch


@pytest.mark.parametrize("think", [*wish.WORDS, *wish.EFFORTS, "500"])
def test_every_wish_is_said_as_it_is_written(think: str) -> None:
    model = SimpleNamespace(think="auto", llm=None)
    model.wish = lambda wished: setattr(model, "think", wished)
    said = ThinkSwitch(model).take(think)  # type: ignore[arg-type]
    assert said.startswith(f"Thinking: {think}, ") and model.think == wish.parse(think)


def test_an_effort_is_one_of_the_stops_once_it_was_wished() -> None:
    model = SimpleNamespace(think="auto", llm=None)
    model.wish = lambda wished: setattr(model, "think", wished)
    switch = ThinkSwitch(model)  # type: ignore[arg-type]
    switch.take("low")
    seen = []
    for _ in range(4):
        switch.step()
        seen.append(model.think)
    assert seen == ["auto", "off", "on", "low"]
    assert switch.offer.choices[-1].detail == "think so hard, where the model knows how"
