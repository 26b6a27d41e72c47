"""Stores that try again soon, and a file of sessions to damage."""

from __future__ import annotations

import pytest

from docstra_tui.session.store import writer
from tests.session.damaged import Said, write_sessions


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Said]]:
    path = tmp_path_factory.mktemp("whole") / "private" / "sessions.db"
    said = write_sessions(path)
    return path.read_bytes(), said
