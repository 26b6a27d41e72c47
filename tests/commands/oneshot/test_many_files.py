"""Many files in one command: which, in what order, where to, and what is left when it breaks off."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path

import pytest

from docstra_tui import cli, paths
from docstra_tui.commands.console import Console
from docstra_tui.errors import ContextOverflow, DocstraError, EngineDied, UnreadableFile, UsageError
from docstra_tui.llm.answer import Thought, Usage
from docstra_tui.llm.messages import Prompt
from tests.commands.oneshot.one_shot import KEYS, Terminal, ask
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend


class About(FakeLLM):
    """Answers each question with the file that it is about; some as they are told."""

    def __init__(self, **instead: object) -> None:
        super().__init__()
        self.instead = instead
        self._asking = threading.Lock()

    def stream(self, prompt: Prompt, **options):
        name = prompt[-1]["content"].split('"', 2)[1]
        with self._asking:
            pieces = self.instead.get(Path(name).stem, f"About {name}.")
            self.enqueue(*(pieces if isinstance(pieces, tuple) else (pieces,)))
            return super().stream(prompt, **options)

    @property
    def asked(self) -> list[str]:
        return sorted(call.question.split('"', 2)[1] for call in self.calls)


@pytest.fixture
def tree(project: Path) -> Path:
    """A project with code in two folders, and what is none."""
    for name in ("src/one.py", "src/deep/two.py", "src/three.go"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(f"# {name}\n")
    (project / "src/data.json").write_text("{}")
    (project / "src/__init__.py").write_text("\n")
    (project / "src/picture.py").write_bytes(b"\x89PNG\0\0")
    (project / "src/secrets.yaml").write_text("password: x")
    (project / "src/made.py").write_text("x = 1")
    (project / ".gitignore").write_text("made.py\n")
    return project


def kept() -> list[Path]:
    return list((paths.state_dir() / "unfinished").glob("*"))


def test_a_folder_is_all_its_code_in_order_and_what_is_left_out_is_said(tree: Path) -> None:
    llm = About()
    code, out, err, _ = ask("document", "src", llm=llm)
    assert code == 0
    names = ["src/deep/two.py", "src/one.py", "src/three.go"]
    assert out == "\n".join(f"# {name}\n\nAbout {name}.\n" for name in names)
    assert llm.asked == names
    assert all(call.batch for call in llm.calls)
    for said in (
        "(may hold secrets): src/secrets.yaml",
        "(empty): src/__init__.py",
        "(no code): src/data.json",
        "(could not be read as text): src/picture.py",
    ):
        assert said in err
    assert "made.py" not in err
    assert kept() == [], "a command that ended well leaves nothing behind"


def test_a_folder_elsewhere_is_named_in_full(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "here").mkdir()
    monkeypatch.chdir(tree / "here")
    llm = About()
    ask("explain", "../src/deep", llm=llm)
    assert llm.asked == [str(tree / "src/deep/two.py")]


def test_a_folder_that_begins_with_a_dot_is_not_the_one_without(tree: Path) -> None:
    (tree / ".src").mkdir()
    (tree / ".src/four.py").write_text("x = 4\n")
    llm = About()
    ask("explain", ".src", llm=llm)
    assert llm.asked == [".src/four.py"]


def test_a_folder_without_code_is_an_error(tree: Path) -> None:
    (tree / "empty").mkdir()
    with pytest.raises(UnreadableFile, match="empty holds no code"):
        ask("document", "empty")


def test_each_answer_is_written_to_a_file_of_its_own(tree: Path) -> None:
    llm = About(one=(Thought("Hm.\nSo."), "Fine."))
    code, out, err, _ = ask("document", "src", "src/one.py:1", "-o", "docs/out", "--show-thinking", llm=llm)
    assert (code, out) == (0, "")
    written = {path.relative_to(tree / "docs/out").as_posix() for path in (tree / "docs/out").rglob("*.md")}
    assert written == {"src/one.py.md", "src/one.py.1-1.md", "src/deep/two.py.md", "src/three.go.md"}
    assert (tree / "docs/out/src/one.py.md").read_text() == "> Hm.\n> So.\n\nFine.\n"
    assert "src/three.go → docs/out/src/three.go.md\n" in err


def test_given_again_only_what_changed_is_asked_and_nothing_else_is_touched(tree: Path) -> None:
    ask("document", "src", "-o", "docs", llm=About())
    one, three = tree / "docs/src/one.py.md", tree / "docs/src/three.go.md"
    one.write_text("improved by hand")
    three.unlink()
    (tree / "src/deep/two.py").write_text("# another\n")
    llm = About(two="About another.")
    code, _, err, _ = ask("document", "src", "-o", "docs", llm=llm)
    assert code == 0
    assert llm.asked == ["src/deep/two.py"]
    assert (tree / "docs/src/deep/two.py.md").read_text() == "About another.\n"
    assert one.read_text() == "improved by hand"
    assert three.read_text() == "About src/three.go.\n", "written again, and not asked"
    assert "2 of 3 are answered already; --force asks them again." in err
    again = About()
    ask("document", "src", "-o", "docs", "--force", llm=again)
    assert len(again.asked) == 3 and one.read_text() == "About src/one.py.\n"


@pytest.mark.parametrize("more", [["--temperature", "0.1"], ["--model", "other"], ["--language", "lua"]])
def test_another_question_or_model_is_asked_again(tree: Path, more: list[str]) -> None:
    ask("document", "src", "-o", "docs", llm=About())
    llm = About()
    ask("document", "src", "-o", "docs", *more, llm=llm)
    assert len(llm.asked) == 3


def test_what_was_written_is_never_a_source(tree: Path) -> None:
    ask("document", "src", "-o", "src/docs", llm=About())
    (tree / "src/docs/helper.py").write_text("x = 1\n")
    llm = About()
    ask("document", "src", "-o", "src/docs", "--force", llm=llm)
    assert llm.asked == ["src/deep/two.py", "src/one.py", "src/three.go"]


def test_one_that_fails_ends_no_other_and_only_it_is_asked_again(tree: Path) -> None:
    llm = About(two=ContextOverflow(9, 8, 1))
    with pytest.raises(DocstraError, match="1 of 3 have no answer") as caught:
        ask("document", "src", llm=llm)
    assert caught.value.exit_code == 1
    assert len(kept()) == 2
    again = About()
    console = Console(io.StringIO(), io.StringIO())
    code, out, _, _ = ask("document", "src", llm=again, console=console)
    assert (code, again.asked) == (0, ["src/deep/two.py"])
    assert out.count("About") == 3 and kept() == []


def test_where_nothing_fits_the_shell_gets_to_know(tree: Path) -> None:
    overflow = ContextOverflow(9, 8, 1)
    with pytest.raises(ContextOverflow):
        ask("document", "src", llm=About(one=overflow, two=overflow, three=overflow))


def test_an_engine_that_died_is_asked_nothing_more(tree: Path) -> None:
    for number in range(20):
        (tree / f"src/more{number:02}.py").write_text("x = 1\n")
    dead = EngineDied("It is gone.", "Ask again.")
    llm = About(two=("part", dead), **{f"more{number:02}": dead for number in range(20)})
    with pytest.raises(DocstraError, match=r"It is gone\."):
        ask("document", "src", llm=llm)
    assert len(llm.calls) < 15


def test_a_server_that_refuses_them_all_the_same_is_asked_nothing_more(tree: Path) -> None:
    for number in range(30):
        (tree / f"src/more{number:02}.py").write_text("x = 1\n")
    llm = FakeLLM()
    for _ in range(33):
        llm.enqueue(DocstraError("The key is wrong."))
    with pytest.raises(DocstraError, match="The key is wrong"):
        ask("document", "src", llm=llm)
    assert len(llm.calls) < 15


def test_broken_off_with_ctrl_c_the_finished_ones_are_not_asked_again(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from docstra_tui.llm.many import Many

    real = Many.__iter__

    def interrupted(self):
        for count, answered in enumerate(real(self)):
            if count == 2:
                raise KeyboardInterrupt
            yield answered

    monkeypatch.setattr(Many, "__iter__", interrupted)
    code, _, err, backend = ask("document", "src", "-o", "docs", llm=About())
    assert (code, backend.closed) == (130, 1)
    assert "Stopped: 2 of 3 are answered. The same command asks for the rest." in err
    monkeypatch.setattr(Many, "__iter__", real)
    llm = About()
    assert ask("document", "src", "-o", "docs", llm=llm)[0] == 0
    assert len(llm.calls) == 1
    assert len(list((tree / "docs").rglob("*.md"))) == 3


def test_killed_between_two_files_none_is_lost(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is kept before it is printed or written, and each by itself."""
    from docstra_tui.commands.output_folder import OutputFolder

    class Killed(BaseException):
        pass

    def killed(self, place, text):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(OutputFolder, "write", killed)
        with pytest.raises(Killed):
            ask("document", "src", "-o", "docs", llm=About())
    llm = About()
    ask("document", "src", "-o", "docs", llm=llm)
    assert len(llm.calls) == 2, "one was whole when it was killed"
    assert len(list((tree / "docs").rglob("*.md"))) == 3


