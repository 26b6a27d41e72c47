"""The command line: which words mean what, and what its end means to the shell."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from docstra_tui import __version__, cli, paths
from docstra_tui.commands import arguments, faces, flags, terminal
from docstra_tui.commands.arguments import SCREEN, parse
from docstra_tui.errors import ContextOverflow, GenerationFailed, ModelNotFound, UsageError
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn, WaitingQuestion


@pytest.fixture(autouse=True)
def signals_back():
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


# Which words mean what


def test_the_first_word_is_a_command_or_else_a_folder(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ask").mkdir()
    assert parse(["ask", "why?"]).command == "ask"
    assert parse(["./ask"]).command == SCREEN
    assert parse(["./ask"]).words == ("./ask",)
    assert parse([]).command == SCREEN
    assert parse(["--theme", "paper"]).flags == {"theme": "paper"}


def test_a_tilde_that_no_shell_has_expanded_is_the_home_folder(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "src" / "project").mkdir(parents=True)
    found = parse(["~/src/project"])
    assert (found.command, faces.folder(found.words[0])) == (SCREEN, tmp_path / "src" / "project")
    with_session = parse(["--resume", "~/src/project"])
    assert (with_session.words, with_session.options["resume"]) == (("~/src/project",), "last")
    with pytest.raises(UsageError, match="no folder"):
        parse(["~/src/nothing"])


def test_flags_stand_anywhere_after_the_command_and_become_settings() -> None:
    found = parse(["ask", "--model", "m", "why?", "--temperature", "0", "-f", "a", "--json", "-f", "b:1-2"])
    assert found.words == ("why?",)
    assert found.flags == {"model.name": "m", "answer.temperature": "0"}
    assert found.options["json"] and found.options["files"] == ["a", "b:1-2"]


def test_every_common_flag_reaches_its_setting() -> None:
    words = [
        *["--model", "m", "--revision", "r", "--device", "cpu", "--dtype", "float32", "--quant", "bnb-4bit"],
        *["--base-url", "http://u", "--own-engine", "--max-tokens", "5", "--temperature", "1"],
        *["--theme", "paper", "--think", "off", "--kv-cache", "int8"],
    ]
    from docstra_tui import settings

    found = parse(["engine", "list", *words]).flags
    assert parse(["--remote", "gpu"]).flags == {"remote.name": "gpu"}  # in the place of a URL
    assert {*found, "remote.name"} == {option.key for option in flags.COMMON if option.key}
    assert settings.load(found).engine.own is True


def test_what_follows_two_dashes_is_never_a_flag() -> None:
    assert parse(["ask", "--json", "--", "-f means what?"]).words == ("-f means what?",)
    assert parse(["explain", "-f", "a.py", "--", "-odd.py"]).words == ("-odd.py",)


@pytest.mark.parametrize(
    ("words", "session"), [(["--resume"], "last"), (["--resume", "abc"], "abc"), ([], None)]
)
def test_resume_takes_a_session_or_means_the_last(words: list[str], session: str | None) -> None:
    assert parse(["chat", *words]).options["resume"] == session


def test_resume_before_a_folder_is_the_last_session_on_that_folder(tmp_path: Path) -> None:
    found = parse(["--resume", str(tmp_path)])
    assert (found.options["resume"], found.words) == ("last", (str(tmp_path),))


def test_a_command_with_actions_means_its_first_one_when_none_is_said() -> None:
    assert parse(["engine"]).action == "list"
    assert parse(["engine", "stop", "abc"]).words == ("abc",)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["aks", "why?"], "Did you mean docstra-tui ask?"),
        (["nowhere"], "no folder 'nowhere'"),
        (["docotr"], "Did you mean docstra-tui doctor?"),
        (["templates", "cpoy"], "Did you mean copy?"),
        (["sessions", "exprot", "x"], "Did you mean export?"),
        (["models", "inspekt"], "Did you mean inspect?"),
        (["config", "schema", "x"], "one word too many"),
        (["config", "set", "theme"], "takes a key and its value"),
        (["config", "unset"], "takes one key"),
        (["engine", "lits"], "Did you mean list?"),
        (["ask", "two", "texts"], "in quotes"),
        (["ask", "--modle", "x"], "--modle"),
        (["ask", "--mod", "x"], "--mod"),
        (["--model", "x", "ask", "why?"], "The command comes first"),
        (["ask", "--max-tokens"], "--max-tokens"),
        (["reset-terminal", "now"], "one word too many"),
    ],
)
def test_what_is_not_understood_is_said_with_the_way_out(words, said, capsys) -> None:
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


# What its end means to the shell


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (UsageError("no"), 2),
        (ModelNotFound("no"), 3),
        (ContextOverflow(9000, 8192, 512), 4),
        (KeyboardInterrupt(), 130),
        (cli.Terminated(signal.SIGTERM), 143),
        (cli.Terminated(signal.SIGHUP), 129),
        (RuntimeError("a bug"), 1),
    ],
)
def test_exit_codes(raised: BaseException, code: int, monkeypatch, capsys) -> None:
    def fail(invocation):
        raise raised

    monkeypatch.setattr(cli, "_run", fail)
    assert cli.main(["config", "show"]) == code
    assert capsys.readouterr().out == ""


def test_an_error_shows_its_sentence_and_its_hint_and_cannot_command_the_terminal(
    monkeypatch, capsys
) -> None:
    def fail(invocation):
        raise ModelNotFound("No \x1b]0;title\x07 model.", "Look\x9b again.")

    monkeypatch.setattr(cli, "_run", fail)
    cli.main(["config", "show"])
    err = capsys.readouterr().err
    assert "model." in err and "again." in err
    assert not set(err) & set("\x1b\x07\x9b")


def test_a_bug_of_ours_is_one_line_here_and_a_story_in_a_private_file(monkeypatch, capsys) -> None:
    def fail(invocation):
        api_key = "sk-secret"
        raise RuntimeError("a bug\nwith details" + api_key[:0])

    monkeypatch.setattr(cli, "_run", fail)
    assert cli.main(["config", "show"]) == 1
    err = capsys.readouterr().err
    log = paths.log_dir() / "failures.log"
    assert str(log) in err and "with details" not in err
    assert "RuntimeError: a bug" in log.read_text()
    assert "sk-secret" not in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def run(*words: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "docstra_tui", *words],
        capture_output=True,
        text=True,
        timeout=60,
        **{"stdin": subprocess.DEVNULL, **options},
    )


def test_version_and_help_of_the_real_program() -> None:
    assert run("--version").stdout == f"docstra-tui {__version__}\n"
    text = run("--help").stdout
    for name in arguments.NAMES:
        assert f"\n  {name}" in text
    assert max(map(len, text.splitlines())) <= 80, "a terminal has 80 columns"
    own = run("ask", "--help")
    assert (own.returncode, own.stderr) == (0, "")
    assert "--file" in own.stdout and "--base-url" in own.stdout


@pytest.mark.parametrize("name", [name for name in arguments.NAMES])
def test_every_command_has_a_help_of_its_own(name: str, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"docstra-tui {name}" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_reader_that_leaves_is_no_error() -> None:
    script = f"{sys.executable} -m docstra_tui config show | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.returncode in (0, 141)


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_is_no_error(closed: str) -> None:
    for words, code in (("config show", 0), ("--help", 0), ("ask --modle x", 2)):
        script = f"{sys.executable} -m docstra_tui {words} {closed}"
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
        assert (done.returncode, "Error" in done.stderr) == (code, False)


@pytest.mark.parametrize("words", ["--help", "ask --help", "config show"])
def test_a_full_disk_behind_standard_output_is_a_sentence(words: str) -> None:
    script = f"{sys.executable} -m docstra_tui {words} > /dev/full"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "docstra-tui: Standard output cannot be written: No space left on device.\n"


def test_a_ctrl_c_while_the_program_is_read_ends_it_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "argparse.py").write_text("raise KeyboardInterrupt\n")
    done = run("--help", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_theme_that_is_not_there_is_a_usage_error_for_every_command(capsys) -> None:
    for words in (["engine", "list"], ["config", "show"], ["chat"]):
        assert cli.main([*words, "--theme", "papre"]) == 2
        assert "Did you mean 'paper'?" in capsys.readouterr().err


def test_without_any_terminal_the_screen_says_what_to_use_instead(monkeypatch) -> None:
    done = run(start_new_session=True)
    assert done.returncode == 2
    assert "docstra-tui ask" in done.stderr
    assert "ssh" not in done.stderr
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 50000 10.0.0.2 22")
    chat = run("chat", start_new_session=True)
    assert (chat.returncode, "needs a terminal" in chat.stderr) == (2, True)
    assert "ssh -t HOST" in chat.stderr


def test_a_file_is_no_folder(tmp_path: Path, capsys) -> None:
    (tmp_path / "a.py").touch()
    assert cli.main([str(tmp_path / "a.py")]) == 2
    assert "-f" in capsys.readouterr().err


# Small commands


def test_config_show_gives_lines_that_are_valid_in_a_configuration_file(capsys, monkeypatch) -> None:
    import tomllib

    from docstra_tui import settings

    monkeypatch.setenv("DOCSTRA_API_KEY", "sk-secret")
    assert cli.main(["config", "show", "--model", "m", "--max-tokens", "7"]) == 0
    out = capsys.readouterr().out
    assert "sk-secret" not in out
    assert tomllib.loads(out)["answer"]["max_tokens"] == 7
    paths.config_dir().mkdir(parents=True)
    (paths.config_dir() / settings.CONFIG_FILE).write_text(out)
    assert settings.load().model.name == "m"


def test_config_path_and_its_json(capsys) -> None:
    cli.main(["config", "path"])
    assert capsys.readouterr().out.strip() == str(paths.config_dir() / "config.toml")
    cli.main(["config", "path", "--json"])
    assert json.loads(capsys.readouterr().out)["state"] == str(paths.state_dir())


def test_a_wrong_setting_is_a_usage_error(capsys, monkeypatch) -> None:
    monkeypatch.setenv("DOCSTRA_MODLE", "x")
    assert cli.main(["config", "show"]) == 2
    assert "DOCSTRA_MODEL" in capsys.readouterr().err


def test_no_engine_to_list_or_stop_is_no_failure(capsys) -> None:
    assert cli.main(["engine", "list"]) == 0
    assert cli.main(["engine", "stop"]) == 0
    assert cli.main(["engine", "list", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"engines": []}
    assert "No engine is running." in err
    assert cli.main(["engine", "status"]) == 3
    assert cli.main(["engine", "logs"]) == 3


def test_the_log_of_an_engine_that_died_can_still_be_read(capsys) -> None:
    log = paths.private_folder(paths.private_folder(paths.state_dir()) / "logs") / "engine-abc.log"
    log.write_bytes(b"loading\n\xff out of memory\n")
    assert cli.main(["engine", "logs"]) == 0
    assert capsys.readouterr().out == "loading\n\\xff out of memory\n"


def test_nothing_saved_yet(capsys) -> None:
    assert cli.main(["sessions", "list"]) == 0
    assert cli.main(["sessions", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"sessions": []}
    assert "Nothing is saved" in err
    assert cli.main(["sessions", "show"]) == 1
    assert cli.main(["sessions", "delete"]) == 2


def test_what_was_accepted_and_not_asked_is_listed_and_shown(capsys) -> None:
    store = SessionStore()
    store.accept(store.create("/p", "m"), WaitingQuestion("Why?"), draft="and")
    store.close()
    assert cli.main(["sessions", "list"]) == 0
    assert "(not sent) Why?" in capsys.readouterr().out
    assert cli.main(["sessions", "show"]) == 0
    assert capsys.readouterr().out == "> Why?\n\n(not sent)\n\n> and\n\n(not sent)\n\n"
    assert cli.main(["sessions", "show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unsent"] == ["Why?", "and"]


def test_a_turn_that_is_shown_says_how_it_ended(capsys) -> None:
    store = SessionStore()
    session_id = store.create("/p", "m")
    error = GenerationFailed("The device has no memory left.")
    for status, broke in (("cancelled", None), ("interrupted", None), ("failed", error)):
        store.begin_turn(session_id, turn := SavedTurn("Why?"))
        turn.status, turn.error = status, broke
        store.end_turn(turn.id, turn)
    store.close()
    assert cli.main(["sessions", "show"]) == 0
    shown = capsys.readouterr().out
    assert [line for line in shown.splitlines() if line.startswith("(")] == [
        "(stopped)",
        "(cut off)",
        "(failed: The device has no memory left.)",
    ]


def test_a_session_that_is_shown_says_what_stands_beside_it(capsys) -> None:
    store = SessionStore()
    session_id = store.create("/p", "m")
    for question in ("Why?", "How?"):
        store.begin_turn(session_id, turn := SavedTurn(question, parent=0))
        turn.status = "done"
        store.end_turn(turn.id, turn)
    store.close()
    assert cli.main(["sessions", "show"]) == 0
    shown = capsys.readouterr()
    assert "How?" in shown.out and "Why?" not in shown.out and "1 more turn stands" in shown.err
    assert cli.main(["sessions", "show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["elsewhere"] == 1


def test_what_was_thought_is_shown_only_where_it_is_wished(capsys) -> None:
    store = SessionStore()
    store.begin_turn(store.create("/p", "m"), turn := SavedTurn("Why?"))
    turn.thinking, turn.thinking_s, turn.answer, turn.status = "Hm.\nYes.", 1.5, "Because.", "done"
    store.end_turn(turn.id, turn)
    store.close()
    assert cli.main(["sessions", "show"]) == 0
    assert capsys.readouterr().out == "> Why?\n\nBecause.\n\n"
    assert cli.main(["sessions", "show", "--show-thinking"]) == 0
    assert capsys.readouterr().out == "> Why?\n\nThought for 1.5 s:\n\n> Hm.\n> Yes.\n\nBecause.\n\n"
    assert cli.main(["sessions", "show", "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)["turns"]
    assert (found["thinking"], found["thinking_s"], found["answer"]) == ("Hm.\nYes.", 1.5, "Because.")


def test_the_reset_string_turns_every_mode_off(capsys) -> None:
    assert cli.main(["reset-terminal"]) == 0
    out = capsys.readouterr().out
    assert out.index("?1049h") < out.index("?1049l")  # the cursor stays where it is
    for mode in (
        "?2004l",
        "?7h",
        "?2048l",
        "?1000l",
        "?1003l",
        "?1006l",
        "?1004l",
        "<u",
        "?1049l",
        "?25h",
        "0m",
    ):
        assert f"\x1b[{mode}" in out


@pytest.mark.parametrize(("term", "plain"), [("xterm-256color", False), ("dumb", True), ("", True)])
def test_a_dumb_terminal_gets_the_chat_instead_of_the_screen(term: str, plain: bool, monkeypatch) -> None:
    monkeypatch.setenv("TERM", term)
    assert bool(terminal.is_plain()) == plain


@pytest.mark.parametrize("sent", ["2>{}/log </dev/null", "<&- 2>&-"])
def test_a_terminal_is_taken_back_from_a_redirection(sent: str, tmp_path: Path) -> None:
    """`docstra-tui 2>log </dev/null` at a terminal: keys and screen are the terminal's."""
    import pty

    child, fd = pty.fork()
    if child == 0:
        code = (
            "from docstra_tui import cli; cli._open_missing_streams(); "
            "import sys; from docstra_tui.commands import terminal; terminal.take('x'); "
            "import os; streams = (sys.stdin, sys.stderr, sys.__stdin__, sys.__stderr__); "
            "os._exit(0 if [one.fileno() for one in streams if one.isatty()] == [0, 2, 0, 2] else 9)"
        )
        sent = sent.format(tmp_path)
        os.execv("/bin/sh", ["sh", "-c", f'"{sys.executable}" -c "{code}" {sent}'])
    try:
        while os.read(fd, 1024):
            pass
    except OSError:
        pass  # how Linux says that the other side is closed
    _, status = os.waitpid(child, 0)
    os.close(fd)
    assert os.waitstatus_to_exitcode(status) == 0


