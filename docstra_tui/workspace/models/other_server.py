"""Another server as what answers: nothing goes to it before somebody agreed, and it is nobody's to stop."""

from __future__ import annotations

import time
from dataclasses import replace

from docstra_tui import address
from docstra_tui.errors import DocstraError, ServerLoading
from docstra_tui.llm.http import key
from docstra_tui.llm.http.gate import Gate
from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.llm.thinking import wish
from docstra_tui.remotes import COMMON_KEY, Remote
from docstra_tui.session.outgoing import Outgoing
from docstra_tui.settings import Settings
from docstra_tui.workspace.models.backend import Status
from docstra_tui.workspace.models.system_text import system_text

READY_SECONDS = 30.0
"""How long a server that answered is taken to be there."""

LOAD_SECONDS = 5.0
"""How often a server is asked how many wait there."""

MISSING_SECONDS = 3.0
"""How often one that did not answer is asked again."""


class ServerBackend:
    """Another OpenAI-compatible server; it is nobody's to start or stop.

    Its gate is closed where it is another machine: whoever asks the user opens it.
    """

    farewell = ""

    def __init__(self, settings: Settings) -> None:
        """Of settings that have a server. Raises `SettingsError`, `UnsafePath`."""
        server = settings.server
        if server is None:
            raise ValueError("These settings ask for our own engine.")
        heat, patience = server.temperature, server.wait_seconds
        self._patience = settings.remote.wait_seconds if patience is None else patience
        self.outgoing = Outgoing()
        self.gate = Gate(address.parse(server.base_url), is_open=False, look=self.outgoing.look)
        self.llm = RemoteLLM(
            model=server.model or None,
            gate=self.gate,
            api_key=key_of(server),
            max_tokens=settings.max_tokens,
            temperature=settings.answer.temperature if heat is None else heat,
            think=wish.parse(settings.answer.think),
            context=server.context,
            wait_seconds=self._patience,
            key_over_http=server.key_over_http,
        )
        self.llm.prompt_builder.system = system_text(settings)
        self.host = "" if self.gate.address.is_this_machine else self.gate.address.shown
        self._last = Status("loading", phase=f"waiting for {self.llm.server}")
        self._loading_since: float | None = None
        self._ask_again_at = 0.0
        self._count_again_at = time.monotonic() + LOAD_SECONDS

    @property
    def label(self) -> str:
        return self.llm.model_name.rstrip("/").rpartition("/")[2] or self.llm.server

    def status(self) -> Status:
        if not self.gate.is_open:
            return Status("waiting", model=self.llm.model_name)
        if time.monotonic() < self._ask_again_at:
            self._last = self._with_load(self._last)
            return self._last
        try:
            self.llm.check()
            model, window = self.llm.model_name, self.llm.known_window
            status = Status("ready", model=model, window=window, queue=self._last.queue)
            self._loading_since = None
        except ServerLoading as error:
            status = self._loading(error)
        except DocstraError as error:
            status = Status("failed", error=error, model=self.llm.model_name)
        pause = READY_SECONDS if status.state == "ready" else MISSING_SECONDS
        self._ask_again_at = time.monotonic() + pause
        self._last = status
        return status

    def _with_load(self, status: Status) -> Status:
        """With how many wait there, asked for now and then where the server tells; unknown is nobody."""
        now = time.monotonic()
        if status.state != "ready" or now < self._count_again_at:
            return status
        self._count_again_at = now + LOAD_SECONDS
        return replace(status, queue=self.llm.waiting() or 0)

    def _loading(self, error: DocstraError) -> Status:
        """The server is there and loads its model: it is waited for as long as for an answer."""
        now = time.monotonic()
        since = self._loading_since = self._loading_since or now
        if now - since > self._patience:
            return Status("failed", error=error, model=self.llm.model_name)
        return Status("loading", phase=f"{self.llm.server} loads its model", model=self.llm.model_name)

    is_running = False

    def restart(self) -> None:
        self._ask_again_at, self._loading_since = 0.0, None

    def close(self) -> None:
        self.llm.close()


def key_of(server: Remote) -> str:
    """The key that belongs to this server alone; empty where it has none. Raises `SettingsError`,
    `UnsafePath`."""
    if server.key_env == COMMON_KEY:
        return key.find_key()
    if server.key_env:
        return key.in_variable(server.key_env)
    return key.in_file(server.key_file) if server.key_file else ""
