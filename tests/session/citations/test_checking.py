"""What an answer says of files is looked up in what was sent."""

from __future__ import annotations

import docstra_tui
from docstra_tui.llm.items import ContextItem


def test_a_quote_that_stands_in_a_file_is_found_with_its_line() -> None:
    item = ContextItem("import os\nlimit = read(path)\n", path="a.py", start_line=10, end_line=11)
    (citation,) = docstra_tui.verify("See `limit = read(path)`.", [item])
    assert (citation.path, citation.line, citation.status) == ("a.py", 11, "found")
