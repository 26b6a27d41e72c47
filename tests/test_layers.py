"""The architecture, as a table that is checked: who may import whom.

Read from the source, so that an import inside a function counts as much as one at the top; what
stands under `if TYPE_CHECKING:` costs nothing at run time and is left out.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "docstra_tui"

NOUNS = ("address", "errors", "figures", "paths", "settings", "templates", "text", "themes")
"""What everyone may use."""

WORDS = ("llm.answer", "llm.base", "llm.items", "llm.prompt", "llm.sampling")
"""The library's own nouns: needs no model and no server."""

REMOTE = ("llm.remote", "llm.http.*")
"""A model behind HTTP."""

FILES = ("llm.files.*",)
"""Where models lie and how they are fetched, without torch."""

TORCH = ("llm.local", "llm.inference.*", "llm.loading.*")
"""A model in this process: nothing but the engine's server imports it, and the library's users."""

CLIENT = ("engine", "engine.client.*")
"""The engine as its clients see it."""

SERVER = ("engine.__main__", "engine.server.*")
"""The engine's own process."""


@dataclass(frozen=True)
class Layer:
    """One row: these modules may import those, and each other."""

    name: str
    modules: tuple[str, ...]
    may: tuple[str, ...]


# Imports point down this table, never up.
LAYERS = (
    Layer("which face to start", ("__main__", "cli"), ("commands.*", *NOUNS)),
    Layer(
        "commands",
        ("commands.*",),
        ("tui.*", "repl.*", "workspace.*", "session.*", "context.*", *WORDS, *FILES, *CLIENT, *NOUNS),
    ),
    Layer(
        "the full screen",
        ("tui.*",),
        ("workspace.*", "session.*", "context.*", *WORDS, "llm.files.catalog", *NOUNS),
    ),
    Layer("the inline chat", ("repl.*",), ("workspace.*", "session.*", "context.*", *WORDS, *NOUNS)),
    Layer(
        "what both faces do",
        ("workspace.*",),
        ("session.*", "context.*", *WORDS, *FILES, "llm.remote", "llm.http.gate", *CLIENT, *NOUNS),
    ),
    Layer(
        "the use case", ("session.*",), ("context.*", *WORDS, "llm.remote", "llm.http.gate", *CLIENT, *NOUNS)
    ),
    Layer("files as context", ("context.*",), ("llm.items", *NOUNS)),
    Layer(
        "the engine's process", SERVER, ("llm.local", "llm.inference.template_trial", *WORDS, *CLIENT, *NOUNS)
    ),
    Layer("the engine's clients", CLIENT, ("llm.files.sources", *NOUNS)),
    Layer("the library's doors", ("llm", "llm.shared"), ("llm.*",)),
    Layer("a model in this process", TORCH, (*FILES, *WORDS, *NOUNS)),
    Layer("a model behind HTTP", REMOTE, (*WORDS, *NOUNS)),
    Layer("models on the disk", FILES, NOUNS),
    Layer("the library's nouns", WORDS, NOUNS),
    Layer("nouns", NOUNS, ()),
)

# Who may import a package that is not ours. What is not here is not a dependency.
PACKAGES = {
    "textual": ("tui.*",),
    "rich": ("tui.*",),
    "pygments": ("workspace.colouring.process",),
    "markdown_it": ("tui.*",),
    "tree_sitter": ("tui.*", "context.*"),
    "prompt_toolkit": ("repl.*",),
    "torch": TORCH,
    "transformers": TORCH,
    "tokenizers": TORCH,
    "safetensors": TORCH,
    "accelerate": TORCH,
    "gguf": ("llm.files.gguf_files", "llm.loading.gguf_reading"),
    "huggingface_hub": ("llm.files.hub",),
    "httpx2": REMOTE,
    "starlette": SERVER,
    "uvicorn": SERVER,
    "psutil": ("engine.client.processes", *TORCH),
    "filelock": ("llm.files.starter", "llm.loading.conversion"),
    "charset_normalizer": ("context.*",),
    "platformdirs": ("paths",),
    "msgspec": ("*",),
}


