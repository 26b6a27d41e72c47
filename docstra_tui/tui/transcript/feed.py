"""Pieces of an answer on their way to the screen: put in by any thread, taken out once a frame."""

from __future__ import annotations

import threading


class Feed:
    """Never blocks, never loses a piece, knows nothing of the screen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pieces: list[str] = []

    def put(self, piece: str) -> None:
        """One more piece; from any thread."""
        with self._lock:
            self._pieces.append(piece)

    def take(self) -> str:
        """Everything since the last call."""
        with self._lock:
            pieces, self._pieces = self._pieces, []
        return "".join(pieces)

    def __bool__(self) -> bool:
        return bool(self._pieces)