def test_sessions_are_found_by_words_renamed_and_gone_when_deleted(capsys) -> None:
    store = SessionStore()
    session_id = store.create("/p", "m")
    turn = SavedTurn("How?", answer="It\nretries \x1b[31m the client.", status="done")
    store.begin_turn(session_id, turn)
    store.end_turn(turn.id, turn)
    store.close()
    assert cli.main(["sessions", "search", "client", "retr", "--json"]) == 0
    hit = {"session": session_id, "turn": turn.id, "line": 2, "text": "retries \x1b[31m the client."}
    assert json.loads(capsys.readouterr().out) == {"hits": [{**hit, "part": "answer"}], "has_more": False}
    assert cli.main(["sessions", "rename", session_id[:6], "The", "retry", "client"]) == 0
    assert cli.main(["sessions", "search", '"the client"']) == 0
    out = capsys.readouterr().out
    assert f"{session_id[:8]} is The retry client now." in out
    assert "The retry client  /p\n    answer 2: retries" in out
    assert cli.main(["sessions", "search", '"client the"']) == 0
    assert "Nothing was found." in capsys.readouterr().err
    for words in (["search"], ["rename"], ["rename", session_id], ["list", "x"], ["delete", "a", "b"]):
        assert cli.main(["sessions", *words]) == 2
    assert b"retr" in (paths.state_dir() / "index.db").read_bytes()
    with closing(sqlite3.connect(paths.state_dir() / "sessions.db")) as connection, connection:
        by = "host/boot/1 1 1 ff"  # a program that was killed before it could forget the words
        connection.execute("UPDATE turns SET deleted = ?, asked = 1", (by,))
        connection.execute("UPDATE sessions SET updated = 1")
    assert cli.main(["sessions", "list"]) == 0
    files = b"".join(one.read_bytes() for one in paths.state_dir().iterdir() if one.is_file())
    assert b"retr" not in files and b"client" not in files


def test_the_words_of_a_session_that_is_deleted_are_gone_at_once(capsys) -> None:
    store = SessionStore()
    for question in ("unspeakable", "harmless"):
        turn = SavedTurn(question, answer="words", status="done")
        store.keep_turn(store.create("/p", "m"), turn)
        store.end_turn(turn.id, turn)
    store.close()
    assert cli.main(["sessions", "search", "unspeakable", "--json"]) == 0
    [hit] = json.loads(capsys.readouterr().out)["hits"]
    assert cli.main(["sessions", "delete", hit["session"]]) == 0
    files = b"".join(one.read_bytes() for one in paths.state_dir().iterdir() if one.is_file())
    assert b"unspeakable" not in files and b"harmless" in files
