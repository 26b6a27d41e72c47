"""`python -m docstra_tui` is `docstra-tui`."""

from __future__ import annotations

import sys


def main() -> int:
    """The exit code. A Ctrl+C while the program is still being read ends it without a word."""
    try:
        from docstra_tui.cli import main as run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
