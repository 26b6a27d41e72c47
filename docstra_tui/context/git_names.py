"""What git says as context: names that stand where those of files do. `@diff`, `@staged`, `@commit:HEAD~1`.

A file of a project whose path is one of these cannot be picked; behind an `@` it is named in quotes or as
`./diff`, where it is called like the word alone.
"""

from __future__ import annotations

DIFF, STAGED = "@diff", "@staged"
COMMIT = "@commit:"
"""With a branch, a tag or the beginning of an id behind it."""

MEANT_BY_GIT = "its name means what git says"
"""Why such a file cannot be picked."""


def is_git(path: str) -> bool:
    """True for a path that is git's to fill."""
    return path in (DIFF, STAGED) or path.startswith(COMMIT)


def git_name(word: str) -> str:
    """What a word behind an `@` means of git; empty where it is a file's."""
    name = f"@{word}"
    return name if is_git(name) else ""
