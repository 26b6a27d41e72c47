"""What is said of each setting: its sentence in settings.py, what it takes, all of it as a JSON Schema."""

from __future__ import annotations

import ast
import functools
import inspect
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from docstra_tui import keymap, remotes, settings

SCHEMA = "https://json-schema.org/draft/2020-12/schema"


@functools.cache
def meanings() -> Mapping[str, str]:
    """Every key, and the sentence under it in the source; without the source the sentences are empty."""
    said = _said(settings)
    groups = {field.name: field.type for field in msgspec.structs.fields(settings.Settings)}
    found = {}
    for key in (*settings.known_keys(), "keys"):
        group, _, name = key.rpartition(".")
        found[key] = said.get((groups[group].__name__ if group else "Settings", name), "")
    return found


@functools.cache
def of_remotes() -> Mapping[str, str]:
    """What a `[remote.NAME]` takes, and the sentence under it in the source."""
    said = _said(remotes)
    return {field: said.get((remotes.Remote.__name__, field), "") for field in remotes.FIELDS}


def _said(module: types.ModuleType) -> dict[tuple[str, str], str]:
    """The text under each attribute of each class."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, SyntaxError):  # a program that was packed without it
        return {}
    return {
        (node.name, name): words
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for name, words in _attributes(node)
    }


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """The text under each attribute, on one line."""
    for statement, below in zip(node.body, node.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(below, ast.Expr):
            yield ast.unparse(statement.target), " ".join(str(ast.literal_eval(below.value)).split())


def default_of(key: str) -> Any:
    """What holds where nothing is set."""
    if of_remote := remotes.parts(key):
        return getattr(remotes.Remote(), of_remote[1])
    value: Any = settings.Settings()
    for part in key.split("."):
        value = getattr(value, part)
    return value


def choices_of(key: str) -> tuple[str, ...]:
    """The words that a key takes; empty where it takes others."""
    kind = settings.kind_of(key)
    if kind is bool:
        return ("true", "false")
    return typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else ()


def schema() -> dict[str, Any]:
    """`config.toml` as a JSON Schema, for editors."""
    properties: dict[str, Any] = {}
    for key in settings.known_keys():
        group, _, name = key.rpartition(".")
        place = properties.setdefault(group, _table({}))["properties"] if group else properties
        place[name] = _of(key)
    properties["keys"] = {
        "type": "object",
        "description": meanings()["keys"],
        "properties": {row.id: _of_key(row) for row in keymap.table().values()},
    }
    properties["remote"]["additionalProperties"] = _of_remote()
    return {"$schema": SCHEMA, "title": settings.CONFIG_FILE, **_table(properties)}


def _table(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _of_remote() -> dict[str, Any]:
    fields = {field.name: field.type for field in msgspec.structs.fields(remotes.Remote)}
    found = {
        name: {"description": words, **_kind(fields[name])}
        | ({"minimum": remotes.LEAST[name][0]} if name in remotes.LEAST else {})
        for name, words in of_remotes().items()
    }
    return {**_table(found), "required": ["base_url"]}


def _of(key: str) -> dict[str, Any]:
    found: dict[str, Any] = {"description": meanings()[key], **_kind(settings.kind_of(key))}
    if key in settings.LEAST:
        found["minimum"] = settings.LEAST[key][0]
    pattern = {"model.device": settings.DEVICE, "answer.think": settings.THINK}.get(key)
    if pattern is not None:
        found["pattern"] = f"^({pattern.pattern})$"
    if key == "answer.think":
        found["type"] = ["string", "boolean", "integer"]
    default = default_of(key)
    if default is not None:
        found["default"] = msgspec.to_builtins(default)
    return found


def _kind(kind: Any) -> dict[str, Any]:
    if typing.get_origin(kind) is typing.Literal:
        return {"enum": list(typing.get_args(kind))}
    if isinstance(kind, types.UnionType):  # with None, which is: not set
        return _kind(next(one for one in typing.get_args(kind) if one is not type(None)))
    if typing.get_origin(kind) is tuple:
        return {"type": "array", "items": {"type": "string"}}
    return {"type": {bool: "boolean", int: "integer", float: "number"}.get(kind, "string")}


def _of_key(row: keymap.Row) -> dict[str, Any]:
    keys = {"type": "string"}
    return {
        "description": row.words,
        "default": row.keys,
        "anyOf": [keys, {"type": "array", "items": keys}],
    }
