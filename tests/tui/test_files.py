"""The files pane's stories: found, ticked whole or in lines, counted, watched, remembered."""

from __future__ import annotations

import os
import threading
import time

import pytest
from textual.widgets import Static

from docstra_tui.address import parse
from docstra_tui.context.files.index import FileIndex
from docstra_tui.context.picks import Pick
from docstra_tui.llm.answer import Usage
from docstra_tui.llm.http.gate import Gate
from docstra_tui.tui.screens.confirm import ConfirmScreen
from docstra_tui.tui.screens.help import HelpScreen
from docstra_tui.tui.screens.preview import PreviewScreen
from docstra_tui.tui.widgets.source_view import SourceView
from docstra_tui.tui.widgets.ticked_list import TickedList
from docstra_tui.workspace.files import saved_ticks as ticks
from tests.tui.fakes import Backends, FakeBackend, screen_text, until
from tests.tui.story import ask, is_ready

SIZE = (120, 40)


def pane(app):
    """The files pane, line by line."""
    width = app.main.query_one("#files").size.width
    return [line[:width].rstrip() for line in screen_text(app).splitlines()[1:-1]]


def row_of(app, text):
    return next((line for line in pane(app) if text in line), "")


def ticked(app):
    return app.main.tree_view.ticked


async def tick(pilot, *paths):
    """As a person would, but wherever the file stands."""
    await until(pilot, lambda: "README.md" in screen_text(pilot.app))
    for path in paths:
        pilot.app.main.tree_view.put_picks([Pick(path)])
    await until(pilot, lambda: len(pilot.app.main.selection.now.files) == len(ticked(pilot.app)))


async def look(pilot):
    """What happens by itself every two seconds."""
    pilot.app.main.files.look()
    await pilot.pause(0.05)


async def sees(pilot, text):
    async def again():
        deadline = time.monotonic() + 30
        while text not in "\n".join(pane(pilot.app)):
            assert time.monotonic() < deadline, screen_text(pilot.app)
            await look(pilot)

    await again()


def age(path, seconds=3600):
    """Written long ago: its times can be trusted."""
    then = time.time() - seconds
    os.utime(path, (then, then))


# The filter


async def test_typing_finds_a_file_anywhere_space_ticks_it_and_escape_shows_the_tree_again(make_app):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "slash", *"cfg")
        await until(pilot, lambda: row_of(app, "/ cfg") != "" and row_of(app, "pkg/config.py") != "")
        assert row_of(app, "README.md") == ""
        await pilot.press("space")
        await until(pilot, lambda: "☑ pkg/config.py" in row_of(app, "☑"))
        await pilot.press("escape")
        await until(pilot, lambda: row_of(app, "README.md") != "")
        assert app.main.composer.has_focus  # Escape always leads there: what is typed next is a question
        assert ticked(app) == ("pkg/config.py",)
        assert app.main.tree_view.cursor == 0


async def test_letters_that_are_keys_elsewhere_are_typed_and_come_in_one_burst(make_app):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "slash", *"kjhlrit.", "backspace", "ctrl+u", *"readme", "enter")
        await until(
            pilot, lambda: isinstance(app.screen, PreviewScreen) or app.main.tree_view.row is not None
        )
        await until(pilot, lambda: app.main.tree_view.sought == "readme")
        assert not app.main.tree_view.show_hidden and not app.main.tree_view.show_ignored


async def test_what_is_not_there_is_said(make_app):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "slash", *"zzzz")
        await until(pilot, lambda: row_of(app, "no such file") != "")
        await pilot.press(*["backspace"] * 5)
        await until(pilot, lambda: row_of(app, "README.md") != "")


async def test_where_not_all_files_are_known_the_filter_says_so(make_app, root, monkeypatch):
    defaults = FileIndex.__init__.__kwdefaults__
    monkeypatch.setattr(FileIndex.__init__, "__kwdefaults__", defaults | {"limit": 2})
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "slash", *"zzz")
        await until(pilot, lambda: "no such file" in "".join(pane(app)))
        assert "of the first 2 files only" in "".join(pane(app))


