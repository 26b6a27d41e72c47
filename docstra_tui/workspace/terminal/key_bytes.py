"""The bytes of a terminal as what they mean: text, whole keys, whole pastes.

A key's escape sequence, a paste and a terminal's answer to a question are cut where they end, wherever a
read cut them. What a terminal says of itself late (its name, its colours) is no text and is dropped here;
what is left of it after a pause as well. A byte that is no UTF-8 becomes U+FFFD. Nothing in a paste is a
key: each ESC of it becomes a visible `␛`, and one that never ends is ended for it.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Literal

ESC = "\x1b"
START = "\x1b[200~"
END = "\x1b[201~"
VISIBLE_ESC = "\u241b"

ESCAPE_SECONDS = 0.1
"""Escape, alone and followed by nothing for so long, is the key, not the beginning of one."""
PART_SECONDS = 1.0
"""The rest of a begun sequence comes within so long, or never."""
PASTE_SECONDS = 1.0
"""A paste is over when nothing has come for so long."""
PASTE_ESCAPE_SECONDS = 0.25
"""Escape, alone and followed by nothing for so long, ends a paste that has no end."""
LATE_SECONDS = 10.0
"""So long after a paste was ended for it, its rest may still come."""
LATE_LENGTH = 32
"""Characters in one piece that nobody types: the rest of such a paste."""
LONGEST_KEY = 64
"""Characters; no key, place or size takes more."""
LONGEST_REPLY = 4096
"""Characters of a terminal's answer; after so many it is none."""

REPLY_BEGINS = {"]": "0123456789", "P": "0123456789>!$+", "_": "G"}
"""What stands behind the two characters that begin an answer; anything else is Alt and that key."""
LATE = re.compile(
    r"\x1b(?:\[[?>=<]?\d[\d;:]*[ -/]*[@-~]|\[[?>=<]?\d[\d;:]*$|\[[A-DFHZ]$|\][0-9]+;|P[0-9>!$+].)"
)
"""A sequence of which the first character was taken for the Escape key already: nobody types this."""
MODIFIED = re.compile(r"\x1b\[27;(\d{1,3});(\d{1,7})~")
"""xterm's way to report a key with Shift, Ctrl or Alt."""


@dataclass(frozen=True)
class Typed:
    """What came in one: some text, one key, or one paste."""

    kind: Literal["text", "key", "paste"]
    text: str
    """A key is its escape sequence; text may hold control characters, but never ESC."""


