"""Places of ours: nobody else can read them, and a hostile one is refused."""

from __future__ import annotations

import ast
import errno
import os
import stat
import tempfile
from pathlib import Path

import pytest

from docstra_tui import paths
from docstra_tui.errors import UnsafePath


def mode(path: Path) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o177, 0o777])
def any_umask(request: pytest.FixtureRequest):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_each_place_can_be_moved(own_places: Path) -> None:
    for place in (paths.runtime_dir, paths.state_dir, paths.config_dir, paths.cache_dir, paths.log_dir):
        assert own_places in place().parents
    assert not own_places.joinpath("runtime").exists()  # asking creates nothing


def test_the_runtime_folder_is_ours_by_number_and_outlives_a_logout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCSTRA_RUNTIME_DIR")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/0")
    assert paths.runtime_dir().name == f"docstra-tui-{os.getuid()}"
    assert "/run/user" not in str(paths.runtime_dir())


def test_engines_are_found_where_they_were_whatever_room_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full() -> None:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.delenv("DOCSTRA_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", None)  # as a new process finds it
    monkeypatch.setattr("tempfile._get_default_tempdir", full)
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    assert paths.runtime_dir().parent == Path("/tmp")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert paths.runtime_dir().parent == tmp_path
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    assert paths.runtime_dir().parent == Path("/tmp")


def test_a_private_folder_is_private_under_any_umask(tmp_path: Path, any_umask: int) -> None:
    made = paths.private_folder(tmp_path / "mine")
    assert mode(made) == 0o700
    assert paths.private_folder(made) == made


def test_every_folder_on_the_way_is_private_and_what_was_there_stays(tmp_path: Path, any_umask: int) -> None:
    os.chmod(tmp_path, 0o755)
    made = paths.private_folder(tmp_path / "a" / "b" / "mine")
    assert [mode(tmp_path / "a"), mode(tmp_path / "a" / "b"), mode(made)] == [0o700] * 3
    assert mode(tmp_path) == 0o755


def test_nobody_else_in_the_package_makes_folders() -> None:
    """`make_folder` and `private_folder` close them; Python's own ways leave that to the umask."""
    package = Path(paths.__file__).parent
    makers = {"mkdir", "makedirs"}
    found = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in makers
    ]
    assert sorted(set(found)) == [
        "commands/output_folder.py",  # not ours: what a user has written, wherever he wants it
        "llm/files/starter.py",  # in a folder of mkdtemp
        "paths.py",
    ]


def test_a_private_file_is_private_under_any_umask(tmp_path: Path, any_umask: int) -> None:
    descriptor = paths.open_private(tmp_path / "log")
    os.close(descriptor)
    assert mode(tmp_path / "log") == 0o600


def test_an_open_file_is_closed_to_others_when_it_is_opened_again(tmp_path: Path) -> None:
    (tmp_path / "log").touch(0o644)
    os.close(paths.open_private(tmp_path / "log"))
    assert mode(tmp_path / "log") == 0o600


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(0o700)
    (tmp_path / "link").symlink_to("target")
    with pytest.raises(UnsafePath, match="link"):
        paths.private_folder(tmp_path / "link")
    (tmp_path / "file-link").symlink_to(tmp_path / "target" / "new")
    with pytest.raises(OSError):
        paths.open_private(tmp_path / "file-link")


def test_a_folder_open_to_others_is_refused_with_the_way_out(tmp_path: Path) -> None:
    for name, hint in (("docstra-tui-7", "chmod 700"), ("tmp", f"{tmp_path / 'tmp' / 'docstra-tui'}")):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o1777)
        with pytest.raises(UnsafePath) as caught:
            paths.private_folder(tmp_path / name)
        assert hint in caught.value.hint
    assert "chmod" not in caught.value.hint  # nobody is told to close a folder that others use


def test_somebody_elses_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs").mkdir(0o700)
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    with pytest.raises(UnsafePath, match="belongs to"):
        paths.private_folder(tmp_path / "theirs")


def test_a_folder_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnsafePath, match="cannot be made"):
        paths.private_folder(tmp_path / "file" / "below")


def test_logs_go_beside_the_sockets_where_the_state_folder_cannot_be_written(
    own_places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paths.log_dir() == paths.state_dir() / "logs"
    (own_places / "file").touch()
    monkeypatch.setenv("DOCSTRA_STATE_DIR", str(own_places / "file" / "state"))
    assert paths.log_dir() == paths.runtime_dir() / "logs"
