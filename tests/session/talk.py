"""Small files to talk about, and what a model that only plays was asked."""

from __future__ import annotations

from docstra_tui.llm.items import ContextItem
from tests.fakes import FakeLLM

A = ContextItem("a = 1\n", "a.py", "python")
A2 = ContextItem("a = 2\n", "a.py", "python")
B = ContextItem("b = 1\n", "b.py", "python")
C = ContextItem("c = 1\n", "c.rs", "rust")


def asked(llm: FakeLLM, call: int = -1) -> list[str]:
    """The user messages of one request."""
    return [message["content"] for message in llm.calls[call].messages if message["role"] == "user"]
