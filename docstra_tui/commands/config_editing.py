"""`config edit`: config.toml in the user's editor, as a draft that takes its place when it is understood."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from docstra_tui import config_file, keymap, paths, setting_words, settings
from docstra_tui.commands.asking import answer_to, can_ask
from docstra_tui.commands.console import Console
from docstra_tui.errors import SettingsError, UsageError
from docstra_tui.setting_sources import read_text
from docstra_tui.workspace.editor import command


def edit(console: Console) -> int:
    """Until it is understood or somebody gives up; the exit code."""
    words = command(os.environ)
    path = settings.config_path()
    before = read_text(path)
    folder = Path(tempfile.mkdtemp(prefix="config-", dir=paths.private_folder(paths.state_dir())))
    draft = folder / path.name
    begun = before if before is not None else "\n".join(_beginning())
    with open(paths.open_private(draft), "w", encoding="utf-8", newline="") as file:
        file.write(begun)
    while True:
        try:
            _run([*words, str(draft)])
        except UsageError as error:
            if read_text(draft) != begun:
                raise UsageError(error.message, f"What was written is in {draft}.") from None
            shutil.rmtree(folder, ignore_errors=True)
            raise
        after = read_text(draft)
        if after is None or after == begun:
            shutil.rmtree(folder, ignore_errors=True)
            console.note("Nothing was changed.")
            return 0
        if read_text(path) != before:
            raise SettingsError(f"{path} was changed meanwhile.", f"What you wrote is in {draft}.")
        try:
            config_file.replace(after)
        except SettingsError as error:
            console.note(f"{error.message} {error.hint}".strip())
            if not _once_more(console):
                raise SettingsError(f"{path} is as it was.", f"What you wrote is in {draft}.") from None
            continue
        shutil.rmtree(folder, ignore_errors=True)
        say_keys(console)
        return 0


def _run(words: list[str]) -> None:
    """Ctrl+C is the editor's own while it runs. Raises `UsageError`."""
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ended = subprocess.run(words, check=False, preexec_fn=_hear_interrupts).returncode
    except OSError as error:
        raise UsageError(
            f"{words[0]} cannot be started: {error.strerror}.", "Name another one with $VISUAL."
        ) from None
    finally:
        signal.signal(signal.SIGINT, handler)
    if ended:
        raise UsageError(f"{words[0]} ended with {ended}.", "Nothing was changed.")


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _once_more(console: Console) -> bool:
    """Enter is a yes; an input that ended is none."""
    if not can_ask(console):
        return False
    typed = answer_to("Edit it again? [Y/n] ")
    return typed != "" and typed.strip().lower() in ("", "y", "yes")


def _beginning() -> Iterator[str]:
    """Every setting with its sentence, as a comment: what a file begins with that is not there yet."""
    yield "# Settings of docstra-tui. Take the mark off a line to set it; the rest is the program's choice."
    group = ""
    rows = sorted(setting_words.meanings().items(), key=lambda row: "." in row[0])
    for key, words in rows:
        if key == "keys":
            continue
        table, _, name = key.rpartition(".")
        if table != group:
            group = table
            yield f"\n[{group}]"
        default = setting_words.default_of(key)
        yield f"# {words}"
        yield f"# {name} = {_toml(default)}"
    yield "\n[keys]"
    yield '# main.tree = "f2, ctrl+b"'
    yield ""


def _toml(value: object) -> str:
    import json

    return json.dumps(value) if value is not None else "0.0"


def say_keys(console: Console) -> None:
    """What lost a key to something that was given it."""
    try:
        own = settings.load().keys
    except SettingsError:  # of the environment
        return
    for line in keymap.notes(own):
        console.note(line)
