"""What a face says about where one is and who answers."""

from __future__ import annotations

from pathlib import Path

from docstra_tui.workspace.title import shown_path, title
from tests.tui.fakes import FakeBackend


def test_a_server_whose_model_nobody_knows_yet_stands_in_the_title_once():
    backend = FakeBackend(host="gpu:8000")
    assert title(Path("/p"), backend, None, "").model == "Fake-1B"
    backend.label = "gpu:8000"
    unknown = title(Path("/p"), backend, None, "")
    assert (unknown.model, unknown.host) == ("", "gpu:8000")


def test_the_home_folder_is_a_tilde():
    assert shown_path(Path.home() / "src") == "~/src"
    assert shown_path(Path("/opt/x")) == "/opt/x"
