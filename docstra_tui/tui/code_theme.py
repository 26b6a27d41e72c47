"""Source code in the theme's own roles, for previews and for the fences of an answer.

Imported with the first code that is shown: pygments is not part of the first frame.
"""

from __future__ import annotations

from pygments.token import Token
from textual.highlight import HighlightTheme


class CodeTheme(HighlightTheme):
    """Few colours: what is said about the code, what it does, what it holds."""

    STYLES = {  # noqa: RUF012 -- as Textual declares it
        Token.Comment: "$muted italic",
        Token.Generic.Strong: "bold",
        Token.Generic.Emph: "italic",
        Token.Generic.Heading: "$primary bold",
        Token.Generic.Subheading: "$primary",
        Token.Generic.Deleted: "$error",
        Token.Generic.Inserted: "$success",
        Token.Keyword: "$secondary",
        Token.Keyword.Constant: "$warning",
        Token.Literal.Number: "$warning",
        Token.Literal.String: "$success",
        Token.Literal.String.Doc: "$muted italic",
        Token.Name.Class: "$primary bold",
        Token.Name.Constant: "$warning",
        Token.Name.Decorator: "$primary",
        Token.Name.Function: "$primary",
        Token.Name.Function.Magic: "$primary",
        Token.Name.Tag: "$primary",
        Token.Operator.Word: "$secondary",
    }