async def test_a_large_folder_shows_the_first_rows_and_says_how_to_find_the_rest(make_app, root):
    for number in range(2100):
        (root / f"file_{number:04}.txt").touch()
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "end")
        await until(pilot, lambda: row_of(app, "102 more, / to filter") != "")
        await pilot.press("slash", *"2099")
        await until(pilot, lambda: row_of(app, "☐ file_2099.txt") != "")


# Which files are shown


async def test_hidden_and_ignored_files_can_be_shown_and_hidden_again(make_app, root):
    (root / ".gitignore").write_text("*.log\n")
    (root / "out.log").write_text("x\n")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        assert row_of(app, "out.log") == row_of(app, ".gitignore") == ""
        await pilot.press("f2", "i")
        await until(pilot, lambda: row_of(app, "out.log") != "" and row_of(app, "+ ignored") != "")
        assert row_of(app, ".gitignore") == ""
        await pilot.press("full_stop")
        await until(pilot, lambda: row_of(app, ".gitignore") != "" and row_of(app, "+ all files") != "")
        await pilot.press("i", "full_stop")
        await until(pilot, lambda: row_of(app, "out.log") == row_of(app, ".gitignore") == "")


async def test_the_keys_of_the_files_are_in_the_help(make_app):
    app = make_app()
    async with app.run_test(size=(120, 200)) as pilot:
        await is_ready(pilot)
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and "Keys" in screen_text(app))
        said = "".join(str(part.content) for part in app.screen.query(Static))
        assert "/                     Find a file by a few of its letters" in said
        assert "i                     Show what .gitignore hides, or not" in said
        assert ".                     Show hidden files, or not" in said
        assert "v                     Mark lines from here" in said


# Ticked, and counted


async def test_what_is_ticked_stands_above_the_tree_with_its_exact_tokens(make_app, backend):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await tick(pilot, "pkg/client.py", "pkg/config.py", "README.md")
        await until(pilot, lambda: "…" not in "".join(pane(app)))
        llm, session = backend.llm, app.main.session
        items = {item.path: item for item in session.context}

        def with_items(*chosen):
            asked = llm.prompt_builder.conversation("answer_question", chosen, (), question="")
            return llm.count_tokens(asked.messages)

        first, second = (
            with_items(items[path]) - with_items() for path in ("pkg/client.py", "pkg/config.py")
        )
        above = [line for line in pane(app) if line.startswith(" ✓")]
        assert above[0].split() == ["✓", "pkg/client.py", str(first)]
        assert above[1].split() == ["✓", "pkg/config.py", str(second)]
        await until(pilot, lambda: row_of(app, "☑ pkg/") != "")  # all of it: it was looked into
        assert row_of(app, "☑ pkg/").split()[-1] == str(first + second)
        third = with_items(items["README.md"]) - with_items()
        assert pane(app)[0].split() == ["Files", "3", "ticked", str(first + second + third)]


async def test_an_estimate_is_marked_as_one(make_app):
    backend = FakeBackend()
    backend.llm.exact = False
    app = make_app(opener=Backends(backend))
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await tick(pilot, "README.md")
        await until(pilot, lambda: "≈" in row_of(app, "✓ README.md"))


async def test_ticked_files_can_be_unticked_above_the_tree(make_app):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await tick(pilot, "pkg/client.py", "README.md")
        await pilot.press("f2", "up")
        await until(pilot, lambda: app.main.query_one(TickedList).has_focus)
        await pilot.press("down", "space")
        await until(pilot, lambda: ticked(app) == ("pkg/client.py",))
        await pilot.press("space")
        await until(pilot, lambda: ticked(app) == () and app.main.tree_view.has_focus)
        assert not app.main.query_one(TickedList).display


# Lines, in the preview


