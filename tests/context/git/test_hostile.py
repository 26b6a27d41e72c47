"""A repository of somebody who means harm: nothing of it runs, and nothing outside it is read."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest

from docstra_tui.context.git.errors import MissingObject, NoRepository
from docstra_tui.context.git.held import Held
from docstra_tui.context.git.objects import Objects, apply
from docstra_tui.context.git.repository import Repository
from docstra_tui.errors import UnreadableFile
from tests.context.git.made import arm, git, needs_git, write

pytestmark = needs_git
ROOM = 1_000_000


@pytest.fixture
def root(history: Path, tmp_path: Path) -> Path:
    copied = tmp_path / "project"
    shutil.copytree(history, copied)
    return copied


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Another project, which is nobody's business."""
    place = tmp_path / "secret"
    place.mkdir()
    git(place, "init", "-q")
    write(place, "key.py", "top = 'secret'\n")
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "secret")
    return place


def everything(root: Path) -> str:
    """All that is told of a repository, errors too."""
    told: list[str] = []
    try:
        repository = Repository(root)
    except UnreadableFile as error:
        return str(error)
    for ask in (
        repository.changes,
        lambda: repository.diff(ROOM),
        lambda: repository.staged(ROOM),
        lambda: repository.commit("HEAD", ROOM),
        lambda: repository.names(10),
    ):
        try:
            told.append(str(ask()))
        except UnreadableFile as error:
            told.append(str(error))
    return "\n".join(told)


