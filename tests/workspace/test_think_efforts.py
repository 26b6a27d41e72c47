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
