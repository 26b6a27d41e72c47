"""The list of models that are here, without asking anybody and without importing anything heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from docstra_tui.llm.files import hub, starter
from docstra_tui.llm.files.catalog import InstalledModel, installed_models
from tests.llm.files.made_files import gguf_bytes, model_folder

COMMIT = "1" * 40


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)


def snapshot(repository: str) -> Path:
    """The empty place of a snapshot in the hub's cache."""
    storage = hub.cache_folder() / f"models--{repository.replace('/', '--')}"
    (storage / "refs").mkdir(parents=True)
    (storage / "refs" / "main").write_text(COMMIT)
    return storage / "snapshots" / COMMIT


def test_the_starter_is_always_first() -> None:
    assert [(model.name, model.kind, model.size) for model in installed_models()] == [
        ("starter", "starter", None)
    ]
    starter.folder().mkdir(parents=True)
    (starter.folder() / starter.FILE).write_bytes(b"x" * 10)
    assert installed_models()[0].size == 10


def test_models_of_the_hub_are_listed_and_of_broken_ones_it_is_said_why() -> None:
    model_folder(snapshot("zoo/whole"))
    (model_folder(snapshot("zoo/broken")) / "model.safetensors").unlink()
    model_folder(snapshot("zoo/embedder"), architectures=["BertModel"])
    (hub.cache_folder() / "datasets--zoo--data").mkdir()
    snapshot("zoo/no-snapshot")
    folder = snapshot("zoo/files-GGUF")
    folder.mkdir(parents=True)
    for name in ("m.Q4_K_M.gguf", "m.Q8_0.gguf", "mmproj-m.gguf"):
        (folder / name).write_bytes(gguf_bytes())
    found = installed_models()[1:]
    assert [(model.name, model.kind) for model in found] == [
        ("zoo/broken", "hub"),
        ("zoo/files-GGUF:Q4_K_M", "gguf"),
        ("zoo/files-GGUF:Q8_0", "gguf"),
        ("zoo/whole", "hub"),
    ]
    assert found[3].size == (found[3].path / "model.safetensors").stat().st_size
    problem = "zoo/broken is incomplete: model.safetensors is missing."
    assert (found[0].size, found[0].problem) == (None, problem)


def test_files_of_other_programs_are_listed(tmp_path: Path) -> None:
    one = tmp_path / "home" / ".cache" / "llama.cpp" / "one.Q8_0.gguf"
    two = tmp_path / "home" / ".lmstudio" / "models" / "owner" / "repo" / "two.gguf"
    for path in (one, two):
        path.parent.mkdir(parents=True)
        path.write_bytes(gguf_bytes())
    size = len(gguf_bytes())
    assert installed_models()[1:] == [
        InstalledModel(str(one), "gguf", size, one),
        InstalledModel(str(two), "gguf", size, two),
    ]


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys; from docstra_tui.llm.files import catalog; catalog.installed_models(); "
        "print({'torch', 'transformers', 'huggingface_hub', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
