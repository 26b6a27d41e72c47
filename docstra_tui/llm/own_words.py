"""A model's own words for a question: what the code that answers it may be called, to be searched for.

A short request that begins the same each time, so that only the question is new. What a small model makes
of it may be anything; what is no name and no short phrase is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from docstra_tui.llm.prompt import Message

MOST = 10
"""Words that are taken."""
TOKENS = 96
"""The longest answer: ten names, and a preface that nobody wanted."""
QUESTION = 2000
"""Characters of the question: what is pasted behind it says little about names."""
AGAIN = 3
"""Lines that say nothing new before nothing new is waited for."""
LONGEST = 48
"""Characters of a name or a phrase."""
PHRASE = 4
"""Words of a phrase; what has more is a sentence."""

_TASK = (
    "Question about a program: {question}\n"
    "Names in its code that have to do with this (functions, classes, settings, files), one per line:"
)
_EXAMPLES = (
    (
        "What happens when somebody signs in with a wrong password too often?",
        ("authenticate", "failed_attempts", "MAX_ATTEMPTS", "lock_account", "LoginError", "invalid password"),
    ),
    (
        "How is a picture made smaller before it is sent?",
        ("resize_image", "thumbnail", "compress", "MAX_WIDTH", "ImageEncoder", "quality"),
    ),
    (
        "Where is it decided in which order jobs run?",
        ("schedule", "JobQueue", "priority", "sort_jobs", "worker", "next_job"),
    ),
)
"""The smallest models do as they see it done, and say these again where they know nothing."""
_SHOWN = frozenset(word.casefold() for _, words in _EXAMPLES for word in words)

_FENCE = re.compile(r"^\s*(?:```|~~~).*$", re.MULTILINE)
_LEAD = re.compile(r"^[\s>#*+•·–—-]*(?:\(?\d{1,3}[.):]\s*|[a-z][.)]\s+)?[\s*]*(?=\S)")
_BEHIND = re.compile(r"\s+[-–—=(:].*$|[:=](?:\s.*)?$")
"""What explains a name on its line."""
_QUOTED = re.compile(r"`+([^`\n]+)`+")
_EDGES = " \t\"'`*[](){}<>,;:.!?“”‘’…"
_KEYWORD = re.compile(r"(?:class|const|def|fn|func|function|interface|let|struct|type|var)\s+(?=\S+$)")
_CALL = re.compile(r"\([^()]*\)?$")
_NAME = re.compile(r"[\w$@./:#-]+")
_MARKED = re.compile(r"[a-z0-9][A-Z]|[\w][_./:][\w]|^[A-Z][A-Z0-9]{2,}$")
"""Only code is written so."""
_GENERIC = frozenset(
    re.findall(
        r"\w+",
        "a an and answer class classes code codebase error file files following function functions here "
        "identifier identifiers list method methods name names none of or phrase phrases question sure the "
        "to variable variables words",
    )
)


def request(question: str) -> list[Message]:
    """What is asked: all but the question is always the same."""
    asked: list[Message] = []
    for example, words in _EXAMPLES:
        asked.append({"role": "user", "content": _TASK.format(question=example)})
        asked.append({"role": "assistant", "content": "\n".join(words)})
    text = " ".join(question.split())[:QUESTION]
    return [*asked, {"role": "user", "content": _TASK.format(question=text)}]


def read(answer: str, question: str = "") -> tuple[str, ...]:
    """The names and phrases of an answer, as they stand there, each once, at most `MOST`.

    What only repeats the question or the examples is none, nor is a name that goes on and on.
    """
    said = {word.casefold() for word in re.findall(r"\w+", question)}
    found: dict[str, str] = {}
    for word in _candidates(_FENCE.sub("", answer)):
        mark = word.casefold()
        parts = re.findall(r"\w+", mark)
        is_new = mark not in _SHOWN and not said.issuperset(parts) and not _GENERIC.issuperset(parts)
        if parts and is_new and not _goes_on(mark, found):
            found.setdefault(mark, word)
        if len(found) == MOST:
            break
    return tuple(found.values())


def is_enough(answer: str, question: str = "") -> bool:
    """True when the lines that are whole hold all that is taken, or the last of them nothing new: a small
    model goes round and round."""
    whole = answer.splitlines(keepends=True)
    whole = whole if answer.endswith("\n") else whole[:-1]
    found = len(read("".join(whole), question))
    return found == MOST or (len(whole) > AGAIN and found == len(read("".join(whole[:-AGAIN]), question)) > 0)


def _goes_on(mark: str, found: Iterable[str]) -> bool:
    """`queue_size_max_max`, or `queue_size_max` behind `queue_size`: its words are there already."""
    parts = [part for part in mark.split("_") if part]
    if len(set(parts)) < len(parts) > 2:
        return True
    return any("_" in known and mark.startswith(f"{known}_") for known in found)


def _candidates(answer: str) -> Iterator[str]:
    for line in answer.splitlines():
        quoted = _QUOTED.findall(line)
        parts = quoted or re.split(r"[,;|]\s*", _LEAD.sub("", line))
        for part in parts:
            yield from _names(part, is_alone=len(parts) == 1 and not quoted)


def _names(part: str, *, is_alone: bool) -> Iterator[str]:
    """What one part of a line names: itself, or the code within a sentence."""
    text = _BEHIND.sub("", part) if is_alone else part
    text = _CALL.sub("", text.strip(_EDGES.replace("(", "").replace(")", ""))).strip(_EDGES)
    text = _KEYWORD.sub("", text)
    words = text.split()
    if not words or (is_alone and part.rstrip(" *").endswith(":")):
        return  # "Here are some names:"
    if len(words) <= PHRASE and len(text) <= LONGEST and all(map(_NAME.fullmatch, words)):
        yield text
        return
    for word in words:
        word = _CALL.sub("", word.strip(_EDGES))
        if len(word) <= LONGEST and _NAME.fullmatch(word) and _MARKED.search(word):
            yield word
