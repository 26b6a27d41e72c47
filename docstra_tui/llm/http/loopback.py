"""The way to a server on this machine: by the addresses that its name was found to have, and no others.

The name was looked up once, when it was decided that nobody has to be asked; a second look could give
another answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import httpx2


class LoopbackTransport(httpx2.BaseTransport):
    """Tries each of `hosts` in turn, as one host's name would be; TLS still checks the name."""

    def __init__(self, inner: httpx2.BaseTransport, hosts: Sequence[str]) -> None:
        self._inner = inner
        self._hosts = tuple(hosts)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        name = request.url.host
        for number, host in enumerate(self._hosts, 1):
            there = httpx2.Request(
                request.method,
                request.url.copy_with(host=host),
                headers=request.headers,  # the Host header keeps the name
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": name},
            )
            try:
                return self._inner.handle_request(there)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if number == len(self._hosts):
                    raise
        raise httpx2.ConnectError("there is no address", request=request)

    def close(self) -> None:
        self._inner.close()
