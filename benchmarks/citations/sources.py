"""Files as they are sent, and the plain truth about them: looked up by other means than the product's."""

from __future__ import annotations

import ast
import re
import sysconfig
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from random import Random

from docstra_tui.llm.items import ContextItem

FOLDERS = (
    "textual",
    "rich",
    "prompt_toolkit",
    "starlette",
    "uvicorn",
    "jinja2",
    "markdown_it",
    "pluggy",
    "openai/resources",
    "numpy/_core/include",
    "torch/include/c10/util",
    "torch/utils/model_dump",
    "importlinter/ui/static",
    "tokenizers/tools",
)
LANGUAGES = {
    ".py": "python", ".pyi": "python", ".h": "cpp", ".js": "javascript", ".css": "css", ".md": "markdown",
}  # fmt: skip
LEAST, MOST = 1_500, 60_000
WORD = re.compile(r"\w+")


class Source:
    """One text under a path, and where things stand in it."""

    def __init__(self, path: str, text: str, language: str, first: int = 1) -> None:
        self.path = path
        self.text = text
        self.language = language
        self.first = first
        """The number of its first line, in its file."""

    @cached_property
    def lines(self) -> list[str]:
        return self.text.replace("\r\n", "\n").split("\n")

    @property
    def last(self) -> int:
        return self.first + len(self.text.splitlines()) - 1

    @property
    def item(self) -> ContextItem:
        whole = self.first == 1
        return ContextItem(
            self.text, self.path, self.language, None if whole else self.first, None if whole else self.last
        )

    @cached_property
    def _bare(self) -> tuple[str, list[int]]:
        """The text without white space, and where in it each line begins."""
        parts = ["".join(line.split()) for line in self.lines]
        starts, at = [], 0
        for part in parts:
            starts.append(at)
            at += len(part)
        return "".join(parts), starts

    def places(self, quote: str, *, bounded: bool = True) -> set[int]:
        """The lines on which `quote` begins, white space aside; `bounded`: no word of it is cut off."""
        wanted = "".join(quote.split())
        if not wanted:
            return set()
        text, starts = self._bare
        found, at = set(), text.find(wanted)
        while at >= 0:
            line = bisect_right(starts, at) - 1
            if not bounded or self._stands(quote, line):
                found.add(line + self.first)
            at = text.find(wanted, at + 1)
        return found

    def _stands(self, quote: str, line: int) -> bool:
        """Whether `quote` stands at that line with whole words at its ends, white space aside."""
        words = quote.split()
        pattern = r"\s*".join(re.escape(part) for word in words for part in re.findall(r"\w+|[^\w]", word))
        before = r"(?<!\w)" if words[0][0].isalnum() or words[0][0] == "_" else ""
        after = r"(?!\w)" if words[-1][-1].isalnum() or words[-1][-1] == "_" else ""
        count = quote.count("\n") + 1
        piece = "\n".join(self.lines[line : line + 2 * count + 40])
        return any(
            match.start() <= len(self.lines[line]) for match in re.finditer(before + pattern + after, piece)
        )

    @cached_property
    def definitions(self) -> dict[str, set[int]]:
        """What a Python file defines, with what it stands in, and the lines that may be given for it."""
        found: dict[str, set[int]] = {}
        if self.language == "python":
            try:
                _collect(ast.parse(self.text).body, "", self.first - 1, found)
            except SyntaxError:
                pass
        return found

    @cached_property
    def words(self) -> set[str]:
        return set(WORD.findall(self.text))


def _collect(body: list[ast.stmt], scope: str, before: int, found: dict[str, set[int]]) -> None:
    for one in body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{scope}{one.name}"
            top = min([one.lineno, *(each.lineno for each in one.decorator_list)])
            found.setdefault(name, set()).update(range(top + before, one.lineno + before + 1))
            # What a function gives a name to is nothing of the file's.
            inner = one.body if isinstance(one, ast.ClassDef) else []
            _collect(inner, f"{name}.", before, found)
        elif isinstance(one, ast.Assign | ast.AnnAssign):
            for target in one.targets if isinstance(one, ast.Assign) else [one.target]:
                if isinstance(target, ast.Name):
                    found.setdefault(f"{scope}{target.id}", set()).add(one.lineno + before)


def pool() -> list[Source]:
    """The files that answers are about, in an order that stays."""
    root = Path(sysconfig.get_paths()["purelib"])
    return list(_read(root))


def _read(root: Path) -> Iterator[Source]:
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            language = LANGUAGES.get(file.suffix)
            if language is None or not LEAST <= file.stat().st_size <= MOST:
                continue
            try:
                text = file.read_bytes().decode("utf-8")
            except UnicodeDecodeError:
                continue
            if "\r" not in text:
                yield Source(file.relative_to(root).as_posix(), text, language)


def changed(rng: Random, source: Source) -> Source:
    """The file as it may be: with CRLF, tabs, letters of all kinds, a very long line, or a part of it."""
    kind = rng.choice(("as it is",) * 6 + ("crlf", "tabs", "letters", "long", "part", "part"))
    text, first = source.text, 1
    if kind == "crlf":
        text = text.replace("\n", "\r\n")
    elif kind == "tabs":
        text = re.sub(r"(?m)^(?: {4})+", lambda found: "\t" * (len(found[0]) // 4), text)
    elif kind == "letters":
        marks = ("é", "ß", "中文", "🙂", "ñandú", "İ", "ﬁ", "a\u0301", "\u202ex\u202c", "\u00a0", "ключ")
        text = "".join(
            f"{line}  # {rng.choice(marks)} {rng.choice(marks)} {at}\n" if at % 7 == 3 else f"{line}\n"
            for at, line in enumerate(text.split("\n"))
            if "\\" not in line
        )
    elif kind == "long":
        row = ", ".join(f"value_{at * 7919 % 10007}" for at in range(rng.choice((3_000, 20_000))))
        text = f"TABLE = [{row}]\n{text}" if rng.random() < 0.5 else f"{text}\nTABLE = [{row}]\n"
    elif kind == "part":
        lines = text.splitlines(keepends=True)
        first = rng.randrange(1, max(2, len(lines) // 2))
        text = "".join(lines[first - 1 : first + max(30, len(lines) // 2)])
    return Source(source.path, text, source.language, first)
