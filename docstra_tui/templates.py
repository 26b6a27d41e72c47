"""The user's own task templates: each text file in the configuration's `templates/` is one.

`review.txt` or `review.md` is the template `review`; one that is called like a built-in template
takes its place. Knows nothing about what a template means.
"""

from __future__ import annotations

from pathlib import Path

from docstra_tui import paths
from docstra_tui.errors import TemplateError

ENDINGS = (".txt", ".md")


def folder() -> Path:
    """Where they are kept."""
    return paths.config_dir() / "templates"


def load_all() -> dict[str, str]:
    """Template text by name. Raises `TemplateError` for one that cannot be read."""
    found: dict[str, str] = {}
    for path in sorted(folder().glob("*")):
        if path.suffix not in ENDINGS or not path.is_file():
            continue
        try:
            found[path.stem] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TemplateError(f"The template {path} cannot be read: {error}.") from error
    return found
