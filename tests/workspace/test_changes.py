"""What git says is context like a file: named, read, looked at again, sent and kept, in every face's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui.commands.named_files import Naming
from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.files.index import FileIndex
from docstra_tui.context.files.tree import list_folder
from docstra_tui.context.mentions import Mention, find_mentions
from docstra_tui.context.picks import Pick
from docstra_tui.errors import UnreadableFile
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.workspace import changes
from docstra_tui.workspace.changes import GitItems
from docstra_tui.workspace.files.named_files import find_named
from docstra_tui.workspace.files.selection import FileSelection
from tests.context.git.made import git, needs_git, write
from tests.fakes import FakeLLM

pytestmark = needs_git


@pytest.fixture
def root(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    git(project, "init", "-q", "-b", "main")
    write(project, "a.py", "a = 1\n")
    write(project, ".env", "KEY=1\n")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "First")
    write(project, "a.py", "a = 2\n")
    return project


def sent(llm: FakeLLM) -> str:
    return "".join(str(message["content"]) for message in llm.calls[-1].messages)


def test_a_diff_is_sent_as_it_is_then_and_kept_with_its_turn(root: Path) -> None:
    store = SessionStore()
    llm = FakeLLM("Two.", "Three.")
    session = ChatSession(llm, root, store)
    selection = FileSelection(root, 100_000)
    named = find_named(
        find_mentions("why @diff and @commit:main?"),
        root,
        lambda: IgnoreRules(root),
        max_bytes=selection.max_bytes_of,
        changes=selection.changes,
    )
    assert named.order == (Pick("@diff"), Pick("@commit:main"))
    assert selection.add(named.order) == [Pick("@commit:main"), Pick("@diff")]
    assert selection.read(session).notes == ()
    "".join(session.ask("why?"))
    assert [item.label for item in session.context] == ["@commit:main (git)", "@diff (git)"]
    assert "-a = 1\n+a = 2\n" in sent(llm)
    write(root, "a.py", "a = 3\n")
    report = selection.read(session)
    assert report.notes == ("@diff changed, read again",)
    "".join(session.ask("and now?"))
    assert "+a = 3\n" in sent(llm)
    git(root, "commit", "-q", "-am", "Second")
    assert selection.read(session).notes == ("@commit:main changed, read again", "@diff changed, read again")
    assert store.flush(5)
    again = FileSelection(root, 100_000)
    again.take_over(session)
    assert again.picks == (Pick("@commit:main"), Pick("@diff"))
    assert again.drop([Mention("@diff")]) == [Pick("@diff")]
    store.close()


def test_what_may_hold_secrets_is_left_out_and_that_is_said(root: Path) -> None:
    write(root, ".env", "KEY=2\n")
    selection = FileSelection(root, 100_000)
    named = find_named(
        [Mention("@diff")],
        root,
        lambda: IgnoreRules(root),
        max_bytes=lambda _: 9999,
        changes=selection.changes,
    )
    assert named.left_out == ("Of @diff, 1 file is left out, as they may hold secrets.",)
    assert "KEY" not in selection.read_now(Pick("@diff")).content


@pytest.mark.parametrize(
    ("mention", "why"),
    [
        ("@staged", "Nothing is staged."),
        ("@commit:nope", "nope names no commit of this repository."),
        ("@commit:HEAD~4", "the history is not that long"),
    ],
)
def test_what_names_nothing_is_said(root: Path, mention: str, why: str) -> None:
    found = find_named(
        [Mention(mention)], root, lambda: IgnoreRules(root), max_bytes=lambda _: 9999, changes=GitItems(root)
    )
    assert found.order == ()
    assert why in " ".join(found.problems)


def test_without_a_repository_the_way_to_a_file_of_that_name_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="lies in no git repository") as error:
        GitItems(tmp_path).item("@diff", 1000)
    assert "./" in error.value.hint


def test_looking_costs_a_part_of_the_time_only(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = GitItems(root)
    file = items.tick("@diff", max_bytes=9999)
    now = [100.0]
    monkeypatch.setattr(changes.time, "monotonic", lambda: now[0])
    assert items.look(file, 9999, is_asked=False) == file
    write(root, "a.py", "a = 4\n")
    assert items.look(file, 9999, is_asked=False) is file
    assert items.look(file, 9999, is_asked=True).state.kind == "changed"
    now[0] += changes.LEAST_SECONDS + 1
    newer = items.look(file, 9999, is_asked=False).newer
    assert newer is not None
    assert "+a = 4\n" in newer.content
    (root / ".git").rename(root / "gone")
    items.close()
    assert GitItems(root).tick("@diff", max_bytes=9999).state.kind == "unreadable"


def test_lines_of_it_can_be_picked(root: Path) -> None:
    file = GitItems(root).tick("@diff", 3, 4, max_bytes=9999)
    assert file.item is not None
    assert (file.item.start_line, file.item.content.count("\n")) == (3, 2)
    assert GitItems(root).tick("@diff", 300, 400, max_bytes=9999).state.kind == "unreadable"


def test_what_is_not_followed_is_said_once(root: Path) -> None:
    (root / ".git/config").open("a").write("[include]\n\tpath = /etc/hostname\n")
    items = GitItems(root)
    assert items.unsaid() == ()
    assert dict(items.changes().states) == {"a.py": " M"}
    assert items.unsaid() == ("The repository's config includes other files; they are not read.",)
    items.changes()
    assert items.unsaid() == ()


def test_names_are_offered_where_there_is_a_repository(root: Path, tmp_path: Path) -> None:
    items = GitItems(root)
    assert items.names("") == items.names("src") == ()
    assert items.names("di") == ("@diff",)
    assert items.names("com") == ("@commit:HEAD",)
    assert items.names("commit:") == ("@commit:HEAD", "@commit:main")
    assert items.names("commit:ma") == ("@commit:main",)
    assert GitItems(tmp_path).names("di") == ()


def test_names_are_offered_while_the_repository_is_being_looked_at(root: Path) -> None:
    """A first look at a large one takes seconds, and an `@` that is typed then is mostly a file's."""
    items = GitItems(root)
    with items._git._asking:
        assert items.names("st") == ("@staged",)
        assert items.names("commit:") == ("@commit:HEAD",)
    assert items.names("commit:m") == ("@commit:main",)
    items.close()


