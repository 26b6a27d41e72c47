"""A stand-in for the model hub on loopback: a few repositories, and ways to fail."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


class HubStandIn(ThreadingHTTPServer):
    """Serves `repositories` (id → folder); `refusals` maps an id to a status and an error code."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, Path] = {}
        self.refusals: dict[str, tuple[int, str]] = {}
        self.gguf: dict[str, dict[str, Any]] = {}
        """What the hub tells of a repository's GGUF files, by id."""
        self.cut: set[str] = set()
        """Files whose body ends half way."""
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def downloads(self) -> list[str]:
        """The files that were fetched, in order."""
        return [
            line.rpartition("/")[2]
            for line in self.requests
            if line.startswith("GET") and "/resolve/" in line
        ]


@contextmanager
def running() -> Iterator[HubStandIn]:
    server = HubStandIn()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def commit_of(repository: str) -> str:
    return hashlib.sha1(repository.encode()).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HubStandIn

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *args: Any) -> None:
        pass

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.requests.append(f"{self.command} {path}")
        parts = path.strip("/").split("/")
        api = parts[:2] == ["api", "models"]
        repository = "/".join(parts[2:4] if api else parts[:2])
        if repository in self.server.refusals:
            status, code = self.server.refusals[repository]
            self._send(status, b'{"error": "refused"}', {"X-Error-Code": code} if code else {}, body)
            return
        folder = self.server.repositories.get(repository)
        if folder is None:
            self._send(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"}, body)
        elif (
            api
            and len(parts) > 5
            and parts[4] == "revision"
            and parts[5] not in ("main", commit_of(repository))
        ):
            self._send(404, b'{"error": "Invalid rev id"}', {"X-Error-Code": "RevisionNotFound"}, body)
        elif api and "tree" in parts:
            rows = [
                {"type": "file", "path": name, "size": size, "oid": hashlib.sha1(name.encode()).hexdigest()}
                for name, size in _files(folder)
            ]
            self._send(200, json.dumps(rows).encode(), {}, body)
        elif api:
            rows = [{"rfilename": name, "size": size, "blobId": "0" * 40} for name, size in _files(folder)]
            info: dict[str, Any] = {
                "id": repository,
                "modelId": repository,
                "sha": commit_of(repository),
                "siblings": rows,
            }
            if repository in self.server.gguf:
                info["gguf"] = self.server.gguf[repository]
            self._send(200, json.dumps(info).encode(), {}, body)
        else:
            self._send_file(folder, "/".join(parts[4:]), repository, body)

    def _send_file(self, folder: Path, name: str, repository: str, body: bool) -> None:
        path = folder / name
        if not path.is_file():
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"}, body)
            return
        data = path.read_bytes()
        headers = {"ETag": f'"{hashlib.sha1(data).hexdigest()}"', "X-Repo-Commit": commit_of(repository)}
        if name in self.server.cut and body:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return
        self._send(200, data, headers, body)

    def _send(self, status: int, data: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(data)


def _files(folder: Path) -> list[tuple[str, int]]:
    return [
        (str(path.relative_to(folder)), path.stat().st_size)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
