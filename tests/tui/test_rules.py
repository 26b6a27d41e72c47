"""Rules that hold for every file of the screen: whose the colours are, and what may be markup."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import docstra_tui.tui
from docstra_tui.themes import load_all

TUI = Path(docstra_tui.tui.__file__).parent
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(")
MARKUP_WIDGETS = {"Static", "Label", "OptionList", "Button", "Checkbox", "RadioButton", "Collapsible"}


@pytest.mark.parametrize(
    "path", sorted([*TUI.rglob("*.py"), *TUI.rglob("*.tcss")]), ids=lambda path: path.name
)
def test_colours_live_only_in_themes(path):
    found = [
        line
        for line in path.read_text("utf-8").splitlines()
        if COLOUR.search(line) and not re.search(r"#[\w-]+\s*[,{:]|^#|#[a-z]+\"|#[a-z-]+[\s,]", line.strip())
    ]
    assert found == []


@pytest.mark.parametrize("path", sorted(TUI.rglob("*.py")), ids=lambda path: path.name)
def test_no_text_becomes_markup_by_default(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in MARKUP_WIDGETS:
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            markup = given.get("markup")
            assert isinstance(markup, ast.Constant) and markup.value is False, f"{path}:{node.lineno}"


UNWANTED_NAMES = {
    "from_markup": "parses markup",
    "from_ansi": "obeys escape sequences",
    "render_markup": "parses markup",
    "open_url": "opens what a model wrote",
    "RichLog": "passes control bytes on",
    "Log": "passes control bytes on",
    "Markdown": "loses what looks like HTML, and opens links",
    "MarkdownViewer": "opens links",
    "DirectoryTree": "passes file names on as they are",
    "Tree": "parses markup",
    "DataTable": "parses markup",
    "Select": "parses markup",
    "SelectionList": "parses markup",
    "Tabs": "parses markup",
    "webbrowser": "opens what a model wrote",
}
WRITES_TO_THE_TERMINAL = {"link.py"}
"""Files that hand bytes to the driver: constants only."""
FROM_OUTSIDE = {
    *("answer", "content", "detail", "error", "hint", "href", "host", "label", "message", "model"),
    *("model_name", "name", "path", "question", "reason", "relative", "shown", "title"),
}
"""Attributes that hold what files, models, servers and people wrote."""
MAKES_SAFE = {"sanitize_line", "sanitize_text", "shown_name", "shown_path", "ingest", "len", "bool", "fit"}
SAFE_ALREADY = {("title_line.py", "title"), ("fit_table.py", "line"), ("ticked_list.py", "pick.label")}
"""Records whose texts are made safe by whoever makes the record; their docstrings say so. Of the label of
what is ticked only the numbers of its lines are shown."""
SHOWS = {
    "Content",
    "notify",
    "assemble",
    "Static",
    "Option",
    "Label",
    "update",
    "warn",
    "_warn",
    "say",
    "_say",
}
SHOWS_FOR = {("notices", "put"), ("conversation", "welcome")}
"""What shows its arguments: by its name, or by its name and whose it is."""
NOT_SHOWN = {"id", "classes", "severity", "markup", "key", "disabled", "layout", "timeout"}
"""Names of arguments that are for the program."""
PASSES_ON = {
    *("str", "repr", "getattr", "format", "join", "replace", "removeprefix", "removesuffix"),
    *(
        "strip",
        "lstrip",
        "rstrip",
        "lower",
        "upper",
        "title",
        "capitalize",
        "expandtabs",
        "Content",
        "assemble",
    ),
}
"""What gives back the words that it is called with, or for; what else a call gives is its own business."""
MARKUP_ATTRIBUTES = {"border_title", "border_subtitle", "tooltip", "sub_title"}

FILES = pytest.mark.parametrize("path", sorted(TUI.rglob("*.py")), ids=lambda path: path.name)


def called(node: ast.AST) -> str:
    """The last name of what a call calls."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


RawNames = dict[str, list[ast.AST]]
"""Variables, and what in them comes from outside."""


def raw_parts(node: ast.AST, names: RawNames | None = None, *, kept: bool = False) -> Iterator[ast.AST]:
    """What in an expression comes from outside and was not made safe; `kept` in a variable, not shown."""
    call = called(node)
    if call in MAKES_SAFE or (kept and call and call not in PASSES_ON):
        return
    if call == "str" or (isinstance(node, ast.Attribute) and node.attr in FROM_OUTSIDE):
        yield node
        return
    if isinstance(node, ast.Name):
        yield from (names or {}).get(node.id, [])
        return
    if isinstance(node, ast.IfExp):  # the condition is not shown
        children: Iterator[ast.AST] | tuple[ast.AST, ...] = (node.body, node.orelse)
    elif isinstance(node, ast.Compare):
        return
    else:
        children = ast.iter_child_nodes(node)
    for child in children:
        yield from raw_parts(child, names, kept=kept)


