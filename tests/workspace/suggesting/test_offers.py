"""Files offered in the background: what is said where nobody can look for them."""

from __future__ import annotations

from pathlib import Path
from queue import Queue

import pytest

from docstra_tui.context.search import asking
from docstra_tui.context.search.index.project import ProjectIndex
from docstra_tui.errors import NoSearch
from docstra_tui.workspace.suggesting.offers import Offer, Offers
from tests.context.search.indexed import own_index


def test_where_nobody_can_look_it_is_said_and_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def suggest(*given: object, **more: object) -> None:
        raise NoSearch("The process that looks for files does not answer.")

    monkeypatch.setenv("DOCSTRA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(asking.Asking, "suggest", suggest)
    monkeypatch.setattr(ProjectIndex, "start", lambda index: None)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "seal.py").write_text("def swim(): ...\n")
    index = own_index(tmp_path / "project")
    told: Queue[Offer] = Queue()
    offers = Offers(lambda: index, told.put, lambda call: call())
    offers.ask("Who swims?")
    offer = told.get(timeout=20)
    offers.close()
    assert offer == Offer("Who swims?", problem="The process that looks for files does not answer.")
    assert offer.is_complete
