"""Hosts that may be sent questions: asked once, remembered in the state folder."""

from __future__ import annotations

import os

from docstra_tui import paths
from docstra_tui.errors import DocstraError

FILE = "allowed-hosts"


def is_allowed(host: str) -> bool:
    """True for no host at all, and for one that was allowed before."""
    if not host:
        return True
    try:
        known = (paths.state_dir() / FILE).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return host in known.splitlines()


def allow(host: str) -> None:
    """Remember `host`; where that is impossible it is asked again next time."""
    try:
        folder = paths.private_folder(paths.state_dir())
        fd = paths.open_private(folder / FILE)
        try:
            os.write(fd, f"{host}\n".encode())
        finally:
            os.close(fd)
    except (OSError, DocstraError):
        pass
