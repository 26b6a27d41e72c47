"""What is typed, from the terminal to Textual's events.

Textual's own reader ends the app at a byte that is no UTF-8, makes text of a terminal's late answers and
waits for more where Alt and a key are whole. Its tables say what a sequence means; where one ends is said
by `docstra_tui.workspace.terminal.key_bytes`.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from textual import constants, events, messages
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import (
    FOCUSIN,
    FOCUSOUT,
    IS_ITERM,
    XTermParser,
    _re_cursor_position,
    _re_in_band_window_resize,
    _re_mouse_event,
    _re_terminal_mode_response,
)
from textual.app import ScreenStackError
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.keys import Keys, _character_to_key
from textual.message import Message

from docstra_tui.workspace.terminal.key_bytes import ESC, KeyBytes, Typed

__all__ = ["LinuxDriver", "TerminalDriver", "TypedEvents", "alt_means"]

READ = 65536
"""Bytes a read takes at most."""
POLL_SECONDS = 0.1
"""How often the thread looks whether it has to end."""
LARGEST = 4096
"""Columns or rows; a terminal that reports more has none to show."""


class TypedEvents:
    """What was typed as Textual's events."""

    def __init__(self) -> None:
        self._parser = XTermParser()

    def of(self, typed: Typed) -> Iterator[Message]:
        """The events of one thing that came; none for what means nothing here."""
        if typed.kind == "paste":
            yield events.Paste(typed.text.replace("\x00", ""))
        elif typed.kind == "text":
            for char in typed.text:
                yield from self._parser._sequence_to_key_events(char)
        else:
            try:
                yield from list(self._key(typed.text))
            except (ValueError, OverflowError):  # a number that is none, or no character's
                return

    def _key(self, sequence: str) -> Iterator[Message]:
        if sequence == ESC:
            yield events.Key("escape", ESC)
        elif sequence == FOCUSIN:
            yield events.AppFocus()
        elif sequence == FOCUSOUT:
            yield events.AppBlur()
        elif (cursor := _re_cursor_position.fullmatch(sequence)) is not None:
            yield events.CursorPosition(int(cursor["col"]) - 1, int(cursor["row"]) - 1)
        elif (size := _re_in_band_window_resize.fullmatch(sequence)) is not None:
            yield from self._resize(*(int(group.partition(":")[0]) for group in size.groups()))
        elif (mode := _re_terminal_mode_response.fullmatch(sequence)) is not None:
            yield from _mode(mode["mode_id"], int(mode["setting_parameter"]))
        elif _re_mouse_event.fullmatch(sequence) is not None:
            moved = self._parser.parse_mouse_code(sequence)
            if moved is not None:
                yield moved
        elif sequence[1] not in "[O" or len(sequence) == 2:
            yield from self._alt(sequence[1])
        else:
            keys = list(self._parser._sequence_to_key_events(sequence))
            yield from (key for key in keys if key.key != Keys.Ignore and not _is_surrogate(key.character))
            if not keys and sequence[1] == "O" and len(sequence) == 3:  # no key, but Alt+O and a letter
                yield from self._alt("O")
                yield from self._parser._sequence_to_key_events(sequence[2])

    def _alt(self, char: str) -> Iterator[events.Key]:
        if char in "\r\n":
            yield events.Key("alt+enter", None)
        elif char in "\t\x7f\x08":
            named = ESC + char.replace("\x08", "\x7f")
            yield from self._parser._sequence_to_key_events(named)
        elif char.isprintable() and not char.isalnum():
            yield events.Key(f"alt+{_character_to_key(char)}", char)
        else:
            yield from self._parser._sequence_to_key_events(char, alt=True)

    def _resize(self, height: int, width: int, pixel_height: int, pixel_width: int) -> Iterator[Message]:
        if not (0 < height <= LARGEST and 0 < width <= LARGEST):
            return
        resize = events.Resize.from_dimensions((width, height), (pixel_width, pixel_height))
        if pixel_height >= height and pixel_width >= width:
            self._parser.terminal_size, self._parser.terminal_pixel_size = resize.size, resize.pixel_size
            self._parser.mouse_pixels = True
        yield resize


