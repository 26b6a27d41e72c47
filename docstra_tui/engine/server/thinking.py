"""How much a request wishes the model to think, in whichever of the ways in use it says so."""

from __future__ import annotations

from collections.abc import Iterator

from docstra_tui.engine.client.wire import Rendered
from docstra_tui.engine.server.requests import BadRequest
from docstra_tui.llm.thinking import wish
from docstra_tui.llm.thinking.wish import Think

SWITCHES = ("enable_thinking", "thinking")
"""What templates call the variable that switches thinking; each counts, whatever this model's own is."""

BUDGETS = ("thinking_token_budget", "thinking_budget_tokens")
NO_BUDGET = -1
"""How llama.cpp and some templates say that there is no limit."""

NO_EFFORT = "none"


def wished(request: Rendered) -> Think:
    """What a request says of thinking; `auto` where it says nothing. Raises `BadRequest`.

    Our own word for it counts alone. Of the others, off counts before a budget, a budget before an effort,
    and that before on.
    """
    if request.docstra.think is not None:
        return _parsed(request.docstra.think, "docstra.think")
    found = list(_said(request))
    return min(found, key=_weight, default="auto")


def _weight(think: Think) -> int:
    """The least counts."""
    if isinstance(think, int):
        return 1
    return 0 if think == "off" else 2 if wish.is_effort(think) else 3


def _said(request: Rendered) -> Iterator[Think]:
    """Each wish that others' fields hold."""
    for name, value in (request.chat_template_kwargs or {}).items():
        param = f"chat_template_kwargs.{name}"
        if name == "reasoning_effort":
            yield _effort(value, param)
        elif name == "thinking_budget":
            yield _budget(value, param)
        elif name not in SWITCHES:
            raise BadRequest(f"This engine cannot honour {name[:40]!r} for the template.", param)
        elif not isinstance(value, bool):
            raise BadRequest(f"{name} is true or false.", param)
        else:
            yield "on" if value else "off"
    if request.reasoning_effort is not None:
        yield _effort(request.reasoning_effort, "reasoning_effort")
    for name in BUDGETS:
        budget = getattr(request, name)
        if budget is not None:
            yield _budget(budget, name)


def _effort(effort: object, param: str) -> Think:
    if effort == NO_EFFORT:
        return "off"
    if not wish.is_effort(effort):
        every = ", ".join((NO_EFFORT, *wish.EFFORTS))
        raise BadRequest(f"An effort is one of {every}, not {str(effort)[:40]!r}.", param)
    return effort


def _budget(budget: object, param: str) -> Think:
    if not isinstance(budget, int) or isinstance(budget, bool):
        raise BadRequest("A budget for thinking is a number of tokens.", param)
    return "on" if budget == NO_BUDGET else _parsed(budget, param)


def _parsed(value: str | int, param: str) -> Think:
    try:
        return wish.parse(value)
    except ValueError as error:
        raise BadRequest(str(error), param) from None