async def test_lines_are_ticked_in_the_preview_and_sent_alone(make_app, backend, root):
    (root / "long.py").write_text("".join(f"line_{number} = {number}\n" for number in range(1, 31)))
    backend.llm.enqueue("ok")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await until(pilot, lambda: row_of(app, "long.py") != "")
        await pilot.press("f2", "down", "enter")
        await until(pilot, lambda: "line_1 = 1" in screen_text(app))
        await pilot.press("down", "shift+down", "shift+down")
        await until(pilot, lambda: "Space ticks lines 2-4" in screen_text(app))
        await pilot.press("space")
        await until(pilot, lambda: ticked(app) == ("long.py:2-4",))
        await pilot.press("down", "down", "v", "down", "space")  # 6-7
        await until(pilot, lambda: ticked(app) == ("long.py:2-4", "long.py:6-7"))
        await pilot.press("escape")
        await until(pilot, lambda: row_of(app, "✓ long.py:2-4") != "" and row_of(app, "✓ long.py:6-7") != "")
        assert "◪ long.py" in row_of(app, "◪")
        await pilot.press(*"Why?", "enter")
        await until(pilot, lambda: len(backend.llm.calls) == 1)
        sent = backend.llm.calls[0].question
        assert 'File "long.py", lines 2-4' in sent and 'File "long.py", lines 6-7' in sent
        assert "line_4 = 4" in sent and "line_5 = 5" not in sent and "line_7 = 7" in sent


async def test_a_file_of_carriage_returns_has_the_lines_that_its_preview_numbers(make_app, backend, root):
    (root / "old.py").write_bytes(b"one = 1\rtwo = 2\rthree = 3\rfour = 4\r")
    backend.llm.enqueue("ok")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        app.main.files.preview("old.py")
        await until(pilot, lambda: "2 two = 2" in screen_text(app) and "4 four = 4" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.main.composer.has_focus)
        await pilot.press(*"Why @old.py:2-3 ", "enter")
        await until(pilot, lambda: len(backend.llm.calls) == 1)
        sent = backend.llm.calls[0].question
        assert 'File "old.py", lines 2-3' in sent and "\ntwo = 2\nthree = 3\n" in sent
        assert "\r" not in sent and "one = 1" not in sent and "four = 4" not in sent


async def test_lines_are_unticked_where_they_were_ticked_and_escape_goes_back(make_app, root):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        app.main.tree_view.put_picks([Pick("pkg/client.py", 1, 2)])
        app.main.files.preview("pkg/client.py")
        await until(pilot, lambda: "Space unticks lines 1-2" in screen_text(app))
        await pilot.press("shift+down", "v", "space")  # `v` drops the mark: Space is for what is ticked
        await until(pilot, lambda: ticked(app) == ())
        await pilot.press("shift+down", "escape")
        await until(pilot, lambda: not isinstance(app.screen, PreviewScreen))
        await until(pilot, lambda: app.main.composer.has_focus)


async def test_enter_closes_a_preview_and_goes_back_to_the_files(make_app):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "end", "enter")
        await until(pilot, lambda: isinstance(app.screen, PreviewScreen))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main and app.main.tree_view.has_focus)


async def test_a_hostile_file_is_previewed_without_markup_or_control_bytes(make_app, root):
    (root / "evil.py").write_text("x = '[red]\x1b[2J\x9b31m'\n\x0c\u2028y = 1\n")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        app.main.files.preview("evil.py")
        await until(pilot, lambda: "y = 1" in screen_text(app))
        shown = screen_text(app)
        assert "[red]␛[2J⟨9b⟩31m" in shown
        assert len(app.screen.query_one(SourceView)._lines) == 2


# States


async def test_a_changed_file_says_what_it_costs_and_is_replaced_when_sent(make_app, backend, root):
    age(root / "README.md")
    backend.llm.enqueue("one", usage=Usage(10, 1, 0))
    backend.llm.enqueue("two", usage=Usage(10, 1, 0))
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await tick(pilot, "README.md")
        await pilot.press(*"first", "enter")
        await until(pilot, lambda: "one" in screen_text(app) and not app.main.turns.queue.busy)
        (root / "README.md").write_text("# Goodbye to all of that\n")
        await sees(pilot, "changed ")
        assert app.main.session.context[0].content == "# Hello\n"  # the snapshot, until it is sent
        await until(pilot, lambda: row_of(app, "✓ README.md").split()[-1].isdigit())

        await pilot.press(*"again", "enter")
        await until(pilot, lambda: len(backend.llm.calls) == 2 and "two" in screen_text(app))
        prompt = "".join(message["content"] for message in backend.llm.calls[1].messages)
        assert prompt.count("Goodbye") == 1
        assert "# Hello" not in prompt
        await until(pilot, lambda: "README.md changed, read" in screen_text(app))
        await until(pilot, lambda: "changed" not in "".join(pane(app)))


