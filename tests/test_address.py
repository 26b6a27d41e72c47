"""One reading of a server's URL: what is another machine is never taken for this one."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstra_tui.address import parse
from docstra_tui.errors import SettingsError


def answers(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> list[str]:
    """A resolver that always says `hosts`; the names it was asked for."""
    asked: list[str] = []

    def resolve(name: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        asked.append(name)
        if not hosts:
            raise socket.gaierror("unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:8000/v1", "http://127.9.9.9/v1", "http://localhost:8000/v1"),
        *("http://LOCALHOST./v1", "http://[::1]:8000/v1", "http://[::ffff:127.0.0.1]/v1"),
    ],
)
def test_this_machine_is_known_without_asking(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, "10.0.0.7")
    address = parse(url)
    assert address.is_this_machine and address.is_plainly_here and not asked


@pytest.mark.parametrize(
    "url",
    [
        *("https://gpu.example.org/v1", "http://10.0.0.7:8000/v1", "http://localhost.example.org/v1"),
        *("http://0.0.0.0/v1", "http://[::]/v1", "http://127.1/v1", "http://0x7f.0.0.1/v1"),
        *("http://2130706433/v1", "http://notlocalhost/v1", "http://localhost.localdomain/v1"),
        *("http://ip6-localhost/v1", "http://[::ffff:10.0.0.7]/v1", "http://xn--localhost-9c1f/v1"),
    ],
)
def test_every_other_name_is_another_host_whatever_it_resolves_to(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, "127.0.0.1")
    assert not parse(url).is_this_machine


@pytest.mark.parametrize(
    ("hosts", "is_here"),
    [
        (("127.0.0.1",), True),
        (("127.0.0.1", "::1"), True),
        (("127.0.0.1", "10.0.0.7"), False),
        (("10.0.0.7",), False),
        ((), False),
    ],
)
def test_a_localhost_name_is_here_where_it_resolves_to_loopback_alone(
    hosts: tuple[str, ...], is_here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answers(monkeypatch, *hosts)
    address = parse("http://box.localhost:8000/v1")
    assert not address.is_plainly_here
    assert address.is_this_machine == is_here
    assert address.loopback == (hosts if is_here else ())
    monkeypatch.undo()
    assert address.is_this_machine == is_here and asked == ["box.localhost"]  # asked once


@pytest.mark.parametrize(
    "url",
    [
        *(
            "\xa0http://localhost/v1",
            " http://localhost/v1",
            "http://localhost/v1\n",
            "http://lo\tcalhost/v1",
        ),
        *("http://localhost\x00.evil.org/v1", "http://localhost\u200b/v1", "http://ⓛocalhost/v1", ""),
        *("localhost:8000/v1", "http:localhost/v1", "http:///v1", "//localhost/v1", "ftp://localhost/v1"),
        *("http://localhost\\@evil.org/v1", "http://evil.org\\.localhost/v1", "http://localhost@evil.org/v1"),
        *("http://localhost:80:90/v1", "http://localhost:0/v1", "http://localhost:99999/v1"),
        *("http://[::1/v1", "http://[::1]evil.org/v1", "http://[127.0.0.1]/v1", "http://[fe80::1%eth0]/v1"),
        *("http://a..localhost/v1", "http://.localhost/v1", "http://localhost../v1", "http://%6cocalhost/v1"),
        *("http://localhost/v1?key=1", "http://localhost/v1#x", "http://localhost;evil.org/v1"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_an_error(url: str) -> None:
    with pytest.raises(SettingsError):
        parse(url)


@pytest.mark.parametrize(
    "url",
    [
        *("http://me:hunter2@gpu/v1", "http://me:hunter2/w@gpu/v1", "http://hunter2@gpu/v1"),
        *(
            "http://gpu/v1?key=hunter2",
            "http://gpu/v1#hunter2",
            "me:hunter2@gpu",
            "http://me:hunter2@[::1/v1",
        ),
        *("http://me:hunter2 @gpu/v1", "http://gpu:80;hunter2/v1"),
    ],
)
def test_no_error_quotes_a_password(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(url)
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__} {caught.value.hint}"


def test_a_password_in_a_url_is_told_from_a_url_that_cannot_be_read() -> None:
    with pytest.raises(SettingsError, match="a user name or a password") as caught:
        parse("http://me:hunter2@gpu/v1")
    assert "DOCSTRA_API_KEY" in caught.value.hint


def test_one_address_serves_showing_consent_and_connecting() -> None:
    address = parse("HTTP://GPU7.Example.org.:8000/v1/")
    assert (address.scheme, address.host, address.port) == ("http", "gpu7.example.org", 8000)
    assert (address.shown, address.origin) == ("gpu7.example.org:8000", "http://gpu7.example.org:8000")
    assert (address.base, address.root) == (
        "http://gpu7.example.org:8000/v1",
        "http://gpu7.example.org:8000",
    )
    assert parse("https://gpu:443/v1").shown == "gpu" and parse("https://gpu/v1").origin == "https://gpu:443"
    assert parse("http://[2001:DB8::1]:8000").shown == "[2001:db8::1]:8000"


ODD = st.text("htps:/[]@?#.%\\ aloc127 \xa0\t0:v-_", max_size=24)


@given(ODD.map("http://{}/v1".format) | ODD | st.ip_addresses().map(lambda ip: f"http://{ip}/v1"))
def test_the_client_reads_an_address_as_we_do(url: str) -> None:
    """What is shown and asked about is what the HTTP library connects to."""
    try:
        address = parse(url)
    except SettingsError:
        return
    theirs = httpx2.URL(address.base)
    port = theirs.port or (443 if theirs.scheme == "https" else 80)
    assert (theirs.scheme, port) == (address.scheme, address.port)
    assert theirs.raw_host.decode().strip("[]") == address.host
    if address.is_plainly_here and address.host != "localhost":
        there = ipaddress.ip_address(address.host)
        assert (getattr(there, "ipv4_mapped", None) or there).is_loopback
