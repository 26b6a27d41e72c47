"""What comes of an answer, on its way to the screen: put in by any thread, taken out once a frame."""

from __future__ import annotations

import threading

from docstra_tui.llm.answer import Reframed, Thought

Piece = str | Thought | Reframed
"""Text of the answer, a thought, or that all the text so far was thought."""


class Feed:
    """Never blocks, never loses a piece, knows nothing of the screen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pieces: list[Piece] = []

    def put(self, piece: Piece) -> None:
        """One more piece; from any thread."""
        with self._lock:
            self._pieces.append(piece)

    def take(self) -> list[Piece]:
        """Everything since the last call, in its order; what belongs together in one."""
        with self._lock:
            pieces, self._pieces = self._pieces, []
        return _joined(pieces)

    def __bool__(self) -> bool:
        return bool(self._pieces)


def _joined(pieces: list[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    texts: list[str] = []
    kind: type[Piece] | None = None

    def end() -> None:
        if texts:
            text = "".join(texts)
            joined.append(text if kind is str else Thought(text))
            texts.clear()

    for piece in pieces:
        if type(piece) is not kind:
            end()
            kind = type(piece)
        if isinstance(piece, Reframed):
            joined.append(piece)
        else:
            texts.append(piece if isinstance(piece, str) else piece.text)
    end()
    return joined
