"""Both faces do the same: what is typed into one sends the same and is told the same as in the other."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from docstra_tui import templates
from docstra_tui.context.files.reader import read_item
from docstra_tui.errors import EngineDied
from docstra_tui.llm.answer import Reframed, Sent, Thought
from docstra_tui.remotes import Remote
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.settings import ModelSettings, RemoteSettings, Settings
from docstra_tui.workspace.commands import BOTH, COMMANDS
from tests.context.git.made import git
from tests.context.search.indexed import own_index
from tests.fakes import FakeLLM
from tests.parity.faces import Answer, Line, Project, Script, Taken, in_the_chat, on_the_screen
from tests.tui.fakes import FakeBackend

HOST = "gpu.example:8000"


def files(root: Path) -> None:
    (root / "pkg").mkdir()
    (root / "pkg" / "client.py").write_text("def get():\n    return 1\n")
    (root / "pkg" / "config.py").write_text("TIMEOUT = 5\n")
    (root / "README.md").write_text("# Hello\n")


def answers(backend: FakeBackend, count: int = 8) -> None:
    for number in range(count):
        backend.llm.enqueue(f"Answer {number}.")


@dataclass
class Scenario:
    """One row of the table."""

    name: str
    script: Script
    project: Project = field(default_factory=lambda: Project(files, answers))
    calls: int | None = None
    """How often the model was asked."""
    is_indexed: bool = False
    """Files are looked for in it."""


def saved_session(root: Path) -> None:
    """A session with one answer that was made from one of the user's templates."""
    own_template()
    store = SessionStore()
    llm = FakeLLM("Looks good.")
    llm.add_template("review", templates.load_all()["review"])
    session = ChatSession(llm, root, store)
    session.set_context([read_item(root, "pkg/client.py")])
    "".join(session.run(TurnRequest("review", "review, speed", {"what": "speed"})))
    assert store.flush(5)
    store.close()


def own_template() -> None:
    templates.folder().mkdir(parents=True)
    (templates.folder() / "review.txt").write_text("Review the files for {what}.")


def project_template(root: Path) -> None:
    files(root)
    (root / ".docstra" / "templates").mkdir(parents=True)
    (root / ".docstra" / "templates" / "audit.md").write_text("Audit\u200b {what}.\n")


class Edited:
    """A file that somebody edits while the model speaks of it."""

    def build(self, root: Path) -> None:
        files(root)
        self._root = root

    def enqueue(self, backend: FakeBackend) -> None:
        gate = cast("threading.Semaphore", self)
        backend.llm.enqueue("It has `return 1` in `pkg/client.py:2`, and `TIMEOUT = 5`.", gate=gate)

    def acquire(self, *_: object, **__: object) -> bool:
        (self._root / "pkg" / "client.py").write_text("def get():\n    return 2\n")
        return True


EDITED = Edited()


def dies(backend: FakeBackend) -> None:
    backend.llm.enqueue("Half", EngineDied("The engine is gone.", "Restart it."))
    backend.llm.enqueue("Whole.")


def thinks(backend: FakeBackend) -> None:
    sent = Sent({"temperature": 0.7, "think": "on"})
    backend.llm.enqueue(sent, Thought("It may"), Thought(" be 1."), "It is 1.")
    answers(backend)


def reframes(backend: FakeBackend) -> None:
    """Its end of thinking came without a beginning."""
    backend.llm.enqueue("It may ", "be 1.", Reframed(), "It is 1.")
    answers(backend)


def only_thinks(backend: FakeBackend) -> None:
    backend.llm.enqueue(Thought("It may be 1, or 2"), reason="length")
    answers(backend)


def is_cut(backend: FakeBackend) -> None:
    """By its length, then by an engine that dies."""
    backend.llm.enqueue(Thought("Let me see."), "It waits two", reason="length")
    backend.llm.enqueue(" seconds", EngineDied("The engine is gone.", "Restart it."))
    backend.llm.enqueue(", then again.")


def linked(root: Path) -> None:
    files(root)
    (root / "link.md").symlink_to("README.md")


