"""A yes is to a scheme, a host and a port; it is kept where nobody else can read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from docstra_tui import paths
from docstra_tui.address import parse
from docstra_tui.workspace.models.consent import FILE, Consent

GPU = parse("http://gpu:8000/v1")


@pytest.mark.parametrize(
    ("url", "is_given"),
    [
        ("http://gpu:8000/v1", True),
        ("HTTP://GPU.:8000/other/path", True),
        ("https://gpu:8000/v1", False),
        ("http://gpu:8001/v1", False),
        ("http://gpu/v1", False),
        ("http://gpu.example:8000/v1", False),
        ("http://xgpu:8000/v1", False),
    ],
)
def test_a_yes_is_to_a_scheme_a_host_and_a_port(url: str, is_given: bool) -> None:
    Consent().give(GPU, for_good=True)
    assert Consent().is_given(parse(url)) == is_given


@pytest.mark.parametrize(
    ("line", "url", "is_given"),
    [
        ("gpu:8000", "http://gpu:8000/v1", True),
        ("gpu:8000", "https://gpu:8000/v1", True),
        ("gpu", "https://gpu/v1", True),
        ("gpu", "http://gpu/v1", False),
        ("gpu", "https://gpu:8000/v1", False),
        ("2001:db8::1:8000", "http://[2001:db8::1]:8000/v1", False),
    ],
)
def test_a_yes_of_an_earlier_version_keeps_its_meaning(line: str, url: str, is_given: bool) -> None:
    (paths.private_folder(paths.state_dir()) / FILE).write_text(f"other:1\n{line}\n")
    assert Consent().is_given(parse(url)) == is_given


def test_it_is_kept_for_our_eyes_only() -> None:
    Consent().give(GPU, for_good=True)
    Consent().give(parse("https://other/v1"), for_good=True)
    path = paths.state_dir() / FILE
    assert path.read_text() == "http://gpu:8000\nhttps://other:443\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_where_it_cannot_be_written_it_holds_for_this_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DOCSTRA_STATE_DIR", os.fspath(tmp_path / "file" / "below"))
    consent = Consent()
    consent.give(GPU, for_good=True)
    assert consent.is_given(GPU) and not Consent().is_given(GPU)


def test_a_full_disk_does_not_end_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no device that is always full")
    monkeypatch.setattr(paths, "open_private", lambda path: os.open("/dev/full", os.O_WRONLY))
    consent = Consent()
    consent.give(GPU, for_good=True)
    assert consent.is_given(GPU)


@pytest.mark.parametrize("how", ["writable by others", "a link", "a pipe"])
def test_a_yes_that_somebody_else_could_have_written_is_none(how: str, tmp_path: Path) -> None:
    file = paths.private_folder(paths.state_dir()) / FILE
    if how == "a pipe":
        os.mkfifo(file)
    elif how == "a link":
        (tmp_path / "theirs").write_text("http://gpu:8000\n")
        file.symlink_to(tmp_path / "theirs")
    else:
        file.write_text("http://gpu:8000\n")
        assert Consent().is_given(GPU)
        file.chmod(0o666)
    assert not Consent().is_given(GPU)
