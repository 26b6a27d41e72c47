"""The inline chat, typed into through a pipe: what is sent, what is shown, what stays."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.styles import DummyStyle

from docstra_tui import paths, templates
from docstra_tui.address import parse
from docstra_tui.errors import AnswerCutOff, ContextOverflow, EngineDied, ModelNotFound
from docstra_tui.llm.answer import Usage
from docstra_tui.llm.base import Prompt
from docstra_tui.llm.measure import Measure
from docstra_tui.repl.app import run
from docstra_tui.repl.chat import Chat
from docstra_tui.repl.printer import Printer
from docstra_tui.repl.prompt import HISTORY, KeptHistory
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.session.turns import SavedTurn
from docstra_tui.settings import ModelSettings, Settings
from docstra_tui.workspace import theme_choice
from docstra_tui.workspace.commands import TASKS, commands_of
from docstra_tui.workspace.models import monitor
from docstra_tui.workspace.models.backend import Status
from docstra_tui.workspace.models.consent import Consent
from tests.fakes import FakeLLM
from tests.repl.fake_backend import READY, FakeBackend, loading

CTRL_C, CTRL_D, ALT_ENTER = "\x03", "\x04", "\x1b\r"


class Screen(DummyOutput):
    """Keeps what is written, prompt and all."""

    def __init__(self) -> None:
        self.text = ""
        self.writes: list[str] = []

    def write(self, data: str) -> None:
        self.text += data
        self.writes.append(data)

    write_raw = write

    def get_size(self) -> Size:
        return Size(rows=40, columns=100)


class Typist:
    """Somebody at the terminal: types in a thread, each step when the one before it shows."""

    def __init__(self, pipe: PipeInput, screen: Screen) -> None:
        self._pipe = pipe
        self.screen = screen

    def types(self, text: str) -> None:
        self._pipe.send_text(text)

    def interrupts(self) -> None:
        """Ctrl+C while no prompt is there: the terminal sends a signal."""
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def sees(self, text: str, seconds: float = 10.0) -> None:
        self.waits(lambda: text in self.screen.text, f"{text!r} on the screen", seconds)

    def waits(self, is_so: Callable[[], bool], what: str = "it", seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited for {what}; there is:\n{self.screen.text[-2000:]}")
            time.sleep(0.005)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("a = 1\nb = 2\n")
    (tmp_path / "notes.md").write_text("# Notes\n")
    return tmp_path


def test_an_answer_about_no_files_says_so_and_how_to_name_some(project: Path) -> None:
    shown = chat(project, FakeBackend(FakeLLM("one")), "Why?\r")
    assert "no files were sent, @ names some" in shown
    shown = chat(project, FakeBackend(FakeLLM("one")), "Why @notes.md ?\r")
    assert "one" in shown and "no files were sent" not in shown


def test_an_answer_without_text_or_with_half_of_it_is_an_error(project: Path) -> None:
    llm = FakeLLM()
    llm.enqueue()
    llm.enqueue("half", AnswerCutOff("It broke off.", "Ask again."))

    def script(typist: Typist) -> None:
        typist.types("Why?\r")
        typist.sees("ended its answer without any text")
        typist.types("Why?\r")
        typist.sees("It broke off.")

    shown = chat(project, FakeBackend(llm), script)
    assert shown.index("half") < shown.index("It broke off.") < shown.index("Ask again.")


def test_the_wait_for_the_first_word_is_shown(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docstra_tui.repl.answering.STEP_SECONDS", 0.02)
    gate = threading.Semaphore(0)
    llm = FakeLLM()
    monkeypatch.setattr(FakeLLM, "server", "gpu:8000")
    llm.enqueue("fine", gate=gate)

    def script(typist: Typist) -> None:
        typist.types("Why?\r")
        typist.sees("gpu:8000: reading or queued, 1 s")
        gate.release(2)
        typist.sees("fine")

    chat(project, FakeBackend(llm), script)


def chat(
    project: Path,
    backend: FakeBackend,
    script: Callable[[Typist], None] | str,
    *,
    resume: str | None = None,
    settings: Settings | None = None,
    code: int = 0,
) -> str:
    """Chat as `script` types (a text, or steps), leave with Ctrl+D, and return what was shown."""
    screen = Screen()
    failed: list[BaseException] = []
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=screen):
        typist = Typist(pipe, screen)

        def type_it() -> None:
            try:
                if isinstance(script, str):
                    typist.types(script)
                else:
                    script(typist)
            except BaseException as error:
                failed.append(error)
            finally:
                with contextlib.suppress(Exception):
                    typist.types(CTRL_C + CTRL_D)  # what is refused stands in the prompt again

        thread = threading.Thread(target=type_it, daemon=True)
        thread.start()
        ended = run(settings or Settings(), project, resume=resume, opener=backend)
        thread.join(10)
    if failed:
        raise failed[0]
    assert ended == code
    return screen.text


@contextlib.contextmanager
def saved() -> Iterator[SessionStore]:
    store = SessionStore()
    yield store
    store.close()


def test_a_question_is_answered_and_saved(project: Path) -> None:
    llm = FakeLLM()
    llm.enqueue("It ", "is **one**.", usage=Usage(1234, 7, 1000))
    backend = FakeBackend(llm)
    shown = chat(project, backend, "What is a?\r")
    assert llm.calls[0].question == "What is a?"
    assert "It is **one**." in shown
    assert "1.2k tokens read, 1.0k cached" in shown and "7 written" in shown
    assert "fake stays loaded." in shown
    assert backend.closed == 1
    with saved() as store:
        (summary,) = store.sessions()
        assert summary.root == str(project)
        (turn,) = store.load(summary.id).turns
        assert (turn.question, turn.answer, turn.status) == ("What is a?", "It is **one**.", "done")
        assert f"--resume {summary.id[:8]}" in shown


def test_why_a_model_reads_everything_anew_is_said_once_and_shown_on_request(project: Path) -> None:
    note = "Each question is read from its beginning: \x1b[2J."
    backend = FakeBackend(FakeLLM("one", "two"), replace(READY, notes=(note,)))
    shown = chat(project, backend, "First?\rSecond?\r")
    assert shown.count("is read from its beginning") == 1
    assert "\x1b[2J" not in shown
    shown = chat(project, backend, "/model\r")
    assert "is read from its beginning" in shown


def test_a_mention_gives_the_file_to_this_and_later_questions(project: Path) -> None:
    llm = FakeLLM("one", "two")
    shown = chat(project, FakeBackend(llm), "What is @src/a.py:1-1 for?\rAnd then?\r")
    assert "+ src/a.py:1-1" in shown
    assert llm.calls[0].question.startswith('File "src/a.py", lines 1-1:\n```python\na = 1\n```')
    assert llm.calls[1].question == "And then?"  # the file stands with the first question
    assert llm.calls[1].messages[1]["content"] == llm.calls[0].question


def test_a_word_that_names_no_file_is_only_a_word_when_it_is_sent_once_more(project: Path) -> None:
    llm = FakeLLM("x")

    def script(typist: Typist) -> None:
        typist.types("What does @property do?\r")
        typist.sees("no file property")
        typist.sees("Enter again sends it as it is.")
        assert llm.calls == []
        typist.types("\r")
        typist.waits(lambda: bool(llm.calls))

    chat(project, FakeBackend(llm), script)
    assert llm.calls[0].question == "What does @property do?"


def test_a_task_explains_the_files_that_are_named_and_no_others(project: Path) -> None:
    (project / "src" / "my file.py").write_text("c = 3\n")
    llm = FakeLLM("notes", "a", "lines", "spaces", "folder 1", "folder 2")
    script = (
        "About @notes.md?\r/explain src/a.py\r/explain src/a.py:2\r"
        '/explain "src/my file.py"\r/document src/\r'
    )
    chat(project, FakeBackend(llm), script)
    asked = [call.question for call in llm.calls]
    assert 'the file "src/a.py", given above' in asked[1] and "notes.md" not in asked[1]
    assert 'the file "src/a.py:2-2", given above' in asked[2] and 'File "src/a.py", lines 2-2' in asked[2]
    assert 'the file "src/my file.py"' in asked[3] and "c = 3" in asked[3]
    assert ['"src/a.py", given' in asked[4], '"src/my file.py", given' in asked[5]] == [True, True]


@pytest.mark.parametrize("typed", ["/explain scr/a.py", "/document src/a.py how", '/explain "src/a.py'])
def test_a_task_about_a_file_that_is_not_there_asks_nothing(project: Path, typed: str) -> None:
    llm = FakeLLM("about b", "never")

    def script(typist: Typist) -> None:
        typist.types("About @notes.md?\r")
        typist.sees("about b")
        typist.types(f"{typed}\r")
        typist.waits(lambda: "no file" in typist.screen.text, "a word about it")
        typist.types("\r")  # it stands in the prompt again, and once more changes nothing

    chat(project, FakeBackend(llm), script)
    assert [call.question.endswith("About @notes.md?") for call in llm.calls] == [True]


@pytest.mark.parametrize("words", ["how to use @src/a.py:1", "@src/a.py:1"])
@pytest.mark.parametrize("command", ["ask", "examples", "custom"])
def test_the_words_of_a_task_may_name_files(project: Path, command: str, words: str) -> None:
    llm = FakeLLM("x")
    chat(project, FakeBackend(llm), f"/{command} {words}\r")
    assert 'File "src/a.py", lines 1-1:\n```python\na = 1' in llm.calls[0].question
    assert words in llm.calls[0].question


def test_lines_typed_behind_a_completed_name_are_its_lines(project: Path) -> None:
    llm = FakeLLM("x")

    def script(typist: Typist) -> None:
        typist.types("what is @a.p")
        typist.sees("src/a.py")
        typist.types("\t:2-2\r")
        typist.waits(lambda: bool(llm.calls))

    chat(project, FakeBackend(llm), script)
    assert llm.calls[0].question.endswith("what is @src/a.py:2-2")
    assert "lines 2-2:\n```python\nb = 2\n```" in llm.calls[0].question


def test_a_mistyped_command_is_never_sent_and_stands_in_the_prompt_again(project: Path) -> None:
    llm = FakeLLM("explained")

    def script(typist: Typist) -> None:
        typist.types("/explian src/a.py\r")
        typist.sees("Did you mean /explain?")
        typist.types("\x01" + "\x1b[C" * 5 + "\x1b[3~\x1b[3~ai\r")  # Home, to the "ia", and mend it
        typist.sees("explained")

    chat(project, FakeBackend(llm), script)
    assert 'the file "src/a.py"' in llm.calls[0].question


def test_a_theme_is_worn_at_once_and_kept(project: Path) -> None:
    shown = chat(project, FakeBackend(), "/theme\r/theme papre\r" + CTRL_C + "/theme paper\r")
    assert "lamp  dark (this one)" in shown and "Did you mean 'paper'?" in shown
    assert theme_choice.theme_for(project) == "paper"


def test_a_file_that_was_edited_is_read_again_in_its_place(project: Path) -> None:
    llm = FakeLLM("one", "two")

    def script(typist: Typist) -> None:
        typist.types("About @src/a.py?\r")
        typist.sees("one")
        (project / "src" / "a.py").write_text("a = 99\n")
        typist.types("Now?\r")
        typist.waits(lambda: len(llm.calls) == 2)

    shown = chat(project, FakeBackend(llm), script)
    assert "changed and is read again" in shown
    assert "a = 99" in llm.calls[1].messages[1]["content"]
    assert "a = 1\n" not in llm.calls[1].messages[1]["content"]


def test_a_file_that_is_gone_is_said_and_not_sent(project: Path) -> None:
    llm = FakeLLM("one", "two")

    def script(typist: Typist) -> None:
        typist.types("About @src/a.py and @notes.md?\r")
        typist.sees("one")
        (project / "src" / "a.py").unlink()
        typist.types("Now?\r")
        typist.waits(lambda: len(llm.calls) == 2)
        typist.sees("two")
        typist.types("/files\r")
        typist.sees("src/a.py  deleted")

    shown = chat(project, FakeBackend(llm), script)
    assert "There is no file src/a.py any more. It is not sent." in shown
    assert not any("a = 1" in message["content"] for message in llm.calls[1].messages)


def test_a_file_of_a_folder_that_is_no_text_holds_nothing_back(project: Path) -> None:
    (project / "src" / "b.bin").write_bytes(b"\0\1" * 90)
    llm = FakeLLM("one")
    shown = chat(project, FakeBackend(llm), "About @src/ ?\r")
    assert "+ src/a.py" in shown and "+ src/b.bin" not in shown
    assert len(llm.calls) == 1 and "a = 1" in llm.calls[0].question


def test_a_dropped_file_leaves_the_prompt(project: Path) -> None:
    llm = FakeLLM("one", "two")
    shown = chat(project, FakeBackend(llm), "About @src/a.py?\r/drop src/a.py nothing.py\rAnd now?\r/files\r")
    assert "src/a.py is left out" in shown and "nothing.py is not among" in shown
    assert not any("a = 1" in message["content"] for message in llm.calls[1].messages)
    assert "No files yet" in shown


def test_lines_are_broken_with_alt_enter_and_ctrl_j(project: Path) -> None:
    llm = FakeLLM("x")
    chat(project, FakeBackend(llm), f"one{ALT_ENTER}two\nthree\r")
    assert llm.calls[0].question == "one\ntwo\nthree"


def test_the_answer_cannot_command_the_terminal(project: Path) -> None:
    llm = FakeLLM()
    llm.enqueue("a\x1b]52;c;UFdO\x07b\x9b2Jc", EngineDied("gone\x1b[2J"))
    shown = chat(project, FakeBackend(llm), "Hostile?\r")
    assert "␛]52;c;UFdO␇b⟨9b⟩2Jc" in shown
    assert "gone␛[2J" in shown


def test_ctrl_c_stops_the_answer_and_keeps_the_part(project: Path) -> None:
    llm = FakeLLM()
    gate = threading.Semaphore(1)
    llm.enqueue("the part ", "never said", gate=gate)

    def script(typist: Typist) -> None:
        typist.types("Long?\r")
        typist.sees("the part ")
        typist.interrupts()
        typist.sees("stopped")

    shown = chat(project, FakeBackend(llm), script)
    assert "never said" not in shown
    with saved() as store:
        (turn,) = store.load("last").turns
        assert (turn.answer, turn.status) == ("the part ", "cancelled")


def test_ctrl_c_at_the_prompt_empties_it(project: Path) -> None:
    llm = FakeLLM("x")

    def script(typist: Typist) -> None:
        typist.types("not this")
        typist.sees("not this")
        typist.types(CTRL_C)
        typist.types("but this\r")
        typist.waits(lambda: bool(llm.calls))

    chat(project, FakeBackend(llm), script)
    assert [call.question for call in llm.calls] == ["but this"]


def test_one_can_type_while_the_model_loads_and_the_question_waits(project: Path) -> None:
    llm = FakeLLM("at last")
    backend = FakeBackend(llm, loading("download", 10, 100))

    def script(typist: Typist) -> None:
        typist.types("Early?")
        typist.sees("downloading the model 10%")
        assert llm.calls == []
        typist.types("\r")
        backend.statuses = [loading("place", 2, 4)]
        typist.sees("placing the model 50%")
        assert llm.calls == []
        backend.statuses = [READY]
        typist.sees("at last")

    chat(project, backend, script)


def test_a_model_that_is_ready_is_looked_at_seldom(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "BUSY_SECONDS", 0.01)
    monkeypatch.setattr(monitor, "IDLE_SECONDS", 60.0)
    backend, looks = FakeBackend(FakeLLM("one")), 0
    status = backend.status

    def counted() -> Status:
        nonlocal looks
        looks += 1
        return status()

    monkeypatch.setattr(backend, "status", counted)

    def script(typist: Typist) -> None:
        typist.types("Why?\r")
        typist.sees("one")
        time.sleep(0.5)
        assert looks < 15

    chat(project, backend, script)


def test_waiting_for_the_model_can_be_given_up(project: Path) -> None:
    llm = FakeLLM("x")

    def script(typist: Typist) -> None:
        typist.types("Early?\r")
        # The prompt writes its toolbar letter by letter, so this is the line below the sent question.
        typist.waits(lambda: "loading: reading the model 34%" in typist.screen.writes)
        typist.interrupts()
        typist.sees("Not sent")

    chat(project, FakeBackend(llm, loading()), script)
    assert llm.calls == []


def test_a_model_that_failed_is_said_and_can_be_started_again(project: Path) -> None:
    failed = replace(READY, state="failed", error=ModelNotFound("There is no model m.", "Look again."))
    llm = FakeLLM("now it works")
    backend = FakeBackend(llm, failed)
    shown = chat(project, backend, "Hello?\r/restart\rHello again?\r")
    assert "There is no model m." in shown and "Look again." in shown and "/restart" in shown
    assert backend.restarts == 1
    assert [call.question for call in llm.calls] == ["Hello again?"]


def test_why_a_model_did_not_load_is_said_once_to_a_question_that_waits(project: Path) -> None:
    failed = replace(READY, state="failed", error=ModelNotFound("There is no model m.", "Look again."))
    backend = FakeBackend(FakeLLM(), loading())

    def script(typist: Typist) -> None:
        typist.types("Hello?\r")
        typist.waits(lambda: "loading: reading the model 34%" in "".join(typist.screen.writes))
        backend.statuses = [failed]
        typist.sees("/restart tries again")

    assert chat(project, backend, script).count("There is no model m.") == 1


def test_a_failure_in_the_middle_keeps_the_question_and_the_part(project: Path) -> None:
    llm = FakeLLM()
    llm.enqueue("part", EngineDied("The engine is gone.", "Restart it."))
    llm.enqueue("fine")
    shown = chat(project, FakeBackend(llm), "First?\rSecond?\r")
    assert "The engine is gone." in shown and "fine" in shown
    with saved() as store:
        first, second = store.load("last").turns
        assert (first.answer, first.status, second.status) == ("part", "failed", "done")


def test_what_does_not_fit_is_refused_with_the_numbers(project: Path) -> None:
    llm = FakeLLM()
    llm.enqueue(ContextOverflow(9000, 8192, 512))
    assert "9,000" in chat(project, FakeBackend(llm), "Too much?\r")


def test_tasks_over_files(project: Path) -> None:
    llm = FakeLLM("explained a", "explained notes", "documented a", "examples", "anything")
    shown = chat(
        project,
        FakeBackend(llm),
        "/explain src/a.py notes.md\r/document @src/a.py\r/examples sort a list\r/custom Count words.\r",
    )
    asked = [call.question for call in llm.calls]
    assert "Explain" in asked[0] and 'the file "src/a.py", given above' in asked[0] and "a = 1" in asked[0]
    assert (
        'the file "notes.md", given above' in asked[1] and "# Notes" in asked[0] and "# Notes" not in asked[1]
    )
    assert "Write documentation" in asked[2] and "a = 1" not in asked[2]  # it is in the log already
    assert "sort a list" in asked[3]
    assert asked[4] == "Count words."
    assert "documented a" in shown


def test_a_task_without_a_file_says_so(project: Path) -> None:
    assert "There is no file yet" in chat(project, FakeBackend(), "/explain\r")


def test_a_session_can_be_resumed_with_its_files(project: Path) -> None:
    chat(project, FakeBackend(FakeLLM("first answer")), "About @src/a.py?\r")
    llm = FakeLLM("second answer")
    shown = chat(project, FakeBackend(llm), "And now?\r", resume="last")
    assert "first answer" in shown and "+ src/a.py" in shown
    roles = [message["role"] for message in llm.calls[0].messages]
    assert roles == ["system", "user", "assistant", "user"]
    with saved() as store:
        assert [turn.answer for turn in store.load("last").turns] == ["first answer", "second answer"]


def test_an_answer_that_another_terminal_writes_is_not_called_ended(project: Path) -> None:
    with saved() as store:
        session_id = store.create(str(project), "m")
        store.begin_turn(session_id, turn := SavedTurn("Why?"))
        store.add_piece(turn.id, "Because")
        assert store.flush()
        shown = chat(project, FakeBackend(), "", resume="last")
    assert "Because" in shown and "(still being written in another terminal)" in shown
    shown = chat(project, FakeBackend(), "", resume="last")  # its writer is gone
    assert "Because" in shown and "(cut off)" in shown


def test_sessions_new_and_resume_from_within(project: Path) -> None:
    llm = FakeLLM("one", "two", "three")
    shown = chat(project, FakeBackend(llm), "First?\r/new\rSecond?\r/sessions\r/resume nothing\rThird?\r")
    assert [len(call.messages) for call in llm.calls] == [2, 2, 4]
    assert shown.count("  1 turn   ") == 2
    assert "There is no saved session 'nothing'" in shown


def test_another_model_goes_on_with_the_same_conversation(project: Path) -> None:
    llm = FakeLLM("one", "two")
    backend = FakeBackend(llm)
    chat(project, backend, "First?\r/model org/other\rSecond?\r/model\r")
    first, second = (settings for settings, _ in backend.opened_with)
    assert (first.model.name, second.model.name) == ("", "org/other")
    assert len(llm.calls[1].messages) == 4


def test_another_model_has_neither_the_revision_nor_the_quantisation_of_the_one_before(project: Path) -> None:
    backend = FakeBackend(FakeLLM())
    before = Settings(model=ModelSettings(name="org/one", revision="v1", quant="bnb-4bit"))
    chat(project, backend, "/model org/two\r", settings=before)
    assert [settings.model for settings, _ in backend.opened_with] == [  # type: ignore[attr-defined]
        before.model,
        ModelSettings(name="org/two"),
    ]


def test_a_resumed_turn_of_the_users_own_template_is_told_to_the_model(project: Path) -> None:
    llm = FakeLLM("Fine.")
    llm.add_template("review", "Review this: {words}")
    with saved() as store:
        list(ChatSession(llm, project, store).run(TurnRequest("review", "Review", {"words": "all of it"})))
        store.flush(5)
    templates.folder().mkdir(parents=True)
    (templates.folder() / "review.txt").write_text("Review this: {words}")
    now = FakeLLM("Because.")
    chat(project, FakeBackend(now), "Why?\r", resume="last")
    assert "Review this: all of it" in str(now.calls[0].messages)


def test_help_is_made_from_the_table_and_unknown_commands_name_the_nearest(project: Path) -> None:
    shown = chat(project, FakeBackend(), "/help\r/explian\r")
    for command in commands_of("chat"):
        assert command.usage in shown and command.help in shown
    assert "Did you mean /explain?" in shown


def test_what_does_not_fit_is_said_with_its_numbers_before_anything_is_sent(project: Path) -> None:
    llm = FakeLLM("never", window=60)
    screen = chat(project, FakeBackend(llm), "what is this about, in more than a few words?\r")
    assert "window is 60" in screen and "/drop leaves one out" in screen
    assert llm.calls == []


def test_many_files_are_counted_aloud(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docstra_tui.session.scale.BATCH", 1)
    (project / "a.txt").write_text("one two\n")
    (project / "b.txt").write_text("three four\n")
    screen = chat(project, FakeBackend(FakeLLM("Because.")), "Why? @a.txt @b.txt\r")
    assert "counting 1 of 2" in screen and "counting 2 of 2" in screen and "Because." in screen


def test_what_comes_next_is_read_ahead(project: Path) -> None:
    warmed: list[str] = []

    class Warming(FakeLLM):
        def warm(self, prompt: Prompt, stable: int) -> Measure:
            warmed.append(str(prompt))
            return Measure(1, 1)

    def script(typist: Typist) -> None:
        typist.waits(lambda: len(warmed) == 1)
        typist.types("Why?\r")
        typist.waits(lambda: any("Because." in prompt for prompt in warmed))

    chat(project, FakeBackend(Warming("Because.")), script)


def test_a_path_is_a_question_and_not_a_command(project: Path) -> None:
    llm = FakeLLM("x")
    chat(project, FakeBackend(llm), "/etc/hosts has which format?\r")
    assert llm.calls[0].question == "/etc/hosts has which format?"


def test_quit_leaves(project: Path) -> None:
    llm = FakeLLM("x")
    chat(project, FakeBackend(llm), "/quit\rnever asked\r")
    assert llm.calls == []


def test_another_machine_is_asked_about_once(project: Path) -> None:
    llm = FakeLLM("one", "two")
    backend = FakeBackend(llm, host="gpu.example")

    def script(typist: Typist) -> None:
        typist.types("First?\r")
        typist.sees("Send them?")
        typist.types("n\r")
        typist.sees("Nothing was sent")
        typist.types(" Second?\r")  # behind the first, which stayed
        typist.waits(lambda: typist.screen.text.count("Send them?") >= 2)
        typist.types("y\r")
        typist.sees("one")
        typist.types("Third?\r")
        typist.sees("two")

    chat(project, backend, script)
    assert [call.question for call in llm.calls] == ["First? Second?", "Third?"]
    assert Consent().is_given(parse("http://gpu.example/v1"))


def test_history_is_kept_where_nobody_else_can_read_it(project: Path) -> None:
    chat(project, FakeBackend(FakeLLM("x")), "Remember me?\r")
    path = paths.state_dir() / HISTORY
    assert "Remember me?" in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    llm = FakeLLM("x")

    def script(typist: Typist) -> None:
        typist.types("\x1b[A")
        typist.sees("Remember me?")
        typist.types("\r")
        typist.waits(lambda: bool(llm.calls))

    chat(project, FakeBackend(llm), script)
    assert llm.calls[0].question == "Remember me?"


def test_a_disk_that_takes_nothing_is_said_at_the_end_with_where_the_copy_is(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "copies").mkdir()
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "copies"))
    monkeypatch.setenv("DOCSTRA_STATE_DIR", str(tmp_path / "file" / "state"))
    shown = chat(project, FakeBackend(FakeLLM("one", "two")), "First?\r/new\rSecond?\r", code=1)
    assert "NOT SAVED: " in shown and "Not saved" not in shown and "To go on" not in shown
    copies = list((tmp_path / "copies").iterdir())
    assert sorted("First?" in copy.read_text() for copy in copies) == [False, True]
    assert all(str(copy) in shown for copy in copies)


def test_a_history_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    kept = KeptHistory(str(tmp_path))  # a folder: no disk could be fuller
    kept.append_string("typed")
    assert kept.get_strings() == ["typed"] and list(kept.load_history_strings()) == []


def test_an_engine_that_was_stopped_is_started_by_the_next_question(project: Path) -> None:
    gone = replace(READY, state="failed", error=EngineDied("The engine was stopped."))
    llm = FakeLLM("here again")
    backend = FakeBackend(llm, gone)
    shown = chat(project, backend, "Hello?\r")
    assert "The engine was stopped. It starts again." in shown and "here again" in shown
    assert backend.restarts == 1


def test_another_model_is_named_whole_and_why_it_did_not_load_is_said(project: Path) -> None:
    error = ModelNotFound("There is no model no/such.", "Look again.")
    other = FakeBackend(FakeLLM(), loading("find"), replace(READY, state="failed", error=error))
    first = FakeBackend()

    class Both(FakeBackend):
        def __call__(self, settings: object, *, oneshot: bool = False) -> FakeBackend:
            return other if settings != Settings() else first

    def script(typist: Typist) -> None:
        typist.types("/model no/such\r")
        typist.sees("There is no model no/such.")

    shown = chat(project, Both(), script)
    assert "Loading no/such…" in shown and "from now on" not in shown


def test_every_command_has_its_handler(project: Path) -> None:
    one = Chat(
        Settings(), project, FakeBackend(), SessionStore(), Printer(DummyStyle()), lambda question: False
    )
    assert {command.name for command in commands_of("chat")} == TASKS | one.handlers.keys() | {"quit"}
    one.close()
