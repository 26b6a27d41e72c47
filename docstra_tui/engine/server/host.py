"""The model behind the engine: loading, ready or failed, and told from one place.

Loading runs in its own thread; everything else here belongs to the event loop. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time

from docstra_tui.engine.client.wire import State
from docstra_tui.engine.server.model import Load, Model, Progress, Tokenizer
from docstra_tui.error_forms import first_line
from docstra_tui.errors import DocstraError, EngineDied, EngineError

logger = logging.getLogger(__name__)

MEMORY_SECONDS = 0.5
"""Asking a device for its memory more often than this tells nobody anything."""


class Host:
    """Holds the model, or why there is none."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._settled = asyncio.Event()
        self.model: Model | None = None
        self.tokenizer: Tokenizer | None = None
        self.progress: Progress | None = None
        self._error: DocstraError | None = None
        self._memory: tuple[int, int] | None = None
        self._memory_at = float("-inf")
        self._memory_failed = False

    @property
    def state(self) -> State:
        if self.error is not None:
            return "failed"
        return "loading" if self.model is None else "ready"

    @property
    def error(self) -> DocstraError | None:
        """Why there is no model, or why it answers no more, as an error to raise."""
        if self._error is None and self.model is not None and (dead := self.model.dead) is not None:
            self.fail(dead)
        return None if self._error is None else self._error.again()

    def start(self) -> None:
        """Begin to load; call it in the event loop."""
        loop = asyncio.get_running_loop()

        def run() -> None:
            model: Model | None = None
            error: DocstraError | None = None
            try:
                model = self._load(self._progressed, self._tokenizer_came)
            except DocstraError as raised:
                logger.warning("the model could not be loaded: %s", raised, exc_info=True)
                error = raised
            except BaseException as raised:  # everyone who asks must hear of it, and the process live
                logger.exception("the model could not be loaded")
                first = first_line(raised)
                error = EngineError(
                    f"The model could not be loaded: {type(raised).__name__}: {first}".rstrip(": "),
                    "The log has the whole story: docstra-tui engine logs.",
                )
            try:
                loop.call_soon_threadsafe(self._settle, model, error)
            except RuntimeError:  # the engine left meanwhile
                if model is not None:
                    model.close()

        threading.Thread(target=run, name="loader", daemon=True).start()

    async def ready(self) -> Model:
        """Wait for the model. Raises why there is none."""
        await self._settled.wait()
        error = self.error
        if error is not None:
            raise error
        assert self.model is not None
        return self.model

    def fail(self, error: DocstraError) -> None:
        """The model is lost for good (a poisoned device): every later request hears so at once."""
        if self._error is None:
            self._error = error.again()  # without the frames it was raised through
        self._settled.set()

    def note(self, error: BaseException) -> None:
        """Look at an answer's error: some mean that the device is dead."""
        if isinstance(error, EngineDied):
            self.fail(error)

    async def memory(self) -> tuple[int | None, int | None]:
        """Used and total bytes on the model's device; None while there is no model."""
        if self.model is None or self.error is not None:
            return None, None
        if time.monotonic() - self._memory_at > MEMORY_SECONDS:
            self._memory_at = time.monotonic()
            try:
                figures = await asyncio.to_thread(self.model.memory)
                self._memory = (figures.used, figures.total)
                self._memory_failed = False
            except Exception:  # of any driver; no figure is worth an engine
                self._memory = None
                if not self._memory_failed:  # asked twice a second, for as long as a screen is open
                    logger.exception("the device does not tell its memory")
                self._memory_failed = True
        return self._memory or (None, None)

    async def close(self, seconds: float = 2.0) -> None:
        """Give the model back, for as long as that may take; the process ends right after."""
        model, self.model = self.model, None
        if model is not None:
            closer = threading.Thread(target=model.close, daemon=True)
            closer.start()
            await asyncio.to_thread(closer.join, seconds)

    def _settle(self, model: Model | None, error: DocstraError | None) -> None:
        self.model = model
        if error is not None:
            self.fail(error)
        self._settled.set()

    # Called in the loader's thread; one assignment each, so no lock.

    def _progressed(self, progress: Progress) -> None:
        self.progress = progress

    def _tokenizer_came(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
