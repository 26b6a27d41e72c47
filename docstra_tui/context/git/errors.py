"""Why something of a repository is not read, in the user's words."""

from __future__ import annotations

from docstra_tui.errors import UnreadableFile


class NoRepository(UnreadableFile):
    """The folder lies in no repository that may be read."""


class Busy(UnreadableFile):
    """The repository is being read for something else."""


class MissingObject(UnreadableFile):
    """An object is not here: cloned in part, borrowed from elsewhere, or lost. Nothing is fetched."""


def damaged(what: str) -> UnreadableFile:
    """Bytes that are not as git writes them."""
    return UnreadableFile(f"The repository is damaged, or not as git writes it: {what}.")
