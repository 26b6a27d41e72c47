"""Search in files in the inline chat: numbered lines, and which of them the model gets."""

from __future__ import annotations

import os
from pathlib import Path

from docstra_tui.repl import finding
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.repl.story import CTRL_C, Typist, chat

CODE = "class Retry:\n    def sleep(self):\n        # 404 here\n        pass\n\n    def stop(self): pass\n"


def test_lines_are_found_and_the_model_gets_what_is_around_them(project: Path) -> None:
    (project / "retry.py").write_text(CODE)
    (project / os.fsdecode(b"od\x1b\xff.txt")).write_text("line\n" * 60 + "def \x1b[31mself\n")
    (project / "endless.txt").write_text("a" * 40 + "!")
    llm = FakeLLM("Two lines.")

    def script(typist: Typist) -> None:
        typist.sees("ready")
        typist.types("/find -c DEF\r")
        typist.sees("Nothing was found.")
        typist.types("/find def \r")
        typist.sees("   1     61  def ␛[31mself")
        typist.sees("3 lines in 2 files.")
        typist.sees("od\\033\\377.txt")
        assert "   2      2  def sleep(self):" in typist.screen.text
        typist.types("/find 404\r")
        typist.sees("To look for it: /find -- 404")
        typist.types("\x15/find 2, 1\r")
        typist.sees("+ retry.py:2-4")
        typist.sees("51-61")
        typist.types("/drop\r")
        typist.sees("is left out.")
        typist.types("/find -- 404\r")
        typist.sees("   1      3  # 404 here")
        typist.types("/find 1\r")
        typist.waits(lambda: typist.screen.text.count("+ retry.py:2-4") == 2)
        length = len(typist.screen.text)
        typist.types("/find -e (a+)+$\r")
        typist.waits(lambda: finding.LOOKING in typist.screen.text[length:])
        typist.interrupts()
        typist.sees("Stopped.")
        typist.types("/find\r")
        typist.sees("What is to be found?")
        typist.types("\x15What is it?\r")
        typist.sees("Two lines.")

    chat(project, FakeBackend(llm), script)
    [call] = llm.calls
    sent = "\n".join(message["content"] for message in call.messages)
    assert "    def sleep(self):\n        # 404 here\n        pass" in sent and "class Retry" not in sent


def test_no_more_lines_are_listed_than_are_read(project: Path) -> None:
    (project / "a.txt").write_text("line\n" * 80)
    (project / "b.txt").write_text("line\n" * 80)

    def script(typist: Typist) -> None:
        typist.types("/find LINE\r")
        typist.sees(f"The first {finding.SHOWN} lines: more words find less.")
        assert "  50     50  line" in typist.screen.text and "  51 " not in typist.screen.text
        typist.types(CTRL_C)

    chat(project, FakeBackend(FakeLLM()), script)
