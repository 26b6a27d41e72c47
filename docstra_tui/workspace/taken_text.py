"""What is taken out of an answer by hand: all of it, or a block of code."""

from __future__ import annotations

import re
from dataclasses import dataclass

from docstra_tui.errors import UsageError
from docstra_tui.text import disarm

NO_ANSWER = "There is no answer yet."

_FENCE = re.compile(r"(?P<before>(?:[ \t>]|(?:[-*+]|\d{1,9}[.)])[ \t])*)(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_WORDS = re.compile(r"(?:code(?:\s+(?P<number>\d{1,4}))?\s+)?(?P<name>\S.*)", re.DOTALL)


@dataclass(frozen=True)
class Taken:
    """A text, and what one calls it."""

    text: str
    what: str = "answer"

    @property
    def words(self) -> str:
        """`code (12 lines)`."""
        lines = len(self.text.rstrip("\n").split("\n"))
        return f"{self.what} ({lines:,} line{'s' * (lines != 1)})"

    @property
    def safe(self) -> str:
        """As it is written to a file: as the model wrote it, but for what could act on whoever shows it."""
        return disarm(self.text).rstrip("\n") + "\n"


def from_answer(words: str, answer: str) -> tuple[Taken, str]:
    """What `/save [code [N]] FILE` means, and the file's name as it was typed. Raises `UsageError`."""
    found = _WORDS.fullmatch(words.strip())
    if found is None:
        raise UsageError("Which file?", "/save FILE, or for code of the answer: /save code FILE")
    if not answer.strip():
        raise UsageError(NO_ANSWER)
    name = found["name"]
    if name == "code" or name.isdigit():
        raise UsageError(
            f"Which file? {name} is taken for no file's name.", f"A file of that name is ./{name}."
        )
    if name == words.strip():
        return Taken(answer), name
    codes = code_blocks(answer)
    number = int(found["number"] or 0)
    if not codes:
        raise UsageError("There is no code in the answer.")
    if number > len(codes) or (not number and len(codes) > 1):
        raise UsageError(
            f"The answer has {len(codes)} block{'s' * (len(codes) != 1)} of code.",
            "/save code 1 FILE takes the first.",
        )
    return Taken(codes[max(1, number) - 1], "code"), name


def code_blocks(answer: str) -> list[str]:
    """The text of each fence, without what stands before its lines as before the fence."""
    blocks: list[str] = []
    lines = iter(answer.split("\n"))
    for line in lines:
        opened = _FENCE.fullmatch(line)
        if opened is None or (opened["fence"][0] == "`" and "`" in opened["info"]):
            continue
        width, sign = len(opened["before"]), opened["fence"]
        code: list[str] = []
        for inner in lines:
            bare = inner[width:] if not inner[:width].strip(" \t>") else inner
            end = bare.strip()
            if len(end) >= len(sign) and not end.strip(sign[0]):
                break
            code.append(bare)
        blocks.append("\n".join(code))
    return blocks
