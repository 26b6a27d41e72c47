"""A server's address: read once from a URL, and the same for showing, for consent and for connecting.

Strict on purpose: what two parsers could read in two ways is an error, and an error is never "this
machine". A name or a password in a URL is an error too, and no error quotes it.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from docstra_tui.errors import SettingsError

PORTS = {"http": 80, "https": 443}

LOOKS_LIKE = "It looks like http://HOST:PORT/v1."
KEY_PLACE = "A key belongs into DOCSTRA_API_KEY or a file api_key (mode 0600) beside config.toml."

VISIBLE = re.compile(r"[!-~]+")
"""No space, no control character, nothing that only looks like ASCII."""

PLACE = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[^\[\]:]+))(?::(?P<port>[0-9]{0,5}))?")
"""What stands between `//` and the path; no zone (`%eth0`) behind an IPv6 address."""

HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_][a-z0-9_-]{0,62}(?:\.[a-z0-9_][a-z0-9_-]{0,62})*")

LOCAL_NAME = "localhost"
LOCAL_ADDRESSES = ("127.0.0.1", "::1")
"""Where `localhost` is, whatever a resolver says."""

LONGEST_QUOTE = 200


@dataclass(frozen=True)
class Address:
    """Where a server is. Made by `parse`."""

    scheme: str
    """`http` or `https`."""
    host: str
    """Lower case, without a trailing dot and without the brackets of an IPv6 address."""
    port: int
    path: str
    """What stands behind the host: up to and including `/v1`, without a slash at the end."""

    @property
    def shown(self) -> str:
        """Host and port for people; the port is left out where the scheme implies it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """`http://gpu:8000`: what a yes is given to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def base(self) -> str:
        """The URL up to and including `/v1`."""
        return f"{self.scheme}://{self.shown}{self.path}"

    @property
    def root(self) -> str:
        """The URL of the server itself."""
        return f"{self.scheme}://{self.shown}{self.path.removesuffix('/v1')}"

    @property
    def is_plainly_here(self) -> bool:
        """True for a loopback address and for `localhost`: known without asking a resolver."""
        return self.host == LOCAL_NAME or _is_loopback(self.host)

    @cached_property
    def loopback(self) -> tuple[str, ...]:
        """The addresses of this machine that a connection goes to; none for another host.

        A `*.localhost` name counts as this machine where it resolves to loopback alone, which is asked
        once (and may block then): the connection goes to what was answered. Every other name is another
        host, whatever it resolves to.
        """
        if self.host == LOCAL_NAME:
            return LOCAL_ADDRESSES
        if _is_loopback(self.host):
            return (self.host,)
        if not self.host.endswith(f".{LOCAL_NAME}"):
            return ()
        import socket  # seldom needed

        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return ()
        hosts = tuple(dict.fromkeys(str(row[4][0]) for row in found))
        return hosts if all(map(_is_loopback, hosts)) else ()

    @property
    def is_this_machine(self) -> bool:
        """False for every host that something would have to leave this machine for. May block once."""
        return bool(self.loopback)


def parse(url: str) -> Address:
    """The address in a URL. Raises `SettingsError`; nothing secret of the URL is in it."""
    if not VISIBLE.fullmatch(url):
        kind = "is empty" if not url else "has a space or a character in it that is no visible ASCII"
        raise SettingsError(f"The base URL {kind}.", LOOKS_LIKE)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _unusable(url) from None
    if "@" in parts.netloc:
        raise SettingsError("The base URL has a user name or a password in it.", f"{LOOKS_LIKE} {KEY_PLACE}")
    if "?" in url or "#" in url:
        raise SettingsError("The base URL has a ? or a # in it.", f"{LOOKS_LIKE} {KEY_PLACE}")
    place = PLACE.fullmatch(parts.netloc.lower())
    if parts.scheme not in PORTS or place is None:
        raise _unusable(url)
    port = int(place["port"] or PORTS[parts.scheme])
    try:
        host = str(ipaddress.IPv6Address(place["six"])) if place["six"] else _name(place["name"])
    except ValueError:
        raise _unusable(url) from None
    if not 0 < port < 65536:
        raise _unusable(url)
    return Address(parts.scheme, host, port, parts.path.rstrip("/"))


def _name(text: str) -> str:
    """A host's name or IPv4 address. Raises `ValueError`."""
    name = text.removesuffix(".")
    if not HOST_NAME.fullmatch(name):
        raise ValueError(name)
    return name


def _unusable(url: str) -> SettingsError:
    """What cannot be read may hold a password anywhere: it is quoted only where it can have none."""
    quoted = "" if any(mark in url for mark in "@?#;") else f" {url[:LONGEST_QUOTE]!r}"
    return SettingsError(f"The base URL{quoted} cannot be used.", LOOKS_LIKE)


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