def test_killed_over_an_older_answer_that_is_not_taken_for_the_new_one(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from docstra_tui.commands.output_folder import OutputFolder

    class Killed(BaseException):
        pass

    def killed(self, place, text):
        raise Killed

    ask("document", "src", "-o", "docs", llm=About())
    (tree / "src/one.py").write_text("# another\n")
    with monkeypatch.context() as patched:
        patched.setattr(OutputFolder, "write", killed)
        with pytest.raises(Killed):
            ask("document", "src", "-o", "docs", llm=About(one="About another."))
    ask("document", "src", "-o", "docs", llm=About(one="About another."))
    assert (tree / "docs/src/one.py.md").read_text() == "About another.\n"


def test_json_has_every_answer_also_those_of_before(monkeypatch, capsys, tree: Path) -> None:
    llm = About(two=("part", DocstraError("Broken.")))
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", FakeBackend(llm))
    assert cli.main(["document", "src", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [answer["answer"] for answer in found["answers"]] == [
        "part",
        "About src/one.py.",
        "About src/three.go.",
    ]
    assert found["answers"][0]["error"] == {"message": "Broken."}
    assert "1 of 3 have no answer. Broken." in found["error"]["message"]
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", FakeBackend(About()))
    assert cli.main(["document", "src", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [list(answer) for answer in found["answers"]] == [KEYS] * 3
    assert found["answers"][1]["files"][0]["tokens"] > 0 and "error" not in found


def test_more_than_a_few_files_are_asked_at_once(tree: Path) -> None:
    names = [f"f{number}.py" for number in range(5)]
    for name in names:
        (tree / name).write_text("x = 1\n")
    llm = About()
    ask("explain", *names[:4], llm=llm)
    assert not any(call.batch for call in llm.calls)
    more = About()
    code, out, _, _ = ask("explain", *names, llm=more)
    assert code == 0 and all(call.batch for call in more.calls)
    assert [line for line in out.splitlines() if line.startswith("# ")] == [f"# {name}" for name in names]


def test_a_cut_answer_is_said_and_progress_is_shown_on_a_terminal(tree: Path) -> None:
    llm = FakeLLM()
    for _ in range(3):
        llm.enqueue("x", reason="length", usage=Usage(9, 700))
    console = Console(io.StringIO(), Terminal())
    _, _, err, _ = ask("document", "src", llm=llm, console=console)
    assert "src/one.py: the answer was cut at 700 tokens; --max-tokens allows more." in err
    assert "0 of 3 answered" in err


@pytest.mark.parametrize("words", [["src/one.py", "src/one.py"], ["src/one.py", "./src/one.py"]])
def test_two_answers_in_one_place_are_refused(tree: Path, words: list[str]) -> None:
    with pytest.raises(UsageError, match="named twice"):
        ask("document", *words, "-o", "docs")


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_asked(tree: Path) -> None:
    (tree / "taken").write_text("")
    llm = About()
    with pytest.raises(UsageError, match="cannot be made"):
        ask("document", "src", "-o", "taken", llm=llm)
    assert llm.calls == []


def test_where_nothing_can_be_kept_it_is_said_once_and_all_is_answered(tree: Path) -> None:
    paths.private_folder(paths.state_dir())
    (paths.state_dir() / "unfinished").write_text("in the way")
    code, out, err, _ = ask("document", "src", llm=About())
    assert code == 0 and out.count("About") == 3
    assert err.count("unfinished is a link or a file") == 1


def test_nothing_is_written_outside_the_folder(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "here").mkdir()
    monkeypatch.chdir(tree / "here")
    ask("document", "../src/one.py", "-o", "docs", llm=About())
    assert [path.name for path in (tree / "here/docs").rglob("*.md")] == ["one.py.md"]
