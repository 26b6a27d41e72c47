"""The building process, for whoever started it: its words, and its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack, suppress
from pathlib import Path

LEAVING_SECONDS = 3.0


class Builder:
    """One process, for one refresh. `lines` in one thread; `stop` from any."""

    def __init__(
        self,
        root: Path,
        folder: Path,
        *,
        ignore: tuple[str, ...],
        max_bytes: int,
        is_low: bool,
        is_anew: bool,
    ) -> None:
        self._order = {
            "root": os.path.abspath(root),
            "folder": str(folder),
            "ignore": ignore,
            "max_bytes": max_bytes,
            "is_low": is_low,
            "is_anew": is_anew,
        }
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def lines(self) -> Generator[dict[str, object]]:
        """What it says, until it ends. Raises `OSError` where it cannot be started."""
        # -P: the current folder is somebody's project, and must not lend its modules to ours.
        with self._lock:
            if self._is_stopped:
                return
            process = self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "docstra_tui.context.search.index.process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        assert process.stdin is not None and process.stdout is not None
        with ExitStack() as undo:
            undo.callback(process.stdout.close)
            undo.callback(self._end)
            with suppress(BrokenPipeError, ValueError):  # it has ended, or was stopped just now
                process.stdin.write(json.dumps(self._order).encode() + b"\n")
                process.stdin.flush()
            for line in process.stdout:
                with suppress(ValueError):
                    said = json.loads(line)
                    if isinstance(said, dict):
                        yield said

    def stop(self) -> None:
        """Have it end soon; does not wait."""
        with self._lock:
            self._is_stopped = True
            self._close()

    def _close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError, ValueError):
                self._process.stdin.close()

    def _end(self) -> None:
        """It ends by itself when its standard input does, or is killed."""
        assert self._process is not None
        with self._lock:
            self._close()
        try:
            self._process.wait(LEAVING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