def writes(backend: FakeBackend) -> None:
    backend.llm.enqueue("So:\n\n```sh\nls -l\n```\n")
    answers(backend)


def says_words(backend: FakeBackend) -> None:
    backend.llm.enqueue("It is 1.")
    backend.llm.enqueue("1. `TIMEOUT`: how long")
    backend.llm.enqueue("5 seconds.")


def repository(root: Path) -> None:
    """One file is changed, one is staged, one is gone, and one may hold secrets."""
    files(root)
    (root / ".env").write_text("KEY=1\n")
    (root / "gone.md").write_text("gone\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "First words")
    (root / "pkg" / "client.py").write_text("def get():\n    return 'changed'\n")
    (root / "README.md").write_text("# Staged\n")
    git(root, "add", "README.md")
    (root / "gone.md").unlink()
    (root / ".env").write_text("KEY=2\n")


def small_window(backend: FakeBackend) -> None:
    backend.llm._window = 60
    answers(backend)


ELSEWHERE = Settings(remote=RemoteSettings(base_url=f"http://{HOST}/v1"), model=ModelSettings(name="m"))

SCENARIOS = [
    Scenario(
        "a file that changes while it is spoken of",
        [Line("@pkg/client.py @pkg/config.py Where?", 1, says=("2 references: 1 ✓, 1 changed since",))],
        Project(EDITED.build, EDITED.enqueue),
        calls=1,
    ),
    Scenario(
        "a file that is named stays until it is dropped",
        [
            Line("What is @pkg/client.py for?", 1),
            Line("And now?", 2),
            Line("/drop pkg/client.py"),
            Line("And then?", 3),
            Line("/ask what of @README.md ?", 4),
            Line("/drop"),
            Line("Nothing left?", 5),
        ],
        calls=5,
    ),
    Scenario(
        "a set of files is kept under a name and used again",
        [
            Line("What of @pkg/client.py and @README.md ?", 1),
            Line("/set save both", says=("Set both is 2 files.",)),
            Line("/drop"),
            Line("Nothing?", 2),
            Line("/set load both", says=("Set both: 2 files.",)),
            Line("And now?", 3),
            Line("/drop README.md"),
            Line("/set save both"),
            Answer(True, "Set both is there already, with 2 files.", 3),
            Line("/drop", 3),
            Line("/set save both", 3),
            Answer(False, "Set both is there already, with 1 file.", 3),
            Line("/set load both", 3, says=("Set both: 1 file.",)),
            Line("/set load bth", says=("There is no set bth.", "Did you mean both?")),
            Line("/set list", says=("both", "1 file")),
        ],
        calls=3,
    ),
    Scenario(
        "files are offered for a question, and taken",
        [
            Line("/suggest What does the client give?", says=("pkg/client.py",)),
            Taken("pkg/client.py"),
            Line("What is it?", 1),
            Line("/words How long does it wait?", says=("Looked for too: TIMEOUT.",)),
            Taken("pkg/config.py"),
            Line("And now?", 2),
        ],
        Project(files, says_words, before=own_index),
        calls=3,
        is_indexed=True,
    ),
    Scenario(
        "lines and folders are named as files are",
        [
            Line("What is @pkg/client.py:2 for?", 1),
            Line("And @pkg/ ?", 2),
            Line("And @pkg/client.py:1 ?", 3),
            Line("/drop pkg"),
            Line("Then?", 4),
            Line("/find -c ", says=("What is to be found?",)),
            Line("/find -e ^def .et", says=("def get", "1 line in 1 file")),
            Taken("pkg/client.py", 1),
            Line("What is it?", 5),
        ],
        calls=5,
    ),
    Scenario(
        "several lines of a file, in whatever order they are named",
        [
            Line("What of @README.md @pkg/client.py:2-2 and @pkg/client.py:1-1 ?", 1),
            Line("/explain README.md pkg/client.py", 3),
        ],
        calls=3,
    ),
    Scenario(
        "each task with a path is about that path",
        [
            Line("What of @README.md ?", 1),
            Line("/explain pkg/client.py", 2),
            Line("/document pkg/config.py", 3),
            Line("/ask why @pkg/client.py:1 ?", 4),
            Line("/examples of @pkg/config.py", 5),
            Line("/custom Count the words of @README.md", 6),
        ],
        calls=6,
    ),
    Scenario(
        "each task without a path is about what was chosen",
        [
            Line("What of @pkg/client.py and @README.md ?", 1),
            Line("/explain", 3),
            Line("/document", 5),
            Line("/ask why?", 6),
            Line("/examples short ones", 7),
            Line("/custom Count the words.", 8),
        ],
        Project(files, lambda backend: answers(backend, 9)),
        calls=8,
    ),
    Scenario("a folder is a turn a file", [Line("/explain pkg/", 2), Line("More?", 3)], calls=3),
    Scenario(
        "a command that is none is refused with the one that was meant",
        [
            Line("/explian README.md", says=("There is no /explian.", "Did you mean /explain?")),
            Line("/new now", says=("Nothing stands behind /new.",)),
            Line("/", says=("Which command?",)),
            Line("/tmp/x is a path, is it not?", 1),
        ],
        calls=1,
    ),
    Scenario(
        "what names no file is said, and nothing is sent",
        [
            Line("/explain pkg/clent.py", says=("There is no file pkg/clent.py", "For a question: /ask")),
            Line("What does @property do?", says=("no file property",)),
            Line("/drop pkg/config.py", says=()),
            Line("Why?", 1),
        ],
        calls=1,
    ),
    Scenario(
        "a session is resumed with its files, its words and its own templates",
        [Line("And now?", 2), Line("/explain", 3)],
        Project(files, answers, resume="last", before=saved_session),
        calls=2,
    ),
    Scenario(
        "a session is resumed from within",
        [Line("First?", 1), Line("/resume last", 1), Line("And now?", 2)],
        Project(files, answers, before=saved_session),
        calls=2,
    ),
    Scenario(
        "a new session keeps the files",
        [Line("What of @README.md ?", 1), Line("/new"), Line("And here?", 1)],
        calls=2,
    ),
    Scenario(
        "another model forgets what belonged to the one before",
        [
            Line("First?", 1),
            Line("/model org/other"),
            Line("Second?", 2),
            Line("/model", 2, says=("starter", "small and often wrong")),
        ],
        Project(
            files,
            answers,
            settings=Settings(model=ModelSettings(name="org/first", revision="abc", quant="bnb-4bit")),
        ),
        calls=2,
    ),
    Scenario(
        "another model is one of the same server",
        [
            Line("First?"),
            Answer(True, "will be sent to", 1),
            Line("/model other"),
            Line("Second?", 2),
        ],
        Project(files, answers, settings=ELSEWHERE, host=HOST),
        calls=2,
    ),
    Scenario(
        "a server with a name answers in the middle of the talk, and then this machine again",
        [
            Line("First?", 1),
            Line("/remote gpu"),
            Line("Second?", 2, says=("Fake-1B on gpu",)),
            Line("/remote local"),
            Line("Third?", 3),
        ],
        Project(files, answers, settings=Settings(remotes={"gpu": Remote("http://127.0.0.1:9/v1", "big")})),
        calls=3,
    ),
    Scenario(
        "an engine that dies leaves its part, and starts again",
        [
            Line("First?", 1, says=("The engine is gone.",)),
            Line("/restart"),
            Line("Second?", 2),
        ],
        Project(files, dies),
        calls=2,
    ),
    Scenario(
        "nothing goes to another machine before the yes",
        [
            Line("First @README.md ?"),
            Answer(False, f"will be sent to {HOST}"),
            Line("Second @README.md ?"),
            Answer(True, f"will be sent to {HOST}", 1),
            Line("Third?", 2),
        ],
        Project(files, answers, settings=ELSEWHERE, host=HOST),
        calls=2,
    ),
    Scenario(
        "thinking is kept apart, shown when it is asked for, and never sent again",
        [
            Line("What is it?", 1, says=("Thought", "4 words", "It is 1.")),
            Line("/thought", 1, says=("It may be 1.",)),
            Line("Sure?", 2),
            Line("/thought", 2, says=("Nothing was thought before this answer.",)),
            Line("/turn 9", 2, says=("There is no question 9.",), sends=False),
            Line("/turn 1", 2, says=("Question 1 of 2", "temperature 0.7", "template answer_question")),
        ],
        Project(files, thinks),
        calls=2,
    ),
    Scenario(
        "an answer that was cut goes on as the same turn",
        [
            Line("/continue", says=("no answer that could be gone on with",), sends=False),
            Line("How long does @README.md wait?", 1, says=("It waits two", "/continue goes on")),
            Line("/continue", 1, says=("It waits two seconds", "The engine is gone.")),
            Line("/restart"),
            Line("/continue", 1, says=("seconds, then again.",)),
            Line("/continue", 1, says=("That answer is whole", "/retry asks its question"), sends=False),
            Line("Sure?", 2),
        ],
        Project(files, is_cut),
        calls=4,
    ),
    Scenario(
        "what turns out to have been thought is no answer",
        [Line("What is it?", 1, says=("It is 1.",)), Line("Sure?", 2)],
        Project(files, reframes),
        calls=2,
    ),
    Scenario(
        "a budget that went to thinking alone is said, and what was thought is kept",
        [
            Line("What is it?", 1, says=("whole budget for thinking", "Thought", "6 words")),
            Line("/think off", 1, says=("Thinking: off, answer at once.",)),
            Line("What is it?", 2),
        ],
        Project(files, only_thinks),
        calls=2,
    ),
    Scenario(
        "thinking is switched from the next question on, whichever model answers it",
        [
            Line("First?", 1),
            Line("/think off", says=("Thinking: off",)),
            Line("Second?", 2),
            Line("/think 512", says=("at most 512 tokens of it",)),
            Line("/think maybe", says=("'maybe' is none of auto, off, on, low, medium, high or a number",)),
            Line("/model org/other"),
            Line("Third?", 3),
            Line("/think auto", says=("as the model does by itself",)),
            Line("Fourth?", 4),
        ],
        calls=4,
    ),
    Scenario(
        "a question is asked again, asked otherwise and taken out, and what was there is there still",
        [
            Line("What of @README.md ?", 1),
            Line("And now?", 2),
            Line("/retry 1", 1, says=("Answer 2.",)),
            Line("/other", 2, says=("Answer 0.",)),
            Line("/edit 2 And then?", 2, says=("Answer 3.",)),
            Line("More?", 3),
            Line("/other 2", 2, says=("Answer 1.",)),
            Line("/delete 1", 1, says=("Question 1 is deleted",)),
            Line("Still?", 2),
            Line("/undo", 3, says=("Question 1 is there again",)),
            Line("/other 3", says=("Nothing stands beside question 3.",)),
            Line("/retry 7", says=("There is no question 7.", "numbered from 1 to 3")),
        ],
        calls=6,
    ),
    Scenario(
        "a question is written anew in its place",
        [
            Line("What is it?", 1),
            Line("/edit", 1, says=("written anew",)),
            Line("What else?", 1, says=("Answer 1.",)),
            Line("/other", 1, says=("Answer 0.",)),
            Line("/edit 1 /explain README.md", 1, says=("Answer 2.",)),
        ],
        calls=3,
    ),
    Scenario(
        "a template is filled by what stands behind its name, or where it is asked for",
        [
            Line("What of @README.md ?", 1),
            Line("/run review what=speed", 2),
            Line('/run review what="locks in @pkg/client.py"', 3),
            Line("/run review", says=("Review the files for {what}.",)),
            Line("races", 4),
            Line("/retry 2", 2, says=("Answer 4.",)),
            Line("/other", 4),
            Line("/run reviw what=x", says=("There is no template 'reviw'. Did you mean review?",)),
            Line("/run review wat=x", says=("has no place for wat. It takes what.",)),
            Line("And?", 5),
        ],
        Project(files, answers, before=lambda root: own_template()),
        calls=6,
    ),
    Scenario(
        "a template of the project is read by whoever asks before it is asked with",
        [
            Line("/run project:audit what=locks", says=("Audit\u27e8U+200B\u27e9 {what}.",)),
            Answer(False, "is this project's"),
            Line("/run project:audit what=locks"),
            Answer(True, "is this project's", 1),
            Line("/run project:audit what=races", 2),
        ],
        Project(project_template, answers),
        calls=2,
    ),
    Scenario(
        "an answer, its code and the session go where one says, and over nothing without a yes",
        [
            Line("/save a.md", says=("There is no answer yet.",)),
            Line("Write it.", 1),
            Line("/save code run.sh", 1, says=("The code (1 line) is in",)),
            Line("/save run.sh", 1),
            Answer(False, "run.sh is there already.", 1),
            Line("/save pkg", 1, says=("pkg is a folder.",)),
            Line("/save link.md", 1, says=("link.md is a link.",)),
            Line("/export talk.md", 1, says=("1 turn written to",)),
            Line("What of @run.sh ?", 2),
            Line("/save talk.md", 2),
            Answer(True, "talk.md is there already.", 2),
            Line("/export", 2, says=("2 turns written to",)),
            Line("What of @talk.md now?", 3),
        ],
        Project(linked, writes),
        calls=3,
    ),
    Scenario(
        "a setting is changed, and what is wrong with it is said",
        [
            Line("/settings answer.max_tokens 7", says=("answer.max_tokens is 7 from the next start on.",)),
            Line("/settings answer.max_tokens 0", says=("the least is 1",)),
            Line("/settings keys.main.think f7", says=("main.think: F7. main.search: Ctrl+F (F7 is",)),
            Line("/settings keys.main.thing f7", says=("Did you mean 'main.think'?",)),
            Line("Still there?", 1),
        ],
        calls=1,
    ),
    Scenario(
        "files are asked part by part",
        [Line("What of @pkg/client.py ?", 1), Line("/each what is it?", 2), Line("And?", 3)],
        calls=3,
    ),
    Scenario(
        "what a switch or a search does not know is said in the same words",
        [
            Line("What of @README.md ?", 1),
            Line("/theme chalk"),
            Line("/theme chlk", says=("There is no theme 'chlk'. Did you mean 'chalk'?",)),
            Line("/cache int3", says=("What is read is kept full or int8, not 'int3'. Write /cache int8.",)),
            Line("/device mars", says=("There is no device 'mars'.",)),
            Line("And now?", 2),
            Line("/sessions Zzyzx", says=("Nothing was found.",)),
        ],
        calls=2,
    ),
    Scenario(
        "what git says is named, added and dropped like files",
        [
            Line("why @diff and @staged ?", 1),
            Line("/drop diff staged"),
            Line("/changed", says=(".env",)),
            Line("what of these?", 2),
            Line("what of @commit:main ?", 3),
            Line("what of @commit:nothing ?", 3, ("no commit",), sends=False),
        ],
        Project(repository, answers),
        calls=3,
    ),
    Scenario(
        "what does not fit is not sent",
        [Line("what is this about, in more than a few words?", says=("60",))],
        Project(files, small_window),
        calls=0,
    ),
]


PLACES = {"doctor", "files", "help", "quit"}
"""Commands that lead to what each face has in its own shape, to what this machine is, or to the end."""


def test_every_command_of_both_faces_is_typed_into_both() -> None:
    typed = {
        step.typed[1:].split()[0]
        for scenario in SCENARIOS
        for step in scenario.script
        if isinstance(step, Line) and step.typed[:1] == "/" and step.typed[1:].strip()
    }
    assert {row.name for row in COMMANDS if row.faces >= BOTH} - typed == PLACES


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_both_faces_agree(scenario: Scenario, request: pytest.FixtureRequest) -> None:
    if scenario.is_indexed:
        request.getfixturevalue("projects_are_indexed")
    screen = on_the_screen(scenario.project, scenario.script)
    chat = in_the_chat(scenario.project, scenario.script)
    assert screen.sent == chat.sent
    assert screen == chat
    assert scenario.calls in (None, len(screen.sent))
