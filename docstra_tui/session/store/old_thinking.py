"""Answers of older programs, which kept what the model thought at the beginning of the answer.

Their text is all that is known of them: tags of the kind that stays in the decoded text. An answer that is
about such tags is left as it is.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection

from docstra_tui.session.store.values import storable, text_of

START = re.compile(r"\s*<think(?:ing)?>")
END = re.compile(r"</think(?:ing)?>")
END_ALONE = re.compile(r"^[ \t]*</think(?:ing)?>[ \t]*$", re.MULTILINE)
"""What ends thinking that the model's template had begun."""
FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)


def parted(answer: str, *, is_whole: bool) -> tuple[str, str]:
    """What was thought, empty for nothing, and the answer itself. An answer that is `is_whole` does not end
    within its thinking."""
    start = START.match(answer)
    if start is not None:
        end = END.search(answer, start.end())
        if end is not None:
            return _parts(answer[start.end() : end.start()], answer[end.end() :])
        return ("", answer) if is_whole else _parts(answer[start.end() :], "")
    end = END_ALONE.search(answer)
    if end is not None:
        before = answer[: end.start()]
        if "<think" not in before and len(FENCE.findall(before)) % 2 == 0:
            return _parts(before, answer[end.end() :])
    return "", answer


def _parts(thought: str, rest: str) -> tuple[str, str]:
    return thought.strip(), rest.lstrip()


def take_thinking_out(connection: sqlite3.Connection, turns: Collection[int] | None = None) -> None:
    """Keep it apart, of these turns or of all that have ended."""
    found = connection.execute(
        "SELECT id, answer, finish_reason, status FROM turns WHERE thinking = '' "
        "AND (instr(answer, '<think') OR instr(answer, '</think'))"
    ).fetchall()
    for number, text, reason, status in found:
        if status == "streaming" if turns is None else number not in turns:
            continue  # what an older program is still writing is written whole by it again
        damage: list[str] = []
        answer = text_of(text, damage, "answer")
        thought, rest = parted(answer, is_whole=reason == "stop")
        if rest != answer and not damage:
            connection.execute(
                "UPDATE turns SET thinking = ?, answer = ? WHERE id = ?",
                (storable(thought), storable(rest), number),
            )
