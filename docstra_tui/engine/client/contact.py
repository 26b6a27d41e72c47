"""Short questions to an engine over its Unix socket, with nothing but the standard library.

A status bar asks four times a second and `engine list` should not import an HTTP client for it.
Answers stream through `llm.remote` instead.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from pathlib import Path

AGAIN_SECONDS = 0.5
"""Between two tries to attach to an engine that is not there."""


class UnixConnection(http.client.HTTPConnection):
    """HTTP/1.1 over a Unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(path: Path, target: str, *, method: str = "GET", timeout: float = 5.0) -> bytes:
    """The body of a 2xx answer. Raises `OSError` (`TimeoutError` among them) for everything else."""
    with contextlib.closing(UnixConnection(path, timeout)) as connection:
        try:
            connection.request(method, target)
            response = connection.getresponse()
            body = response.read()
        except http.client.HTTPException as error:
            raise ConnectionError(f"the engine's answer broke off: {error}") from error
    if not 200 <= response.status < 300:
        raise ConnectionError(f"the engine answered {response.status}")
    return body


class Stay:
    """Somebody is there from now on, until `end`: attached in a thread of its own, and again when a new
    engine comes to the same place."""

    def __init__(self, path: Path, *, lasting: bool, timeout: float) -> None:
        self._path = path
        self._lasting = lasting
        self._timeout = timeout
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._tried = threading.Event()
        self._attachment: Attachment | None = None
        threading.Thread(target=self._run, name="attach", daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Until the engine has counted us or could not, but no longer than `seconds`."""
        self._tried.wait(seconds)

    def end(self) -> None:
        """Let go; any thread, never blocks. Harmless when called twice."""
        with self._lock:
            self._ended.set()
            attachment = self._attachment
        if attachment is not None:
            attachment.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                attachment = Attachment(self._path, lasting=self._lasting, timeout=self._timeout)
            except OSError:
                pass
            else:
                with self._lock:
                    self._attachment = attachment
                if self._ended.is_set():  # while it was being made
                    attachment.close()
                self._tried.set()
                attachment.wait()
            self._tried.set()
            self._ended.wait(AGAIN_SECONDS)


class Attachment:
    """One open `GET /docstra/attach`: as long as it is open, somebody is there."""

    def __init__(self, path: Path, *, lasting: bool, timeout: float) -> None:
        """Returns when the engine has counted us. Raises `OSError`."""
        self._connection = UnixConnection(path, timeout)
        with contextlib.ExitStack() as undo:
            undo.callback(self._connection.close)
            try:
                self._connection.request("GET", f"/docstra/attach?lasting={int(lasting)}")
                self._response = self._connection.getresponse()
                if self._response.status != 200 or not self._response.readline():
                    raise ConnectionError(f"the engine answered {self._response.status}")
            except http.client.HTTPException as error:
                raise ConnectionError(f"the engine's answer broke off: {error}") from error
            undo.pop_all()

    def wait(self) -> None:
        """Until the engine goes, is silent for too long, or `close` is called."""
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            while self._response.readline():
                pass
        self._connection.close()

    def close(self) -> None:
        """Any thread; wakes `wait`."""
        sock = self._connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
