"""What a statement of JavaScript or TypeScript holds that declares: a namespace, an object of methods, a
class without a name, the body of a function that is called where it stands.

Each look goes a few steps down and at a few hundred children, whatever the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from docstra_tui.context.outline.grammars import FUNCTION_VALUES
from docstra_tui.context.outline.nodes import function_value

if TYPE_CHECKING:
    from tree_sitter import Node

STEPS = 12
"""Down from a statement to what it holds."""
_CHILDREN = 300
"""Among which something is declared, or never is."""

_HOLD_ONE = frozenset(
    {
        *("expression_statement", "export_statement", "return_statement", "parenthesized_expression"),
        *("assignment_expression", "variable_declarator", "lexical_declaration", "variable_declaration"),
        *("unary_expression", "as_expression", "satisfies_expression", "pair", "member_expression"),
        *("field_definition", "public_field_definition"),
    }
)
_NAMED = frozenset({"internal_module", "module", "class"})
_DECLARATIONS = frozenset(
    {
        *("function_declaration", "generator_function_declaration", "class_declaration", "method_definition"),
        *(
            "abstract_class_declaration",
            "interface_declaration",
            "enum_declaration",
            "type_alias_declaration",
        ),
    }
)


def declaring_body(statement: Node) -> Node | None:
    """The body that holds the declarations; None where a statement has none inside."""
    waiting = [(statement, 0)]
    while waiting:
        node, steps = waiting.pop()
        if node.type in _NAMED:
            return node.child_by_field_name("body")
        body = node.child_by_field_name("body") if node.type in FUNCTION_VALUES else node
        if body is not None and body.type in ("object", "statement_block") and _declares(body):
            return body
        if steps < STEPS:
            waiting += [(inner, steps + 1) for inner in reversed(list(_held(node)))]
    return None


def is_function_body(body: Node) -> bool:
    return body.parent is not None and body.parent.type in FUNCTION_VALUES


def is_plain(statement: Node) -> bool:
    """True for what does something and gives nothing a name."""
    if statement.type != "expression_statement":
        return False
    first = _first(statement)
    return (first is None or first.type != "assignment_expression") and declaring_body(statement) is None


def lists_names(statement: Node) -> bool:
    """True for `module.exports = { a, b }` and `export { a, b }`: what they give is their names."""
    held: Node | None = statement
    for _ in range(4):
        if held is None or held.type == "export_clause":
            return held is not None
        if held.type == "object":
            first = _first(held)
            return first is not None and first.type == "shorthand_property_identifier"
        held = next(_held(held), None)
    return False


def _first(node: Node) -> Node | None:
    return node.named_child(0) if node.named_child_count else None


def _held(node: Node) -> Iterator[Node]:
    """Where the value of a node may stand, the likeliest first."""
    if node.type == "call_expression":
        called, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if called is not None:
            yield called
        for given in arguments.named_children[:6] if arguments is not None else ():
            if given.type == "object" or given.type in FUNCTION_VALUES:
                yield given
    elif node.type in _HOLD_ONE:
        for field in ("value", "right", "argument", "object"):
            if (value := node.child_by_field_name(field)) is not None:
                yield value
                return
        if (first := _first(node)) is not None:
            yield first


def _declares(body: Node) -> bool:
    for child in islice(body.named_children, _CHILDREN):
        if child.type in _DECLARATIONS or function_value(child) is not None:
            return True
        value = child.child_by_field_name("value") if child.type == "pair" else None
        if value is not None and value.type in ("object", "class") and _names_functions(value):
            return True
    return False


def _names_functions(body: Node) -> bool:
    if body.type == "class":
        return True
    return any(
        child.type == "method_definition" or function_value(child) is not None
        for child in islice(body.named_children, _CHILDREN)
    )
