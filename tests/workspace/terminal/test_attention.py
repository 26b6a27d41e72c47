"""Somebody is called back only where they wished it, went away, and the answer took long."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from docstra_tui.workspace.terminal import attention, tmux
from docstra_tui.workspace.terminal.attention import CALLS, Attention, Call, Notify, around, is_seen

XTERM = {"TERM": "xterm-256color"}
TMUX = {"TERM": "tmux-256color", "TMUX": "/tmp/tmux-0/default,1,0", "TMUX_PANE": "%3"}


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(attention, "time", made)
    return made


def at_once(work: Callable[[], bool], then: Callable[[bool], None]) -> None:
    then(work())


def told(
    clock: Clock,
    kind: Notify,
    seconds: float,
    *,
    has_focus: bool = False,
    is_whole: bool = True,
    **environ: str,
) -> str:
    sent: list[Call] = []
    one = Attention(kind, sent.append, at_once, environ or XTERM)
    one.began()
    clock.now += seconds
    one.began()  # the next of several in a row
    one.ended(has_focus=has_focus, is_whole=is_whole)
    one.ended(has_focus=has_focus)  # nothing was asked meanwhile
    return "".join(CALLS[which] for which in sent)


def test_who_went_away_from_a_long_answer_is_called_back(clock: Clock) -> None:
    assert told(clock, "osc9", 42) == "\x1b]9;The answer is there.\a"
    said = told(clock, "osc777", 75, is_whole=False)
    assert said == "\x1b]777;notify;docstra-tui;The answer broke off.\a"
    assert told(clock, "bell", 11) == "\a"


@pytest.mark.parametrize(
    ("kind", "seconds", "has_focus"), [("off", 99, False), ("bell", 9, False), ("bell", 99, True)]
)
def test_nobody_else_is(clock: Clock, kind: Notify, seconds: float, has_focus: bool) -> None:
    assert told(clock, kind, seconds, has_focus=has_focus) == ""


def test_tmux_and_screen_pass_it_on_and_ring_for_themselves() -> None:
    assert around(TMUX) == "tmux" and around(XTERM) == "nothing"
    assert around({"TERM": "screen", "STY": "1.x"}) == "screen"
    assert around({"TERM": "linux"}) == around({}) == "no words"
    assert CALLS["osc9", "tmux", True] == "\x1bPtmux;\x1b\x1b]9;The answer is there.\a\x1b\\\a"
    assert CALLS["osc9", "screen", True] == "\x1bP\x1b]9;The answer is there.\a\x1b\\\a"
    assert CALLS["osc9", "no words", True] == CALLS["bell", "tmux", True] == "\a"


@pytest.mark.parametrize(
    ("said", "seen"), [("1 1", True), ("0 1", False), ("1 0", False), ("", True), ("a b c", True)]
)
def test_tmux_knows_whether_somebody_has_the_window_before_them(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, seen: bool
) -> None:
    tmux = tmp_path / "tmux"
    tmux.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/asked\necho "{said}"\n')
    tmux.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert is_seen(TMUX) == seen
    assert "-t %3" in (tmp_path / "asked").read_text()
    # Its pane does not tell of the focus unless `focus-events` is on: what tmux knows counts then.
    assert bool(told(clock, "bell", 60, has_focus=True, **TMUX)) == (not seen)


def test_a_tmux_that_is_gone_or_stands_still_keeps_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert is_seen(TMUX)
    (tmp_path / "tmux").write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    (tmp_path / "tmux").chmod(0o755)
    monkeypatch.setattr(tmux, "SECONDS", 0.1)
    assert is_seen(TMUX)
