"""What changed is what git says that changed, whatever way the index is written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from docstra_tui.context.git import repository, working
from docstra_tui.context.git.repository import Repository
from docstra_tui.errors import UnreadableFile
from tests.context.git.made import git, needs_git, porcelain, write

pytestmark = needs_git
ROOM = 1_000_000


@pytest.fixture(scope="module")
def busy(history: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working tree in which everything happened at once."""
    root = tmp_path_factory.mktemp("busy") / "project"
    shutil.copytree(history, root, symlinks=True)
    write(root, "src/shop.py", "first\n" + "".join(f"line {number}\n" for number in range(1, 61)))
    (root / "gone.py").unlink()
    (root / "moved.py").rename(root / "src/moved.py")
    write(root, "staged.py", "s = 1\n")
    write(root, "both.py", "b = 1\n")
    git(root, "add", "moved.py", "src/moved.py", "staged.py", "both.py")
    write(root, "both.py", "b = 2\n")
    write(root, "later.py", "l = 1\n")
    git(root, "add", "-N", "later.py")
    write(root, "new/un tracked.py", "n = 1\n")
    write(root, "a.log", "ignored")
    write(root, "out/x.py", "ignored = 1\n")
    write(root, "src/deep-er.py", "sorted = between\n")
    os.chmod(root / "ümlaut name.py", 0o755)
    write(root, "inner/.git/HEAD", "ref: refs/heads/main\n")
    for name in ("objects", "refs"):
        (root / "inner/.git" / name).mkdir()
    write(root, "inner/file.py", "another = 'repository'\n")
    return root


@pytest.mark.parametrize(
    "how", [(), ("--index-version", "4"), ("--split-index",), ("--no-split-index", "--index-version", "2")]
)
def test_states_are_those_that_git_tells(busy: Path, how: tuple[str, ...]) -> None:
    if how:
        git(busy, "update-index", *how)
    if "--split-index" in how:  # what is replaced and deleted since stands in the other half
        write(busy, "staged.py", "s = 2\n")
        git(busy, "add", "staged.py")
        git(busy, "rm", "-q", "--cached", "gone.py")
    seen = Repository(busy).changes()
    theirs = {path: state for path, state in porcelain(busy).items() if not path.endswith("/")}
    assert seen.states == theirs
    assert len(theirs) == 10
    assert seen.branch == "main"
    assert seen.head == git(busy, "rev-parse", "HEAD").decode()[:9]
    assert seen.notes == []


def test_files_folders_and_links_in_each_others_place_are_told_as_git_tells_them(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    for name in ("a", "d/x", "d/y/z", "kept/w"):
        write(tmp_path, name, name)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "First")
    (tmp_path / "a").unlink()
    write(tmp_path, "a/in", "1")
    shutil.rmtree(tmp_path / "d")
    write(tmp_path, "d", "a file")
    (tmp_path / "link").symlink_to("kept")
    (tmp_path / "new/.git").mkdir(parents=True)  # no repository, so no other one
    write(tmp_path, "new/file", "2")
    assert Repository(tmp_path).changes().states == porcelain(tmp_path)
    assert len(porcelain(tmp_path)) == 7


def test_below_a_folder_paths_are_from_there(busy: Path) -> None:
    assert set(Repository(busy / "src").changes().states) == {"shop.py", "moved.py", "deep-er.py"}
    text = Repository(busy / "src").diff(ROOM).text
    assert "diff --git a/shop.py b/shop.py" in text
    assert "both.py" not in text


