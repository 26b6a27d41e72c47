"""The terminal: refused where it cannot, given back as it was."""

from __future__ import annotations

import inspect

import pytest

from docstra_tui.errors import UsageError
from docstra_tui.workspace.terminal import device


@pytest.mark.parametrize("term", ["", "dumb"])
def test_a_terminal_that_cannot_is_refused_with_a_way_out(monkeypatch, term):
    monkeypatch.setenv("TERM", term)
    with pytest.raises(UsageError, match="docstra-tui chat"):
        device.require_terminal()


def test_every_mode_that_textual_sets_is_taken_back():
    from textual.drivers import linux_driver

    source = inspect.getsource(linux_driver)
    for mode in ("?1049h", "?25l", "?1004h", "?2004h", "?1000h", "?1003h", "?1015h", "?1006h", "?2048h"):
        assert mode in source
        undone = mode[:-1] + ("h" if mode.endswith("l") else "l")
        assert undone.encode() in device.RESTORE
