"""Every way to install, tried as somebody new would: a home, a cache and an environment of its own for each.

Usage: python tools/try_install.py [WAY…] [--json FILE]. Without a word all ways are tried, one after
another; each takes some GB of the temporary folder and gives them back. What pip and uv know of an index,
of wheels and of a proxy is passed on. Where nothing is to come from a network there is none (`unshare`), or
a proxy that leads nowhere.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
PASSED_ON = ("PIP_", "UV_", "SSL_", "REQUESTS_CA", "no_proxy", "NO_PROXY", *PROXIES)
NOWHERE = "http://127.0.0.1:9"
PATIENCE = 1800.0
"""Seconds for one command: torch may have to be fetched."""

QUESTION = "What does this function return? In one sentence."
CODE = "def area(radius):\n    return 3.14159 * radius * radius\n"


class Failed(Exception):
    """A command did not do what it should; its last lines."""


@dataclass
class Machine:
    """A place that has nothing yet but Python, make and a clean checkout."""

    base: Path
    cache: Path
    """The starter's, for all ways, so that it is fetched once."""
    has_network: bool = True
    variables: dict[str, str] = field(default_factory=dict)
    steps: dict[str, float] = field(default_factory=dict)
    """Seconds by what was done."""

    def __post_init__(self) -> None:
        self.home = self.base / "home"
        self.home.mkdir(mode=0o700, exist_ok=True)
        self.checkout = self.base / "checkout"
        if not self.checkout.exists():
            copy_checkout(self.checkout)

    def environment(self) -> dict[str, str]:
        """What a shell of somebody new has."""
        python = str(Path(sys.executable).resolve().parent)
        passed = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
        fixed = {
            "HOME": str(self.home),
            "PATH": f"{self.home}/.local/bin:/usr/bin:/bin:{python}",
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "TMPDIR": str(self.base),
            "DOCSTRA_CACHE_DIR": str(self.cache),
        }
        if not self.has_network:
            fixed |= dict.fromkeys(PROXIES, NOWHERE)
        return {**passed, **fixed, **self.variables}

    def run(self, name: str, *words: str | Path) -> str:
        """What a command says on standard output; its time is kept under `name`. Raises `Failed`."""
        command = [str(word) for word in words]
        if not self.has_network and can_unshare():
            command = ["unshare", "--user", "--map-root-user", "--net", *command]
        began = time.monotonic()
        ended = subprocess.run(
            command,
            cwd=self.checkout,
            env=self.environment(),
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
        self.steps[name] = round(time.monotonic() - began, 1)
        if ended.returncode:
            said = "\n".join((ended.stdout + ended.stderr).splitlines()[-15:])
            raise Failed(f"{' '.join(command)}\nended with {ended.returncode}:\n{said}")
        return ended.stdout

    def check(self, program: str | Path, *, asks: bool = True) -> None:
        """The program runs from there, knows what it is, and answers."""
        told = self.run("--version", program, "--version")
        if not told.strip():
            raise Failed("--version says nothing")
        if "doctor" in self.run("--help", program, "--help"):
            checks = json.loads(self.run("doctor", program, "doctor", "--json"))["checks"]
            if failed := [check["name"] for check in checks if check["status"] == "fail"]:
                raise Failed(f"doctor: {failed}")
        if asks:
            file = self.base / "area.py"
            file.write_text(CODE)
            words = ("ask", QUESTION, "-f", file, "--model", "starter", "--own-engine", "--max-tokens", "30")
            if not json.loads(self.run("ask", program, *words, "--json"))["answer"]:
                raise Failed("no answer")


def copy_checkout(to: Path) -> None:
    """The files that git has, as they are now; all of them where this is a source archive."""
    if (PROJECT / ".git").exists():
        words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, listed.split("\0")):
            if (PROJECT / name).is_file():
                (to / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(PROJECT / name, to / name)
    else:
        shutil.copytree(PROJECT, to, ignore=shutil.ignore_patterns(".venv*", "build", "dist", "wheels"))


def can_unshare() -> bool:
    """True where a command can be started without any network."""
    words = ["unshare", "--user", "--map-root-user", "--net", "true"]
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def new_venv(machine: Machine, name: str) -> Path:
    """The `bin` of a fresh one."""
    folder = machine.base / name
    machine.run(f"venv {name}", sys.executable, "-m", "venv", folder)
    return folder / "bin"


# The ways


def plain_pip(machine: Machine) -> None:
    """pip install ."""
    bin_ = new_venv(machine, "plain")
    machine.run("install", bin_ / "pip", "install", "--quiet", ".")
    machine.check(bin_ / "docstra-tui")


def source_archive(machine: Machine) -> None:
    """pip install of the sdist, whose wheel is built on the way"""
    bin_ = new_venv(machine, "archive")
    machine.run("hatchling", bin_ / "pip", "install", "--quiet", "hatchling>=1.27")
    machine.run(
        "build", bin_ / "python", "-m", "hatchling", "build", "-t", "sdist", "-d", machine.base / "dist"
    )
    (archive,) = (machine.base / "dist").glob("*.tar.gz")
    machine.run("install", bin_ / "pip", "install", "--quiet", archive)
    machine.check(bin_ / "docstra-tui", asks=False)


def with_pipx(machine: Machine) -> None:
    """pipx install ."""
    bin_ = new_venv(machine, "pipx")
    machine.run("pipx itself", bin_ / "pip", "install", "--quiet", "pipx")
    machine.run("install", bin_ / "pipx", "install", "--quiet", ".")
    machine.check(machine.home / ".local" / "bin" / "docstra-tui")


def with_uv(machine: Machine) -> None:
    """uv tool install ."""
    bin_ = new_venv(machine, "uv")
    machine.run("uv itself", bin_ / "pip", "install", "--quiet", "uv")
    machine.run("install", bin_ / "uv", "tool", "install", "--quiet", ".")
    machine.check(machine.home / ".local" / "bin" / "docstra-tui")


def with_make(machine: Machine) -> None:
    """make run, up to the app: without the tools for tests"""
    machine.run("make venv", "make", "venv", f"PYTHON={sys.executable}")
    bin_ = machine.checkout / ".venv" / "bin"
    if (bin_ / "pytest").exists():
        raise Failed("make venv installed the tools for tests")
    machine.check(bin_ / "docstra-tui")
    machine.run("again", "make", "venv", f"PYTHON={sys.executable}")


def from_wheels(machine: Machine) -> None:
    """make wheels on one machine, make run on another that has no network"""
    machine.run("make wheels", "make", "wheels", f"PYTHON={sys.executable}")
    wheels = machine.checkout / "wheels"
    machine.has_network, machine.cache = False, machine.base / "cache"
    machine.variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    machine.run("make venv", "make", "venv", f"PYTHON={sys.executable}")
    program = machine.checkout / ".venv" / "bin" / "docstra-tui"
    machine.run("starter", program, "models", "pull", "starter")
    machine.check(program)


def system_torch(machine: Machine) -> None:
    """make run TORCH=system, with a torch that a module brings"""
    module = machine.base / "module"
    bin_ = new_venv(machine, "plain")
    pins = machine.checkout / "constraints.txt"
    machine.run(
        "its torch", bin_ / "pip", "install", "--quiet", "-c", pins, "--target", module, "torch", "numpy"
    )
    machine.variables = {"PYTHONPATH": str(module)}
    machine.run("make venv", "make", "venv", "TORCH=system", f"PYTHON={sys.executable}")
    own = machine.checkout / ".venv"
    if list(own.glob("lib/*/site-packages/torch")):
        raise Failed("torch was installed once more")
    machine.check(own / "bin" / "docstra-tui")


def compute_node(machine: Machine) -> None:
    """models pull on the login node, the answer on a node without a network, from the same home"""
    bin_ = new_venv(machine, "plain")
    machine.run("install", bin_ / "pip", "install", "--quiet", ".")
    program = bin_ / "docstra-tui"
    machine.cache = machine.base / "shared"
    machine.run("models pull", program, "models", "pull", "starter")
    machine.has_network = False
    machine.check(program)


WAYS: dict[str, Callable[[Machine], None]] = {
    "pip": plain_pip,
    "sdist": source_archive,
    "pipx": with_pipx,
    "uv": with_uv,
    "make": with_make,
    "wheels": from_wheels,
    "system-torch": system_torch,
    "compute-node": compute_node,
}


def tried(name: str, cache: Path) -> dict[str, object]:
    """One way, and how it went."""
    with tempfile.TemporaryDirectory(prefix=f"docstra-{name}-", ignore_cleanup_errors=True) as folder:
        machine = Machine(Path(folder), cache)
        error = ""
        try:
            WAYS[name](machine)
        except (Failed, subprocess.TimeoutExpired, ValueError, KeyError, OSError) as failure:
            error = str(failure) or type(failure).__name__
        size = sum(path.lstat().st_size for path in Path(folder).rglob("*") if not path.is_dir())
    seconds = round(sum(machine.steps.values()), 1)
    return {
        "way": name,
        "error": error,
        "seconds": seconds,
        "steps": machine.steps,
        "megabytes": size // 10**6,
    }


def main(words: Sequence[str]) -> int:
    """1 where a way fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("ways", nargs="*", metavar="WAY", help=", ".join(WAYS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all of it there")
    given = parser.parse_args(words)
    if unknown := set(given.ways) - set(WAYS):
        parser.error(f"{', '.join(sorted(unknown))}: no such way; there are {', '.join(WAYS)}")
    results = []
    with tempfile.TemporaryDirectory(prefix="docstra-starter-", ignore_cleanup_errors=True) as cache:
        for name in given.ways or WAYS:
            result = tried(name, Path(cache))
            results.append(result)
            sys.stdout.write(f"{name}: {result['error'] or 'well'}\n  {WAYS[name].__doc__}\n")
            sys.stdout.write(f"  {result['seconds']} s, {result['megabytes']} MB; {result['steps']}\n")
            sys.stdout.flush()
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n")
    return 1 if any(result["error"] for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
