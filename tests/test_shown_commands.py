"""What the pages show is typed here: every command line by the real parser, and all but a few are run.

What answers is scripted, so an answer is never compared: where one is shown it stands in a block of `text`,
which is an example. What comes out otherwise stands in `console` and has to be it, to the letter.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from docstra_tui import cli, settings, templates
from docstra_tui.commands import arguments
from docstra_tui.commands.arguments import PROGRAM, SCREEN, parse
from docstra_tui.commands.flags import COMMON
from docstra_tui.setting_sources import variable_of
from docstra_tui.setting_words import meanings
from docstra_tui.workspace import commands as slash
from docstra_tui.workspace.models import opening
from tests.commands.oneshot.one_shot import Terminal
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.shown import PROJECT, Block, Typed, blocks, spans, typed
from tools.pictures import project as pictured

LANGUAGES = {
    "sh": "lines to type: parsed, and run unless the table below says why not",
    "console": "the same with what comes out, which is compared",
    "python": "run by tests/llm/test_shown_code.py",
    "toml": "a configuration: it has to be one",
    "markdown": "a template: it has to be one",
    "text": "made from the program, an example, a drawing",
    "{eval-rst}": "for the site",
    "{toctree}": "for the site",
}
NOT_RUN = {
    (SCREEN, ""): "draws a screen",
    ("chat", ""): "talks with a terminal",
    ("models", "pull"): "fetches a model",
    ("models", "convert"): "writes gigabytes",
    ("models", "inspect"): "loads torch",
    ("templates", "review"): "asks somebody",
    ("doctor", ""): "loads torch, and may find something",
    ("reset-terminal", ""): "writes to a terminal",
}
"""Commands that are only parsed."""
OTHERS = {
    "cd": "the shell's",
    "export": "the shell's",
    "git": "needs the network",
    "sbatch": "needs a cluster",
    "source": "the shell's",
    "ssh": "needs another machine",
    "vllm": "another program; tests/test_deploy.py looks at its flags",
}
"""What is not ours: none is run, what of ours is handed to it is parsed."""

ANSWER = "It does one thing after the other.\n"
CLIENT = """import time


class Client:
    def send(self, request):
        for attempt in range(3):
            time.sleep(attempt)
"""
FILES = {
    "src/client.py": CLIENT + "\n" * 100,
    "a.py": "a = 1\n",
    "answer.md": ANSWER,
    ".docstra/templates/changelog.md": "Write a line.\n",
    "src/project/b.py": "b = 2\n",
}
CHECKOUT = ("docstra_tui/llm/prompt.py", "docstra_tui/llm/http/manners.py", "docstra_tui/llm/http/seam.py")
"""What the README may ask about: it is read in a checkout of this, and every line works there."""
TOUR = "docs/tour.md"


@pytest.fixture(scope="module")
def shown_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which all that is shown can be asked about, and the one of the pictures below it."""
    folder = tmp_path_factory.mktemp("shown")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name in CHECKOUT:
        (folder / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, folder / "checkout" / name)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(folder)]
    for words in (["init", "-q"], ["add", "a.py"], ["commit", "-qm", "One"]):
        subprocess.run([*git, *words], check=True, timeout=30)
    (folder / "a.py").write_text("a = 2\n")
    pictured.write(folder / "home" / "src" / "weather")
    return folder


