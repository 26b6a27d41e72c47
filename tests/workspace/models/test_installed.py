"""The models of this machine, as a list offers them."""

from __future__ import annotations

from docstra_tui import paths
from docstra_tui.llm.files.starter import FILE
from docstra_tui.workspace.models.installed import rows


def test_the_starter_says_what_it_is_and_how_large() -> None:
    [(name, details)] = rows()
    assert (name, details) == ("starter", "small and often wrong, fetched when it is first used: 93 MB")
    folder = paths.cache_dir() / "starter"
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(b"x" * 2_000_000)
    assert rows() == [("starter", "small and often wrong, 2 MB")]
