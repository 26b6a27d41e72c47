"""A yes to a file that may hold secrets is for one server, and for one way there."""

from __future__ import annotations

from docstra_tui.address import parse
from docstra_tui.workspace.files.secret_files import SecretFiles

SAFE, PLAIN = (parse(f"{scheme}://far.example/v1").origin for scheme in ("https", "http"))


def test_what_may_go_over_https_is_asked_about_again_before_it_goes_over_http() -> None:
    secrets = SecretFiles()
    assert secrets.to_ask(["id_rsa", "a.py"], SAFE) == ["id_rsa"]
    secrets.agree(["id_rsa"], SAFE)
    assert secrets.to_ask(["id_rsa"], SAFE) == []
    assert secrets.agreed(SAFE) == ["id_rsa"]
    assert secrets.agreed(PLAIN) == []
    assert secrets.to_ask(["id_rsa"], PLAIN) == ["id_rsa"]


def test_what_was_said_no_to_is_asked_about_when_it_is_wanted_again() -> None:
    secrets = SecretFiles()
    assert secrets.to_ask(["id_rsa"], SAFE) == ["id_rsa"]
    secrets.refuse(["id_rsa"], SAFE)
    assert secrets.to_ask(["id_rsa"], SAFE) == ["id_rsa"]


def test_what_is_not_wanted_any_more_is_asked_about_when_it_is_again() -> None:
    secrets = SecretFiles()
    secrets.to_ask(["id_rsa", "b.pem"], SAFE)
    secrets.forget_unwanted(lambda path: path == "b.pem")
    assert secrets.to_ask(["id_rsa", "b.pem"], SAFE) == ["id_rsa"]
