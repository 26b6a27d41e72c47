"""docstra-tui: ask your code, on your GPU box, over plain SSH."""

__version__ = "0.1.0"
