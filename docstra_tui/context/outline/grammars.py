"""What the parts of a program are called in each language's grammar: data for the skeleton.

A language that is not here has no outline by parsing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

NONE: frozenset[str] = frozenset()


class Grammar(NamedTuple):
    """Node types of one language, by what becomes of them in a skeleton."""

    module: str
    """The wheel's module."""
    functions: frozenset[str]
    """Signature kept, body left out."""
    containers: frozenset[str]
    """Header kept, members looked at."""
    types: frozenset[str] = NONE
    """Kept whole up to a fair length: their members are what they are."""
    values: frozenset[str] = NONE
    """Kept when short, else their first line."""
    imports: frozenset[str] = NONE
    """One line each."""
    wrappers: frozenset[str] = NONE
    """Something in front of a definition, which is inside: decorators, `export`, `template`."""
    transparent: frozenset[str] = NONE
    """Not shown itself, looked into: conditional compilation, `if` around definitions."""
    attributes: frozenset[str] = NONE
    """Belong to the definition that follows."""
    language: str = "language"
    """The function of the module that gives the language."""
    comment: str = "//"
    """What begins a comment of one line."""
    braces: bool = True
    has_expressions: bool = False
    """True where much is declared in values: objects of methods, functions that are called on the spot."""


COMMENTS = frozenset({"comment", "line_comment", "block_comment"})
FUNCTION_VALUES = frozenset(
    {"arrow_function", "function_expression", "generator_function", "function", "lambda_expression"}
)
"""Functions without a name, which a declaration gives one."""


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_PYTHON = Grammar(
    "tree_sitter_python",
    functions=_set("function_definition"),
    containers=_set("class_definition"),
    values=_set("expression_statement type_alias_statement"),
    imports=_set("import_statement import_from_statement future_import_statement"),
    wrappers=_set("decorated_definition"),
    transparent=_set(
        "if_statement try_statement with_statement else_clause elif_clause except_clause finally_clause block"
    ),
    comment="#",
    braces=False,
)
_SCRIPT: dict[str, Any] = {
    "functions": _set(
        "function_declaration generator_function_declaration method_definition function_signature "
        "method_signature abstract_method_signature"
    ),
    "containers": _set("class_declaration abstract_class_declaration internal_module module class"),
    "types": _set("interface_declaration type_alias_declaration enum_declaration"),
    "values": _set(
        "lexical_declaration variable_declaration expression_statement public_field_definition "
        "field_definition pair shorthand_property_identifier spread_element return_statement"
    ),
    "imports": _set("import_statement"),
    "wrappers": _set("export_statement ambient_declaration"),
    "attributes": _set("decorator"),
    "has_expressions": True,
}
_C: dict[str, Any] = {
    "functions": _set("function_definition"),
    "containers": _set("class_specifier struct_specifier namespace_definition linkage_specification"),
    "types": _set("type_definition enum_specifier union_specifier concept_definition"),
    "values": _set(
        "declaration field_declaration preproc_def preproc_function_def alias_declaration "
        "using_declaration template_instantiation access_specifier friend_declaration"
    ),
    "imports": _set("preproc_include"),
    "wrappers": _set("template_declaration"),
    "transparent": _set("preproc_if preproc_ifdef preproc_else preproc_elif preproc_elifdef"),
}
_CPP = Grammar("tree_sitter_cpp", **_C)

GRAMMARS: dict[str, Grammar] = {
    "python": _PYTHON,
    "cython": _PYTHON,
    "javascript": Grammar("tree_sitter_javascript", **_SCRIPT),
    "jsx": Grammar("tree_sitter_javascript", **_SCRIPT),
    "typescript": Grammar("tree_sitter_typescript", language="language_typescript", **_SCRIPT),
    "tsx": Grammar("tree_sitter_typescript", language="language_tsx", **_SCRIPT),
    "go": Grammar(
        "tree_sitter_go",
        functions=_set("function_declaration method_declaration"),
        containers=NONE,
        types=_set("type_declaration"),
        values=_set("package_clause const_declaration var_declaration"),
        imports=_set("import_declaration"),
    ),
    "rust": Grammar(
        "tree_sitter_rust",
        functions=_set("function_item function_signature_item macro_definition"),
        containers=_set("impl_item trait_item mod_item foreign_mod_item"),
        types=_set("struct_item enum_item union_item"),
        values=_set("const_item static_item type_item associated_type"),
        imports=_set("use_declaration extern_crate_declaration"),
        attributes=_set("attribute_item inner_attribute_item"),
    ),
    "java": Grammar(
        "tree_sitter_java",
        functions=_set("method_declaration constructor_declaration compact_constructor_declaration"),
        containers=_set(
            "class_declaration interface_declaration enum_declaration record_declaration "
            "annotation_type_declaration"
        ),
        values=_set("package_declaration field_declaration constant_declaration enum_constant"),
        imports=_set("import_declaration"),
        transparent=_set("enum_body_declarations"),
    ),
    "c": Grammar("tree_sitter_c", **_C),
    "cpp": _CPP,
    "cuda": _CPP,
    "bash": Grammar(
        "tree_sitter_bash",
        functions=_set("function_definition"),
        containers=NONE,
        values=_set("variable_assignment declaration_command"),
        comment="#",
    ),
}
