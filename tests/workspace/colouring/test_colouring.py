"""Colours from a process that may be stuck, die, lie, or not start at all."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from docstra_tui.workspace.colouring import colouring
from docstra_tui.workspace.colouring.code_kinds import KINDS
from docstra_tui.workspace.colouring.colouring import Colouring, LineColours
from docstra_tui.workspace.colouring.process import find_lexer, lines_of
from tests.workspace import stuck_lexers

Make = Callable[..., Colouring]
GUARD = 30.0


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Colouring] = []

    def new(command: Sequence[str] = stuck_lexers.COMMAND, **options: object) -> Colouring:
        made.append(Colouring(command, **options))  # type: ignore[arg-type]
        return made[-1]

    yield new
    for one in made:
        one.close()


@contextmanager
def soon(start: float = 0.5) -> Iterator[None]:
    """What waits seconds waits less; `start` until a text is begun with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(colouring, "START_SECONDS", start)
        patch.setattr(colouring, "wait_limit", lambda text: 0.1)
        patch.setattr(colouring, "SPARE_SECONDS", 0.0)
        yield


def words(colours: Sequence[LineColours], text: str) -> list[tuple[str, str]]:
    """The coloured words and their kinds."""
    found = []
    for line, flat in zip(text.split("\n"), colours, strict=True):
        at = 0
        for length, kind in zip(flat[::2], flat[1::2], strict=True):
            if kind:
                found.append((line[at : at + length], KINDS[kind - 1]))
            at += length
    return found


def says(*lines: object) -> list[str]:
    """A process that answers every text with these lines."""
    told = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    code = f"import sys\nfor _ in sys.stdin:\n    sys.stdout.write({told!r}); sys.stdout.flush()"
    return [sys.executable, "-c", code]


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_every_word_has_its_kind(make: Make) -> None:
    text = 'class A:\n    """Doc."""\n\n    x = None or 1  # why\n\n@d\ndef f(): return "s"'
    took: list[LineColours] = []
    one = make()
    assert one.colour("python", text, took.extend)
    assert words(took, text) == [
        ("class", "Keyword"),
        ("A", "Name.Class"),
        ('"""Doc."""', "Literal.String.Doc"),
        ("None", "Keyword.Constant"),
        ("or", "Operator.Word"),
        ("1", "Literal.Number"),
        ("# why", "Comment"),
        ("@d", "Name.Decorator"),
        ("def", "Keyword"),
        ("f", "Name.Function"),
        ("return", "Keyword"),
        ('"s"', "Literal.String"),
    ]
    took.clear()
    diff = "-a\n+b"
    assert one.colour("diff", diff, took.extend)
    assert words(took, diff) == [("-a", "Generic.Deleted"), ("+b", "Generic.Inserted")]
    assert one.started == 1


def test_long_code_comes_in_parts_and_all_of_it(make: Make) -> None:
    text = "\n".join(f"x = {n}" for n in range(2_000))
    parts: list[int] = []
    assert make().colour("python", text, lambda lines: parts.append(len(lines)))
    assert sum(parts) == 2_000
    assert len(parts) > 10


@pytest.mark.parametrize("language", ["no such language", "\x00", "../x", "a" * 10_000])
def test_what_nobody_can_read_is_plain(language: str, make: Make) -> None:
    took: list[LineColours] = []
    assert make().colour(language, "a\nb", took.extend)
    assert took == [[], []]


ODD = ["", "\n", "\n\n\n", "x", "\ud800", "\u2028\x0b\x0c\x85", "'''", "漢 = '字'\n#"]


@pytest.mark.parametrize("text", ODD)
def test_there_is_a_line_of_colours_for_every_line(text: str, make: Make) -> None:
    told: list[LineColours] = []
    assert make().colour("python", text, told.extend)
    assert told == list(lines_of(find_lexer("python"), text))
    assert len(told) == text.count("\n") + 1
    for line, flat in zip(text.split("\n"), told, strict=True):
        assert sum(flat[::2]) <= len(line)


def test_a_reader_that_fails_leaves_the_rest_plain() -> None:
    class Fails:
        def get_tokens_unprocessed(self, text: str) -> Iterator[object]:
            yield 0, ("Keyword",), "a"
            raise RecursionError

    assert list(lines_of(Fails(), "a\nb"))[1:] == [[]]  # type: ignore[arg-type]