class KeyBytes:
    """Reads what comes, in pieces cut anywhere. Times are seconds of one clock."""

    def __init__(self, escape_seconds: float = ESCAPE_SECONDS) -> None:
        self._escape_seconds = escape_seconds
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._out: list[Typed] = []
        self._held = ""
        """A sequence that has begun, or the end of a paste's text with which its end mark may begin."""
        self._reply = 0
        """Characters so far of an answer that is dropped; 0 outside of one."""
        self._paste: list[str] | None = None
        """What was pasted so far; None outside of a paste."""
        self._is_alone = False
        """True when `_held` is an ESC that came by itself, a while after what was before it."""
        self._given = ""
        """What was just given as a key because nothing followed: its rest may still come."""
        self._tail = ""
        """What was held when a paste was ended for it: its end mark may have been on its way."""
        self._touched = 0.0
        self._late_until = 0.0

    @property
    def is_pasting(self) -> bool:
        """True inside a paste."""
        return self._paste is not None

    def feed(self, data: bytes, now: float) -> list[Typed]:
        """What `data` completes."""
        text = self._decoder.decode(data)
        if text:
            self._read(text, now)
        self._touched = now
        return self._take()

    def tick(self, now: float) -> list[Typed]:
        """What is complete because nothing has come."""
        waited, due = now - self._touched, self._due
        return self.give_up(now) if due is not None and waited >= due else []

    def wait(self, now: float) -> float | None:
        """Seconds until `tick` has something to do; None: not before more has come."""
        due = self._due
        return None if due is None else max(0.0, self._touched + due - now)

    def give_up(self, now: float) -> list[Typed]:
        """What is complete if nothing more comes."""
        cut = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        if cut:
            self._read(cut, now)
        if self._paste is not None:
            is_escape = self._held == ESC and self._is_alone
            if not is_escape:
                self._paste.append(_visible(self._held))
            self._end_paste()
            self._held, self._tail = "", self._held
            self._late_until = now + LATE_SECONDS
        elif self._reply:
            self._reply, self._held = 0, ""
        else:
            held = self._held
            self._break_off()
            self._given = held if len(held) <= 2 else ""
        return self._take()

    @property
    def _due(self) -> float | None:
        if self._paste is not None:
            return PASTE_ESCAPE_SECONDS if self._held == ESC and self._is_alone else PASTE_SECONDS
        if self._reply or len(self._held) > 2:
            return PART_SECONDS
        if self._held:
            return self._escape_seconds
        return PART_SECONDS if self._decoder.getstate()[0] else None

    def _take(self) -> list[Typed]:
        out, self._out = self._out, []
        return out

    def _read(self, text: str, now: float) -> None:
        given, self._given = self._given, ""
        tail, self._tail = self._tail, ""
        is_ground = self._paste is None and not self._held and not self._reply
        if is_ground and now < self._late_until:
            if tail and (tail + text).startswith(END):
                text = (tail + text)[len(END) :]
            elif _is_rest(text):
                self._paste = []
        elif is_ground and given and now - self._touched < PART_SECONDS and LATE.match(given + text):
            self._held = given
        # Right behind what was pasted it is the next part of it, cut off by a read.
        self._is_alone = text == ESC and now - self._touched >= self._escape_seconds
        at = 0
        while at < len(text):
            at = self._step(text, at)

    def _step(self, text: str, at: int) -> int:
        """Read on from `at`; where to read on."""
        if self._paste is not None:
            return self._read_paste(text, at)
        if self._reply:
            return self._read_reply(text, at)
        if self._held:
            return self._read_key(text[at], at)
        escape = text.find(ESC, at)
        end = len(text) if escape < 0 else escape
        if end > at:
            self._out.append(Typed("text", text[at:end]))
        if escape < 0:
            return end
        self._held = ESC
        return end + 1

    # Pastes

    def _read_paste(self, text: str, at: int) -> int:
        assert self._paste is not None
        held, self._held = self._held, ""
        pasted, mark, rest = (held + text[at:]).partition(END)
        if mark:
            self._paste.append(_visible(pasted))
            self._end_paste()
            return len(text) - len(rest)
        self._held = _beginning(pasted, END)
        self._paste.append(_visible(pasted[: len(pasted) - len(self._held)]))
        return len(text)

    def _end_paste(self) -> None:
        if self._paste is not None:
            self._out.append(Typed("paste", "".join(self._paste)))
            self._paste = None

    # Answers of the terminal

    def _read_reply(self, text: str, at: int) -> int:
        """Drop an answer; Enter and the other control keys always get out of one."""
        char = text[at]
        self._reply += 1
        if self._held:  # an ESC in it: the end, or something else begins
            self._reply, self._held = 0, ""
            if char == "\\":
                return at + 1
            self._held = ESC
            return at
        if char == ESC:
            self._held = ESC
            return at + 1
        if char in "\x07\x9c\x18\x1a":
            self._reply = 0
            return at + 1
        if char < " " or self._reply > LONGEST_REPLY:
            self._reply = 0
            return at
        return at + 1

    # Keys

    def _read_key(self, char: str, at: int) -> int:
        """Take one more character of a key; where to read on."""
        held = self._held
        if held == ESC:
            if char == ESC:
                self._give(ESC)
                self._held = ESC
            elif char in "[O]P_":
                self._held = held + char
            else:
                self._give_second(char)
            return at + 1
        if held[1] in REPLY_BEGINS:
            if char in REPLY_BEGINS[held[1]]:
                self._held, self._reply = "", 1
                return at + 1
            self._break_off()
            return at
        is_place = held.startswith("\x1b[M")  # three more characters, whatever they are
        is_mark = held == "\x1b[["  # the console's F1 to F5
        if not (" " <= char <= "~" or (is_place and char > "~")):
            self._break_off()
            return at
        held += char
        self._held = held
        if is_place:
            is_whole = len(held) == 6
        elif is_mark:
            is_whole = True
        elif held[1] == "O":
            is_whole = char >= "@"
        else:
            is_whole = (char >= "@" and held not in ("\x1b[[", "\x1b[M")) or _is_shifted(held)
        if is_whole:
            self._held = ""
            self._give(held)
        elif len(held) > LONGEST_KEY:
            self._held = ""
        return at + 1

    def _break_off(self) -> None:
        """What was held is no sequence: a key where it may be one, and dropped where it is a part."""
        held, self._held = self._held, ""
        if held and len(held) <= 2:
            self._give(held)

    def _give_second(self, char: str) -> None:
        """ESC and a character: Alt, but for the keys that have a control character of their own."""
        self._held = ""
        if char < " " and char not in "\r\n\t\x08":
            self._give(ESC)
            self._out.append(Typed("text", char))
        else:
            self._give(ESC + char)

    def _give(self, sequence: str) -> None:
        """A whole sequence; a paste begins with one."""
        if sequence == START:
            self._paste = []
            return
        if sequence == END:  # what was pasted had one in it already; Textual would make a letter of it
            return
        modified = MODIFIED.fullmatch(sequence)
        if modified is not None:
            shift, code = int(modified[1]) == 2, int(modified[2])
            if shift and 0x20 < code < 0x110000 and chr(code).isprintable():
                self._out.append(Typed("text", chr(code)))
                return
            sequence = f"\x1b[{code};{int(modified[1])}u"
        self._out.append(Typed("key", sequence))


def _is_shifted(sequence: str) -> bool:
    """rxvt's keys with Shift end with a character that ends no other sequence."""
    return sequence[-1] == "$" and sequence[2:-1].isdigit()


def _visible(text: str) -> str:
    return text.replace(ESC, VISIBLE_ESC)


def _beginning(text: str, mark: str) -> str:
    """The end of `text` with which `mark` may begin."""
    for length in range(min(len(mark) - 1, len(text)), 0, -1):
        if text.endswith(mark[:length]):
            return mark[:length]
    return ""


def _is_rest(text: str) -> bool:
    """True for what can only belong to the paste before."""
    end, start = text.find(END), text.find(START)
    if end >= 0:
        return start < 0 or end < start
    return start < 0 and len(text) >= LATE_LENGTH and not text.startswith(ESC)