def raw_names(function: ast.AST) -> RawNames:
    """The variables of a function that hold what comes from outside, also by way of others."""
    names: RawNames = {}
    while True:
        known = len(names)
        for node in ast.walk(function):
            if (
                not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr)
                or not node.value
            ):
                continue
            parts = list(raw_parts(node.value, names, kept=True))
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if parts and isinstance(target, ast.Name):
                    names.setdefault(target.id, parts)
        if len(names) == known:
            return names


def shown_arguments(node: ast.AST) -> list[ast.AST]:
    """What a call shows, if it shows anything."""
    if not isinstance(node, ast.Call):
        return []
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    owner_name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    if called(node) not in SHOWS and (owner_name, called(node)) not in SHOWS_FOR:
        return []
    return [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg not in NOT_SHOWN)]


def shown_raw(tree: ast.AST) -> list[tuple[int, str]]:
    """The lines that show what was not made safe, and what that is."""
    found = set()
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for scope, names in [(tree, {}), *((function, raw_names(function)) for function in functions)]:
        for node in ast.walk(scope):
            for argument in shown_arguments(node):
                found.update((node.lineno, ast.unparse(part)) for part in raw_parts(argument, names))
    return sorted(found)


@FILES
def test_nothing_is_used_that_parses_obeys_or_opens_text(path):
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import | ast.ImportFrom):
            if node.__class__ is ast.ImportFrom and (node.module or "").startswith("docstra_tui"):
                continue
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
        found += [f"{path.name}:{node.lineno} {name} {UNWANTED_NAMES.get(name)}" for name in names]
    assert [line for line in found if not line.endswith(" None")] == []


@FILES
def test_what_is_shown_was_made_safe_where_it_is_shown(path):
    found = [
        f"{path.name}:{line} {part}"
        for line, part in shown_raw(ast.parse(path.read_text("utf-8")))
        if not {(path.name, part), (path.name, part.partition(".")[0])} & SAFE_ALREADY
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "Static(item.path, markup=False)",
        "text = item.path\n    Static(text, markup=False)",
        "text = item.path\n    more = f'{text}: no'\n    self.query_one(Static).update(more)",
        "text: str = getattr(error, 'message', '') or str(error)\n    screen.warn(text[:300])",
        "text = 'No'\n    text += item.name.strip()\n    self.notify(text)",
        "screen.notices.put('key', 'No', error.hint)",
        "screen.notices.put('key', title=error.hint)",
        "self.notify('No', title=item.name)",
        "line = Content(item.name)\n    Content.assemble('x ', line)",
        "if text := str(error):\n        terminal.say(text)",
    ],
)
def test_the_rule_finds_what_is_shown_by_way_of_a_variable_or_a_name(source):
    assert shown_raw(ast.parse(f"def f(self, item, error, screen, terminal):\n    {source}\n")) != []


@pytest.mark.parametrize(
    "source",
    [
        "text = sanitize_line(item.path)\n    Static(text, markup=False)",
        "Static('x', id=item.name, markup=False)",
        "known = self.model.find(item)\n    self.notify(f'{known} found')",
        "text = 'a' if item.path == 'b' else 'c'\n    screen.warn(text)",
        "self.queue.put(item.path)",
    ],
)
def test_the_rule_leaves_alone_what_was_made_safe_or_is_not_shown(source):
    assert shown_raw(ast.parse(f"def f(self, item, screen):\n    {source}\n")) == []


@FILES
def test_titles_of_borders_and_tooltips_are_literals(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            if isinstance(target, ast.Attribute) and target.attr in MARKUP_ATTRIBUTES:
                assert isinstance(node.value, ast.Constant), f"{path.name}:{node.lineno}"


@FILES
def test_only_constants_are_written_to_the_terminal(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if called(node) == "write" and "driver" in ast.unparse(node.func).lower():
            assert path.name in WRITES_TO_THE_TERMINAL, f"{path.name}:{node.lineno}"
            constant = node.args[0]
            if isinstance(constant, ast.Subscript):  # one out of a table of them
                constant = constant.value
            assert isinstance(constant, ast.Name) and constant.id.isupper()


async def test_every_theme_shows_its_own_colours(make_app):
    themes, wrong = load_all()
    assert wrong == []
    assert {"lamp", "paper"} <= set(themes)
    app = make_app()
    async with app.run_test():
        for spec in themes.values():
            app.theme = spec.name
            shown = app.get_css_variables()
            assert shown["text-primary"] == spec.colours.primary
            assert shown["text-error"] == spec.colours.error
            assert shown["muted"] == spec.colours.muted
            assert app.current_theme.dark is spec.dark


@FILES
def test_no_code_is_read_in_this_process(path: Path) -> None:
    """A regular expression of a lexer can stop a process for good; Textual's way to colours is such a one."""
    source = path.read_text("utf-8")
    assert "textual.highlight" not in source
    assert "rich.syntax" not in source
