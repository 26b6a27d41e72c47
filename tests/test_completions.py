"""`docstra-tui completions`: real shells complete our words. One that is not here only gets its script."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import shtab

from docstra_tui import cli
from docstra_tui.commands import arguments
from docstra_tui.commands.completions import script

LINES = [
    ("eng", {"engine"}),
    ("engine st", {"status", "stop"}),
    ("ask --dt", {"--dtype"}),
    ("ask --dtype b", {"bfloat16"}),
    ("chat --theme ", {"chalk", "lamp", "paper", "sixteen"}),
    ("explain one.py tw", {"two.py"}),
    ("ask -f tw", {"two.py"}),
    ("sessions sh", {"show"}),
]
"""What is typed, and what may stand in the place of its last word."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("one.py", "two.py"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said_by(shell: str, program: str) -> list[str]:
    """What a shell prints, run without anybody's own settings."""
    plain = {"bash": ["--norc"], "fish": ["--no-config"], "zsh": ["-f"]}[shell]
    ended = subprocess.run(
        [shell, *plain, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    return ended.stdout.splitlines()


@pytest.mark.parametrize(("typed", "wanted"), LINES, ids=[typed for typed, _ in LINES])
def test_bash_completes(folder: Path, typed: str, wanted: set[str]) -> None:
    words = [arguments.PROGRAM, *typed.split(" ")]
    program = (
        f"{script('bash')}\nCOMP_WORDS=({' '.join(word or repr('') for word in words)})\n"
        f"COMP_CWORD={len(words) - 1}\n_shtab_docstra_tui\n"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )

    assert set(said_by("bash", program)) == wanted


@pytest.mark.parametrize(("typed", "wanted"), LINES, ids=[typed for typed, _ in LINES])
def test_fish_completes(folder: Path, typed: str, wanted: set[str]) -> None:
    made = script("fish")
    if shutil.which("fish") is None:
        return

    lines = said_by("fish", f'{made}\ncomplete -C "{arguments.PROGRAM} {typed}"')

    assert {line.partition("\t")[0] for line in lines} == wanted


def test_zsh_reads_its_script(folder: Path) -> None:
    made = script("zsh")
    assert all(f"\n    {name}:'" in made for name in arguments.NAMES)
    if shutil.which("zsh") is not None:
        (folder / "_docstra-tui").write_text(made)
        subprocess.run(["zsh", "-n", "_docstra-tui"], check=True, timeout=30)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_folder_may_be_the_first_word(shell: str) -> None:
    wanted = {"bash": "-o default -F", "zsh": "_directories", "fish": "__fish_complete_directories"}
    assert wanted[shell] in script(shell)


def test_the_command_prints_the_script(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completions", "fish"]) == 0
    assert capsys.readouterr().out == script("fish") + "\n"


def test_a_script_that_is_written_otherwise_lacks_only_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a shtab that comes after this program."""
    monkeypatch.setattr(shtab, "complete", lambda parser, shell: f"complete -F words of {shell}\n")
    assert script("bash") == "complete -F words of bash"
