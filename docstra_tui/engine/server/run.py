"""The engine's process: take the place, listen, and only then import anything heavy.

Connections are accepted by the kernel from the first moment; `/health` answers while torch is imported.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from docstra_tui.engine.client import processes
from docstra_tui.engine.client.identity import EngineOptions, LockNote
from docstra_tui.engine.client.place import Place
from docstra_tui.errors import DocstraError

if TYPE_CHECKING:
    import uvicorn

    from docstra_tui.engine.server.host import Host, Load
    from docstra_tui.engine.server.presence import Presence

logger = logging.getLogger("docstra_tui.engine")

TICK_SECONDS = 0.25
"""How often the engine asks itself whether to leave."""

KEEP_SECONDS = 1.0
"""How often it looks whether its socket is still there."""

LEAVE_SECONDS = 2
"""How long open answers may take to hear that the engine goes."""

GRACE_SECONDS = 4.5
"""From being told to go until the process ends, whatever it is doing: the time above, that for giving
the model back, and some for the rest."""


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
    import uvicorn  # with starlette 0.2 s: after the socket listens, before torch is imported

    from docstra_tui.engine.server.app import EngineApp
    from docstra_tui.engine.server.host import Host, load_local
    from docstra_tui.engine.server.presence import Presence

    host = Host(load or load_local(options))
    presence = Presence(options)
    loop = asyncio.get_running_loop()

    class Server(uvicorn.Server):
        """Says goodbye to open connections: they would hold up the end of the process."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            leaving()
            super().handle_exit(sig, frame)
            loop.call_soon_threadsafe(app.leaving)

    def leave() -> None:
        leaving()
        app.leaving()
        server.should_exit = True

    @contextlib.asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        host.start()
        watch = asyncio.create_task(_watch(place, presence, host, server, leave))
        yield
        # uvicorn raises SIGTERM again after it has served: whatever is to be tidied is tidied here.
        watch.cancel()
        place.hide()
        await host.close()
        place.leave()
        logger.info("engine %d leaves", os.getpid())

    app = EngineApp(options, host, presence, leave)
    config = uvicorn.Config(
        app.starlette(lifespan),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=LEAVE_SECONDS,
    )
    server = Server(config)
    await server.serve(sockets=[listener])


async def _watch(
    place: Place, presence: Presence, host: Host, server: uvicorn.Server, leave: Callable[[], None]
) -> None:
    """Leave when nobody is there; come back to the folder when a cleaner has emptied it."""
    ticks = 0
    while True:
        await asyncio.sleep(TICK_SECONDS)
        ticks += 1
        if presence.is_over(failed=host.state == "failed"):
            logger.info("nobody is there any more")
            return leave()
        if ticks % int(KEEP_SECONDS / TICK_SECONDS) == 0:
            await _keep(place, server, leave)


async def _keep(place: Place, server: uvicorn.Server, leave: Callable[[], None]) -> None:
    try:
        kept = place.keep()
        if kept is None:
            logger.warning("the socket was removed; it is made anew")
            listener = place.listen()
            config = server.config

            def protocol() -> asyncio.Protocol:
                return config.http_protocol_class(  # type: ignore[call-arg]
                    config=config, server_state=server.server_state, app_state=server.lifespan.state
                )

            loop = asyncio.get_running_loop()
            server.servers.append(await loop.create_server(protocol, sock=listener))
        elif kept is False:
            logger.warning("another engine has taken this place")
            leave()
    except (OSError, DocstraError):
        logger.exception("the engine cannot look after its socket")