def test_no_word_of_a_repository_is_run(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = tmp_path / "canary"
    arm(root, f"touch {canary}")
    write(root, "gone.py", "x = 2\n")

    def started(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    for module, name in (
        (subprocess, "Popen"),
        (os, "system"),
        (os, "posix_spawn"),
        (os, "fork"),
        (os, "execve"),
    ):
        monkeypatch.setattr(module, name, started)
    before = sorted((path, path.lstat().st_mtime_ns) for path in root.rglob("*"))
    told = everything(root)
    assert sorted((path, path.lstat().st_mtime_ns) for path in root.rglob("*")) == before
    assert "+x = 2" in told
    assert "includes other files; they are not read" in told
    assert not canary.exists()


def test_a_git_file_that_leads_elsewhere_is_not_followed(root: Path, secret: Path) -> None:
    shutil.rmtree(root / ".git")
    (root / ".git").write_text(f"gitdir: {secret}/.git\n")
    told = everything(root)
    assert "secret = " not in told
    assert "outside the project" in told


def test_a_linked_worktree_of_another_is_not_borrowed(root: Path, secret: Path, tmp_path: Path) -> None:
    git(secret, "worktree", "add", "-q", "-b", "beside", str(tmp_path / "beside"))
    shutil.rmtree(root / ".git")
    (root / ".git").write_text(f"gitdir: {secret}/.git/worktrees/beside\n")
    assert "outside the project" in everything(root)
    # One of its own that says it shares the other's objects.
    place = root / "fake/worktrees/beside"
    place.mkdir(parents=True)
    write(place, "HEAD", "ref: refs/heads/master\n")
    write(place, "commondir", f"{secret}/.git\n")
    write(place, "gitdir", f"{root}/.git\n")
    (root / ".git").write_text("gitdir: fake/worktrees/beside\n")
    told = everything(root)
    assert "commondir" in told
    assert "top = " not in told


def test_a_submodule_of_another_is_not_borrowed(root: Path, secret: Path) -> None:
    shutil.copytree(secret / ".git", secret.parent / "part")
    (secret / ".git/modules").mkdir()
    (secret.parent / "part").rename(secret / ".git/modules/part")
    write(secret, ".git/modules/part/config", f"[core]\n\tworktree = {root}\n")
    shutil.rmtree(root / ".git")
    (root / ".git").write_text(f"gitdir: {secret}/.git/modules/part\n")
    assert "outside the project" in everything(root)


@pytest.mark.parametrize(
    "name", [".git", ".git/objects", ".git/HEAD", ".git/index", ".git/refs", ".git/config"]
)
def test_no_link_is_followed(root: Path, secret: Path, name: str) -> None:
    place = root / name
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    place.symlink_to(secret / name)
    write(root, "key.py", "top = 'mine'\n")
    told = everything(root)
    assert "'secret'" not in told
    assert "link" in told


def test_links_in_the_working_tree_are_not_followed(root: Path, secret: Path) -> None:
    (root / "gone.py").unlink()
    (root / "gone.py").symlink_to(secret / "key.py")
    shutil.rmtree(root / "src")
    (root / "src").symlink_to(secret)
    told = everything(root)
    assert "top = " not in told
    assert str(secret) in told  # where the link leads is what changed
    assert "deleted file mode" in told


def test_borrowed_objects_are_not_read_and_that_is_said(root: Path, secret: Path) -> None:
    theirs = git(secret, "rev-parse", "HEAD").decode().strip()
    write(root, ".git/objects/info/alternates", f"{secret}/.git/objects\n../../../secret/.git/objects\n")
    repository = Repository(root)
    with pytest.raises(UnreadableFile, match="names no commit"):
        repository.commit(theirs[:12], ROOM)
    write(root, ".git/refs/heads/other", theirs + "\n")
    with pytest.raises(MissingObject, match="nothing is fetched"):
        repository.commit("other", ROOM)
    notes = repository.changes().notes
    assert len(notes) == 2
    assert all("not followed" in note for note in notes)


def test_objects_borrowed_inside_the_project_are_read(root: Path) -> None:
    (root / ".git/objects").rename(root / "kept")
    (root / ".git/objects/info").mkdir(parents=True)
    write(root, ".git/objects/info/alternates", "../../kept\n")
    assert Repository(root).commit("HEAD", ROOM).files == 1


def test_a_file_whose_object_is_missing_is_told_as_such_beside_the_others(root: Path) -> None:
    """As after a clone without its blobs: what would be fetched by git."""
    write(root, "gone.py", "x = 9\n")
    git(root, "add", "gone.py")
    name = git(root, "rev-parse", ":gone.py").decode().strip()
    (root / ".git/objects" / name[:2] / name[2:]).unlink()
    write(root, "gone.py", "x = 11\n")
    write(root, "moved.py", "m = 99\n")
    text = Repository(root).diff(ROOM).text
    assert f"(Object {name[:12]} is not in the repository; nothing is fetched.)" in text
    assert "+m = 99\n" in text
    assert Repository(root).changes().states == {"gone.py": "MM", "moved.py": " M"}


def test_a_working_tree_elsewhere_is_not_followed(root: Path, secret: Path) -> None:
    (root / ".git/config").open("a").write(f"[core]\n\tworktree = {secret}\n")
    assert "not followed" in everything(root)


def test_paths_of_an_index_that_lead_elsewhere_are_left_out(root: Path, secret: Path) -> None:
    """Names of the same length are put into a real index: it is whole, but for where they lead."""
    data = (root / ".git/index").read_bytes()[:-20]
    data = data.replace(b"gone.py", b"../s.py").replace(b"moved.py", b".git/a.b")
    (root / ".git/index").write_bytes(data + hashlib.sha1(data).digest())
    seen = Repository(root).changes()
    assert "2 paths of its index are none of a working tree." in seen.notes
    assert not any(".." in path or ".git/" in path for path in seen.states)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("index", b"DIRC\0\0\0\2\xff\xff\xff\xff" + b"\0" * 40),
        ("index", b"DIRC\0\0\0\7\0\0\0\0" + b"\0" * 20),
        ("index", b"DIRC\0\0\0\4\0\0\0\1" + b"\0" * 61 + b"\xff" * 60 + b"\0" * 20),
        ("index", b"DIRC\0\0\0\2\0\0\0\0newx\0\0\0\0" + b"\0" * 20),
        ("index", b"DIRC\0\0\0\2\0\0\0\0" + b"\1" * 20),
        ("HEAD", b"ref: refs/../../../etc/passwd\n"),
        ("HEAD", b"ref: HEAD\n"),
        ("HEAD", b"g" * 40),
        ("HEAD", b"0" * 5000),
        ("config", b"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tunknown = true\n"),
        ("config", b"[extensions]\n\trefStorage = reftable\n"),
    ],
)
def test_bytes_that_git_never_wrote_are_an_error_in_words(root: Path, name: str, content: bytes) -> None:
    (root / ".git" / name).write_bytes(content)
    told = everything(root)
    assert any(
        word in told for word in ("damaged", "not known", "version", "too large", "reftable", "no names")
    )


