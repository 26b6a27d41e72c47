"""Run the kinds of faults and print their counts: `python -m benchmarks.faults [KIND …] [--json]`."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import tempfile

import benchmarks.faults
from benchmarks.report import Report


def kinds() -> list[str]:
    """Every kind, by the name of its module."""
    return sorted(
        found.name for found in pkgutil.iter_modules(benchmarks.faults.__path__) if found.name[0] != "_"
    )


def main() -> int:
    """Exit code 2 where a kind is named that is none."""
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
    unknown = sorted(set(wanted) - set(kinds()))
    if unknown:
        sys.stderr.write(f"No kind of fault: {', '.join(unknown)}. Known: {', '.join(kinds())}.\n")
        return 2
    report = Report("faults, counted")
    with tempfile.TemporaryDirectory(prefix="dt-faults-") as base:
        # Nothing of whoever runs this is read or written; models that were fetched are used.
        for place in ("STATE", "CONFIG", "RUNTIME"):
            os.environ[f"DOCSTRA_{place}_DIR"] = f"{base}/{place.lower()}"
        for kind in wanted or kinds():
            importlib.import_module(f"benchmarks.faults.{kind}").count(report)
    report.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
