"""Errors in other forms: the first line of what they say, and JSON for a socket or a file."""

from __future__ import annotations

from typing import Any

from docstra_tui.errors import ContextOverflow, DocstraError, GenerationFailed, MemoryOverflow


def to_wire(error: BaseException) -> dict[str, Any]:
    """`{kind, message, hint, details}` for any exception; one that is not ours becomes `failed`."""
    if isinstance(error, DocstraError):
        return {
            "kind": error.kind,
            "message": error.message,
            "hint": error.hint,
            "details": error.details,
        }
    first = first_line(error)
    name = type(error).__name__
    return {
        "kind": GenerationFailed.kind,
        "message": f"{name}: {first}" if first else name,
        "hint": "The engine's log has the whole story: docstra-tui engine logs.",
        "details": {},
    }


def first_line(error: BaseException, most: int = 300) -> str:
    """The beginning of what an exception says; empty where it says nothing."""
    lines = words_of(error).strip().splitlines()
    return lines[0][:most] if lines else ""


def words_of(error: BaseException) -> str:
    """All that an exception says; empty where it cannot be asked."""
    try:
        return str(error)
    except BaseException:  # its own code, which may do anything
        return ""


def from_wire(wire: dict[str, Any]) -> DocstraError:
    """The error that `to_wire` described; an unknown kind becomes a plain `DocstraError`."""
    details = wire.get("details")
    details = details if isinstance(details, dict) else {}
    kind = wire.get("kind")
    if kind in (ContextOverflow.kind, MemoryOverflow.kind):
        try:
            tokens, limit, reserve = (int(details[name]) for name in ("prompt_tokens", "limit", "reserve"))
            is_least = bool(details.get("is_least"))
            if kind == ContextOverflow.kind:
                return ContextOverflow(tokens, limit, reserve, is_least=is_least)
            compact, on_gpu = details.get("compact"), bool(details.get("on_gpu"))
            compact = compact if isinstance(compact, int) else None
            return MemoryOverflow(tokens, limit, reserve, is_least=is_least, compact=compact, on_gpu=on_gpu)
        except (KeyError, TypeError, ValueError):
            pass
    message = str(wire.get("message") or "The engine failed without a word.")
    hint = str(wire.get("hint") or "")
    for cls in _subclasses(DocstraError):
        if cls.kind == kind and not issubclass(cls, ContextOverflow):
            return cls(message, hint)
    return DocstraError(message, hint)


def _subclasses(cls: type[DocstraError]) -> list[type[DocstraError]]:
    found = [cls]
    for child in cls.__subclasses__():
        found.extend(_subclasses(child))
    return found
