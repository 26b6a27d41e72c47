"""What every test of both faces stands on."""

from __future__ import annotations

import pytest

from docstra_tui.context.search.asking import Asking
from docstra_tui.repl import suggesting
from docstra_tui.tui.main import controllers
from docstra_tui.workspace.suggesting.offers import index_of
from tests.repl.conftest import NoIndex
from tests.tui.conftest import Unindexed


@pytest.fixture(autouse=True)
def nothing_is_indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed in a test looks for files only where the test is about that, and starts no process."""
    monkeypatch.setattr(Asking, "start", lambda self: None)
    monkeypatch.setattr(controllers, "index_of", lambda root, settings: Unindexed)
    monkeypatch.setattr(suggesting, "index_of", lambda root, settings: lambda: NoIndex(root))


@pytest.fixture
def projects_are_indexed(nothing_is_indexed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are outside the tests."""
    for face in (controllers, suggesting):
        monkeypatch.setattr(face, "index_of", index_of)