def test_the_same_is_told_again_and_what_is_new_is_seen(history: Path, tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(history, root)
    repository = Repository(root)
    assert repository.changes().states == {}
    write(root, "src/shop.py", "other\n")
    assert repository.changes().states == {"src/shop.py": " M"}
    git(root, "add", "src/shop.py")
    assert repository.changes().states == {"src/shop.py": "M "}
    git(root, "commit", "-q", "-m", "Third")
    assert repository.changes().states == {}


def test_a_file_of_the_same_size_and_times_is_looked_into(history: Path, tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(history, root)
    status = (root / "gone.py").stat()
    write(root, "gone.py", "x = 2\n")
    os.utime(root / "gone.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert Repository(root).changes().states == {"gone.py": " M"}


def test_a_diff_is_what_git_writes(busy: Path) -> None:
    difference = Repository(busy).diff(ROOM)
    ours = difference.text[difference.text.index("diff --git") :]
    assert "-    " not in ours
    assert "new file mode 100644\n--- /dev/null\n+++ b/later.py\n@@ -0,0 +1 @@\n+l = 1\n" in ours
    assert (
        "--- a/src/shop.py\n+++ b/src/shop.py\n@@ -1,3 +1,4 @@\n+first\n line 1\n line 2\n line 3\n" in ours
    )
    assert "old mode 100644\nnew mode 100755\n" in ours
    assert "Not in git yet, and not in this diff: new/un tracked.py, src/deep-er.py" in difference.text
    assert "staged" in difference.text.splitlines()[0]
    assert "staged.py" not in difference.text


def test_what_is_staged_is_told_with_files_that_moved(busy: Path) -> None:
    difference = Repository(busy).staged(ROOM)
    assert (
        "diff --git a/moved.py b/src/moved.py\nrename from moved.py\nrename to src/moved.py\n"
        in difference.text
    )
    assert "+b = 1\n" in difference.text
    assert "+b = 2\n" not in difference.text


@pytest.mark.parametrize("name", ["HEAD", "main", "HEAD~0", "refs/heads/main", "{sha}", "{short}"])
def test_a_commit_is_found_by_its_names(history: Path, name: str) -> None:
    sha = git(history, "rev-parse", "HEAD").decode().strip()
    text = Repository(history).commit(name.format(sha=sha, short=sha[:7]), ROOM).text
    assert text.startswith(
        f"commit {sha}\nAuthor: Ada\nDate:   2023-11-14 23:13 +0100\n\n    Second\n\n1 file changed."
    )
    assert "-line 0\n" in text
    assert text.endswith("+line 60\n")


@pytest.mark.parametrize("name", ["v1", "HEAD~1", "HEAD^", "feature/x", "main~", "main^1"])
def test_an_earlier_commit_is_told_whole(history: Path, name: str) -> None:
    difference = Repository(history).commit(name, ROOM)
    assert "    First\n    \n    With words.\n" in difference.text
    assert difference.files == 6


@pytest.mark.parametrize(
    "name", ["nothing", "HEAD~9", "main^2", "../HEAD", "HEAD:src", "refs/heads/../x", "-x", "a" * 500]
)
def test_what_names_no_commit_is_said(history: Path, name: str) -> None:
    with pytest.raises(UnreadableFile, match=r"commit|history"):
        Repository(history).commit(name, ROOM)


def test_of_a_clone_that_is_cut_off_a_commit_is_told_without_what_it_changed(
    history: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{history}", "clone")
    clone = Repository(tmp_path / "clone")
    told = clone.commit("HEAD", ROOM)
    assert "    Second\n" in told.text
    assert "file" not in told.text
    assert told.left_out == (repository.UNKNOWN,)
    assert "nothing is fetched" in told.text
    with pytest.raises(UnreadableFile, match="nothing is fetched"):
        clone.commit("HEAD~1", ROOM)


def test_names_are_offered(history: Path) -> None:
    assert Repository(history).names(10) == ["HEAD", "feature/x", "main", "v1"]


def test_secrets_and_what_is_too_long_are_left_out_and_said(history: Path, tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(history, root)
    write(root, ".env", "TOKEN=hunter2\n")
    write(root, "huge.py", "h = 'h'\n" * 100)
    write(root, "bin.dat", "a\0b")
    git(root, "add", "-A")
    difference = Repository(root).staged(600)
    assert "hunter2" not in difference.text
    assert "h = " not in difference.text
    assert "Binary files a/bin.dat and b/bin.dat differ" in difference.text
    assert difference.left_out == (
        "1 file is left out, as they may hold secrets.",
        "1 file is left out, as the whole is too long.",
    )
    assert all(words in difference.text for words in difference.left_out)


def test_a_diff_says_what_was_not_compared(
    history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    shutil.copytree(history, root)  # all times are new
    monkeypatch.setattr(working, "HASH_SECONDS", -1.0)
    (note,) = Repository(root).changes().notes
    difference = Repository(root).diff(ROOM)
    assert "6 files were not compared" in note
    assert difference.left_out == (note,)
    assert note in difference.text


def test_a_conflict_is_told_as_one(history: Path, tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(history, root)
    git(root, "checkout", "-q", "feature/x")
    write(root, "src/shop.py", "theirs\n")
    git(root, "commit", "-q", "-am", "theirs")
    git(root, "checkout", "-q", "main")
    write(root, "src/shop.py", "ours\n")
    git(root, "commit", "-q", "-am", "ours")
    with pytest.raises(Exception, match="merge"):
        git(root, "merge", "-q", "feature/x")
    repository = Repository(root)
    assert repository.changes().states == {"src/shop.py": "UU"}
    text = repository.diff(ROOM).text
    assert "In conflict, shown against our side: src/shop.py." in text
    assert "+<<<<<<< HEAD\n" in text


def test_other_line_ends_and_large_files_are_no_changes(history: Path, tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(history, root)
    write(root, ".gitattributes", "gone.py text eol=crlf\n")
    git(root, "rm", "-q", "--cached", "gone.py")
    (root / "gone.py").write_bytes(b"x = 1\r\n")
    git(root, "add", "gone.py", ".gitattributes")
    git(root, "commit", "-q", "-m", "ends")
    os.utime(root / "gone.py", ns=(1, 1))
    assert Repository(root).changes().states == {}


def test_a_sparse_checkout_misses_nothing(history: Path, tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(history, root)
    git(root, "status")  # it keeps what it takes for changed
    git(root, "sparse-checkout", "set", "--cone", "--sparse-index", "other")
    assert not (root / "src").exists()
    assert Repository(root).changes().states == {}


def test_many_files_that_are_not_in_git_are_listed_up_to_a_number(
    history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    shutil.copytree(history, root)
    for module in (working, repository):
        monkeypatch.setattr(module, "MOST_UNTRACKED", 3)
    for number in range(9):
        write(root, f"new/{number}/file.py", "n = 1\n")
    seen = Repository(root).changes()
    assert len(seen.states) == 3
    assert seen.notes == ["More than 3 files are not in git; the others are not listed."]


def test_sha256_is_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    write(tmp_path, "a.py", "a = 1\n")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "-q", "-m", "First")
    write(tmp_path, "a.py", "a = 2\n")
    repository = Repository(tmp_path)
    assert repository.changes().states == {"a.py": " M"}
    assert "-a = 1\n+a = 2\n" in repository.diff(ROOM).text
    assert len(repository.commit("HEAD", ROOM).text.split()[1]) == 64


def test_own_worktrees_and_submodules_are_looked_into(history: Path, tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(history, root)
    git(root, "worktree", "add", "-q", "-b", "other", str(tmp_path / "beside"))
    write(tmp_path / "beside", "gone.py", "x = 3\n")
    seen = Repository(tmp_path / "beside").changes()
    assert (seen.branch, seen.states) == ("other", {"gone.py": " M"})
    git(root, "submodule", "--quiet", "add", str(history), "part")
    git(root, "commit", "-q", "-m", "part")
    write(root, "part/src/shop.py", "changed\n")
    assert Repository(root).changes().states == {"part/src/shop.py": " M"}
    assert Repository(root / "part/src").changes().states == {"shop.py": " M"}
    assert Repository(root).changes().notes == []
    git(root / "part", "commit", "-q", "-am", "inside")
    assert Repository(root).changes().states == {"part": " S"}
    text = Repository(root).diff(ROOM).text
    assert text.count("Subproject commit") == 2
