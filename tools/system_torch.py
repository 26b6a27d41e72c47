"""Constraints for a machine that brings its own torch: ours, without torch and what torch itself pins.

Usage: python tools/system_torch.py constraints.txt OUT. Fails when the installed torch is missing or
outside the range of pyproject.toml, and says which version was found.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.version import Version

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def main(constraints: Path, out: Path) -> int:
    """Write the constraints that are left; 0 when the system's torch will do."""
    wanted = torch_requirement()
    try:
        version = Version(metadata.version("torch"))
    except metadata.PackageNotFoundError:
        sys.stderr.write(
            "TORCH=system, but this Python has no torch: load its module first, or leave TORCH out.\n"
        )
        return 1
    if not wanted.specifier.contains(version, prereleases=True):
        sys.stderr.write(f"TORCH=system, but this torch is {version}; {wanted.specifier} is needed.\n")
        return 1
    own = {"torch"} | {plain(Requirement(line).name) for line in metadata.requires("torch") or []}
    kept = [
        line
        for line in constraints.read_text().splitlines()
        if plain(re.split(r"[<>=!~;\s]", line, maxsplit=1)[0]) not in own
    ]
    out.write_text("\n".join(kept) + "\n")
    sys.stdout.write(f"using the system's torch {version}\n")
    return 0


def torch_requirement() -> Requirement:
    """torch's line of pyproject.toml."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    return next(r for r in map(Requirement, project["dependencies"]) if r.name == "torch")


def plain(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
