"""The one table of commands: what must hold of its rows, and that reading it costs nothing."""

from __future__ import annotations

import ast
from pathlib import Path

from docstra_tui.workspace import commands
from docstra_tui.workspace.commands import COMMANDS, commands_of


def test_every_name_is_one_word_and_there_once() -> None:
    names = [command.name for command in COMMANDS]
    assert len(set(names)) == len(names)
    assert all(name.isalpha() and name.islower() for name in names)
    assert {command.name for command in commands_of("chat")} < set(names)


def test_what_each_does_has_room_beside_it_in_80_columns() -> None:
    """The list of the inline chat has a column of the widest, and cells at the sides."""
    column = max(len(command.usage) for command in COMMANDS)
    assert [command.name for command in COMMANDS if column + len(command.help) > 75] == []


def test_the_table_imports_nothing_of_ours_but_errors() -> None:
    """Whoever wants the names of the commands, the command line's help too, gets nothing else."""
    tree = ast.parse(Path(commands.__file__).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name for name in imported if name and name.startswith("docstra_tui")} <= {"docstra_tui.errors"}
