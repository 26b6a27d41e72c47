"""What a program defines: names with their kinds and lines.

Parses with tree-sitter (see `skeleton` for what that may do to a process) and walks over declarations only:
bodies are looked into one statement deep, for functions inside functions. Which words of a language stand for
what is one table for all of them, since their grammars hardly ever use a word for different things.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from docstra_tui.context.outline.cuda import as_cpp
from docstra_tui.context.outline.grammars import FUNCTION_VALUES, GRAMMARS
from docstra_tui.context.outline.nodes import last_row, parse
from docstra_tui.context.outline.tag import LONGEST, NAMES, Tag

if TYPE_CHECKING:
    from tree_sitter import Node

NODES = 200_000
"""Declarations and statements that are looked at, of one text."""
DEPTH = 60
LEAST = 10
"""Bytes of a value in which something may be defined: `{ a() {} }`."""
LEAST_CALL = 30
"""The same of one that is called: `a(() => { b.c = () => 1; })`."""


def tags(content: str, language: str) -> list[Tag] | None:
    """The definitions of a program; None for an unknown language, or where parsing took too long."""
    grammar = GRAMMARS.get(language)
    if grammar is None:
        return None
    source = content.encode("utf-8", "replace")
    root = parse(as_cpp(source) if language in ("cpp", "cuda") else source, grammar)
    return None if root is None else _Walk(source).of(root)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _kinds() -> dict[str, str]:
    named = {
        "function": "function_definition function_declaration generator_function_declaration function_item "
        "function_signature function_signature_item",
        "method": "method_definition method_signature abstract_method_signature "
        "method_declaration method_elem constructor_declaration "
        "compact_constructor_declaration annotation_type_element_declaration",
        "class": "class_definition class_declaration abstract_class_declaration class_specifier class "
        "struct_specifier struct_item record_declaration",
        "type": "interface_declaration type_alias_declaration enum_declaration type_spec "
        "type_alias trait_item enum_item union_item type_item associated_type enum_specifier "
        "union_specifier concept_definition alias_declaration annotation_type_declaration",
        "macro": "macro_definition preproc_def preproc_function_def",
        "constant": "const_spec var_spec const_item static_item enum_constant enumerator variable_assignment",
    }
    return {word: kind for kind, words in named.items() for word in words.split()}


_KINDS = _kinds()
_CLASSES = frozenset({"class", "type"})

_INTO = _set(
    "decorated_definition export_statement ambient_declaration template_declaration if_statement "
    "else_clause elif_clause try_statement except_clause finally_clause with_statement preproc_if "
    "preproc_ifdef preproc_else preproc_elif preproc_elifdef linkage_specification declaration_list "
    "lexical_declaration variable_declaration const_declaration type_declaration var_declaration "
    "var_spec_list ERROR enum_body_declarations foreign_mod_item declaration_command "
    "namespace_definition mod_item internal_module module field_declaration_list enumerator_list"
)
"""Define nothing by themselves, and hold what does."""

_STATEMENTS = frozenset({"if", "for", "while", "switch", "return", "else", "sizeof", "inline", "const"})
"""What a parser takes for names where macros have confused it."""

_BLOCKS = frozenset(
    {"block", "statement_block", "class_body", "interface_body", "enum_body", "annotation_type_body"}
)
_DECLARATORS = frozenset({"declaration", "field_declaration", "constant_declaration", "type_definition"})
_IDENTIFIERS = frozenset(
    {"identifier", "type_identifier", "field_identifier", "destructor_name", "operator_name", "word"}
)
_FIELDS = frozenset({"public_field_definition", "field_definition", "variable_declarator", "pair"})
_MEMBERS = frozenset({"member_expression", "subscript_expression"})


class _Place(NamedTuple):
    """Where a node stands."""

    scope: str
    is_class: bool = False
    is_body: bool = False
    """True among the statements of a function: what is given a value there is its own business."""
    depth: int = 0


class _Walk:
    """The tags of one text, in the making. No recursion: files nest as deep as they like."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._found: list[Tag] = []
        self._waiting: list[tuple[Node, _Place]] = []

    def of(self, root: Node) -> list[Tag]:
        self._members(root, _Place(""))
        looked = 0
        while self._waiting and looked < NODES and len(self._found) < NAMES:
            node, place = self._waiting.pop()
            looked += 1
            self._visit(node, place)
        return [tag for tag in self._found if tag.name.rpartition(".")[2] not in _STATEMENTS]

    # Visiting

    def _visit(self, node: Node, place: _Place) -> None:
        kind = node.type
        handler = _HANDLERS.get(kind)
        if handler is not None:
            handler(self, node, place)
        elif kind in _KINDS:
            self._definition(node, place)
        elif kind in _INTO or kind in _BLOCKS:
            self._members(node, place)

    def _members(self, node: Node, place: _Place) -> None:
        """What stands in a node is next, in its order."""
        if place.depth < DEPTH and node.child_count:
            inner = _Place(place.scope, place.is_class, place.is_body, place.depth + 1)
            self._waiting += [(child, inner) for child in reversed(node.named_children)]

    def _definition(self, node: Node, place: _Place) -> None:
        kind = _KINDS[node.type]
        if kind == "constant" and place.is_body:
            return
        body = node.child_by_field_name("body")
        if node.type.endswith("_specifier") and body is None:
            return  # `struct point *p`: a use of one
        name = self._name(node)
        scope = place.scope
        if kind == "function" and (place.is_class or "." in name):
            kind = "method"
        if (
            node.type == "method_declaration"
            and (receiver := node.child_by_field_name("receiver")) is not None
        ):
            scope = self._receiver(receiver)
        full = self._add(name, kind, node, place._replace(scope=scope))
        if body is None and node.type == "type_spec":
            body = node.child_by_field_name("type")
            if body is not None and body.type != "interface_type":
                return
        if body is None:
            return
        if kind in _CLASSES:
            # What C lists in an enum are names for everybody.
            is_open = node.type == "enum_specifier"
            self._members(body, place._replace(scope=scope if is_open else full, is_class=not is_open))
        elif kind in ("function", "method"):
            self._body(body, full, place)

    def _body(self, body: Node, scope: str, place: _Place) -> None:
        inside = _Place(scope, is_body=True, depth=place.depth)
        if body.type in _BLOCKS:
            self._members(body, inside)
        else:
            self._value(body, scope, inside)

    def _implementation(self, node: Node, place: _Place) -> None:
        """Rust's `impl Trait for Type`."""
        kind, body = node.child_by_field_name("type"), node.child_by_field_name("body")
        if kind is not None and body is not None:
            self._members(body, place._replace(scope=self._text(_first_identifier(kind)), is_class=True))

    def _named_declarators(self, node: Node, place: _Place) -> None:
        """C's and Java's declarations, of which one may name several things and hold a type."""
        kind = "type" if node.type == "type_definition" else "constant"
        held = node.child_by_field_name("type")
        declarators = node.children_by_field_name("declarator")
        if held is not None and held.type in _KINDS:
            is_nameless = kind == "type" and held.child_by_field_name("name") is None and declarators
            scope = self._text(self._declared(declarators[0])[0]) if is_nameless else place.scope
            if held.child_by_field_name("body") is not None:
                self._visit(held, place._replace(scope=scope))
        if place.is_body:
            return
        for declarator in declarators[:50]:
            inner, is_function = self._declared(declarator)
            if inner is not None:
                # A declaration of a function says where it is, a field in a class hardly what it is.
                called = ("method" if place.is_class else "function") if is_function else kind
                self._add(self._text(inner), called, node, place)

    def _statement(self, node: Node, place: _Place) -> None:
        """An assignment, an object of methods, a function that is called where it stands."""
        first = _first(node)
        if first is None:
            return
        if first.type in ("assignment", "assignment_expression"):
            self._assignment(node, first, place)
        elif first.type == "internal_module":
            self._visit(first, place)
        elif first.type in ("call_expression", "parenthesized_expression", "unary_expression"):
            self._value(first, place.scope, place)

    def _assignment(self, statement: Node, node: Node, place: _Place) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None:
            return
        is_function = right is not None and right.type in FUNCTION_VALUES
        if node.type == "assignment":
            if not place.is_body:
                names = left.named_children if left.type in ("pattern_list", "tuple_pattern") else [left]
                for name in names[:50]:
                    if name.type == "identifier":
                        self._add(self._text(name), "constant", statement, place)
        elif left.type in _MEMBERS:
            member = self._member(left)
            if member is not None and (is_function or not place.is_body):
                # Inside a function its object is a local name: what counts is the function around it.
                scope = place.scope if place.is_body else member[0]
                inner = place._replace(scope=scope)
                kind = ("method" if scope else "function") if is_function else "constant"
                full = self._add(member[1], kind, statement, inner)
                self._value(right, full, place)
            else:
                self._value(right, place.scope, place)

    def _member(self, node: Node) -> tuple[str, str] | None:
        """Owner and name of a property; `prototype`, `exports` and `this` are no owners."""
        owner, last = node.child_by_field_name("object"), node.child_by_field_name("property")
        if last is None or owner is None:
            return None
        parts = [
            part for part in self._text(owner).split(".") if part not in ("prototype", "exports", "this")
        ]
        name = self._text(last)
        if name == "exports" and parts == ["module"]:
            return None
        return (parts[-1] if parts and parts[-1].isidentifier() and parts[-1] != "module" else "", name)

    def _field(self, node: Node, place: _Place) -> None:
        """`const name = value`, and the same in a class or an object."""
        name = node.child_by_field_name("name") or node.child_by_field_name("property")
        name = name or node.child_by_field_name("key")
        value = node.child_by_field_name("value")
        if name is None:
            return
        is_function = value is not None and value.type in FUNCTION_VALUES
        if name.type == "object_pattern" or (place.is_body and not is_function):
            self._value(value, place.scope, place)
            return
        if (
            node.type == "pair"
            and not is_function
            and (value is None or value.type not in ("object", "class"))
        ):
            return
        kind = ("method" if place.is_class else "function") if is_function else "constant"
        kind = "class" if value is not None and value.type == "class" else kind
        self._value(value, self._add(self._text(name).strip("\"'"), kind, node, place), place)

    def _value(self, value: Node | None, scope: str, place: _Place) -> None:
        """Looks into a value that may hold definitions: an object, a class, a function, a call with one."""
        if value is None or value.end_byte - value.start_byte < LEAST or place.depth >= DEPTH:
            return
        kind = value.type
        if kind not in _HOLDERS or (kind in _CALLS and value.end_byte - value.start_byte < LEAST_CALL):
            return
        inside = _Place(scope, place.is_class, place.is_body, place.depth + 1)
        if kind in FUNCTION_VALUES:
            if (body := value.child_by_field_name("body")) is not None:
                self._body(body, scope, inside)
        elif kind == "class":
            if (body := value.child_by_field_name("body")) is not None:
                self._members(body, inside._replace(is_class=True, is_body=False))
        elif kind == "object":
            self._members(value, inside._replace(is_class=True))
        else:
            for child in value.named_children[:12]:
                self._value(child, scope, inside)

    def _exported(self, node: Node, place: _Place) -> None:
        self._value(node.child_by_field_name("value"), place.scope or "default", place)
        self._members(node, place)

    def _returned(self, node: Node, place: _Place) -> None:
        self._value(_first(node), place.scope, place)

    # Names

    def _add(self, name: str, kind: str, node: Node, place: _Place) -> str:
        full = f"{place.scope}.{name}" if place.scope and name else name or place.scope
        full = full if len(full) <= LONGEST else name[:LONGEST]
        if name:
            self._found.append(Tag(full, kind, node.start_point.row + 1, last_row([node]) + 1))
        return full

    def _name(self, node: Node) -> str:
        named = node.child_by_field_name("name")
        if named is None and (declarator := node.child_by_field_name("declarator")) is not None:
            named, _ = self._declared(declarator)
        if named is None and node.type == "alias_declaration":
            named = _first(node)
        return self._text(named).strip("\"'")

    def _declared(self, node: Node) -> tuple[Node | None, bool]:
        """The name inside a declarator, and whether it is that of a function."""
        is_function = False
        for _ in range(20):
            if node.type in _IDENTIFIERS or node.type == "qualified_identifier":
                return node, is_function
            is_function = is_function or node.type == "function_declarator"
            inner = node.child_by_field_name("declarator") or node.child_by_field_name("name")
            if inner is None:
                inner = next(
                    (child for child in node.named_children[:4] if child.type != "type_qualifier"), None
                )
            if inner is None:
                return None, False
            is_function = is_function and inner.type != "parenthesized_declarator"
            node = inner
        return None, False

    def _receiver(self, node: Node) -> str:
        """Of Go's `(r *Type[K])` the `Type`."""
        found = _first_of(node, "type_identifier")
        return self._text(found)

    def _text(self, node: Node | None) -> str:
        if node is None:
            return ""
        text = self._source[node.start_byte : min(node.end_byte, node.start_byte + 4 * LONGEST)]
        return ".".join(text.decode("utf-8", "replace").replace("::", ".").split())


