"""Calling somebody back to the terminal when a long answer is there: on request, and where nobody looks.

A terminal says when it loses the focus; tmux keeps that to itself unless `focus-events` is on, and hands
notifications on only with `allow-passthrough`. So it is asked whether somebody has the window before them,
and the bell goes along, by which it marks a window. What is sent is ours: no word of an answer is in it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Literal, get_args

from docstra_tui.workspace.terminal import tmux

Notify = Literal["off", "bell", "osc9", "osc777"]

LONG_SECONDS = 10.0
"""Nobody goes away from an answer that takes less."""

Around = Literal["nothing", "tmux", "screen", "no words"]
"""What stands between us and the terminal; the last for one that obeys no words, as the console."""
Call = tuple[Notify, Around, bool]
"""How somebody is called, through what, and True when the answer is whole."""

BELL = "\a"
WORDS = {True: "The answer is there.", False: "The answer broke off."}
KINDS: Mapping[Notify, str] = {
    "osc9": "\x1b]9;{}\a",
    "osc777": "\x1b]777;notify;docstra-tui;{}\a",
}


def _call(kind: Notify, around: Around, is_whole: bool) -> str:
    if kind not in KINDS or around == "no words":
        return BELL
    text = KINDS[kind].format(WORDS[is_whole])
    if around == "tmux":
        return "\x1bPtmux;" + text.replace("\x1b", "\x1b\x1b") + "\x1b\\" + BELL
    return f"\x1bP{text}\x1b\\{BELL}" if around == "screen" else text


CALLS: Mapping[Call, str] = {
    (kind, around, is_whole): _call(kind, around, is_whole)
    for kind in get_args(Notify)
    for around in get_args(Around)
    for is_whole in WORDS
}
"""All that is ever sent, as the terminal gets it: nothing else can come into it."""

Background = Callable[[Callable[[], bool], Callable[[bool], None]], object]
"""Does the first elsewhere, and the second with what it gave on the face's thread."""


class Attention:
    """Of whoever uses one face. On the face's thread."""

    def __init__(
        self,
        kind: Notify,
        send: Callable[[Call], object],
        background: Background,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """`send` writes what stands in `CALLS` to the terminal."""
        self.kind = kind
        self._send = send
        self._background = background
        self._environ = environ
        self._since: float | None = None

    def began(self) -> None:
        """Something was asked; of several questions in a row, the first."""
        if self._since is None:
            self._since = time.monotonic()

    def ended(self, *, has_focus: bool, is_whole: bool = True) -> None:
        """Nothing is asked any more. `has_focus`: the terminal did not say that it lost it."""
        since, self._since = self._since, None
        if self.kind == "off" or since is None or time.monotonic() - since < LONG_SECONDS:
            return
        call: Call = (self.kind, around(self._environ), is_whole)
        if not has_focus:
            self._send(call)
        elif self._environ.get("TMUX"):

            def found(is_there: bool) -> None:
                if not is_there:
                    self._send(call)

            self._background(lambda: is_seen(self._environ), found)


def around(environ: Mapping[str, str]) -> Around:
    """What a call goes through."""
    if environ.get("TERM", "") in ("linux", "dumb", ""):
        return "no words"
    return "tmux" if environ.get("TMUX") else "screen" if environ.get("STY") else "nothing"


def is_seen(environ: Mapping[str, str]) -> bool:
    """True where tmux shows our window to somebody, and where it does not say. Blocks for a moment."""
    where = ["-t", environ["TMUX_PANE"]] if environ.get("TMUX_PANE") else []
    said = (tmux.says("#{window_active} #{session_attached}", *where) or "").split()
    return len(said) != 2 or "0" not in said
