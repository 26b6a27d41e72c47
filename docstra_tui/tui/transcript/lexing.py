"""Pygments, a few lines at a time: from a state to looks, and to the state each line ends in."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pygments.lexer import ExtendedRegexLexer, Lexer, RegexLexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Error, Token
from pygments.util import ClassNotFound

from docstra_tui.tui.transcript.lines import Bits
from docstra_tui.tui.transcript.look import look_of_token

PLAIN_LANGUAGES = frozenset({"", "text", "txt", "plain", "plaintext", "output", "console-output"})
DEEPEST = 200
"""States a lexer may have open; more are forgotten from the bottom (hostile nesting)."""


@lru_cache(maxsize=64)
def find_lexer(language: str) -> Lexer | None:
    """The lexer for the word after a fence; None where there is nothing to colour."""
    if language.lower() in PLAIN_LANGUAGES:
        return None
    try:
        lexer: Lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
    return lexer


def read_lines(
    lexer: Lexer, lines: list[str], stack: Any, look: int, longest: int
) -> tuple[list[Bits], dict[int, Any]]:
    """The looks of `lines`, laid over `look`, and the state at the line numbers where no token goes on.

    `stack` is None at the beginning of the code. Lines longer than `longest` stay plain.
    """
    text = "".join((line if len(line) <= longest else "") + "\n" for line in lines)
    stops: dict[int, Any] = {}
    try:
        tokens = _tokens(lexer, text, stack, stops)
    except Exception:  # a lexer that fails on hostile code costs its colour, nothing else
        tokens, stops = [(Token, text)], {len(lines): None}
    drawn: list[list[tuple[str, int]]] = [[]]
    for token, value in tokens:
        style = look | look_of_token(token)
        for number, piece in enumerate(value.split("\n")):
            if number:
                drawn.append([])
            if piece:
                current = drawn[-1]
                if current and current[-1][1] == style:
                    current[-1] = (current[-1][0] + piece, style)
                else:
                    current.append((piece, style))
    result: list[Bits] = []
    for index, line in enumerate(lines):
        if len(line) > longest or index >= len(drawn):
            result.append(((line, look),) if line else ())
        else:
            result.append(tuple(drawn[index]))
    return result, stops


def _tokens(lexer: Lexer, text: str, stack: Any, stops: dict[int, Any]) -> list[tuple[Any, str]]:
    if not isinstance(lexer, RegexLexer) or isinstance(lexer, ExtendedRegexLexer):
        tokens = [(token, value) for _, token, value in lexer.get_tokens_unprocessed(text)]
        stops.update({line: None for line in range(1, text.count("\n") + 1)})
        return tokens
    return _walk(lexer, text, list(stack or ("root",)), stops)


def _walk(lexer: RegexLexer, text: str, stack: list[str], stops: dict[int, Any]) -> list[tuple[Any, str]]:
    """What a `RegexLexer` does, with its states written down at the line ends between two tokens.

    Its own method takes the states to begin with but does not tell those it ends with.
    """
    states = lexer._tokens  # type: ignore[attr-defined]
    rules = states[stack[-1]]
    tokens: list[tuple[Any, str]] = []
    position, line, idle = 0, 0, 0
    while position < len(text):
        start = position
        for match_rule, action, change in rules:
            found = match_rule(text, position)
            if found is None:
                continue
            if action is not None:
                if isinstance(action, type(Token)):
                    tokens.append((action, found.group()))
                else:
                    tokens += [(token, value) for _, token, value in action(lexer, found)]
            position = found.end()
            if change is not None:
                _change(stack, change)
                rules = states[stack[-1]]
            break
        else:
            if text[position] == "\n":
                stack[:] = ["root"]
                rules = states["root"]
                tokens.append((Token.Text, "\n"))
            else:
                tokens.append((Error, text[position]))
            position += 1
        idle = idle + 1 if position == start else 0
        if idle > 1_000:
            raise RuntimeError("the lexer does not move")
        if position > start:
            line += text.count("\n", start, position)
            if text[position - 1] == "\n":
                stops[line] = tuple(stack[-DEEPEST:])
    return tokens


def _change(stack: list[str], change: Any) -> None:
    """Open and close states as a rule says."""
    for step in change if isinstance(change, tuple) else (change,):
        if step == "#pop" or (isinstance(step, int) and step < 0):
            count = 1 if step == "#pop" else -step
            del stack[max(1, len(stack) - count) :]
        elif step == "#push":
            stack.append(stack[-1])
        elif isinstance(step, str):
            stack.append(step)
