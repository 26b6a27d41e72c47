"""The Python that the pages show, run with a tiny model in the place of the starter."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui import llm as library
from docstra_tui.llm import LocalLLM
from tests.shown import PROJECT, Block, blocks


@pytest.fixture(scope="module")
def model(tiny_folder: Path):
    """Loaded once."""
    with_one = LocalLLM(str(tiny_folder), max_tokens=20, temperature=0.0)
    yield with_one
    with_one.close()


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.place)
def test_python_that_is_shown_runs(
    block: Block, model: LocalLLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    def opened(
        name: str = "", path: str | None = None, max_tokens: int = 0, temperature: float = 0.0
    ) -> LocalLLM:
        assert name == "starter"
        return model

    monkeypatch.setattr(library, "LocalLLM", opened)
    monkeypatch.setattr(model, "close", lambda: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "src" / "httpx").mkdir(parents=True)
    (tmp_path / "src" / "httpx" / "retry.py").write_text("def retry(client):\n    client.send()\n")
    (tmp_path / "shapes.py").write_text("def area(r):\n    return 3.14159 * r * r\n")
    (tmp_path / "review.md").write_text(next(b.text for b in blocks("markdown") if "Review" in b.text))

    exec(compile(block.text, str(PROJECT / block.page), "exec"), {"__name__": "__main__"})

    assert capsys.readouterr().out.strip()