_CALLS = _set(
    "call_expression arguments parenthesized_expression unary_expression as_expression satisfies_expression "
    "assignment_expression member_expression new_expression await_expression"
)
"""Values that may hold others in which something is defined."""

_HOLDERS = _CALLS | FUNCTION_VALUES | {"class", "object"}

_Handler = Callable[[_Walk, "Node", _Place], None]

_HANDLERS: dict[str, _Handler] = {
    "expression_statement": _Walk._statement,
    "impl_item": _Walk._implementation,
    "export_statement": _Walk._exported,
    "return_statement": _Walk._returned,
    **dict.fromkeys(_FIELDS, _Walk._field),
    **dict.fromkeys(_DECLARATORS, _Walk._named_declarators),
}


def _first(node: Node) -> Node | None:
    return node.named_child(0) if node.named_child_count else None


def _first_identifier(node: Node) -> Node:
    """`Bar` of `Bar<T>` and of `a::Bar<T>`."""
    inner = node.child_by_field_name("type")
    return node if inner is None else inner


def _first_of(node: Node, kind: str) -> Node | None:
    waiting = [node]
    for _ in range(40):
        if not waiting:
            return None
        node = waiting.pop(0)
        if node.type == kind:
            return node
        waiting += node.named_children[:8]
    return None
