"""What a file names of others: modules, relative paths, headers; as they are written.

A name that is taken out of a Python package may be a module of it, so both are given: `a` and `a.b` of
`from a import b`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

MOST = 300
"""Of one file."""
_READ = 100_000
"""Characters that are looked at: what is taken from others is said first."""

_PYTHON = re.compile(
    r"[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]*(\([^)]{0,4000}\)|[^\n#;]{1,400})"
    r"|import[ \t]+([\w.][\w., \t]{0,400}))"
)
_SCRIPT = re.compile(
    r"""(?<!['"`])\b(?:from|import|require)\s*\(?\s*(?:"([^"\n]{1,200})"|'([^'\n]{1,200})')"""
)
_C = re.compile(r"""^[ \t]*#[ \t]*(?:include|import)[ \t]*[<"]([^>"\n]{1,200})[>"]""", re.MULTILINE)
_GO = re.compile(r'^import\s*(?:\(([^)]{0,8000})\)|[\w.]*\s*"([^"\n]{1,200})")', re.MULTILINE)
_QUOTED = re.compile(r'"([^"\n]{1,200})"')
_RUST = re.compile(
    r"^[ \t]*(?:pub(?:\([^)\n]*\))?[ \t]+)?(?:use[ \t]+([\w:]+)|mod[ \t]+(\w+)[ \t]*;)", re.MULTILINE
)
_DOTTED = re.compile(
    r"^[ \t]*(?:import|using|use|open|alias|require)[ \t]+(?:static[ \t]+|qualified[ \t]+|function[ \t]+)?"
    r"([\w.\\:]+)",
    re.MULTILINE,
)
_LOADED = re.compile(
    r"""\b(require_relative|require|require_once|include|include_once|source|load)\b"""
    r"""[ \t(]*['"]([^'"\n]{1,200})['"]"""
)
_STYLE = re.compile(r"""@(?:import|use|forward)\s+(?:url\()?['"]([^'"\n]{1,200})['"]""")
_SHELL = re.compile(r"""^[ \t]*(?:source|\.)[ \t]+["']?([^\s"';&|]{1,200})""", re.MULTILINE)


def imports_of(content: str, language: str) -> tuple[str, ...]:
    """Each once, in their order."""
    reader = _READERS.get(language)
    if reader is None:
        return ()
    found: dict[str, None] = {}
    for module in reader(content[:_READ]):
        if module:
            found.setdefault(module)
        if len(found) >= MOST:
            break
    return tuple(found)


def _python(content: str) -> Iterator[str]:
    for module, names, plain in _statements(content):
        if plain:
            for part in plain.split(","):
                yield part.split()[0] if part.strip() else ""
            continue
        if module.strip("."):
            yield module
        for part in names.strip("()").split(","):
            name = part.split()[0] if part.strip() else ""
            if name and name[0].islower() and name.isidentifier():
                yield f"{module}{name}" if module.endswith(".") else f"{module}.{name}"


def _statements(content: str) -> Iterator[tuple[str | Any, ...]]:
    """Of the lines that say `import`: to look at the beginning of every line takes longer."""
    at = content.find("import")
    while at >= 0:
        found = _PYTHON.match(content, content.rfind("\n", 0, at) + 1)
        if found is not None:
            yield found.groups("")
        at = content.find("import", max(at + 6, found.end() if found is not None else 0))


def _script(content: str) -> Iterator[str]:
    # What it is taken from stands on one line with the word, wherever the names are.
    likely = [line for line in content.split("\n") if "from" in line or "import" in line or "require" in line]
    for double, single in _SCRIPT.findall("\n".join(likely)):
        yield double or single


def _go(content: str) -> Iterator[str]:
    for listed, single in _GO.findall(content):
        yield from _QUOTED.findall(listed) if listed else (single,)


def _rust(content: str) -> Iterator[str]:
    for path, module in _RUST.findall(content):
        yield path.rstrip(":") if path else f"self::{module}"


def _loaded(content: str) -> Iterator[str]:
    for how, path in _LOADED.findall(content):
        yield f"./{path}" if how == "require_relative" else path
    yield from _DOTTED.findall(content)


def _all(pattern: re.Pattern[str]) -> Callable[[str], Iterator[str]]:
    def reader(content: str) -> Iterator[str]:
        return (found[1] for found in pattern.finditer(content))

    return reader


_READERS: dict[str, Callable[[str], Iterator[str]]] = {
    **dict.fromkeys(("python", "cython"), _python),
    **dict.fromkeys(("javascript", "jsx", "typescript", "tsx", "vue", "svelte"), _script),
    **dict.fromkeys(("c", "cpp", "cuda", "objective-c", "objective-c++", "glsl", "opencl"), _all(_C)),
    "go": _go,
    "rust": _rust,
    **dict.fromkeys(
        ("java", "kotlin", "scala", "swift", "csharp", "haskell", "elm", "elixir", "d", "groovy", "fsharp"),
        _all(_DOTTED),
    ),
    **dict.fromkeys(("ruby", "php", "lua", "perl", "julia", "tcl", "r"), _loaded),
    **dict.fromkeys(("css", "scss", "less"), _all(_STYLE)),
    **dict.fromkeys(("bash", "zsh", "fish"), _all(_SHELL)),
}
