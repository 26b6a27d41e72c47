"""The engine's process: take the place, listen, and only then import anything heavy.

Connections are accepted by the kernel from the first moment; `/health` answers while torch is imported.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.engine.client import processes
from docstra_tui.engine.client.identity import EngineOptions, LockNote
from docstra_tui.engine.client.place import Place

if TYPE_CHECKING:
    from docstra_tui.engine.server.model import Load

logger = logging.getLogger("docstra_tui.engine")

GRACE_SECONDS = 4.5
"""From being told to go until the process ends, whatever it is doing: `service.LEAVE_SECONDS`, the
time for giving the model back, and some for the rest."""


def main(options: EngineOptions) -> int:
    """Be the engine until nobody needs it; 0 also when another process already is."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a dropped SSH link is what engines outlive
    faulthandler.enable()
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    pid = os.getpid()
    mark = processes.mark_of(pid)
    note = LockNote(pid, options.identity, options.log, started=mark.started if mark is not None else "")
    place = Place.claim(Path(options.socket), note)
    if place is None:
        logger.info("another engine already serves %s", options.identity.model)
        return 0

    def end_soon() -> None:
        # In a thread that needs no Python: whatever hangs, the process ends, and the log has where it hung.
        faulthandler.dump_traceback_later(GRACE_SECONDS, exit=True)

    loop = asyncio.new_event_loop()
    try:
        listener = place.listen()
        logger.info("engine %d for %s listens", os.getpid(), options.identity.model)
        # Not `asyncio.run`: at its end it waits minutes for threads that may sit in a forward pass.
        loop.run_until_complete(serve(options, place, listener, leaving=end_soon))
    finally:
        place.leave()
    return 0


async def serve(
    options: EngineOptions,
    place: Place,
    listener: socket.socket,
    load: Load | None = None,
    leaving: Callable[[], None] = lambda: None,
) -> None:
    """Load the model and answer until it is time to leave; the place is given back at the end.

    `leaving` hears when that begins, whoever asked for it.
    """
    # uvicorn and starlette take 0.2 s: after the socket listens, before torch is imported
    from docstra_tui.engine.server.loading import load_local
    from docstra_tui.engine.server.service import Service

    await Service(options, place, load or load_local(options), leaving).serve(listener)