def modules() -> dict[str, Path]:
    """Every module by its name below the package; the package itself is not among them."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found[name] = path
    return found


def imports(source: str, module: str, is_package: bool = False) -> Iterator[str]:
    """What a source imports, by full name, wherever the import stands."""
    skipped: set[int] = set()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            skipped |= {id(inner) for statement in node.body for inner in ast.walk(statement)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                here = f"docstra_tui.{module}".split(".")
                above = here[: len(here) - node.level + is_package]
                base = ".".join([*above, base] if base else above)
            yield base
            # `from docstra_tui.llm import local` imports a module, not a name.
            yield from (f"{base}.{alias.name}" for alias in node.names)


def matches(name: str, patterns: Sequence[str]) -> bool:
    """`tui.*` is the package `tui` and all that is below it."""
    return any(
        fnmatchcase(name, pattern) or (pattern.endswith(".*") and name == pattern[:-2])
        for pattern in patterns
    )


def layer_of(module: str) -> Layer:
    return next(layer for layer in LAYERS if matches(module, layer.modules))


def breaches(module: str, source: str, known: Sequence[str], is_package: bool = False) -> list[str]:
    """What `module` imports and may not."""
    layer = layer_of(module)
    wrong = set()
    for full in imports(source, module, is_package):
        first, _, name = full.partition(".")
        if first == "docstra_tui":
            # An empty `__init__` above what is wanted is no dependency.
            if name in known and not matches(name, (*layer.modules, *layer.may)) and name not in ROOTS:
                wrong.add(f"{module} ({layer.name}) imports {name}")
        elif first and first not in sys.stdlib_module_names and not matches(module, PACKAGES.get(first, ())):
            wrong.add(f"{module} ({layer.name}) imports the package {first}")
    return sorted(wrong)


ROOTS = tuple(name for name, path in modules().items() if path.name == "__init__.py")


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_module_imports_only_what_its_layer_may(module: str) -> None:
    path = modules()[module]
    found = breaches(module, path.read_text(), tuple(modules()), path.name == "__init__.py")
    assert not found, "\n".join(found)


def test_every_module_has_exactly_one_layer() -> None:
    for module in modules():
        homes = [layer.name for layer in LAYERS if matches(module, layer.modules)]
        named = [layer.name for layer in LAYERS if module in layer.modules]
        assert len(homes) == 1 or len(named) == 1 or module in ROOTS, (module, homes)


def test_the_table_names_no_module_that_is_gone() -> None:
    known = modules()
    for layer in LAYERS:
        for name in (*layer.modules, *layer.may):
            assert name.removesuffix(".*") in known, (layer.name, name)


def test_the_packages_above_a_module_cost_nothing() -> None:
    """`docstra_tui.llm` loads its names on first use, so that the remote client costs no torch."""
    for name in ROOTS:
        source = (PACKAGE / name.replace(".", "/") / "__init__.py").read_text()
        assert not [full for full in imports(source, name, True) if full.startswith("docstra_tui")]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("repl.chat", "from docstra_tui.tui import app"),
        ("tui.app", "def f():\n    import docstra_tui.repl.app"),
        ("session.chat", "import torch.nn"),
        ("session.chat", "from docstra_tui.llm import local"),
        ("engine.client.lifecycle", "from ..server.run import x"),
        ("commands.oneshot", "from textual.app import App"),
        ("text", "from docstra_tui.llm.items import ContextItem"),
        ("errors", "import requests"),
    ],
)
def test_a_breach_is_found(module: str, source: str) -> None:
    assert breaches(module, source, tuple(modules()))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("session.chat", "if TYPE_CHECKING:\n    import torch"),
        ("tui.app", "from ..session.chat import ChatSession"),
        ("llm.local", "import torch, json"),
    ],
)
def test_what_is_allowed_is_no_breach(module: str, source: str) -> None:
    assert not breaches(module, source, tuple(modules()))
