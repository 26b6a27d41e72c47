"""Keys, proxies and addresses: what goes where, and what is refused."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from pathlib import Path

import pytest

from docstra_tui import paths
from docstra_tui.errors import (
    SettingsError,
    UnsafePath,
)
from docstra_tui.llm.remote import RemoteLLM
from tests.llm.http.asked import ask
from tests.llm.http.hostile import (
    SSE,
    HostileServer,
    chunk,
    hostile,
    sends,
)

KEY = "sk-SECRETSECRET"


def test_the_key_comes_from_the_variable_or_a_private_file_and_is_sent_stripped(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = paths.private_folder(paths.config_dir()) / "api_key"
    file.write_text("sk-from-file\n")
    file.chmod(0o644)
    with pytest.raises(UnsafePath, match="chmod 600"):
        RemoteLLM(server.url)
    file.chmod(0o600)
    ask(server, sends(SSE, chunk("ok", "stop")))
    assert b"Bearer sk-from-file\r\n" in server.requests[-1]
    monkeypatch.setenv("DOCSTRA_API_KEY", " sk-from-variable\n")
    ask(server, sends(SSE, chunk("ok", "stop")))
    assert b"Bearer sk-from-variable\r\n" in server.requests[-1]


@pytest.mark.parametrize("kind", ["pipe", "folder", "socket", "device"])
def test_a_key_file_that_is_no_regular_file_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    path = paths.private_folder(paths.config_dir()) / "api_key"
    with contextlib.ExitStack() as stack:
        if kind == "pipe":
            os.mkfifo(path, 0o600)
        elif kind == "folder":
            path.mkdir(0o700)
        elif kind == "device":
            path.symlink_to("/dev/zero")
        else:
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(path))
        found: list[BaseException] = []

        def look() -> None:
            try:
                RemoteLLM("http://127.0.0.1:9/v1")
            except BaseException as error:
                found.append(error)

        thread = threading.Thread(target=look, daemon=True)  # a pipe would hold it for ever
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
        assert isinstance(found[0], SettingsError) and "api_key" in found[0].message


def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(server: HostileServer) -> None:
    with pytest.raises(SettingsError) as caught:
        RemoteLLM(server.url, api_key="sk-SECRET\nX: y")
    assert "SECRET" not in str(caught.value)


def test_a_proxy_in_the_environment_sees_nothing(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hostile() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert ask(server, sends(SSE, chunk("ok", "stop")), api_key=KEY) == "ok"
        assert proxy.requests == []


@pytest.mark.parametrize("url", ["127.0.0.1:8000/v1", "ftp://x/v1", "http://u:pw@x/v1", "http://x:no/v1", ""])
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        RemoteLLM(url)
    assert "pw" not in str(caught.value)
