"""Which other machines may be sent questions: each is asked about once, and remembered."""

from __future__ import annotations

from docstra_tui import paths
from docstra_tui.errors import DocstraError

FILE = "allowed-hosts"


def is_allowed(host: str) -> bool:
    """True for this machine (an empty host), and for a host that was allowed before."""
    if not host:
        return True
    try:
        text = (paths.state_dir() / FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return host in text.splitlines()


def allow(host: str) -> None:
    """Remember `host`. Where nothing can be written it is asked about again."""
    try:
        descriptor = paths.open_private(paths.private_folder(paths.state_dir()) / FILE)
    except (OSError, DocstraError):
        return
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{host}\n")
