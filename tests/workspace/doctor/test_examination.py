"""Whatever hangs, crashes or lies takes only its own line with it; how the lines are shown."""

from __future__ import annotations

import json
import os
import pty
import sys
import termios
import threading
import time
from pathlib import Path

import pytest

from docstra_tui import cli
from docstra_tui.llm.machine.kept import processor
from docstra_tui.llm.machine.pace_rows import KEPT, PRODUCTS, latest, products_key
from docstra_tui.workspace.doctor import answers as terminal_answers
from docstra_tui.workspace.doctor import examination, report, terminal
from docstra_tui.workspace.doctor.answers import Answers
from docstra_tui.workspace.doctor.check import Check, together
from docstra_tui.workspace.doctor.machine import Machine
from tests.workspace.doctor.whole import H100, NO_GPU, NOBODY, SaidMachine, examined

CHECKS = [
    Check("python", "ok", "3.11 in ~/.venv", "nothing"),
    Check("api key", "fail", "The key in ~/k can be read\x1b[2J by others", "chmod 600 ~/k"),
    Check("disk", "warn", "little " * 20, "df -h /"),
]


def test_a_look_that_hangs_or_breaks_is_one_line(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(examination, "SECONDS", 0.1)
    for_ever = threading.Event()

    def breaks(case: object) -> Check:
        raise RuntimeError("boom\nand more")

    def fine(case: object) -> Check:
        return Check("fine", "ok", "well")

    looks = [("hangs", lambda case: for_ever.wait()), ("breaks", breaks), ("fine", fine)]
    found = examination.examine(tmp_path, answers=NOBODY, machine=SaidMachine(), looks=looks)
    for_ever.set()
    assert [(one.name, one.status) for one in found] == [
        ("hangs", "warn"),
        ("breaks", "warn"),
        ("fine", "ok"),
    ]
    assert found[0].detail == "not known in time: the machine is busy"
    assert found[1].detail == "it could not be looked at: RuntimeError: boom"


def test_a_disk_is_blamed_only_where_the_system_waits_for_one(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(examination, "SECONDS", 0.05)
    monkeypatch.setattr(examination, "_waits_for_a_disk", lambda thread: thread == "doctor hangs")
    for_ever = threading.Event()
    looks = [(name, lambda case: for_ever.wait()) for name in ("hangs", "waits")]
    found = examination.examine(tmp_path, answers=NOBODY, machine=SaidMachine(), looks=looks)
    for_ever.set()
    assert [one.detail.partition(": ")[2] for one in found] == [
        "a disk does not answer",
        "the machine is busy",
    ]


def test_without_a_terminal_nobody_waits_for_its_answer(tmp_path: Path, monkeypatch) -> None:
    """However late it is: there was nobody to ask."""
    monkeypatch.setattr(examination, "SECONDS", 0.0)
    monkeypatch.setattr(terminal_answers, "why_not", lambda *args: "there is no terminal here")
    looks = [("round trip", terminal.round_trip)]
    found = examination.examine(tmp_path, machine=SaidMachine(), looks=looks)
    assert found[0].detail == "not measured: there is no terminal here"


def says(code: str) -> Machine:
    return Machine([sys.executable, "-I", "-S", "-c", code])


def test_a_machine_is_heard_line_by_line_and_ended() -> None:
    machine = says(
        "import time\nprint('driver: hello')\nprint('[1]')\n"
        'print(\'{"what": "memory", "free": 7}\', flush=True)\ntime.sleep(100)'
    )
    try:
        told = machine.told("memory", time.monotonic() + 20)
        assert told is not None and told["free"] == 7
        assert machine.told("torch", time.monotonic() + 0.05) is None
        assert machine.failed == ""
    finally:
        machine.close()
    assert machine.told("torch", time.monotonic() + 20) is None  # it is over, and nobody waits


@pytest.mark.parametrize(
    ("code", "failed"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "it was ended by SIGSEGV"),
        ("raise SystemExit(3)", "it ended with 3"),
        ("pass", ""),
    ],
)
def test_how_a_machine_ended_is_known(code: str, failed: str) -> None:
    machine = says(code)
    assert machine.told("torch", time.monotonic() + 20) is None
    assert machine.failed == failed


def test_a_machine_that_cannot_be_started_is_said() -> None:
    machine = Machine(["/nothing/here"])
    assert machine.told("torch", time.monotonic() + 20) is None
    assert "no process can be started" in machine.failed
    machine.close()


def asked(answer: bytes, environ: dict[str, str], seconds: float = 0.1) -> tuple[Answers, bytes]:
    """What comes of a terminal that answers so, and what it was asked."""
    ours, theirs = pty.openpty()
    heard = b""

    def reply() -> None:
        nonlocal heard
        heard = os.read(ours, 100)
        os.write(ours, answer)

    before = termios.tcgetattr(theirs)
    replying = threading.Thread(target=reply, daemon=True)
    try:
        if answer:
            replying.start()
        found = terminal_answers.ask(environ, theirs, theirs, seconds)
        if answer:
            replying.join(20)
        assert termios.tcgetattr(theirs) == before
        return found, heard
    finally:
        os.close(theirs)
        os.close(ours)


def test_a_terminal_is_asked_and_left_as_it_was() -> None:
    found, heard = asked(b"\x1b[1;1R\x1b[?0u\x1b[?62;52c", {"TERM": "xterm"}, 20)
    assert heard == b"\x1b[6n\x1b[?u\x1b[c"
    assert (found.why_not, found.tells_keys, found.takes_copies) == ("", True, True)
    assert found.seconds is not None
    found, heard = asked(b"\x1b[1;1R\x1b[?6c", {"TERM": "linux"}, 20)
    assert heard == b"\x1b[6n\x1b[c"
    assert (found.tells_keys, found.takes_copies) == (False, None)


def test_a_terminal_that_does_not_answer_holds_nobody_up() -> None:
    assert asked(b"", {"TERM": "xterm"})[0] == Answers()
    assert asked(b"", {"TERM": "dumb"})[0].why_not == "TERM names none that answers"
    read, write = os.pipe()
    assert terminal_answers.ask({"TERM": "xterm"}, read, write).why_not == "there is no terminal here"
    os.close(read)
    os.close(write)


def test_the_report_is_a_line_each_in_a_pipe_and_folded_on_a_terminal() -> None:
    assert report.lines(CHECKS)[:2] == [
        "ok    python   3.11 in ~/.venv",
        "fail  api key  The key in ~/k can be read␛[2J by others  → chmod 600 ~/k",
    ]
    assert len(report.lines(CHECKS)) == 3
    folded = report.lines(CHECKS, 60)
    assert all(len(line) <= 60 for line in folded)
    assert [line[:4].strip() for line in folded if line[:4].strip()] == ["ok", "fail", "warn"]
    assert folded[-1] == " " * 15 + "→ df -h /"
    assert report.summary(CHECKS) == "1 thing does not work, 1 thing could be better."
    assert report.summary(CHECKS[:1]) == "All is well."


def test_several_findings_are_one_line_with_the_worst_first() -> None:
    warn, fail = Check("x", "warn", "little room", "df"), Check("x", "fail", "no room", "rm")
    assert together("x", [warn, fail], "fine") == Check("x", "fail", "no room; little room", "rm; df")
    assert together("x", [], "fine") == Check("x", "ok", "fine")


@pytest.mark.parametrize(("checks", "code"), [(CHECKS, 1), (CHECKS[::2], 0)])
def test_the_command_prints_it_and_ends_with_1_where_something_fails(
    checks, code, monkeypatch, capsys
) -> None:
    asked: list[object] = []

    def examine(root: Path, flags: object, **options: object) -> list[Check]:
        asked.append((root, flags, options["measure"]))
        return list(checks)

    monkeypatch.setattr(examination, "examine", examine)
    monkeypatch.setattr("docstra_tui.commands.doctor.Machine", SaidMachine)
    assert cli.main(["doctor", "--model", "m"]) == code
    out, err = capsys.readouterr()
    assert out.splitlines() == report.lines(checks)
    assert err.strip() == report.summary(checks)
    assert cli.main(["doctor", "--json", "--measure"]) == code
    found = json.loads(capsys.readouterr().out)
    assert [list(one) for one in found["checks"]] == [["name", "status", "detail", "cure"]] * len(checks)
    assert found["checks"][0]["cure"] == ""
    assert asked == [(Path.cwd(), {"model.name": "m"}, False), (Path.cwd(), {}, True)]


def test_a_folder_that_is_gone_is_no_reason_to_look_at_nothing(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(
        examination, "examine", lambda root, *args, **options: [Check("root", "ok", str(root))]
    )
    monkeypatch.setattr("docstra_tui.commands.doctor.Machine", SaidMachine)
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert cli.main(["doctor"]) == 0
    assert capsys.readouterr().out == "ok    root  /\n"


def test_without_its_packages_it_says_so(monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "docstra_tui.workspace.doctor.examination", None)
    monkeypatch.setattr("docstra_tui.commands.doctor.Machine", SaidMachine)
    assert cli.main(["doctor"]) == 1
    assert "pip install --force-reinstall docstra-tui" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--engine"], "--engine"), (["now"], "one word too many")],
)
def test_it_takes_no_words(words: list[str], said: str, capsys) -> None:
    assert cli.main(["doctor", *words]) == 2
    assert said in capsys.readouterr().err


def test_dtypes_are_told_with_what_was_measured_of_this_processor(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("docstra_tui.workspace.doctor.computing._version", lambda package: "2.13.0")
    assert examined(tmp_path)["dtypes"].detail == "nothing was measured here yet"
    for torch, form in (("2.13.0", ""), ("2.13.0", " int8"), ("2.12.0", "")):
        KEPT.keep(f"{processor()} 2 {torch} 10-576-1536-9-3-64{form}", {"bfloat16": [1e-5, 1e-3], "odd": [1]})
    KEPT.keep(f"{processor()} 2 2.13.0 odd", {"bfloat16": [1e-5, 1e-3]})
    KEPT.keep("another 4 2 2.13.0 9-9-9-9-9-9", {"bfloat16": [1e-5, 1e-3]})
    found = latest("2.13.0")
    assert found is not None and (found.layers, dict(found.paces)) == (10, {"bfloat16": (1e-5, 1e-3)})
    assert (
        "bfloat16 reads 10,000 and writes 100 tokens/s (10 layers of 576)"
        in examined(tmp_path)["dtypes"].detail
    )


def test_what_is_measured_now_is_told_with_how_sure_it_is(tmp_path: Path) -> None:
    paces = {"rows": {"float32": [1e-4, 1e-2]}, "is_sure": False, "layers": 10, "hidden": 8}
    products = {"index": 0, "rows": {"bfloat16": 612.4}}
    here = {"devices": NO_GPU | {"gpus": [H100]}}
    found = examined(tmp_path, SaidMachine(paces=paces, products=products, **here), measure=True)["dtypes"]
    assert (found.status, found.cure) == ("warn", "docstra-tui doctor --measure")
    assert found.detail.startswith("cpu: float32 reads 1,000 and writes 10 tokens/s (10 layers of 8)")
    assert "cuda:0: bfloat16 612.4 TFLOP/s" in found.detail


def test_of_a_gpu_is_told_what_was_measured_before(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("docstra_tui.workspace.doctor.computing._version", lambda package: "2.13.0")
    here = {"devices": NO_GPU | {"gpus": [H100, H100 | {"index": 1, "name": "Another"}]}}
    PRODUCTS.keep(products_key("NVIDIA H100", "2.13.0"), {"bfloat16": 612.4, "float32": "much", "odd": -1.0})
    PRODUCTS.keep(products_key("Another", "2.12.0"), {"bfloat16": 1.0})
    assert examined(tmp_path, SaidMachine(**here))["dtypes"].detail == "cuda:0: bfloat16 612.4 TFLOP/s"
