"""The rows of the tree, without a screen."""

from __future__ import annotations

from docstra_tui.context.files.tree import Entry, Listing
from docstra_tui.context.picks import tree_order
from docstra_tui.workspace.files import ticks
from docstra_tui.workspace.files.file_rows import SOME, TICKED, UNTICKED, FileRows


def a_tree() -> FileRows:
    tree = FileRows()
    tree.put(
        "",
        Listing(
            (
                Entry("pkg", "pkg", True),
                Entry("a.py", "a.py", False),
                Entry("pipe", "pipe", False, reason="a pipe"),
            )
        ),
    )
    tree.put("pkg", Listing((Entry("pkg/sub", "sub", True), Entry("pkg/b.py", "b.py", False))))
    return tree


def test_a_mention_takes_nothing_away_of_what_is_ticked():
    tree = a_tree()
    tree.tick(["a.py"], True)
    tree.mention_lines("a.py", 3, 5)
    assert [pick.label for pick in tree.picks] == ["a.py"]

    tree.mention_lines("pkg/b.py", 1, 10)
    tree.mention_lines("pkg/b.py", 11, 20)
    tree.mention_lines("pkg/b.py", 15, 30)
    assert [pick.label for pick in tree.picks] == [
        "pkg/b.py:1-10",
        "pkg/b.py:11-20",
        "pkg/b.py:21-30",
        "a.py",
    ]


def test_all_of_the_project_is_ticked_once():
    tree = a_tree()
    tree.tick(["a.py"], True)
    tree.tick_whole("", ["pkg/b.py", "a.py"])
    assert tree.ticked == ("pkg/b.py", "a.py")
    assert tree.whole_folders == ()
    tree.tick(["a.py"], False)
    assert tree.ticked == ("pkg/b.py",)


def test_a_closed_folder_hides_what_it_holds():
    tree = a_tree()
    assert [row.path for row in tree.rows()] == ["pkg", "a.py", "pipe"]
    tree.toggle_open("pkg")
    assert [row.path for row in tree.rows()] == ["pkg", "pkg/sub", "pkg/b.py", "a.py", "pipe"]


def test_a_folder_shows_whether_some_or_all_of_it_is_ticked():
    tree = a_tree()
    folder = tree.rows()[0]
    assert tree.mark(folder) == UNTICKED
    tree.tick(["pkg/b.py"], True)
    assert tree.mark(folder) == SOME
    tree.tick_whole("pkg", ["pkg/b.py", "pkg/sub/c.py"])
    assert tree.mark(folder) == TICKED
    tree.tick(["pkg/sub/c.py"], False)
    assert tree.mark(folder) == SOME


def test_a_folder_that_nobody_opened_is_looked_into_to_know_whether_all_of_it_is_ticked():
    tree = a_tree()
    folder = tree.rows()[0]
    tree.tick(["pkg/b.py", "pkg/sub/c.py"], True)
    assert (tree.mark(folder), tree.to_look_into(), tree.to_look_into()) == (SOME, ["pkg/sub"], [])
    tree.put("pkg/sub", Listing((Entry("pkg/sub/c.py", "c.py", False),)))
    assert (tree.mark(folder), tree.to_look_into()) == (TICKED, [])
    assert tree.needs_listing("pkg/sub") and not tree.needs_listing("pkg/sub")  # what was there a while ago
    tree.tick(["pkg/b.py"], False)
    tree.forget_closed()
    tree.put("pkg", Listing((Entry("pkg/sub", "sub", True), Entry("pkg/b.py", "b.py", False))))
    assert (tree.mark(folder), tree.to_look_into()) == (SOME, [])  # whatever is below, it is not all
    tree.tick(["pkg/b.py"], True)
    assert tree.to_look_into() == ["pkg/sub"]
    tree.put("pkg/sub", Listing((), error="Permission denied"))
    assert (tree.mark(folder), tree.to_look_into()) == (SOME, [])


def test_what_cannot_be_picked_has_no_box_and_keeps_its_reason():
    row = a_tree().rows()[2]
    assert not row.can_be_picked
    assert row.reason == "a pipe"


def test_an_error_is_a_row_and_the_folder_can_be_listed_again():
    tree = FileRows()
    tree.put("", Listing((), error="Permission denied"))
    assert [(row.kind, row.reason) for row in tree.rows()] == [("error", "Permission denied")]
    assert tree.needs_listing("")


def test_ticked_files_come_in_the_order_of_the_tree():
    tree = FileRows()
    tree.tick(["z.py", "B/x.py", "a/y.py", "a/sub/q.py", "A.py"], True)
    assert tree.in_tree_order() == ("a/sub/q.py", "a/y.py", "B/x.py", "A.py", "z.py")


def test_rows_that_do_not_fit_are_counted():
    tree = FileRows()
    tree.put("", Listing((Entry("a", "a", False),), more=3000))
    assert tree.rows()[-1].reason == "3,000 more, / to filter"


def labels(tree: FileRows) -> list[str]:
    return [pick.label for pick in tree.picks]


def test_lines_of_a_file_are_items_of_their_own():
    tree = a_tree()
    tree.tick_lines("a.py", 20, 30)
    tree.tick_lines("a.py", 3, 9)
    assert labels(tree) == ["a.py:3-9", "a.py:20-30"]
    assert tree.mark(tree.rows()[1]) == SOME
    tree.untick_lines("a.py", 3, 9)
    assert labels(tree) == ["a.py:20-30"]
    tree.untick_lines("a.py", 20, 30)
    assert labels(tree) == []
    assert tree.mark(tree.rows()[1]) == UNTICKED


def test_the_whole_file_takes_the_place_of_its_lines_and_the_other_way_round():
    tree = a_tree()
    tree.tick_lines("a.py", 3, 9)
    tree.tick(["a.py"], True)
    assert labels(tree) == ["a.py"]
    tree.tick_lines("a.py", 4, 5)
    assert labels(tree) == ["a.py:4-5"]


def test_a_folder_is_remembered_as_a_folder_until_one_of_its_files_is_unticked():
    tree = a_tree()
    tree.tick(["z.py", "Pkg/a.py"], True)
    tree.tick_whole("pkg", ["pkg/sub/c.py", "pkg/b.py"])
    assert tree.whole_folders == ("pkg",)
    assert labels(tree) == ["Pkg/a.py", "pkg/sub/c.py", "pkg/b.py", "z.py"]
    tree.tick_whole("pkg", ["pkg/sub/c.py", "pkg/sub/new.py", "pkg/b.py"])
    assert labels(tree) == ["Pkg/a.py", "pkg/sub/c.py", "pkg/sub/new.py", "pkg/b.py", "z.py"]
    tree.tick(["pkg/b.py"], False)
    assert tree.whole_folders == ()
    tree.untick_below("pkg")
    assert labels(tree) == ["Pkg/a.py", "z.py"]
    assert not tree.has_ticks_below("pkg")


def test_ticking_twenty_thousand_files_stalls_nobody(monkeypatch):
    tree = FileRows()
    paths = [f"pkg/module_{number:05}.py" for number in range(20_000)]
    placed = []

    def counted(path):
        placed.append(path)
        return tree_order(path)

    monkeypatch.setattr(ticks, "tree_order", counted)
    tree.tick_whole("pkg", paths)
    tree.tick(["pkg/module_00007.py"], False)
    tree.tick(["pkg/module_00007.py"], True)
    assert 0 < len(placed) < 100  # each goes to its place by halving: nothing is sorted
    picks = tree.picks
    assert len(picks) == 20_000
    assert picks[7].path == "pkg/module_00007.py"
