"""The library's verbs as plain functions, over one shared `LocalLLM` made at the first call."""

from __future__ import annotations

import threading
from typing import Any

from docstra_tui.llm.answer import AnswerStream
from docstra_tui.llm.local import LocalLLM

_lock = threading.Lock()
_shared: LocalLLM | None = None


def shared() -> LocalLLM:
    """The one model of this module, loaded on the first call."""
    global _shared
    with _lock:
        if _shared is None:
            _shared = LocalLLM()
        return _shared


def generate(*args: Any, **kwargs: Any) -> str | AnswerStream:
    """`LocalLLM.generate` of the shared model."""
    answer: str | AnswerStream = shared().generate(*args, **kwargs)
    return answer


def continue_answer(*args: Any, **kwargs: Any) -> str | AnswerStream:
    """`LocalLLM.continue_answer` of the shared model."""
    rest: str | AnswerStream = shared().continue_answer(*args, **kwargs)
    return rest


def document_code(*args: Any, **kwargs: Any) -> str | AnswerStream:
    """`LocalLLM.document_code` of the shared model."""
    return shared().document_code(*args, **kwargs)


def explain_code(*args: Any, **kwargs: Any) -> str | AnswerStream:
    """`LocalLLM.explain_code` of the shared model."""
    return shared().explain_code(*args, **kwargs)


def answer_question(*args: Any, **kwargs: Any) -> str | AnswerStream:
    """`LocalLLM.answer_question` of the shared model."""
    return shared().answer_question(*args, **kwargs)


def generate_examples(*args: Any, **kwargs: Any) -> str | AnswerStream:
    """`LocalLLM.generate_examples` of the shared model."""
    return shared().generate_examples(*args, **kwargs)


def custom_request(*args: Any, **kwargs: Any) -> str | AnswerStream:
    """`LocalLLM.custom_request` of the shared model."""
    return shared().custom_request(*args, **kwargs)
