"""How the site is built: `make docs-site`. Warnings are errors, references to nowhere too.

The source is the whole repository, so that a link between two pages is the same in both.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from docstra_tui import __version__  # noqa: E402

project = "docstra-tui"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "docs/index"
include_patterns = ["docs/**.md", "README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"]
exclude_patterns = [
    ".*",
    "build",
    "dist",
    "docs/weather",
    "docstra_tui",
    "tests",
    "benchmarks",
    "tools",
    "findings",
    "themes",
    "deploy",
]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "docstra-tui"
html_show_sourcelink = html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}

# The reference: from docstrings, without torch and what stands on it.
autodoc_mock_imports = ["torch", "torchao", "transformers", "tokenizers", "safetensors", "gguf", "accelerate"]
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 90


# What signatures name and nobody who uses the library makes or reads; without a module where it is imported
# for type checkers only.
nitpick_ignore = [
    ("py:class", name)
    for name in (
        "docstra_tui.llm.answer.AnswerSource",
        "docstra_tui.llm.files.sources.LoadProgress",
        "docstra_tui.llm.http.gate.Gate",
        "docstra_tui.llm.inference.chat_tokenizer.ChatTokenizer",
        "docstra_tui.llm.prompt.Messages",
        "docstra_tui.llm.written.Written",
        "docstra_tui.session.citations.texts.Texts",
        "Namer",
        "Progress",
    )
]


def as_markup(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Our docstrings are plain text with `code` and indented examples; Sphinx reads reStructuredText."""
    text = re.sub(r"(?<![:`\w])`([^`]+)`(?!`)", r"``\1``", "\n".join(lines))
    lines[:] = re.sub(r"\n\n(?=    \S)(?<!::\n\n)", "\n\n::\n\n", text).split("\n")


def stays_plain(app: Any, env: Any, node: Any, shown: Any) -> Any:
    """What is not ours has its documentation elsewhere, and nothing is fetched to link to it."""
    is_ours = node["reftarget"].split("[")[0].startswith("docstra_tui") or "." not in node["reftarget"]
    return shown if node.get("refdomain") == "py" and not is_ours else None


def setup(app: Any) -> None:
    app.connect("autodoc-process-docstring", as_markup)
    app.connect("missing-reference", stays_plain)
