"""One rule of a `.gitignore` as a regular expression that takes little time, whatever rule and name.

A name is matched from left to right and what a `*` has taken is not given back: after `*a`, the first
`a` is as good as any later one when another `*` follows. So no rule can make a search go through all
ways to share a name between its stars. Rules and paths are bytes to git: both are compared as
characters up to U+00FF that stand for one byte each.
"""

from __future__ import annotations

import re
import string

LONGEST = 4096
"""No path is longer, so no longer rule has one to match."""

_SLASH = "/"
_CLASSES = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "blank": " \t",
    "cntrl": "".join(map(chr, range(32))) + "\x7f",
    "digit": string.digits,
    "graph": string.ascii_letters + string.digits + string.punctuation,
    "lower": string.ascii_lowercase,
    "print": string.ascii_letters + string.digits + string.punctuation + " ",
    "punct": string.punctuation,
    "space": " \t\n\r\0",
    "upper": string.ascii_uppercase,
    "xdigit": string.hexdigits,
}


class _NeverMatches(Exception):
    """The rule cannot match any name: a bracket without an end, a class that is not known."""


def without_trailing_spaces(line: str) -> str:
    """A line as git reads it: spaces at its end do not count, unless a backslash stands before them."""
    end, at = 0, 0
    while at < len(line):
        if line[at] == "\\":
            at += 1
            if at == len(line):
                return line
            end = at + 1
        elif line[at] != " ":
            end = at + 1
        at += 1
    return line[:end]


def to_regex(rule: str) -> str | None:
    """For `re.match` on a path relative to the rule's folder, or its last part when the rule is about a
    name: no `/` in it but at its end. A folder's path ends with `/`.

    `rule` is a line without `!` before it and spaces behind it. Matches only the path itself, not what
    lies below it. None: the rule matches nothing.
    """
    wants_folder = rule.endswith("/")
    rule = rule.removesuffix("/")
    if not rule or len(rule) > LONGEST:
        return None
    try:
        parts = _parts(rule.removeprefix("/"))
        body = _path(parts) if "/" in rule else _part(parts[0])  # in a name, `**` is a `*`
    except _NeverMatches:
        return None
    return rf"\A{body}{'/' if wants_folder else '/?'}\Z"


def _path(parts: list[list[str]]) -> str:
    """`**` on its own between two `/` is any number of folders."""
    runs: list[list[str]] = [[]]
    for part in parts:
        if part == ["**"]:
            if runs[-1] or len(runs) == 1:  # two `**` in a row are one
                runs.append([])
        else:
            runs[-1].append(_part(part))
    last = len(runs) - 1
    if not last:
        return _SLASH.join(runs[0])
    found = "".join(part + _SLASH for part in runs[0])
    for run in runs[1:last]:
        # The first place that fits is as good as any other: more folders may follow it.
        found += f"(?>(?:[^/]+/)*?{''.join(part + _SLASH for part in run)})"
    if runs[last]:
        return f"{found}(?:[^/]+/)*{_SLASH.join(runs[last])}"
    return f"{found}.*[^/]"


def _part(tokens: list[str]) -> str:
    """The part of a path between two `/`."""
    runs: list[str] = [""]
    for token in tokens:
        if token in ("*", "**"):
            runs.append("")
        else:
            runs[-1] += token
    if len(runs) == 1:
        return runs[0]
    middle = "".join(f"(?>[^/]*?{run})" for run in runs[1:-1] if run)
    return f"{runs[0]}{middle}[^/]*{runs[-1]}" if any(runs) else "[^/]+"


def _parts(rule: str) -> list[list[str]]:
    """The tokens of each part: `*`, `**`, and regular expressions for one character."""
    parts: list[list[str]] = [[]]
    at = 0
    while at < len(rule):
        char = rule[at]
        at += 1
        if char == "\\":
            if at == len(rule):
                raise _NeverMatches
            char = rule[at]
            at += 1
            token = "" if char == _SLASH else re.escape(char)
        elif char == "*":
            start = at - 1
            while rule[at : at + 1] == "*":
                at += 1
            token = "*" if at - start == 1 else "**"
        elif char == "?":
            token = "[^/]"
        elif char == "[":
            token, at = _bracket(rule, at)
        else:
            token = "" if char == _SLASH else re.escape(char)
        if token:
            parts[-1].append(token)
        else:
            parts.append([])
    return parts


def _bracket(rule: str, at: int) -> tuple[str, int]:
    """What stands between `[` and `]`, and where the rule goes on."""
    is_negated = rule[at : at + 1] in ("!", "^")
    at += is_negated
    chars: set[str] = set()
    before = ""
    """Where a range may begin."""
    is_first = True
    while is_first or rule[at : at + 1] != "]":
        is_first = False
        char, after = rule[at : at + 1], rule[at + 1 : at + 2]
        if not char:
            raise _NeverMatches
        if char == "-" and before and after not in ("", "]"):
            at += 1
            end, at = _one(rule, at)
            chars.update(map(chr, range(ord(before), ord(end) + 1)))
            before = ""
        elif char == "[" and after == ":":
            closing = rule.find("]", at + 2)
            if closing < 0:
                raise _NeverMatches
            if rule[closing - 1] == ":" and closing - 1 >= at + 2:
                name = rule[at + 2 : closing - 1]
                if name not in _CLASSES:
                    raise _NeverMatches
                chars.update(_CLASSES[name])
                before, at = "", closing + 1
            else:
                chars.add("[")
                before, at = "[", at + 1
        else:
            before, at = _one(rule, at)
            chars.add(before)
    wanted = {chr(code) for code in range(256)} - chars if is_negated else chars
    return _any_of(wanted - {_SLASH}), at + 1


def _one(rule: str, at: int) -> tuple[str, int]:
    """One character, perhaps with a backslash before it, and where the rule goes on."""
    at += rule[at] == "\\"
    if at >= len(rule):
        raise _NeverMatches
    return rule[at], at + 1


def _any_of(chars: set[str]) -> str:
    if not chars:
        raise _NeverMatches
    escaped = "".join(rf"\x{ord(char):02x}" for char in sorted(chars))
    return f"[{escaped}]"