async def test_a_deleted_file_is_said_and_not_sent(make_app, backend, root):
    backend.llm.enqueue("ok")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await tick(pilot, "README.md", "pkg/client.py")
        (root / "README.md").unlink()
        await sees(pilot, "deleted")
        await pilot.press("f2", "t", "end", "down")
        await pilot.press(*["escape"], *"Why?", "enter")
        await until(pilot, lambda: "README.md not sent: deleted" in screen_text(app))
        assert "README.md" not in backend.llm.calls[0].question
        assert "client.py · " in screen_text(app)
        assert "client.py, README.md" not in screen_text(app)
        assert ticked(app) == ("pkg/client.py", "README.md")


@pytest.mark.parametrize(
    ("make", "word", "reason"),
    [
        (lambda path: path.write_bytes(b"\0\1" * 90), "binary", "is not text"),
        (lambda path: os.mkfifo(path), "pipe", "is a named pipe"),
        (lambda path: path.symlink_to("/etc/passwd"), "link", "is a link"),
        (lambda path: path.mkdir(), "folder", "is a folder"),
    ],
)
async def test_what_a_ticked_file_turned_into_is_said_with_its_reason(make_app, root, make, word, reason):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await tick(pilot, "README.md")
        (root / "README.md").unlink()
        make(root / "README.md")
        await sees(pilot, word)
        await pilot.press("f2", "t")
        await until(pilot, lambda: app.main.query_one(TickedList).has_focus)
        await until(pilot, lambda: reason in " ".join(" ".join(pane(app)).split()))


async def test_a_file_nobody_may_read_is_said(make_app, root, monkeypatch):
    from docstra_tui.context.files import states
    from docstra_tui.errors import UnreadableFile

    def refuse(*_, **__):
        raise UnreadableFile("README.md may not be read: Permission denied.", "Its owner can allow it.")

    monkeypatch.setattr(states, "read_file", refuse)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await tick(pilot, "README.md")
        await until(pilot, lambda: "denied" in row_of(app, "! README.md"))


async def test_a_guessed_encoding_is_shown_beside_the_file(make_app, root):
    (root / "old.txt").write_bytes("Größe, naïve, façade, Übung, déjà vu\n".encode("cp1252") * 20)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await tick(pilot, "old.txt")
        await until(pilot, lambda: "?" in row_of(app, "✓ old.txt"))
        assert "cp125" in row_of(app, "✓ old.txt")
        assert app.main.session.context[0].content.startswith("Größe")


async def test_a_large_file_is_read_only_after_a_yes(make_app, root):
    (root / "big.log").write_text("word " * 300_000)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await tick(pilot, "big.log")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await until(pilot, lambda: "big.log has 2 MB" in screen_text(app))
        assert app.main.session.context == ()
        await pilot.press("n")
        await until(pilot, lambda: ticked(app) == ())
        await tick(pilot, "big.log")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        gate = threading.Event()
        app.main.selection._reading.do(gate.wait, lambda _: None, lambda error: None)
        await pilot.press("y")
        await until(pilot, lambda: row_of(app, "✓ big.log").endswith("reading…"))
        assert "2 MB" not in "".join(pane(app))
        gate.set()
        await until(pilot, lambda: [item.path for item in app.main.session.context] == ["big.log"])
        await until(pilot, lambda: row_of(app, "✓ big.log").endswith("300k"))


# Secrets


async def test_ticking_a_secret_says_that_it_stays_here(make_app, root):
    (root / "server.pem").write_text("key\n")
    app = make_app()
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await is_ready(pilot)
        await tick(pilot, "server.pem")
        await until(pilot, lambda: "may hold secrets" in screen_text(app))
        assert "stays on this" in screen_text(app)
        assert not isinstance(app.screen, ConfirmScreen)