@pytest.mark.parametrize("encoding", ["unicode_escape", "utf-7", "hex", "no such"])
def test_words_of_a_commit_can_always_be_written(root: Path, encoding: str) -> None:
    """An encoding of its own choice may make half letters, which nothing can save."""
    tree = git(root, "rev-parse", "HEAD^{tree}").decode().strip()
    head = f"tree {tree}\nauthor {'<' * 500_000}\nencoding {encoding}\n\n"
    commit = head.encode() + rb"half +2AA- \ud800 a letter"
    made = b"commit %d\0%s" % (len(commit), commit)
    name = hashlib.sha1(made).hexdigest()
    (root / ".git/objects" / name[:2]).mkdir(exist_ok=True)
    (root / ".git/objects" / name[:2] / name[2:]).write_bytes(zlib.compress(made))
    text = Repository(root).commit(name, ROOM).text
    assert text.encode()
    assert "half" in text or encoding == "hex"


def test_names_that_nobody_can_write_are_not_offered(root: Path) -> None:
    for name in (b"\xff", "\u202etxt".encode(), b"fine"):
        (root / ".git/refs/tags" / os.fsdecode(name)).write_bytes(b"1" * 40)
    names = Repository(root).names(100)
    assert "fine" in names
    assert all(name.isprintable() for name in names)


def _loose(folder: Path, packed: bytes) -> bytes:
    (folder / "aa").mkdir(parents=True)
    (folder / "aa" / ("b" * 38)).write_bytes(packed)
    return bytes.fromhex("aa" + "b" * 38)


@pytest.mark.parametrize(
    "packed",
    [
        zlib.compress(b"blob 99999999999\0x"),
        zlib.compress(b"blob 3\0" + b"x" * 50_000_000),
        zlib.compress(b"blob 9\0short"),
        zlib.compress(b"spoon 1\0x"),
        zlib.compress(b"blob -1\0x"),
        b"not packed at all",
        b"",
    ],
)
def test_objects_that_lie_about_themselves_are_refused(tmp_path: Path, packed: bytes) -> None:
    name = _loose(tmp_path, packed)
    with pytest.raises(UnreadableFile, match=r"damaged|too large"):
        Objects(Held(tmp_path), tmp_path, 20).read(name, 1_000_000)


@pytest.mark.parametrize(
    "delta",
    [
        b"\x04\x90\x4e" + b"\x91\0\4" * 10,
        b"\x04\xff\xff\xff\xff\x7f",
        b"\x05\x04\x90\x04",
        b"\x04\x04\x90",
        b"\x04\x04\0",
        b"\x04\x04\x91\xff\x04",
        b"\xff" * 30,
        b"",
    ],
)
def test_deltas_that_lie_are_refused(delta: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"damaged|too large"):
        apply(b"base", delta, 1_000_000)


def test_a_damaged_pack_is_an_error_in_words(root: Path) -> None:
    (pack,) = (root / ".git/objects/pack").glob("*.pack")
    pack.chmod(0o644)
    data = bytearray(pack.read_bytes())
    for at in range(12, len(data) - 20, 7):
        data[at] ^= 0xA5
    pack.write_bytes(data)
    assert "damaged" in everything(root)
    (table,) = (root / ".git/objects/pack").glob("*.idx")
    table.chmod(0o644)
    table.write_bytes(table.read_bytes()[:1100])
    assert "damaged" in everything(root)
    table.write_bytes(b"\xfftOc\0\0\0\2" + b"\xff\0\0\0" * 256)
    assert "damaged" in everything(root)


def test_a_folder_without_a_repository_is_told_as_one(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    with pytest.raises(UnreadableFile):
        Repository(tmp_path)
    (tmp_path / ".git").unlink()
    with pytest.raises(NoRepository):
        Repository(tmp_path)


def test_pipes_are_not_waited_for(root: Path) -> None:
    (root / ".git/HEAD").unlink()
    os.mkfifo(root / ".git/HEAD")
    assert "named pipe" in everything(root)