@pytest.fixture
def there(shown_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(shown_folder)
    monkeypatch.setenv("HOME", str(shown_folder / "home"))
    return shown_folder


def programs(line: str) -> Iterator[list[str]]:
    """The words of each program that a line starts: no comments, no redirections, and without what is set for
    one alone, as in `RANK=0 program`."""
    lexer = shlex.shlex(line.replace("2>&1", ""), posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words: list[str] = []
    is_file = False
    for word in [*lexer, ";"]:
        if set(word) <= set("|&;"):
            if words:
                yield words
            words = []
        elif set(word) <= set("<>"):
            is_file = True
        elif is_file:
            is_file = False
        elif words or not re.match(r"[A-Z_]+=", word):
            words.append(word)


def ours(words: list[str]) -> list[str] | None:
    """What is behind the program's name, also where another program is given it."""
    names = [index for index, word in enumerate(words) if Path(word).name == PROGRAM]
    return words[names[0] + 1 :] if names else None


@pytest.mark.parametrize("block", blocks("sh", "console"), ids=lambda block: block.place)
def test_what_is_shown_can_be_typed(block: Block, there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Line after line, as somebody who reads the page does."""
    if block.page == "README.md":
        monkeypatch.chdir(there / "checkout")
    if block.page == TOUR:
        monkeypatch.chdir(there / "home" / "src" / "weather")
        if "answer.md" in block.text:
            (said,) = (shown.text for shown in blocks("text") if shown.page == TOUR)
            assert Path("answer.md").read_text() == said
    for one in typed(block):
        for words in programs(one.line):
            type_in(words, one, monkeypatch)


def type_in(words: list[str], one: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = ours(words)
    if words[0] == "make":
        assert_made(words[1:])
    elif mine is None:
        assert words[0] in OTHERS or (PROJECT / words[0]).is_file(), f"who runs {words[0]}?"
    elif words[0] in OTHERS or name_of(mine) in NOT_RUN:
        assert one.output is None, "nobody looks whether this comes out: it is an example, in a block of text"
    else:
        code, out = run(mine, monkeypatch)
        assert code == expected(one), f"{one.line}\n{out}"
        if one.output is not None:
            assert fits(out, one.output), f"{one.line}\n{out}"


def name_of(words: list[str]) -> tuple[str, str]:
    """The command and its action, as the parser reads them. Raises `UsageError`."""
    invocation = parse(words)
    return invocation.command, invocation.action


def run(words: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """The exit code, and what somebody at a terminal sees."""
    monkeypatch.setattr(opening, "open_backend", FakeBackend(FakeLLM(*[ANSWER] * 20)))
    seen = Terminal()
    with open(PROJECT / "LICENSE") as piped:
        monkeypatch.setattr(sys, "stdin", piped)
        monkeypatch.setattr(sys, "stdout", seen)
        monkeypatch.setattr(sys, "stderr", seen)
        code = cli.main(words)
    return code, re.sub(r"[^\n]*\r\x1b\[K", "", seen.getvalue())  # what was wiped off is not seen


def expected(one: Typed) -> int:
    """What is said behind the line, as in `# 5`."""
    said = re.search(r"# exit code (\d+)", one.line)
    return int(said[1]) if said else 0


def fits(out: str, output: str) -> bool:
    pattern = ".*".join(map(re.escape, output.split("…")))
    return re.fullmatch(pattern, out, re.DOTALL) is not None


def assert_made(words: list[str]) -> None:
    makefile = (PROJECT / "Makefile").read_text()
    for word in words:
        name, has_value, _ = word.partition("=")
        rule = rf"^{name} *\?=" if has_value else rf"^{name}:"
        assert re.search(rule, makefile, re.MULTILINE), f"make knows no {name}"


# What else is shown


def test_each_block_says_what_it_is() -> None:
    unknown = [
        f"{block.place} {block.language or 'nothing'}"
        for block in blocks()
        if block.language not in LANGUAGES
    ]
    assert not unknown, "a block of code says what it is"


def test_the_tables_here_name_nothing_that_is_not_shown() -> None:
    shown = [
        words for block in blocks("sh", "console") for one in typed(block) for words in programs(one.line)
    ]
    assert not set(OTHERS) - {words[0] for words in shown}


def test_a_configuration_that_is_shown_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "config"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("DOCSTRA_CONFIG_DIR", str(folder))
    for block in blocks("toml"):
        tomllib.loads(block.text)
        (folder / "config.toml").write_text(block.text)
        (folder / "config.toml").chmod(0o600)
        settings.load({})


def test_a_template_that_is_shown_is_one() -> None:
    shown = blocks("markdown")
    assert len(shown) >= 2
    for block in shown:
        assert templates.parse("shown", block.text, block.place)


FLAGS = {flag for row in arguments.COMMANDS for option in row.options for flag in option.flags}
FLAGS |= {flag for option in COMMON for flag in option.flags} | {"--help", "--version"}
FLAGS_OF_OTHERS = {
    "--distributed-executor-backend",
    "--set",
    "--corpora",
    "--large",
    "--quick",
    "--no-index",
    "--find-links",
    "--index-url",
}
"""Of vLLM, benchmarks and pip."""
for read in tomllib.loads((PROJECT / "deploy" / "flags.toml").read_text()).values():
    FLAGS_OF_OTHERS |= {f"--{flag}" for names in read.values() if isinstance(names, list) for flag in names}
SERVED = ("tokenize", "metrics")
"""Addresses of a server, which look the same."""
SLASH = {row.name for row in slash.COMMANDS}
PLACEHOLDER = re.compile(r"[A-Z]{3,}\b|[…\[\]]")


@pytest.mark.parametrize("page", sorted({page for page, _ in spans()}))
def test_what_is_named_in_a_sentence_is_there(page: str, there: Path) -> None:
    """Commands, flags, slash commands, settings and variables."""
    wrong = [span for where, span in spans() if where == page and not is_known(span)]
    assert not wrong


def is_known(span: str) -> bool:
    if span.startswith(f"{PROGRAM} ") and span != f"{PROGRAM} COMMAND --help":
        words = span.replace("'", "").replace('"', "").split()[1:]
        return words[0].startswith("--") or parse(words).command != SCREEN
    if span.startswith("make "):
        assert_made(shlex.split(span)[1:])
    if found := re.match(r"python -m (benchmarks\.\w+)", span):
        return (PROJECT / found[1].replace(".", "/")).exists() or (
            PROJECT / f"{found[1].replace('.', '/')}.py"
        ).exists()
    if found := re.match(r"pip install .*\[(\w+)\]", span):
        return found[1] in EXTRAS
    if re.match(r"--[a-z]", span):
        return {word for word in span.split() if word.startswith("--")} <= FLAGS | FLAGS_OF_OTHERS
    if found := re.fullmatch(r"/([a-z]+)(?: .*)?", span):
        return found[1] in SLASH or found[1] in SERVED
    if found := re.fullmatch(r"((?:model|answer|engine|remote|context)\.(?!md\b)[a-z_]+)(?: = .*)?", span):
        return found[1] in meanings() or found[1] == "model.generate"
    if re.fullmatch(r"DOCSTRA_[A-Z_]+", span):
        return span in VARIABLES
    return True


EXTRAS = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
VARIABLES = {variable_of(key) for key in meanings()} | {
    *(
        "DOCSTRA_API_KEY",
        "DOCSTRA_STATE_DIR",
        "DOCSTRA_CONFIG_DIR",
        "DOCSTRA_CACHE_DIR",
        "DOCSTRA_RUNTIME_DIR",
    )
}
