"""Source code in the theme's own roles, for previews and for the fences of an answer."""

from __future__ import annotations

STYLES = {
    "Comment": "$muted italic",
    "Generic.Strong": "bold",
    "Generic.Emph": "italic",
    "Generic.Heading": "$primary bold",
    "Generic.Subheading": "$primary",
    "Generic.Deleted": "$error",
    "Generic.Inserted": "$success",
    "Keyword": "$secondary",
    "Keyword.Constant": "$warning",
    "Literal.Number": "$warning",
    "Literal.String": "$success",
    "Literal.String.Doc": "$muted italic",
    "Name.Class": "$primary bold",
    "Name.Constant": "$warning",
    "Name.Decorator": "$primary",
    "Name.Function": "$primary",
    "Name.Function.Magic": "$primary",
    "Name.Tag": "$primary",
    "Operator.Word": "$secondary",
}
"""Few colours: what is said about the code, what it does, what it holds."""
