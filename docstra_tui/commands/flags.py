"""The flags of the command line: what is written, and which setting it stands for. Plain data."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import Any

MOST_FILES = 20
"""That a search adds to a question."""


@dataclass(frozen=True)
class Option:
    """One flag of the command line."""

    flags: tuple[str, ...]
    help: str
    key: str = ""
    """The setting it stands for, dotted; empty for a flag that belongs to its command."""
    extra: dict[str, Any] = field(default_factory=dict)
    """The rest of `argparse.ArgumentParser.add_argument`'s keywords."""

    @property
    def value(self) -> str:
        """What stands behind it, as the help writes it; empty for a flag that takes nothing."""
        name = str(self.extra.get("metavar", ""))
        return f"[{name}]" if self.extra.get("nargs") == "?" else name


def _count(word: str) -> int:
    """A number of files, for argparse."""
    if not (word.isascii() and word.isdigit() and 0 < int(word[:9]) <= MOST_FILES):
        raise argparse.ArgumentTypeError(f"{word!r} is no number from 1 to {MOST_FILES}")
    return int(word)


COMMON = (
    Option(
        ("--model",),
        "hub id, ./folder, .gguf file, GGUF repo[:QUANT], starter",
        "model.name",
        {"metavar": "NAME"},
    ),
    Option(("--revision",), "branch, tag or commit of a hub model", "model.revision", {"metavar": "REV"}),
    Option(("--device",), "auto, cpu, cuda, cuda:1, mps", "model.device", {"metavar": "DEVICE"}),
    Option(("--dtype",), "auto, bfloat16, float16, float32", "model.dtype", {"metavar": "DTYPE"}),
    Option(("--quant",), "int8, bnb-4bit or bnb-8bit", "model.quant", {"metavar": "QUANT"}),
    Option(
        ("--base-url",),
        "another OpenAI-compatible server, with its /v1",
        "remote.base_url",
        {"metavar": "URL"},
    ),
    Option(("--remote",), "a server that config.toml names, or local", "remote.name", {"metavar": "NAME"}),
    Option(
        ("--own-engine",),
        "an engine that lives and ends with this terminal",
        "engine.own",
        {"action": "store_true", "default": None},
    ),
    Option(("--max-tokens",), "the longest answer, in tokens", "answer.max_tokens", {"metavar": "N"}),
    Option(
        ("--temperature",),
        "0 is greedy: the same question gives the same answer",
        "answer.temperature",
        {"metavar": "T"},
    ),
    Option(("--think",), "think before answering, at most N tokens", "answer.think", {"metavar": "off|on|N"}),
    Option(("--kv-cache",), "int8: what is read in half the room", "answer.kv_cache", {"metavar": "FORM"}),
    Option(("--theme",), "lamp, paper, chalk, sixteen, or your own", "theme", {"metavar": "NAME"}),
    Option(("--json",), "one JSON object on standard output", "", {"action": "store_true"}),
)
"""Flags that every command takes, anywhere after its name."""

FILES = Option(
    ("-f", "--file"),
    "a file to answer from, lines of it (FILE:10-40), or of git @diff, @staged, @commit:REF; may be repeated",
    "",
    {"action": "append", "default": [], "metavar": "FILE[:A-B]", "dest": "files"},
)
SEND_SECRETS = Option(
    ("--send-secrets",),
    "send to another host also what may be secret, without asking",
    "",
    {"action": "store_true"},
)
SHOW_THINKING = Option(
    ("--show-thinking",), "print what was thought too, quoted", "", {"action": "store_true"}
)
OF_TASKS = (SEND_SECRETS, SHOW_THINKING)
"""Flags of all that answer and end."""
LANGUAGE = Option(
    ("--language",),
    "the programming language; by default that of the file",
    "",
    {"default": "", "metavar": "LANGUAGE"},
)
EACH = Option(
    ("--each",),
    "put the question to each part of more files than fit, and join the answers",
    "",
    {"action": "store_true"},
)
CHECK = Option(
    ("--check",),
    "exit with 5 where the answer says what is not in the files",
    "",
    {"action": "store_true"},
)
LOOKED_INTO = Option(
    ("-f", "--file"),
    "what to look into: a file, lines of it (FILE:10-40), a folder; may be repeated",
    "",
    {"action": "append", "default": [], "metavar": "FILE[:A-B]", "dest": "files"},
)
AUTO_FILES = Option(
    ("--auto-files",),
    "send up to N files too that a search finds for the question; they are said first",
    "",
    {"type": _count, "default": 0, "metavar": "N"},
)
WORDS = Option(
    ("--words",),
    "have the model say what else to look for, in its own words",
    "",
    {"action": "store_true", "dest": "own_words"},
)
OUTPUT = Option(
    ("-o", "--output"),
    "write each answer to a file below this folder",
    "",
    {"default": "", "metavar": "FOLDER"},
)
FORCE = Option(("--force",), "ask again what was answered before", "", {"action": "store_true"})
OF_EXPORT = (
    Option(("--format",), "md, or json for all of it", "", {"default": "", "metavar": "FORMAT"}),
    Option(("-o", "--output"), "export into this new file; - prints", "", {"default": "", "metavar": "FILE"}),
    Option(("--thinking",), "export what was thought too", "", {"action": "store_true"}),
    Option(("--force",), "export over a file that is there", "", {"action": "store_true"}),
)
RESUME = Option(
    ("--resume",),
    "go on with a saved session: its id, or the last one",
    "",
    {"nargs": "?", "const": "last", "metavar": "SESSION"},
)
NO_MOUSE = Option(("--no-mouse",), "leave the mouse to the terminal", "", {"action": "store_true"})

MEASURE = Option(("--measure",), "time the dtypes anew, and wait for torch", "", {"action": "store_true"})
