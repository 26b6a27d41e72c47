"""How much each signal counts. Few and round: what each is worth by itself is in docs/search.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """0 leaves a signal out, where nothing else is said."""

    path: float = 3.0
    """A word in the path, against one in the text; 1 leaves that out."""
    names: float = 3.0
    """A word in the name of what is defined; 1 leaves that out."""
    others: float = 0.8
    """A word that code may have for the question's own; the more there are of them, the less each."""
    phrases: float = 0.8
    """The same, for what several words of a question say together."""
    faint: float = 0.5
    """A word of everyday talk, against one that says what is asked for; 1 leaves that out."""
    neighbours: float = 0.2
    """More, of two words of the question that stand beside each other."""
    joined: float = 0.6
    """Two words of the question that are written as one."""
    identifiers: float = 0.5
    """An identifier as a whole, beside its parts."""
    texts: float = 1.0
    """A quoted text as a whole, beside its words."""
    further: float = 0.15
    """What fits in regions of a file beyond the best one."""
    defines: float = 0.2
    """To define what the question names. Of the best file's score, as are the next three."""
    named: float = 1.2
    """To be called what the question names, if it can mean nothing else."""
    whole: float = 0.4
    """To have much of the question in all of the file."""
    related: float = 0.15
    """To be used by, or to use, the files that fit best and those that are ticked."""
    besides: float = 0.6
    """What a file loses that is no code of the project's own: tests, documents, what was generated."""


WEIGHTS = Weights()