def test_a_file_that_is_called_so_cannot_be_picked_by_mistake(root: Path) -> None:
    write(root, "@diff", "a lie\n")
    write(root, "@commit:x/y.py", "a lie\n")
    write(root, "src/@diff", "a file\n")
    rules = IgnoreRules(root)
    reasons = {entry.name: entry.reason for entry in list_folder(root, "", rules).entries}
    assert reasons["@diff"] == reasons["@commit:x"] == "its name means what git says"
    index = FileIndex(root, rules)
    index.fill()
    assert sorted(index.paths) == ["a.py", "src/@diff"]


def test_what_the_settings_ignore_is_not_new(root: Path) -> None:
    write(root, "made.gen.py", "m = 1\n")
    write(root, "new.py", "n = 1\n")
    selection = FileSelection(root, 100_000, ["*.gen.py"])
    try:
        assert dict(selection.changes.changes().states) == {"a.py": " M", "new.py": " ?"}
    finally:
        selection.close()


def test_a_command_line_names_it_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    write(root, ".env", "KEY=2\n")
    said: list[str] = []
    naming = Naming(100_000, said.append)
    (item,) = naming.all(["@diff"])
    assert (item.label, item.language) == ("@diff (git)", "diff")
    assert "+a = 2\n" in item.content
    assert said == ["Of @diff, 1 file is left out, as they may hold secrets."]
    write(root, "@diff", "a real file\n")
    assert naming.one("@diff").content == "a real file\n"
