"""The library's log, for whoever runs the process to read."""

from __future__ import annotations

import logging

logger = logging.getLogger("docstra_tui.llm")
logger.addHandler(logging.NullHandler())  # without a handler, logging would write to stderr: the screen
