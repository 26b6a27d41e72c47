"""`python -m docstra_tui` is `docstra-tui`."""

from __future__ import annotations

import sys

from docstra_tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
