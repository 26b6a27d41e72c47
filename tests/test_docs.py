"""What the pages say is there: their links, the code they name, and what they took from the program."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shown import FENCE

PROJECT = Path(__file__).resolve().parent.parent
PAGES = sorted(path for folder in (PROJECT, PROJECT / "docs") for path in folder.glob("*.md"))
NAMED = re.compile(r"`([\w./]+(?:\.py|/))(?::([\w.]+))?`")
OTHER_FILE = re.compile(r"`([\w./-]*\w\.(?:toml|txt|md))`")
DEFINING = re.compile(r"^(?: *class \w+|[A-Z]\w+(?=:.* = | = )|from \S+ import \w.*)", re.MULTILINE)
IN_CODE = re.compile(r"`_?([A-Z]\w+)`")
PAST = ("CHANGELOG.md", "LOG.md")
MADE = "<!-- Made by tools/pages.py"
PART = re.compile(r"<!-- \w+: made by.*?<!-- end -->", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)[^)]*\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_into_a_page_find_their_heading(page: Path) -> None:
    """Also within the page itself."""
    into = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text())
    assert not [link for link in into if link[1] not in anchors(page.parent / link[0] if link[0] else page)]


def anchors(page: Path) -> set[str]:
    """What headings are called behind a `#`, as GitHub and the site do."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_page_is_in_the_table_of_contents() -> None:
    index = (PROJECT / "docs" / "index.md").read_text()
    listed = {
        name for block in re.findall(r"```{toctree}\n(.*?)```", index, re.DOTALL) for name in block.split()
    }
    pages = {path.stem for path in (PROJECT / "docs").glob("*.md")} - {"index"}
    assert pages <= listed
    told = {link.removesuffix(".md") for link in LINK.findall(index)}
    assert pages == told


def test_no_sentence_stands_twice() -> None:
    """A thing is said in one place, and linked to from the others."""
    places: dict[str, set[str]] = {}
    for page in PAGES:
        if page.name in PAST or MADE in (text := page.read_text()):
            continue
        prose = "\n".join(
            line for line in FENCE.sub("", PART.sub("", text)).splitlines() if not line.startswith("|")
        )
        for sentence in re.split(r"(?<=[.:;])\s+|\n\n|\n *[-*] ", prose):
            words = " ".join(sentence.split())
            if len(words) >= 40:
                places.setdefault(words, set()).add(page.name)
    assert not {words: pages for words, pages in places.items() if len(pages) > 1}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_code_that_is_named_is_there(page: Path) -> None:
    """`workspace/jobs.py:JobQueue.do`: a file below the package or the project, and what it defines."""
    named = NAMED.findall(page.read_text())
    missing = [f"{path}:{inside}" for path, inside in named if not is_there(path, inside)]
    assert not missing


def test_the_architecture_names_no_file_and_nothing_in_code_that_is_not_there() -> None:
    """Also what is no module (`llm/thinking/families.toml`), and what is named without its module."""
    page = (PROJECT / "docs" / "architecture.md").read_text()
    sources = [path.read_text() for path in (PROJECT / "docstra_tui").rglob("*.py")]
    defined = {word for lines in DEFINING.findall("\n".join(sources)) for word in re.findall(r"\w+", lines)}
    files, names = OTHER_FILE.findall(page), IN_CODE.findall(page)
    assert "llm/thinking/families.toml" in files and {"TurnRequest", "CHANGES"} <= set(names)
    assert not [path for path in files if place_of(path) is None]
    assert not set(names) - defined


def test_whoever_starts_a_program_is_named_and_uses_no_shell_and_no_module_of_the_folder() -> None:
    page = (PROJECT / "docs" / "architecture.md").read_text()
    package = PROJECT / "docstra_tui"
    sources = {path.relative_to(package).as_posix(): path.read_text() for path in package.rglob("*.py")}
    starting = [name for name, text in sources.items() if re.search(r"subprocess\.[a-zP]\w+\(", text)]
    assert "context/killable.py" in starting
    assert not [name for name in starting if f"`{name}`" not in page]
    by_shell = re.compile(r"shell=True|os\.(?:system|popen|exec\w*|spawn\w*|posix_spawn\w*)\(|pty\.spawn")
    assert not [name for name, text in sources.items() if by_shell.search(text)]
    ours = re.compile(r'sys\.executable, (?!"-P"|"-m", "pip")')
    assert not [name for name, text in sources.items() if ours.search(text)]


def place_of(path: str) -> Path | None:
    return next((base / path for base in (PROJECT / "docstra_tui", PROJECT) if (base / path).exists()), None)


def names_of(node: ast.stmt) -> list[str]:
    """What a statement defines."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [getattr(node, "name", ""), *(name.id for name in targets if isinstance(name, ast.Name))]


def is_there(path: str, inside: str) -> bool:
    source = place_of(path)
    if source is None or not inside:
        return source is not None
    body: list[ast.stmt] = ast.parse(source.read_text()).body
    for name in inside.split("."):
        found = next((node for node in body if name in names_of(node)), None)
        if found is None:
            return False
        body = getattr(found, "body", [])
    return True


def test_what_differs_from_the_program_is_named_and_written(tmp_path: Path) -> None:
    """Run as `make lint` and `make docs` do, over pages that are out of date."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "pages.py").write_text((PROJECT / "tools" / "pages.py").read_text())
    (tmp_path / "README.md").write_text(
        "# Ours\n<!-- keys: made by tools/pages.py -->\n| F2 | Go home |\n<!-- end -->\nStays.\n"
    )

    before = made(tmp_path, "--check")
    assert before.returncode == 1
    assert "-| F2 | Go home |" in before.stdout and "make docs" in before.stdout
    assert not (tmp_path / "docs" / "keys.md").exists()

    assert made(tmp_path).returncode == 0
    assert made(tmp_path, "--check").returncode == 0
    readme = (tmp_path / "README.md").read_text()
    assert readme.startswith("# Ours\n") and readme.endswith("Stays.\n")
    assert "| F2, Ctrl+B | Go to the files and back |" in readme
    commands = (tmp_path / "docs" / "commands.md").read_text()
    assert "`/explain [FILE…]`" in commands
    assert "| `--resume [SESSION]` |" in commands and "| `--language LANGUAGE` |" in commands
    assert "`DOCSTRA_MODEL_NAME`, `--model`" in (tmp_path / "docs" / "settings.md").read_text()


def made(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "tools/pages.py", *words]
    return subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_make_help_tells_every_target() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    told = subprocess.run(
        ["make", "help"], cwd=PROJECT, capture_output=True, text=True, timeout=30, check=True
    )
    assert set(re.findall(r"^  make ([\w-]+)", told.stdout, re.MULTILINE)) == set(phony[1].split())
