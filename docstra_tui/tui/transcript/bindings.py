"""The keys of the conversation."""

from __future__ import annotations

from textual.binding import Binding, BindingType

SHOWN = frozenset(
    {"turn-before", "turn-next", "code-before", "code-next", "fork-before", "fork-next", "copy", "select"}
    | {"citation-before", "citation-next"}
    | {"edit", "retry", "continue", "delete", "undo", "raw", "fold", "match-next", "match-before", "unmark"}
)
"""What the line of keys says, beside what everybody finds."""


def _key(keys: str, action: str, words: str, tooltip: str, name: str) -> Binding:
    return Binding(keys, action, words, tooltip=tooltip, id=f"transcript.{name}", show=name in SHOWN)


BINDINGS: list[BindingType] = [
    _key("up,k", "line(-1)", "Up", "One line up", "up"),
    _key("down,j", "line(1)", "Down", "One line down", "down"),
    _key("left,h", "cell(-1)", "Left", "Move the cursor left", "left"),
    _key("right,l", "cell(1)", "Right", "Move the cursor right", "right"),
    _key("pageup,b", "page(-1)", "Page up", "One page up", "pageup"),
    _key("pagedown,space", "page(1)", "Page down", "One page down", "pagedown"),
    _key("home,g", "top", "Oldest", "To the first question", "top"),
    _key("end,G", "follow", "Newest", "To the end, and follow it", "end"),
    _key("left_square_bracket", "turn(-1)", "Turn before", "To the question before", "turn-before"),
    _key("right_square_bracket", "turn(1)", "Next turn", "To the next question", "turn-next"),
    _key("left_curly_bracket", "code(-1)", "Code before", "To the code block before", "code-before"),
    _key("right_curly_bracket", "code(1)", "Next code", "To the next code block", "code-next"),
    _key(
        "left_parenthesis", "citation(-1)", "Reference before", "To the reference before", "citation-before"
    ),
    _key("right_parenthesis", "citation(1)", "Next reference", "To the next reference", "citation-next"),
    _key("v", "select", "Select", "Show a cursor; again: select from it on", "select"),
    _key("shift+up", "extend(-1)", "Select up", "Select a line up", "extend-up"),
    _key("shift+down", "extend(1)", "Select down", "Select a line down", "extend-down"),
    _key("y", "copy", "Copy", "Copy the selection, the marked code, or the answer", "copy"),
    _key("Y", "copy_turn", "Copy turn", "Copy question and answer as they were written", "copy-turn"),
    _key("s", "save", "Save", "Save the same into a file that you name", "save"),
    _key(
        "enter",
        "fold",
        "Fold thinking",
        "Open the marked reference; else show or hide what the model thought",
        "fold",
    ),
    _key("r", "raw", "As written", "Show exactly what the model wrote, and back", "raw"),
    _key("less_than_sign", "walk(-1)", "Fork before", "What stood in its place before", "fork-before"),
    _key("greater_than_sign", "walk(1)", "Next fork", "What was asked there instead", "fork-next"),
    _key("e", "turn_verb('edit')", "Edit question", "Ask it in other words, beside the first", "edit"),
    _key("a", "turn_verb('retry')", "Answer again", "Another answer, beside the first", "retry"),
    _key("c", "turn_verb('continue')", "Go on", "Go on with an answer that was cut", "continue"),
    _key("delete,D", "turn_verb('delete')", "Delete turn", "Take question and answer out", "delete"),
    _key("u", "turn_verb('undo')", "Undo delete", "Bring back what was deleted last", "undo"),
    _key("slash", "search", "Search", "Look for words", "search"),
    _key("n", "match(1)", "Next match", "To the next match", "match-next"),
    _key("N", "match(-1)", "Match before", "To the match before", "match-before"),
    _key("escape", "unmark", "Unmark", "Forget selection, cursor and matches", "unmark"),
]


ALWAYS = frozenset(
    f"transcript.{name}"
    for name in (
        *("turn-before", "turn-next", "code-before", "code-next"),
        *("citation-before", "citation-next"),
        *("fork-before", "fork-next", "pagedown"),
    )
)
"""What acts by a key that is written, also where nothing is selected: it selects, walks, turns the page."""
