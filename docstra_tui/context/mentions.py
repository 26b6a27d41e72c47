"""`@path` in what a person types: which files a question names.

A mention starts at an `@` at the beginning or after white space: `@src/a.py`, `@src/a.py:3-9`,
`@src/a.py:3-` (to the end), `@"with space.py":3-9`. `@diff`, `@staged` and `@commit:REF` are git's: a mention
of the same path. Knows nothing about files: whether one exists is for the caller to find out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from docstra_tui.context.git_names import COMMIT, git_name, is_git

_MENTION = re.compile(
    r"""(?<!\S)@(?:
        "(?P<quoted>[^"\n]+)"(?::(?P<qstart>\d+)(?P<qrange>-(?P<qend>\d*))?)?
        | (?P<bare>[^\s"]\S*)
    )""",
    re.VERBOSE,
)
_BARE_RANGE = re.compile(r"(?P<path>.+?):(?P<start>\d+)(?P<range>-(?P<end>\d*))?")
_PATH = re.compile(r"""@?"[^"\n]+"(?::\d+(?:-\d*)?)?[.,;:!?]*(?!\S)|\S+""")
_COMPLETED = re.compile(r"""(?<!\S)@(?:"[^"\n]+"|[^\s":](?:[^\s:]|:(?!\d))*)[ ]""")
_FRAGMENT = re.compile(r"(?P<path>.*?)(?P<lines>:\d+(?:-\d*)?)?")
_CLOSERS = {")": "(", "]": "[", "}": "{", ">": "<"}


@dataclass(frozen=True)
class Mention:
    """One file that a text names."""

    path: str
    start_line: int | None = None
    """From 1; None for the whole file."""
    end_line: int | None = None
    """Included; with a first line and None, the last of the file."""


def find_mentions(text: str) -> list[Mention]:
    """The mentions of `text` in order, each once. Punctuation after a bare name is not part of it."""
    found: list[Mention] = []
    for match in _MENTION.finditer(text):
        if match["quoted"] is not None:
            found.append(_mention(match["quoted"], match["qstart"], match["qrange"], match["qend"]))
            continue
        bare = _without_punctuation(match["bare"])
        if of_git := git_name(bare):
            found.append(Mention(of_git))
            continue
        ranged = _BARE_RANGE.fullmatch(bare)
        if ranged is not None:
            found.append(_mention(ranged["path"], ranged["start"], ranged["range"], ranged["end"]))
        elif bare:
            found.append(Mention(bare))
    return list(dict.fromkeys(found))


def read_paths(text: str) -> list[Mention]:
    """The words of `text` as mentions, each once, where all of them name files and `@` may be left out.

    Raises `ValueError` for a word that can name none, such as a quote that does not end.
    """
    found: list[Mention] = []
    for word in _PATH.findall(text):
        named = find_mentions(word if word.startswith("@") else f"@{word}")
        if len(named) != 1:
            raise ValueError(f"{word} names no file.")
        found += named
    return list(dict.fromkeys(found))


def awaits_lines(before: str) -> bool:
    """True where `before` ends with a mention without lines and one space, as completing leaves it: a `:`
    that is typed now belongs to the mention, not behind the space."""
    line = before.rpartition("\n")[2]
    return any(match.end() == len(line) for match in _COMPLETED.finditer(line))


def write_mention(path: str, start_line: int | None = None, end_line: int | None = None) -> str:
    """The mention that `find_mentions` reads back as `path` and its lines."""
    if is_git(path):
        return path
    bare = f"@{path}"
    mention = bare if find_mentions(bare) == [Mention(path)] else f'@"{path}"'
    if start_line is None:
        return mention
    return f"{mention}:{start_line}-{end_line if end_line is not None else start_line}"


def fragment_parts(fragment: str) -> tuple[str, str]:
    """What stands behind an `@` so far: of the name, and of its lines."""
    if f"@{fragment}".startswith(COMMIT):
        return fragment, ""
    found = _FRAGMENT.fullmatch(fragment.lstrip('"'))
    return (found["path"], found["lines"] or "") if found else (fragment, "")


def _mention(path: str, start: str | None, span: str | None, end: str | None) -> Mention:
    if start is None:
        return Mention(path)
    if span is None:
        return Mention(path, int(start), int(start))
    return Mention(path, int(start), int(end) if end else None)


def _without_punctuation(word: str) -> str:
    while word:
        last = word[-1]
        opener = _CLOSERS.get(last)
        if last in ".,;:!?'\"" or (opener is not None and opener not in word):
            word = word[:-1]
        else:
            break
    return word