@pytest.mark.parametrize(("language", "ended_by"), [("stuck", signal.SIGALRM), ("busy", signal.SIGPROF)])
def test_a_process_that_is_stuck_is_ended_by_the_kernel_whoever_asked(
    language: str, ended_by: signal.Signals
) -> None:
    with subprocess.Popen(stuck_lexers.COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps([language, "x"]).encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"[]\n"
        assert process.wait(GUARD) == -ended_by


@pytest.mark.parametrize("language", ["stuck", "busy"])
def test_what_is_stuck_costs_its_colours_and_no_others(language: str, make: Make) -> None:
    one = make()
    took: list[LineColours] = []
    assert one.colour("python", "x = 1", took.extend)
    first = one.pid
    assert first is not None
    took.clear()
    assert one.colour(language, "x = 1", took.extend), "it is of no use to ask again"
    assert took == []
    assert is_gone(first)
    assert one.colour("python", "x = 1", took.extend)
    assert took and one.started == 2


def test_a_process_that_does_not_end_by_itself_is_killed(make: Make) -> None:
    code = "import signal; signal.setitimer = lambda *_: None; " + stuck_lexers.COMMAND[-1]
    one = make([sys.executable, "-c", code])
    assert one.colour("python", "", lambda lines: None)
    first = one.pid
    assert first is not None
    with soon(GUARD):
        assert one.colour("stuck", "x", lambda lines: None)
    assert is_gone(first)


def test_a_process_that_is_stopped_is_killed(make: Make) -> None:
    one = make()
    assert one.colour("python", "", lambda lines: None)
    first = one.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    with soon():
        assert not one.colour("python", "x", lambda lines: None), "that text is not to blame"
    assert is_gone(first)
    assert one.colour("python", "x", lambda lines: None)


def test_a_process_that_was_killed_from_outside_is_started_again(make: Make) -> None:
    one = make()
    assert one.colour("python", "", lambda lines: None)
    assert one.pid is not None and one._process is not None
    os.kill(one.pid, signal.SIGKILL)
    one._process.wait(GUARD)
    assert one.colour("python", "", lambda lines: None)
    assert one.started == 2


@pytest.mark.parametrize("command", [[sys.executable, "-c", ""], ["/nonexistent/python"]])
def test_a_process_that_keeps_dying_is_not_started_for_ever(command: list[str], make: Make) -> None:
    now = [0.0]
    tries = 0

    def clock() -> float:
        return now[0]

    one = make(command, clock=clock)
    usual = subprocess.Popen

    def counted(*arguments: object, **options: object) -> object:
        nonlocal tries
        tries += 1
        return usual(*arguments, **options)  # type: ignore[call-overload]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", counted)
        for _ in range(20):
            assert not one.colour("python", "x", lambda lines: None)
        assert tries == colouring.DEATHS
        for rest in (10.0, 20.0, 40.0):
            now[0] += rest - 1
            one.colour("python", "x", lambda lines: None)
            before = tries
            now[0] += 1
            for _ in range(5):
                one.colour("python", "x", lambda lines: None)
            assert tries == before + 1
        now[0] += 1e6
        tries = 0
        for _ in range(200):  # for as long as it keeps dying, hardly ever
            now[0] += 60
            one.colour("python", "x", lambda lines: None)
        assert tries <= 200 * 60 / colouring.LONGEST_REST + 6


@pytest.mark.parametrize(
    "lines",
    [
        ["nonsense"],
        [[], "nonsense"],
        [[], [[1, 2]] * 3],
        [[], []],
        [[], [[-1, 2]]],
        [[], [["a", 2]]],
        [[], {"a": 1}],
        [[], "[" * 5_000_000],
        [[[1, 1]]],
    ],
)
def test_a_process_that_lies_is_ended(lines: list[object], make: Make) -> None:
    one = make(says(*lines))
    took: list[LineColours] = []
    with soon():
        one.colour("python", "x = 1", took.extend)
    assert took in ([], [[1, 1]])
    assert one.pid is None


def test_whoever_takes_the_colours_may_fail(make: Make) -> None:
    one = make()

    def fails(lines: list[LineColours]) -> None:
        raise RuntimeError("the loop is closed")

    with pytest.raises(RuntimeError):
        one.colour("python", "x = 1", fails)
    took: list[LineColours] = []
    assert one.colour("python", "x = 1", took.extend)
    assert len(took) == 1, "what was left of the first answer is not taken for the second"


def test_closing_ends_what_is_stuck_and_nothing_is_started_after(make: Make, tmp_path: Path) -> None:
    import threading

    begun = tmp_path / "begun"
    one = make([*stuck_lexers.COMMAND, str(begun)])
    thread = threading.Thread(target=one.colour, args=("stuck", "x", lambda lines: None))
    thread.start()
    wait_for(begun)
    pid = one.pid
    assert pid is not None
    one.close()
    thread.join(GUARD)
    assert not thread.is_alive()
    assert is_gone(pid)
    assert not one.colour("python", "x", lambda lines: None)
    assert one.started == 1


@pytest.mark.parametrize("language", ["python", "stuck", "busy"])
def test_the_process_ends_with_the_program_that_asked(language: str, tmp_path: Path) -> None:
    """Also when that is killed, and also when it is stuck then."""
    begun = tmp_path / "begun"
    code = f"""
import time
from docstra_tui.workspace.colouring.colouring import Colouring
one = Colouring({[*stuck_lexers.COMMAND, str(begun)]!r})
one.colour("python", "x", lambda lines: None)
print(one.pid, flush=True)
one.colour({language!r}, "x", lambda lines: None)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as asking:
        assert asking.stdout is not None
        watch = os.pidfd_open(int(asking.stdout.readline()))
        try:
            if language != "python":
                wait_for(begun)
            asking.kill()
            asking.wait(GUARD)
            poll = select.poll()
            poll.register(watch, select.POLLIN)  # readable: it has ended
            assert poll.poll(GUARD * 1000)
        finally:
            os.close(watch)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + GUARD
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
