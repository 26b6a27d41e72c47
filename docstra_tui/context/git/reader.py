"""What a repository says, asked in a process of its own that is killed when it takes too long.

No git is started, nothing of the repository is run, and nothing is fetched.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docstra_tui.context.git.errors import Busy, NoRepository
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

SECONDS = 30.0
"""For one answer. A hundred thousand files take a second; a first look at a copied folder reads them all."""
LARGEST = 64_000_000
"""Bytes of one answer."""


@dataclass(frozen=True)
class Changes:
    """What differs from the last commit."""

    states: Mapping[str, str] = field(default_factory=dict)
    """By path from the root: two letters as git's, of what is staged and of the working tree: `M`, `A`, `D`,
    `?`, `U` for a conflict, `S` for another commit of a submodule, a blank for nothing."""
    branch: str = ""
    head: str = ""
    notes: tuple[str, ...] = ()
    """What is not known or not followed, not yet safe to show."""


@dataclass(frozen=True)
class Difference:
    """What changed, as text."""

    text: str
    files: int
    left_out: tuple[str, ...] = ()
    """What of it is not in the text, not yet safe to show."""


class GitReader:
    """One project's repository. Blocks; any thread, one answer after the other."""

    def __init__(self, root: Path, ignore: Sequence[str] = ()) -> None:
        self._root = os.path.abspath(root)
        self._ignore = list(ignore)
        self._process: subprocess.Popen[bytes] | None = None
        self._asking = threading.Lock()
        self._is_closed = False

    def changes(self) -> Changes:
        """What differs from the last commit. Raises `NoRepository`, `UnreadableFile`."""
        told = self._ask("changes")
        return Changes(
            {str(path): str(state) for path, state in told["states"].items()},
            str(told["branch"]),
            str(told["head"]),
            tuple(map(str, told["notes"])),
        )

    def diff(self, room: int) -> Difference:
        """What is not staged, in at most `room` characters and what is said of the rest. Raises as above."""
        return _difference(self._ask("diff", room=room))

    def staged(self, room: int) -> Difference:
        """What is staged. Raises as above."""
        return _difference(self._ask("staged", room=room))

    def commit(self, name: str, room: int) -> Difference:
        """What a commit says and changed. Raises as above."""
        return _difference(self._ask("commit", name=name, room=room))

    def names(self, limit: int = 2000, wait: float = -1) -> tuple[str, ...]:
        """Names of commits: HEAD, branches, tags, remote branches. Raises as above, and `Busy` where another
        answer is not there after `wait` seconds."""
        return tuple(map(str, self._ask("names", wait, limit=limit)["names"]))

    def close(self) -> None:
        """End the process, also one that is answering; any thread, never blocks."""
        self._is_closed = True
        process = self._process
        if process is not None:
            process.kill()

    def __del__(self) -> None:
        self._end()

    def _ask(self, what: str, wait: float = -1, **more: Any) -> dict[str, Any]:
        line = json.dumps({"root": self._root, "ignore": self._ignore, "ask": what, **more}).encode() + b"\n"
        if not self._asking.acquire(timeout=wait):
            raise Busy("The repository is being read.")
        try:
            said = self._answered(line) or self._answered(line)  # one that nobody asked had just ended
        finally:
            self._asking.release()
        if said is None:
            raise UnreadableFile(f"The repository of {shown_name(self._root)} could not be read.")
        if "error" in said:
            kind = NoRepository if said.get("kind") == "NoRepository" else UnreadableFile
            raise kind(str(said["error"]), str(said.get("hint", "")))
        return said

    def _answered(self, line: bytes) -> dict[str, Any] | None:
        """What it says; None where it ended before it said anything. Raises `UnreadableFile`."""
        if self._is_closed:
            raise UnreadableFile("The repository is not read any more.")
        process = self._started()
        try:
            assert process.stdin is not None
            process.stdin.write(line)
            process.stdin.flush()
            told = self._line(process)
        except BrokenPipeError:
            told = b""
        if not told:
            self._end()
            return None
        answer = json.loads(told)
        assert isinstance(answer, dict)
        return answer

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        fd, until = process.stdout.fileno(), time.monotonic() + SECONDS
        waiter = select.poll()
        waiter.register(fd, select.POLLIN)
        parts: list[bytes] = []
        size = 0
        while size <= LARGEST and (left := until - time.monotonic()) > 0:
            if not waiter.poll(left * 1000):
                break
            part = os.read(fd, 1 << 20)
            if not part:
                return b""
            parts.append(part)
            size += len(part)
            if part.endswith(b"\n"):
                return b"".join(parts)
        self._end()
        raise UnreadableFile(f"The repository took more than {SECONDS:.0f} seconds and was given up.")

    def _started(self) -> subprocess.Popen[bytes]:
        process = self._process
        if process is None or process.poll() is not None:
            self._end()
            # -P: the current folder is somebody's project, and must not lend its modules to ours.
            process = self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "docstra_tui.context.git.process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            if self._is_closed:
                process.kill()
        return process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _difference(told: dict[str, Any]) -> Difference:
    return Difference(str(told["text"]), int(told["files"]), tuple(map(str, told["left_out"])))
