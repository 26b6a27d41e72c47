"""One-shot commands before another machine: who says yes, and what stops."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from docstra_tui import cli, paths
from docstra_tui.commands import oneshot
from docstra_tui.commands.arguments import parse
from docstra_tui.commands.console import Console
from docstra_tui.errors import NotAllowed, UsageError
from docstra_tui.session.outgoing import SecretsFound
from tests.commands.oneshot.one_shot import Terminal
from tests.elsewhere import Elsewhere, elsewhere

TOKEN = "gh" + "p_x7Kq2mZp9RtLwN4vBs8YdHc3JfGa6TeUoQ1i"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Elsewhere]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("a = 1\n")
    (tmp_path / "key.py").write_text(f"one\ntoken = '{TOKEN}'\n")
    (tmp_path / "prod.env").write_text("HOST=here\n")
    with open(os.devnull) as nothing, elsewhere() as server:
        monkeypatch.setattr("sys.stdin", nothing)
        yield server


def run(*words: str, is_terminal: bool = False) -> tuple[int, str, str]:
    console = Console(io.StringIO(), Terminal() if is_terminal else io.StringIO())
    code = oneshot.run(parse(words), console=console)
    return code, console._out.getvalue(), console._err.getvalue()  # type: ignore[attr-defined]


def configured(server: Elsewhere) -> None:
    folder = paths.private_folder(paths.config_dir())
    (folder / "config.toml").write_text(f'[remote]\nbase_url = "{server.url}"\n')


def test_a_url_from_a_file_or_a_variable_is_no_yes(
    server: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(server)
    with pytest.raises(NotAllowed):
        run("ask", "Why?", "-f", "a.py")
    (paths.config_dir() / "config.toml").unlink()
    monkeypatch.setenv("DOCSTRA_BASE_URL", server.url)
    with pytest.raises(NotAllowed) as caught:
        run("explain", "a.py", "--json")
    assert "--base-url" in caught.value.hint
    assert server.connections == 0
    assert cli.main(["ask", "Why?"]) == 2


def test_a_url_in_a_command_without_a_terminal_is_the_yes_and_only_for_that_command(
    server: Elsewhere,
) -> None:
    code, out, err = run("ask", "Why?", "-f", "a.py", "--base-url", server.url)
    assert (code, out, err) == (0, "An answer.\n", f"→ {server.shown}\n")
    configured(server)
    with pytest.raises(NotAllowed):
        run("ask", "Why?")


@pytest.mark.parametrize("answer", ["y\n", "n\n", "\n", ""])
def test_at_a_terminal_it_is_asked_before_the_first_connection(
    server: Elsewhere, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    class Stdin(Terminal):
        def readline(self, *rest: object) -> str:
            seen.append(server.connections)
            return answer

    monkeypatch.setattr("sys.stdin", Stdin())
    try:
        run("ask", "Why?", "-f", "a.py", "--base-url", server.url, is_terminal=True)
    except UsageError as error:
        assert "Nothing was sent" in error.message
    assert seen == [0] and bool(server.connections) == (answer == "y\n")


@pytest.mark.parametrize(
    ("name", "where"), [("key.py", "key.py line 2 (a GitHub token)"), ("prod.env", "prod.env (by its name")]
)
def test_what_may_be_secret_is_refused_where_nobody_can_be_asked(
    server: Elsewhere, name: str, where: str
) -> None:
    words = ["ask", "Why?", "-f", "a.py", "-f", name, "--base-url", server.url]
    with pytest.raises(SecretsFound) as caught:
        run(*words)
    assert where in caught.value.message and "--send-secrets" in caught.value.hint
    assert TOKEN not in str(caught.value) and server.connections == 0
    assert cli.main(words) == 2
    assert run(*words, "--send-secrets")[:2] == (0, "An answer.\n")
    text = TOKEN if name == "key.py" else "HOST=here"
    assert text.encode() in server.requests[-1]


def test_what_may_be_secret_is_named_once(server: Elsewhere, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", "Why?", "-f", "key.py", "--base-url", server.url]) == 2
    assert capsys.readouterr().err.count("key.py") == 1
    assert cli.main(["ask", "Why?", "-f", "key.py", "-f", "prod.env", "--base-url", server.url]) == 2
    assert "  key.py line 2: a GitHub token\n" in capsys.readouterr().err


def test_every_answer_of_a_command_is_looked_over_before_the_first_is_sent(server: Elsewhere) -> None:
    with pytest.raises(SecretsFound):
        run("explain", "a.py", "key.py", "--base-url", server.url)
    assert server.connections == 0


@pytest.mark.parametrize("yes", [True, False])
def test_at_a_terminal_what_may_be_secret_is_asked_about(
    server: Elsewhere, yes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("y\n" + ("y\n" if yes else "\n")))
    words = ["explain", "key.py", "--base-url", server.url]
    if yes:
        assert run(*words, is_terminal=True)[:2] == (0, "An answer.\n")
        assert TOKEN.encode() in server.requests[-1]
    else:
        with pytest.raises(UsageError, match="Nothing was sent"):
            run(*words, is_terminal=True)
        assert server.connections == 0


def test_what_is_piped_in_is_looked_over_too(server: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.write(writer, f"+token = '{TOKEN}'\n".encode())
    os.close(writer)
    monkeypatch.setattr("sys.stdin", os.fdopen(reader))
    with pytest.raises(SecretsFound, match=r"the code line 1 \(a GitHub token\)"):
        run("ask", "What changes?", "--base-url", server.url)
    assert server.connections == 0


def test_on_this_machine_nobody_is_asked(server: Elsewhere) -> None:
    here = server.url.replace("127.1", "localhost")
    code, out, err = run("ask", "Why?", "-f", "prod.env", "-f", "key.py", "--base-url", here)
    assert (code, out, err) == (0, "An answer.\n", "")
    err = run("ask", "Why?", "-f", "prod.env", "--base-url", here, is_terminal=True)[2]
    assert "prod.env may hold secrets." in err and "stays on this machine" in err
