"""How large the parts of the package are, against the limits below. Part of `make lint`.

Usage: python tools/sizes.py [PACKAGE]. Ends with 1 where something is over its limit, and names it. What is
too large is two things under one name: find the second one, squeezing lines is no help.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "docstra_tui"

BROAD = {"Exception", "BaseException"}
LOWER_SCREEN = ("transcript", "widgets", "screens")
"""Folders of `tui/` that show; what stands beside them decides and wires."""


@dataclass(frozen=True)
class Limit:
    """One line of the table."""

    words: str
    most: float
    measure: Callable[[Sequence[Module]], Measured]


@dataclass(frozen=True)
class Measured:
    """A figure, and the parts that make it what it is."""

    value: float
    parts: tuple[str, ...] = ()


class Module:
    """One source file."""

    def __init__(self, path: Path, package: Path) -> None:
        source = path.read_text()
        self.name = path.relative_to(package).as_posix()
        self._nodes = list(ast.walk(ast.parse(source)))
        self.lines = len(source.splitlines())
        self._source = source

    def of_kind(self, *kinds: type[ast.AST]) -> Iterator[tuple[int, str]]:
        """The length of each class or function, and what it is called."""
        for node in self._nodes:
            if isinstance(node, kinds) and isinstance(
                node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
            ):
                assert node.end_lineno is not None
                yield node.end_lineno - node.lineno + 1, f"{self.name}:{node.lineno} {node.name}"

    def broad_excepts(self) -> Iterator[ast.ExceptHandler]:
        """Where every error is caught."""
        for node in self._nodes:
            if isinstance(node, ast.ExceptHandler):
                caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                if any(kind is None or ast.unparse(kind) in BROAD for kind in caught):
                    yield node

    def commented_lines(self) -> set[int]:
        tokens = tokenize.generate_tokens(io.StringIO(self._source).readline)
        return {token.start[0] for token in tokens if token.type == tokenize.COMMENT}

    def imports(self, package: str) -> bool:
        for node in self._nodes:
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                continue
            if any(name.partition(".")[0] == package for name in names):
                return True
        return False


def at(share: float, sizes: Sequence[float]) -> float:
    """The size below which a share of all sizes lies."""
    return sorted(sizes)[min(int(len(sizes) * share), len(sizes) - 1)] if sizes else 0


def module_sizes(share: float) -> Callable[[Sequence[Module]], Measured]:
    return lambda modules: Measured(at(share, [module.lines for module in modules]))


def largest_module(modules: Sequence[Module]) -> Measured:
    return largest((module.lines, module.name) for module in modules)


def largest_class(modules: Sequence[Module]) -> Measured:
    return largest(found for module in modules for found in module.of_kind(ast.ClassDef))


def functions(modules: Sequence[Module]) -> list[tuple[int, str]]:
    return [found for module in modules for found in module.of_kind(ast.FunctionDef, ast.AsyncFunctionDef)]


def function_sizes(modules: Sequence[Module]) -> Measured:
    return Measured(at(0.9, [size for size, _ in functions(modules)]))


def largest_function(modules: Sequence[Module]) -> Measured:
    return largest(functions(modules))


def largest(found: Iterator[tuple[int, str]] | list[tuple[int, str]]) -> Measured:
    by_size = sorted(found, reverse=True)
    return Measured(by_size[0][0] if by_size else 0, tuple(f"{size} {name}" for size, name in by_size[:5]))


def broad_excepts(modules: Sequence[Module]) -> Measured:
    found = [f"{module.name}:{node.lineno}" for module in modules for node in module.broad_excepts()]
    return Measured(len(found), tuple(found))


def unexplained(modules: Sequence[Module]) -> Measured:
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules
        for node in module.broad_excepts()
        if node.lineno not in module.commented_lines()
    ]
    return Measured(len(found), tuple(found))


def share_of_lines(wanted: Callable[[str], bool]) -> Callable[[Sequence[Module]], Measured]:
    def measure(modules: Sequence[Module]) -> Measured:
        all_lines = sum(module.lines for module in modules)
        theirs = sum(module.lines for module in modules if wanted(module.name))
        return Measured(round(100 * theirs / all_lines, 1) if all_lines else 0)

    return measure


def is_upper_screen(name: str) -> bool:
    return name.startswith("tui/") and name.split("/")[1] not in LOWER_SCREEN


def over_textual(modules: Sequence[Module]) -> Measured:
    count = sum(module.imports("textual") for module in modules)
    return Measured(round(100 * count / len(modules), 1) if modules else 0)


LIMITS = (
    Limit("lines of a module, median", 110, module_sizes(0.5)),
    Limit("lines of a module, nine of ten", 250, module_sizes(0.9)),
    Limit("lines of the largest module", 400, largest_module),
    Limit("lines of the largest class", 300, largest_class),
    Limit("lines of a function, nine of ten", 19, function_sizes),
    Limit("lines of the largest function", 60, largest_function),
    Limit("excepts that catch every error", 25, broad_excepts),
    Limit("… without a reason on their line", 0, unexplained),
    Limit("tui/, % of all lines", 35, share_of_lines(lambda name: name.startswith("tui/"))),
    Limit("tui/ without its views, % of all lines", 8, share_of_lines(is_upper_screen)),
    Limit("modules over Textual, %", 20, over_textual),
)


def main(package: Path) -> int:
    """Print the table; 1 where a line of it is over its limit."""
    modules = [Module(path, package) for path in sorted(package.rglob("*.py"))]
    is_over = False
    for limit in LIMITS:
        measured = limit.measure(modules)
        too_much = measured.value > limit.most
        is_over |= too_much
        mark = "over" if too_much else "ok"
        sys.stdout.write(f"{limit.words:40} {measured.value:>7g}  at most {limit.most:>4g}  {mark}\n")
        if too_much:
            sys.stdout.writelines(f"    {part}\n" for part in measured.parts)
    return int(is_over)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE))