def _mode(mode: str, setting: int) -> Iterator[Message]:
    """The terminal says whether it knows a mode that was asked for."""
    if mode == "2026" and setting > 0:
        yield messages.TerminalSupportsSynchronizedOutput()
    elif mode == "2048" and constants.SMOOTH_SCROLL and not IS_ITERM:
        yield messages.InBandWindowResize.from_setting_parameter(setting)


def _is_surrogate(character: str | None) -> bool:
    return character is not None and any("\ud800" <= char <= "\udfff" for char in character)


def alt_means(letter: str) -> events.Key | None:
    """The key that stands for Alt and a letter in a text, as Alt+B does for a word to the left."""
    named = ANSI_SEQUENCES_KEYS.get(ESC + letter)
    if isinstance(named, tuple):
        return events.Key(named[0].value, None)
    return None


class TerminalDriver(LinuxDriver):
    """Textual's driver, with our reader, and a size that is the terminal's."""

    _modes: list[Any] | None = None
    """The line discipline while the app has the terminal."""

    def start_application_mode(self) -> None:
        """Textual asks for the size inside the signal's handler. A second change that comes in the middle of
        it is told first, and the app stays at a size that the terminal no longer has: 2 of 100 times where
        two changes come within a millisecond (`findings/textual_two_sizes_at_once.sh`)."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})  # until it comes to ours
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]
            loop = asyncio.get_running_loop()
            signal.signal(signal.SIGWINCH, lambda *_: loop.call_soon_threadsafe(self._tell_size))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        with suppress(termios.error):
            self._modes = termios.tcgetattr(self.fileno)

    def _sigcont_application(self, *told: Any) -> None:
        """Textual begins anew, also where it never stopped: after a SIGSTOP a second thread would read too,
        and what is typed would be parted between both."""
        if self._key_thread is None or not self._key_thread.is_alive() or not self._auto_restart:
            super()._sigcont_application(*told)
        elif self._is_behind():
            os.kill(os.getpid(), signal.SIGSTOP)  # as after `bg`: a shell has the terminal
        else:
            self._take_again()

    def _is_behind(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) != os.getpgrp()
        except OSError:  # no terminal of this session
            return False

    def _take_again(self) -> None:
        """A shell may have had it meanwhile."""
        if self._modes is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self._modes)
        self.write("\x1b[?1049h\x1b[?25l\x1b[?1004h")
        self._enable_mouse_support()
        self._enable_bracketed_paste()
        self._disable_line_wrap()
        self.flush()
        self._loop.call_soon_threadsafe(self._draw_again)

    def _draw_again(self) -> None:
        with suppress(ScreenStackError):  # it leaves
            self._app.screen.refresh()

    def _tell_size(self) -> None:
        """The size as it is now: who looks last sees the last one."""
        if not self._in_band_window_resize:  # the terminal tells it by itself
            size = Size(*self._get_terminal_size())
            self.send_message(events.Resize(size, size))

    def run_input_thread(self) -> None:
        """Read until the app leaves; in a thread."""
        reader, meaning = KeyBytes(constants.ESCAPE_DELAY), TypedEvents()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                wait = reader.wait(time.monotonic())
                is_there = selector.select(POLL_SECONDS if wait is None else min(wait, POLL_SECONDS))
                came: list[Typed] = []
                if is_there:
                    data = self._read_bytes()
                    if not data:  # the terminal is gone; the guard ends the app
                        self.exit_event.wait()
                        return
                    came += reader.feed(data, time.monotonic())
                came += reader.tick(time.monotonic())
                for typed in came:
                    for event in meaning.of(typed):
                        self.process_message(event)

    def _read_bytes(self) -> bytes:
        try:
            return os.read(self.fileno, READ)
        except OSError:
            return b""