async def test_ticking_a_secret_for_another_host_asks_and_a_no_unticks_it(make_app, root):
    (root / "id_rsa").write_text("key\n")
    app = make_app(opener=Backends(FakeBackend(host="far.example")))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "waiting for your yes" in screen_text(app))
        await tick(pilot, "README.md", "id_rsa")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await until(pilot, lambda: "sent to far.example" in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: ticked(app) == ("README.md",))


async def test_a_yes_to_a_secret_over_https_is_none_for_http(make_app, root):
    (root / "id_rsa").write_text("key\n")
    safe, plain = FakeBackend(host="far.example"), FakeBackend(host="far.example")
    safe.gate = Gate(parse("https://far.example/v1"), is_open=True)
    plain.gate = Gate(parse("http://far.example/v1"), is_open=True)
    app = make_app(opener=Backends(safe, plain))
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await tick(pilot, "id_rsa")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: "id_rsa" in safe.outgoing._paths)

        app.main.model.open(app.main.model.settings)
        await until(pilot, lambda: app.main.model.backend is plain)
        await pilot.pause(0.1)
        assert plain.outgoing._paths == set()


async def test_a_ticked_folder_leaves_its_secrets_out_and_says_so(make_app, root):
    (root / "pkg" / "credentials.json").write_text("{}\n")
    app = make_app()
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "space")
        await until(pilot, lambda: ticked(app) == ("pkg/client.py", "pkg/config.py"))
        await until(pilot, lambda: "credentials.json" in screen_text(app))


async def test_a_folder_with_too_many_files_is_not_ticked_in_part(make_app, root, monkeypatch):
    monkeypatch.setattr("docstra_tui.context.files.tree.TOGETHER", 1)
    app = make_app()
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "space")
        await until(pilot, lambda: "more than 1 files" in screen_text(app))
        assert ticked(app) == ()


async def test_what_no_model_could_take_is_not_read_until_there_is_room(make_app, backend, root, monkeypatch):
    monkeypatch.setattr("docstra_tui.context.files.states.READ_TOGETHER", 1_000)
    (root / "a.py").write_text("x = 1\n" * 200)
    (root / "b.py").write_text("y = 2\n")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await tick(pilot, "a.py", "b.py")
        await until(pilot, lambda: "too much" in row_of(app, "✓ b.py") + row_of(app, "! b.py"))
        assert [item.path for item in app.main.session.context] == ["a.py"]
        backend.llm.enqueue("So.")
        await ask(pilot, "why?")
        await until(pilot, lambda: "not sent: too much" in screen_text(app))

        app.main.tree_view.untick(Pick("a.py"))
        await until(pilot, lambda: [item.path for item in app.main.session.context] == ["b.py"])


# Between runs


async def test_what_is_ticked_last_is_kept_when_one_leaves_at_once(make_app, root):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        busy = threading.Event()
        app.main._file_jobs.do(busy.wait, lambda _: None, lambda error: None)
        await tick(pilot, "README.md")
        app.save()  # as leaving does; the jobs has not come to it
        assert ticks.load(root).picks == (Pick("README.md"),)
        busy.set()


async def test_the_next_run_ticks_the_same_and_a_folder_with_what_is_new_in_it(make_app, root):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "space", "full_stop")
        await until(pilot, lambda: len(ticked(app)) == 2)
        app.main.tree_view.put_picks([Pick("README.md", 1, 1)])
        await until(pilot, lambda: len(ticked(app)) == 3)
        await pilot.pause(0.2)
    (root / "pkg" / "new.py").write_text("x = 1\n")
    (root / "README.md").unlink()

    second = make_app()
    async with second.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: len(ticked(second)) == 4)
        assert ticked(second) == ("pkg/client.py", "pkg/config.py", "pkg/new.py", "README.md:1-1")
        await until(pilot, lambda: "deleted" in row_of(second, "README.md:1-1"))
        assert second.main.tree_view.show_hidden
        await until(pilot, lambda: "☑ pkg/" in row_of(second, "▸"))
