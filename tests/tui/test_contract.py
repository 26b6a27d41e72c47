"""What of Textual's own is relied on though nobody promised it: another version has to show it here."""

from __future__ import annotations

import inspect
import io

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.driver import Driver
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver


def test_the_loop_and_the_driver_of_an_app_have_their_names():
    assert {"_loop", "_driver"} <= set(App().__dict__) | set(dir(App))
    assert {"is_headless", "is_inline"} <= set(dir(Driver))
    assert "_writer_thread" in inspect.getsource(LinuxDriver.__init__)


def test_a_keymap_is_put_into_a_copy_of_the_bindings_of_a_widget():
    assert App()._keymap == {}
    bindings = BindingsMap([Binding("f2,ctrl+b", "go", id="main.go"), Binding("x", "drop", id="main.drop")])
    other = bindings.copy()
    other.apply_keymap({"main.go": "f7,x", "main.drop": "none"})
    found = {key: {binding.id for binding in bound} for key, bound in other.key_to_bindings.items()}
    assert found == {"f7": {"main.go"}, "x": {"main.go"}, "none": {"main.drop"}}
    assert set(bindings.key_to_bindings) == {"f2", "ctrl+b", "x"}


def test_what_waits_to_be_written_can_be_counted():
    writer = WriterThread(io.StringIO())
    writer.write("a frame")
    assert writer._queue.qsize() == 1


def test_the_answer_about_the_cursor_is_an_event_of_its_own_with_its_time():
    (event,) = XTermParser().feed("\x1b[12;40R")
    assert isinstance(event, events.CursorPosition)
    assert event.time > 0
