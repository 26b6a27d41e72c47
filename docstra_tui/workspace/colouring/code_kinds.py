"""What the words of source code are: the kinds that have a colour, by their names in pygments.

A kind is told as its number: 0 is plain, the others are places in `KINDS`, counted from one. A word that
is none of these is of the nearest kind above it: a `Name.Function.Magic` that had no entry would be a
`Name.Function`.
"""

from __future__ import annotations

KINDS = (
    "Comment",
    "Generic.Strong",
    "Generic.Emph",
    "Generic.Heading",
    "Generic.Subheading",
    "Generic.Deleted",
    "Generic.Inserted",
    "Keyword",
    "Keyword.Constant",
    "Literal.Number",
    "Literal.String",
    "Literal.String.Doc",
    "Name.Class",
    "Name.Constant",
    "Name.Decorator",
    "Name.Function",
    "Name.Function.Magic",
    "Name.Tag",
    "Operator.Word",
)

PLAIN_LANGUAGES = frozenset({"", "text", "txt", "plain", "plaintext", "output", "console-output"})
"""Words after a fence, small letters, of text that has no such words."""
