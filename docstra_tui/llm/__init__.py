"""The model library: ask a local language model about code, from Python, without any screen.

    from docstra_tui.llm import LocalLLM

    llm = LocalLLM("starter")
    print(llm.explain_code("x = [i * i for i in range(9)]", "python"))

Names load on first use, so that `docstra_tui.llm.remote` costs no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docstra_tui.llm.answer import AnswerStream, Usage
    from docstra_tui.llm.base import BaseLLM
    from docstra_tui.llm.inference.stopping import KeywordsStoppingCriteria
    from docstra_tui.llm.items import ContextItem
    from docstra_tui.llm.local import LocalLLM, LocalModelClient
    from docstra_tui.llm.many import Many
    from docstra_tui.llm.prompt import PromptBuilder, Turn
    from docstra_tui.llm.remote import RemoteLLM
    from docstra_tui.llm.shared import (
        answer_question,
        continue_answer,
        custom_request,
        document_code,
        explain_code,
        generate,
        generate_examples,
    )

_HOMES = {
    "AnswerStream": "answer",
    "Usage": "answer",
    "BaseLLM": "base",
    "ContextItem": "items",
    "LocalLLM": "local",
    "LocalModelClient": "local",
    "Many": "many",
    "PromptBuilder": "prompt",
    "Turn": "prompt",
    "RemoteLLM": "remote",
    "KeywordsStoppingCriteria": "inference.stopping",
    "answer_question": "shared",
    "continue_answer": "shared",
    "custom_request": "shared",
    "document_code": "shared",
    "explain_code": "shared",
    "generate": "shared",
    "generate_examples": "shared",
}

__all__ = [
    "AnswerStream",
    "BaseLLM",
    "ContextItem",
    "KeywordsStoppingCriteria",
    "LocalLLM",
    "LocalModelClient",
    "Many",
    "PromptBuilder",
    "RemoteLLM",
    "Turn",
    "Usage",
    "answer_question",
    "continue_answer",
    "custom_request",
    "document_code",
    "explain_code",
    "generate",
    "generate_examples",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
