"""`python -m docstra_tui.engine OPTIONS`: become an engine. Started by `lifecycle.connect`, not by hand."""

from __future__ import annotations

import os
import sys
import traceback


def run() -> None:
    """Serve, then end without waiting for threads that may sit in the middle of a forward pass."""
    import msgspec

    from docstra_tui.engine.client.identity import EngineOptions
    from docstra_tui.engine.server.run import main

    try:
        code = main(msgspec.json.decode(sys.argv[1], type=EngineOptions))
    except Exception:  # the process ends below whatever came; standard error is the log
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
