"""Somebody at the keyboard of the full-screen app who does everything in no order, again and again."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

from benchmarks.soak_figures import engine_pids
from tests.pty.terminal import Terminal

SIZES = ((120, 40), (80, 24), (100, 30), (60, 20), (40, 12), (200, 50))
SECONDS = 180.0
"""Longest wait for anything; a hang guard."""
STATES = ("loading", "ready", "answering", "reading", "stopped", "failed")
IDLE = ("ready", "stopped", "failed")
"""Nothing is being answered: `stopped` after Escape."""
FULL = 0.6
"""Of the window: a new session is begun."""
EMPTY = "❯ Ask"
"""The composer with nothing in it."""
F4_F5_F7_F8 = ("\x1bOS", "\x1b[15~", "\x1b[18~", "\x1b[19~")
HELP = "Keys and commands"
"""What F1 shows: keys have their turn one after another, so the ones before it are done then."""
NAMES = ("retry", "cache", "prompt", "stream", "token", "window", "server", "answer")


class Hands:
    """What they did, and what they asked."""

    def __init__(
        self,
        terminal: Terminal,
        chance: random.Random,
        models: tuple[Path, Path],
        *,
        kills: bool = True,
    ) -> None:
        """`models`: the one that answers, and another one to switch to and back."""
        self._terminal = terminal
        self._chance = chance
        self._models = models
        self.asked: list[str] = []
        """Each question once, as it was sent."""
        self.done: Counter[str] = Counter()
        self.last: deque[str] = deque(maxlen=8)
        """What they did last."""
        self.exit_code = -1
        self._acts: list[tuple[Callable[[], None], int]] = [
            (self.ask, 30),
            (self.ask_and_stop, 15),
            (self.ask_three, 5),
            (self.retry, 8),
            (self.edit, 8),
            (self.go_on, 3),
            (self.tick, 8),
            (self.drop, 3),
            (self.look_around, 8),
            (self.begin_anew, 4),
            (self.go_back, 4),
            (self.resize, 10),
            (self.switch_model, 1),
            (self.kill_engine, int(kills)),
        ]

    def do_something(self) -> None:
        """One thing, whole: afterwards the app waits for the next."""
        acts, weights = zip(*self._acts, strict=True)
        act = self._chance.choices(acts, weights)[0]
        if self._is_long():
            act = self.begin_anew  # what to leave out would be asked, and there is a test of that
        self.done[act.__name__] += 1
        self.last.append(act.__name__)
        act()
        self._empty()

    def finish(self) -> None:
        """Leave by the key."""
        self.wait_until(*IDLE)
        self._terminal.send("ctrl+q")
        self.exit_code = self._terminal.wait_end(30)

    def wait_until(self, *states: str) -> None:
        """Until the status bar's first word is one of these."""
        self._terminal.wait_for(lambda text: self._state(text) in states, SECONDS)

    def ask(self) -> None:
        """And wait for the answer."""
        self._send_question()
        self._wait_for_answers()

    def ask_and_stop(self) -> None:
        """Sooner or later."""
        self._send_question()
        time.sleep(self._chance.random())
        self._terminal.send("escape")
        self._until_done()
        self._wait_for_answers()
        self._send_what_came_back()

    def ask_three(self) -> None:
        """The second and the third wait for the first."""
        for _ in range(3):
            self._send_question()
        self._wait_for_answers()

    def retry(self) -> None:
        """Another answer, in a fork."""
        self._command("/retry")

    def edit(self) -> None:
        """The last question in other words, in a fork."""
        if self.asked:
            question = self._question()
            self._command(f"/edit {question}")
            if question in self._terminal.text:  # an empty session has nothing to say in other words
                self.asked.append(question)

    def go_on(self) -> None:
        """With an answer that was cut."""
        self._command("/continue")

    def tick(self) -> None:
        """A file or two, or no longer."""
        self._terminal.send("f2")
        for _ in range(self._chance.randrange(1, 12)):
            self._terminal.send("down")
        self._terminal.send("space")
        time.sleep(0.2)
        self._terminal.send("escape")

    def drop(self) -> None:
        """All ticks."""
        self._command("/drop")

    def look_around(self) -> None:
        """Screens and panes, open and closed again."""
        for key in self._chance.sample(("f1", "f3", *F4_F5_F7_F8), 3):
            self._terminal.send(key)
            time.sleep(0.3)
            self._terminal.send("escape")
            time.sleep(0.2)
        self._terminal.send("f6", "home", "\x1b[5~", "end", "escape")

    def begin_anew(self) -> None:
        """An empty session."""
        self._command("/new")

    def go_back(self) -> None:
        """To one of the sessions before."""
        self._terminal.send("f3")
        time.sleep(0.5)
        for _ in range(self._chance.randrange(4)):
            self._terminal.send("down")
        self._terminal.send("enter")
        time.sleep(0.5)
        self._terminal.send("escape")
        self._wait_for_answers()

    def resize(self) -> None:
        """The window, perhaps in the middle of an answer."""
        self._send_question()
        for _ in range(3):
            time.sleep(self._chance.random() / 3)
            self._terminal.resize(*self._chance.choice(SIZES))
        self._terminal.resize(120, 40)
        self._wait_for_answers()

    def switch_model(self) -> None:
        """To the other one, in the same session."""
        now, other = self._models
        self._models = other, now
        self._command(f"/model {other}")
        self._terminal.wait_for(lambda text: other.name in text.splitlines()[0], SECONDS)
        self.wait_until(*IDLE)  # `stopped` stays until the next question

    def kill_engine(self) -> None:
        """In the middle of an answer."""
        self._send_question()
        time.sleep(self._chance.random())
        for pid in engine_pids():
            os.kill(pid, signal.SIGKILL)
        time.sleep(1.0)
        self.wait_until(*IDLE)
        self._terminal.send("f9")
        time.sleep(1.0)
        self.wait_until("ready")
        self._until_done()
        self._send_what_came_back()

    def _send_what_came_back(self) -> None:
        """A question that was stopped before it was read, or died with the engine, stands there again."""
        if EMPTY not in self._terminal.text:
            self.done["came_back"] += 1
            self._terminal.send("enter")
            self._wait_for_answers()

    def _send_question(self) -> None:
        question = self._question()
        self.asked.append(question)
        self._terminal.send(question, "enter")
        self._until_done()
        self._terminal.wait_for(lambda text: question in text, SECONDS)

    def _question(self) -> str:
        return f"Question {len(self.asked) + 1}: what does the {self._chance.choice(NAMES)} do here?"

    def _command(self, words: str) -> None:
        self._terminal.send(words)
        time.sleep(0.2)
        self._terminal.send("enter")
        self._empty()
        self._wait_for_answers()

    def _until_done(self) -> None:
        """The app has done all that was typed, however busy the machine is."""
        self._terminal.send("f1")
        self._terminal.wait_for(HELP, SECONDS)
        self._terminal.send("escape")
        self._terminal.wait_for(lambda text: HELP not in text, SECONDS)

    def _empty(self) -> None:
        """Take away what was refused: it is left in the composer."""
        self._until_done()
        if EMPTY not in self._terminal.text:
            self._terminal.send("end", "ctrl+u")
            self._terminal.wait_for(EMPTY, SECONDS)

    def _wait_for_answers(self) -> None:
        time.sleep(0.3)
        self.wait_until(*IDLE)

    def _is_long(self) -> bool:
        """The window is filling: `24.1k / 32k tokens`."""
        found = re.search(r"([0-9.]+)k / ([0-9.]+)k tokens", self._terminal.lines[-1])
        return found is not None and float(found[1]) > FULL * float(found[2])

    def _state(self, text: str) -> str:
        words = text.splitlines()[-1].split() if text.strip() else []
        return words[0] if words and words[0] in STATES else ""
