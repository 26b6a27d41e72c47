"""The engine while it serves: the model loads, requests are answered, and somebody looks whether to leave."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from types import FrameType

import uvicorn

from docstra_tui.engine.client import census
from docstra_tui.engine.client.identity import EngineOptions
from docstra_tui.engine.client.place import Place
from docstra_tui.engine.server.app import EngineApp
from docstra_tui.engine.server.host import Host
from docstra_tui.engine.server.model import Load
from docstra_tui.engine.server.presence import Presence
from docstra_tui.errors import DocstraError

logger = logging.getLogger("docstra_tui.engine")

TICK_SECONDS = 0.25
"""How often the engine asks itself whether to leave."""

KEEP_SECONDS = 1.0
"""How often it looks whether its socket is still there."""

LEAVE_SECONDS = 2
"""How long open answers may take to hear that the engine goes."""


class Service:
    """One engine at its place. Make it in the event loop; `leaving` hears when it begins to go, whoever
    asked for it."""

    def __init__(self, options: EngineOptions, place: Place, load: Load, leaving: Callable[[], None]) -> None:
        self._place = place
        self._leaving = leaving
        self._host = Host(load)
        self._presence = Presence(options)
        self._app = EngineApp(options, self._host, self._presence, self._leave)
        config = uvicorn.Config(
            self._app.starlette(self._lifespan),
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
        self._server = _Server(config, self._told_by_signal)
        self._loop = asyncio.get_running_loop()

    async def serve(self, listener: socket.socket) -> None:
        """Until it is time to leave; the place is given back then."""
        await self._server.serve(sockets=[listener])

    def _leave(self) -> None:
        self._leaving()
        self._app.leaving()
        self._server.should_exit = True

    def _told_by_signal(self) -> None:
        self._leaving()
        self._loop.call_soon_threadsafe(self._app.leaving)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncIterator[None]:
        self._host.start()
        watch = asyncio.create_task(self._watch())
        yield
        # uvicorn raises SIGTERM again after it has served: whatever is to be tidied is tidied here.
        watch.cancel()
        self._place.hide()
        await self._host.close()
        self._place.leave()
        logger.info("engine %d leaves", os.getpid())

    async def _watch(self) -> None:
        """Leave when nobody is there; come back to the folder when a cleaner has emptied it."""
        ticks = 0
        swept: asyncio.Task[object] | None = None
        while True:
            await asyncio.sleep(TICK_SECONDS)
            ticks += 1
            if swept is None and self._host.state != "loading":  # loading takes all there is
                swept = asyncio.create_task(asyncio.to_thread(census.sweep))
            if self._presence.is_over(failed=self._host.state == "failed"):
                logger.info("nobody is there any more")
                return self._leave()
            self._app.rest.look()
            if ticks % int(KEEP_SECONDS / TICK_SECONDS) == 0:
                await self._keep()

    async def _keep(self) -> None:
        try:
            kept = self._place.keep()
            if kept is None:
                logger.warning("the socket was removed; it is made anew")
                await self._server.listen_too(self._place.listen())
            elif kept is False:
                logger.warning("another engine has taken this place")
                self._leave()
        except (OSError, DocstraError):
            logger.exception("the engine cannot look after its socket")


class _Server(uvicorn.Server):
    """Says goodbye to open connections: they would hold up the end of the process."""

    def __init__(self, config: uvicorn.Config, told: Callable[[], None]) -> None:
        super().__init__(config)
        self._told = told

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._told()
        super().handle_exit(sig, frame)

    async def listen_too(self, listener: socket.socket) -> None:
        """Answer on another socket beside the first one."""

        def protocol() -> asyncio.Protocol:
            return self.config.http_protocol_class(  # type: ignore[call-arg]
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )

        loop = asyncio.get_running_loop()
        self.servers.append(await loop.create_server(protocol, sock=listener))
