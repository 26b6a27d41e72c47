"""Only regular text files below the root become context items, whole and as they are."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.context.files import reader
from docstra_tui.context.files.reader import read_file, read_item, read_named, split_range
from docstra_tui.context.fitting.ranges import cut_lines, line_span
from docstra_tui.context.outline.outliner import outline
from docstra_tui.errors import UnreadableFile


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "ok.py").write_bytes(b"one\r\ntwo\nthree\x0cx\nfour")
    return folder


def refused(root: Path, path: str) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read_item(root, path)
    assert "\x1b" not in str(caught.value)
    return str(caught.value)


def test_a_file_becomes_an_item(root: Path) -> None:
    item = read_item(root, "ok.py")
    assert item.content == "one\r\ntwo\nthree\x0cx\nfour"
    assert (item.path, item.language, item.start_line, item.end_line) == ("ok.py", "python", None, None)
    assert item.sha256 == hashlib.sha256(item.content.encode()).hexdigest()


@pytest.mark.parametrize("path", ["./ok.py", "a/../ok.py", "ok.py", "ABSOLUTE"])
def test_one_file_has_one_path(root: Path, path: str) -> None:
    path = str(root / "ok.py") if path == "ABSOLUTE" else path
    assert read_item(root, path).path == "ok.py"


@pytest.mark.parametrize(
    ("start", "end", "content", "lines"),
    [
        (1, 2, "one\r\ntwo\n", (1, 2)),
        (2, None, "two\nthree\x0cx\nfour", (2, 4)),
        (None, 1, "one\r\n", (1, 1)),
        (4, 99, "four", (4, 4)),
    ],
)
def test_lines_are_cut_as_editors_count(
    root: Path, start: int | None, end: int | None, content: str, lines: tuple[int, int]
) -> None:
    item = read_item(root, "ok.py", start_line=start, end_line=end)
    assert (item.content, (item.start_line, item.end_line)) == (content, lines)


@pytest.mark.parametrize(("start", "end"), [(5, 6), (0, 1), (3, 2)])
def test_lines_that_are_not_there_are_refused(root: Path, start: int, end: int) -> None:
    with pytest.raises(UnreadableFile):
        read_item(root, "ok.py", start_line=start, end_line=end)


BODY = "\r".join(["    a = 1"] * 30)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_a_file_of_carriage_returns_has_the_same_lines_everywhere(root: Path, encoding: str) -> None:
    text = f"# Größe naïve façade\rdef first():\r{BODY}\rdef second():\r{BODY}\r"
    (root / "old.py").write_bytes(text.encode(encoding))

    whole = read_item(root, "old.py")

    assert whole.content == text.replace("\r", "\n") and line_span(whole) == (1, 63)
    assert read_item(root, "old.py", start_line=33, end_line=34).content == "def second():\n    a = 1\n"
    assert cut_lines(whole, 33, 34) == read_item(root, "old.py", start_line=33, end_line=34)
    made = outline(whole)
    assert made is not None and "def second(): …  # lines 33-63" in made.content


@pytest.mark.parametrize(
    ("data", "content"),
    [
        (b"\r", "\n"),
        (b"\r\r\r", "\n\n\n"),
        (b"a\rb", "a\nb"),
        (b"10%\r100%\nx\r\ny", "10%\r100%\nx\r\ny"),
        (b"a\r\n", "a\r\n"),
    ],
)
def test_carriage_returns_end_lines_only_where_nothing_else_does(
    root: Path, data: bytes, content: str
) -> None:
    (root / "f.txt").write_bytes(data)
    assert read_item(root, "f.txt").content == content


def test_special_files_links_and_ways_out_are_refused_at_once(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "f").write_text("x")
    (root / "dir").mkdir()
    os.mkfifo(root / "pipe")
    os.mkfifo(root / "dir" / "pipe")
    (root / "esc").symlink_to("../secret")
    (root / "inside").symlink_to("ok.py")
    (root / "escdir").symlink_to("../outside")
    (root / "rootlink").symlink_to("/")
    (root / "loop").symlink_to("loop")
    os.link(root / "ok.py", root / "hard.py")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(root)
        try:
            listener.bind("sock")
        finally:
            os.chdir(here)
        started = time.monotonic()
        for path, word in {
            "pipe": "named pipe",
            "dir/pipe": "named pipe",
            "sock": "socket",
            "esc": "link",
            "inside": "link",
            "escdir/f": "link",
            "rootlink/etc/passwd": "link",
            "loop": "link",
            "loop/x": "link",
            "dir": "folder",
            "": "folder",
            "ok.py/x": "no folder",
            "gone": "no file",
            "dir/gone": "no file",
            "../secret": "outside",
            "dir/../../secret": "outside",
            "/etc/passwd": "outside",
            "bad\x1bname": "no file",
            "nul\0": "No file",
            "x" * 300: "too long",
        }.items():
            assert word in refused(root, path), path
        assert time.monotonic() - started < 1
    assert read_item(root, "hard.py").content


@pytest.mark.parametrize("place", ["/proc", "/sys", "/dev"])
def test_the_kernels_files_are_not_read(place: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(place)
    for root, path in ((Path(place), "version"), (Path("/"), f"{place}/version"), (tmp_path / "link", "x")):
        assert "kernel" in refused(root, path)
    with pytest.raises(UnreadableFile):
        read_named(f"{place}/null" if place == "/dev" else f"{place}/version")


def test_a_folder_swapped_for_a_link_leads_nowhere(root: Path, tmp_path: Path) -> None:
    (root / "dir").mkdir()
    (root / "dir" / "f").write_text("mine")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "f").write_text("secret")
    assert read_item(root, "dir/f").content == "mine"
    (root / "dir").rename(root / "old")
    (root / "dir").symlink_to("../outside")
    assert "link" in refused(root, "dir/f")


@pytest.mark.parametrize("becomes", ["a link", "a named pipe"])
def test_a_file_that_is_swapped_between_looking_and_opening_is_not_read(
    becomes: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("secret")
    (root / "f").write_text("mine")
    look = os.stat

    def look_then_swap(path: str, **options: Any) -> os.stat_result:
        seen = look(path, **options)
        monkeypatch.undo()
        (root / "f").unlink()
        if becomes == "a link":
            (root / "f").symlink_to(tmp_path / "secret")
        else:
            os.mkfifo(root / "f")
        return seen

    monkeypatch.setattr(os, "stat", look_then_swap)
    assert "link" in (why := refused(root, "f")) or "named pipe" in why


def test_a_huge_file_is_not_read(root: Path) -> None:
    with open(root / "sparse", "wb") as file:
        file.truncate(5_000_000_000)
    started = time.monotonic()
    assert "5,000,000,000" in refused(root, "sparse")
    assert time.monotonic() - started < 0.5
    (root / "exact").write_bytes(b"x" * 1_000_000)
    assert len(read_item(root, "exact").content) == 1_000_000
    (root / "over").write_bytes(b"x" * 1_000_001)
    assert "1,000,001" in refused(root, "over")
    assert len(read_item(root, "over", max_bytes=2_000_000).content) == 1_000_001


TEXT = "Größe, naïve façade: über alle Maßen schöne Wörter für dieses Beispiel.\n" * 20


@pytest.mark.parametrize(
    ("data", "content", "encoding"),
    [
        (b"", "", "utf-8"),
        (b"\xef\xbb\xbfx", "x", "utf-8"),
        ("größe".encode("utf-16"), "größe", "utf-16-le"),
        (b"\xfe\xff" + "größe".encode("utf-16-be"), "größe", "utf-16-be"),
        ("größe".encode("utf-32"), "größe", "utf-32-le"),
    ],
)
def test_marks_and_utf8_are_certain(root: Path, data: bytes, content: str, encoding: str) -> None:
    (root / "f.txt").write_bytes(data)
    found = read_file(root, "f.txt")
    assert (found.item.content, found.encoding, found.note) == (content, encoding, "")


def test_an_old_encoding_is_guessed_and_said(root: Path) -> None:
    (root / "latin.txt").write_bytes(TEXT.encode("latin-1"))
    found = read_file(root, "latin.txt")
    assert found.item.content == TEXT
    assert "guess" in found.note and "latin.txt" in found.note
    japanese = "これは日本語のテキストです。文字コードを推測します。\n" * 20
    (root / "sjis.txt").write_bytes(japanese.encode("shift-jis"))
    assert read_file(root, "sjis.txt").item.content == japanese


@pytest.mark.parametrize(
    "data",
    [
        b"text\0text",
        b"\x7fELF" + bytes(range(256)) * 10,
        bytes(random.Random(1).choices([b for b in range(256) if b], k=5000)),
        b"\xff\xfe\x00\xd8",
    ],
    ids=["nul", "elf", "random", "broken utf-16"],
)
def test_what_is_not_text_is_not_sent(root: Path, data: bytes) -> None:
    (root / "f.bin").write_bytes(data)
    assert "not text" in refused(root, "f.bin")


def test_a_file_written_to_meanwhile_is_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true_read = reader._read_up_to
    left = [1]

    def slow(fd: int, count: int) -> bytes:
        data = true_read(fd, count)
        if left[0] > 0:
            left[0] -= 1
            with open(root / "ok.py", "ab") as file:
                file.write(b"more\n")
        return data

    monkeypatch.setattr(reader, "_read_up_to", slow)
    assert read_item(root, "ok.py").content.endswith("fourmore\n")
    left[0] = 2
    with pytest.raises(UnreadableFile, match="changes"):
        read_item(root, "ok.py")


def test_a_named_file_may_lie_anywhere(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    (tmp_path / "far.rs").write_text("fn main() {}\n")
    (root / "link.py").symlink_to("ok.py")
    (root / "odd:1-2").write_text("odd\n")
    assert read_named("ok.py").path == "ok.py"
    assert read_named("ok.py:2").label == "ok.py:2-2"
    assert read_named("./ok.py:1-2").label == "ok.py:1-2"
    assert read_named("../far.rs").path == str(tmp_path / "far.rs")
    assert read_named("link.py").path == "link.py"
    assert read_named("odd:1-2").content == "odd\n"
    for bad in ("gone", ".", "ok.py:9-12", "ok.py/x"):
        with pytest.raises(UnreadableFile):
            read_named(bad)


@pytest.mark.parametrize(
    ("argument", "parts"),
    [
        ("a.py", ("a.py", None, None)),
        ("a.py:3", ("a.py", 3, 3)),
        ("a.py:3-", ("a.py", 3, None)),
        ("a.py:3-9", ("a.py", 3, 9)),
        ("C:\\x", ("C:\\x", None, None)),
        (":3", (":3", None, None)),
        ("a:b:3-4", ("a:b", 3, 4)),
    ],
)
def test_a_range_is_told_from_a_name(argument: str, parts: tuple[str, int | None, int | None]) -> None:
    assert split_range(argument) == parts
