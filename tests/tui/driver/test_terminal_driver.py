"""From bytes to Textual's events: what a key is called, and that no byte of a terminal is an error;
and that the last size the app hears of is the terminal's."""

from __future__ import annotations

import asyncio
import io
import signal
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events, messages
from textual.message import Message

from docstra_tui.tui.driver.terminal_driver import TerminalDriver, TypedEvents
from docstra_tui.workspace.terminal.key_bytes import KeyBytes
from tests.workspace.terminal.test_key_bytes import BYTES, REPLIES

NUMBER = st.sampled_from(
    ["", "0", "1", "2", "13", "97", "55296", "1114112", "99999999999999999999", "1:2", "-1"]
)
SEQUENCES = st.builds(
    lambda mark, numbers, end: f"\x1b[{mark}{';'.join(numbers)}{end}".encode(),
    st.sampled_from(["", "<", "?", ">"]),
    st.lists(NUMBER, max_size=5),
    st.sampled_from([*"ABHPu~cRtmMIO", "$y"]),
)


def means(data: bytes) -> list[Message]:
    meaning, reader = TypedEvents(), KeyBytes()
    return [event for typed in (*reader.feed(data, 0.0), *reader.tick(10.0)) for event in meaning.of(typed)]


def keys(data: bytes | str) -> list[str]:
    found = means(data.encode() if isinstance(data, str) else data)
    return [event.key for event in found if isinstance(event, events.Key)]


@given(st.lists(BYTES | SEQUENCES, max_size=5).map(b"".join))
def test_any_bytes_are_events_of_which_the_text_can_be_written(data: bytes) -> None:
    for event in means(data):
        if isinstance(event, events.Key):
            (event.character or "").encode()
        elif isinstance(event, events.Paste):
            event.text.encode()
        elif isinstance(event, events.Resize):
            assert 0 < event.size.width <= 4096 and 0 < event.size.height <= 4096


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("\x1b\r", ["alt+enter"]),
        ("\x1b\n", ["alt+enter"]),
        ("\x1b[27;2;13~", ["shift+enter"]),
        ("\x1b[13;2u", ["shift+enter"]),
        ("\x1b[27;5;13~", ["ctrl+enter"]),
        ("\r", ["enter"]),
        ("\x1b", ["escape"]),
        ("\x1b\x1b[A", ["escape", "up"]),
        ("\x1b\x11", ["escape", "ctrl+q"]),
        ("\x1bh", ["alt+h"]),
        ("\x1bH", ["alt+shift+h"]),
        ("\x1b1", ["alt+1"]),
        ("\x1b\x7f", ["ctrl+w"]),
        ("\x1b\t", ["shift+tab"]),
        ("\x1b[Z", ["shift+tab"]),
        ("\x1bOQ", ["f2"]),
        ("\x1b[[B", ["f2"]),
        ("\x1b[1;5D", ["ctrl+left"]),
        ("\x1bOz", ["alt+shift+o", "z"]),
        ("\x1b[97;;97u", ["a"]),
        ("\x1b!", ["alt+exclamation_mark"]),
        (b"\xff", ["replacement_character"]),
    ],
)
def test_a_key_has_its_name(data: bytes | str, names: list[str]) -> None:
    assert keys(data) == names


@pytest.mark.parametrize("reply", [*REPLIES.values(), "\x1b[?1u", "\x1b[8;24;80t", "\x1b[3;0;0t", "\x1b[0n"])
def test_a_late_answer_of_the_terminal_is_no_key(reply: str) -> None:
    assert keys(f"a{reply}b") == ["a", "b"]


def test_what_the_app_asked_the_terminal_is_answered() -> None:
    (place,) = means(b"\x1b[12;40R")
    assert isinstance(place, events.CursorPosition) and (place.x, place.y) == (39, 11)
    (sync,) = means(b"\x1b[?2026;2$y")
    assert isinstance(sync, messages.TerminalSupportsSynchronizedOutput)
    focus, blur = means(b"\x1b[I\x1b[O")
    assert isinstance(focus, events.AppFocus) and isinstance(blur, events.AppBlur)
    (wheel,) = means(b"\x1b[<64;10;5M")
    assert isinstance(wheel, events.MouseScrollUp) and (wheel.x, wheel.y) == (9, 4)
    (resized,) = means(b"\x1b[48;24;80;480;800t")
    assert isinstance(resized, events.Resize) and resized.size == (80, 24)


class Told:
    """Keeps what an app is told of its size."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []
        self.drawn = 0

    @property
    def screen(self) -> Told:
        return self

    def refresh(self) -> None:
        self.drawn += 1

    async def _post_message(self, message: Message) -> None:
        if isinstance(message, events.Resize):
            self.sizes.append(message.size)

    async def of(self, number: int) -> None:
        """Wait until there were so many."""
        async with asyncio.timeout(10):
            while len(self.sizes) < number:
                await asyncio.sleep(0.01)


class DraggedWindow(TerminalDriver):
    """The window has another size again while somebody asks for its size."""

    size, then = (120, 40), (0, 0)

    def run_input_thread(self) -> None:
        self.exit_event.wait()

    def _get_terminal_size(self) -> tuple[int, int]:
        found = self.size
        if self.then != (0, 0):
            self.size, self.then = self.then, (0, 0)
            signal.raise_signal(signal.SIGWINCH)
        return found


@pytest.fixture
def signals():
    """What a driver changes of them is put back."""
    found = {which: signal.getsignal(which) for which in (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)}
    yield
    for which, handler in found.items():
        signal.signal(which, handler)


async def test_a_program_that_was_stopped_from_outside_goes_on_with_one_reader(signals) -> None:
    """By a SIGSTOP, of which nobody hears: whoever is continued had not suspended itself."""

    def readers() -> int:
        return sum(thread.name == "textual-input" for thread in threading.enumerate())

    told, before = Told(), readers()
    driver = DraggedWindow(told)
    driver._file = io.StringIO()
    driver.start_application_mode()
    try:
        for _ in range(3):
            signal.raise_signal(signal.SIGCONT)
        assert readers() == before + 1
        async with asyncio.timeout(10):
            while told.drawn != 3:  # whatever the terminal shows by now
                await asyncio.sleep(0.01)
    finally:
        driver.stop_application_mode()
        driver.close()
    assert readers() == before
    assert driver._file.getvalue().count("\x1b[?1049h") == 4


async def test_the_last_size_that_is_told_is_the_terminals(signals) -> None:
    told = Told()
    driver = DraggedWindow(told)
    driver._file = io.StringIO()
    driver.then = (100, 30)
    driver.start_application_mode()
    try:
        await told.of(2)
        driver.size, driver.then = (200, 50), (90, 28)
        signal.raise_signal(signal.SIGWINCH)
        await told.of(4)
    finally:
        driver.stop_application_mode()
        driver.close()
    assert told.sizes == [(120, 40), (100, 30), (200, 50), (90, 28)]
