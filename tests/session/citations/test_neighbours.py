"""What stands near a reference decides what it is about: a heading, the lines of its sentence, its file."""

from __future__ import annotations

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.citations.checking import verify

SHAPES = ContextItem(
    "class Square:\n    def area(self):\n        return self.side ** 2\n\n\n"
    "class Circle:\n    def area(self):\n        return self.radius ** 2 * PI\n\n\n    side = area(side)\n",
    "shapes/plane.py",
    "python",
)
MAIN = ContextItem("from shapes import Square\n\nprint(Square(3))\n", "main.py", "python")


def said(answer: str) -> list[tuple[str, str, int | None, str]]:
    return [(one.kind, one.path or "", one.line, one.status) for one in verify(answer, [SHAPES, MAIN])]


def test_a_heading_is_the_place_of_the_fence_below_it() -> None:
    fence = "```python\nclass Circle:\n    def area(self):\n        return self.radius ** 2 * PI\n```"
    for heading in (
        "### `plane.py:1-3`",
        "**shapes/plane.py:1-3**",
        "**lines 1–3 of `plane.py`**",
        "`plane.py` L1-L3",
    ):
        assert said(f"{heading}\n\n{fence}") == [("fence", "shapes/plane.py", 6, "moved")], heading
    assert said(f"### `plane.py:6-8`\n\n{fence}") == [("fence", "shapes/plane.py", 6, "found")]


def test_lines_after_an_l_are_lines() -> None:
    for place in ("`plane.py:L8`", "`plane.py` (L8)", "[`plane.py`](shapes/plane.py#L8)", "`plane.py` L8-L9"):
        assert said(f"`return self.side ** 2` ({place})") == [("quote", "shapes/plane.py", 3, "moved")], place
    for alone in ("- see L7-L8", "``\nL7-L8\n```", "It is done there (L7)"):  # no file, no full stop, no code
        (citation,) = verify(alone, [SHAPES])
        assert (citation.kind, citation.path, citation.line) == ("place", "shapes/plane.py", 7), alone
    assert said("The L2 cache of `plane.py` is small.") == [("path", "shapes/plane.py", None, "found")]


def test_of_two_definitions_the_one_on_the_named_line_is_meant() -> None:
    assert ("symbol", "shapes/plane.py", 7, "found") in said("`area()` (`plane.py:7`) does it.")
    assert ("symbol", "shapes/plane.py", 2, "found") in said("`area()` (`plane.py:2`) does it.")


def test_a_name_of_another_file_is_moved() -> None:
    assert ("symbol", "shapes/plane.py", 6, "moved") in said("In `main.py`, `Circle` is drawn.")
    assert ("symbol", "shapes/plane.py", 1, "found") in said("In `main.py`, `Square` is drawn.")
    assert ("symbol", "shapes/plane.py", 8, "moved") in said("In `main.py`, `self.radius` is drawn.")
