"""A long day at the keyboard: is anything lost, and does anything grow?

The full-screen app in a real terminal with a real engine behind it, both for as long as `--minutes` says
(60): questions are asked, queued, stopped, asked again and in other words; sessions begun and gone back to;
files ticked; the terminal resized; the model switched; and now and then the engine is killed (never with
`--no-kills`, which shows what an engine does over the whole time). Memory (what only the process itself
holds), descriptors and threads are noted every few seconds. At the end every question that was sent is
looked for in the saved sessions. Exit code 1 where one is missing, the app was ended by anything but its
key, or did not come back from something within three minutes; the screen as it was is printed then, and the
figures until then.

`python -m benchmarks.soak [--minutes N] [--seed N] [--no-kills] [--json]`
"""

from __future__ import annotations

import argparse
import io
import json
import random
import shutil
import sys
import time
from contextlib import redirect_stderr
from pathlib import Path

from benchmarks.places import own_places
from benchmarks.report import Report
from benchmarks.soak_figures import MEGABYTE, Notes, kept_questions, settled
from benchmarks.soak_hands import Hands
from tests.pty.terminal import Terminal, app
from tests.tiny_models import make_endless

EVERY_SECONDS = 5.0
SAYS_SECONDS = 60.0
"""Between two lines on stderr that it goes on."""
WINDOW = 65536
FILES = 8
CACHE = {"DOCSTRA_ENGINE_CACHE_GB": "0.05"}
"""What prompts that were read may take: a tiny model's would not fill in hours what is there."""


def a_project(base: Path) -> Path:
    """The files that are asked about: the smallest of this package's own, so that they all fit."""
    import docstra_tui

    project = base / "project"
    project.mkdir()
    sources = [
        file for file in (Path(docstra_tui.__file__).parent / "llm").glob("*.py") if file.stat().st_size
    ]
    for source in sorted(sources, key=lambda file: file.stat().st_size)[:FILES]:
        shutil.copy(source, project)
    return project


def soak(
    base: Path, minutes: float, chance: random.Random, notes: Notes, *, kills: bool = True
) -> tuple[Hands, str]:
    """Work for that long, then leave by the key; whose hands, and where they got stuck with the screen."""
    with redirect_stderr(io.StringIO()):  # a bar for a file of half a megabyte
        models = (make_endless(base / "tiny", window=WINDOW), make_endless(base / "other", window=WINDOW))
    command = app(str(a_project(base)), "--model", str(models[0]), "--device", "cpu", "--max-tokens", "150")
    terminal = Terminal(command, columns=120, rows=40, env=CACHE)
    try:
        hands = Hands(terminal, chance, models, kills=kills)
        try:
            hands.wait_until("ready")
            _work(hands, terminal, minutes * 60, notes)
            hands.finish()
        except AssertionError as stuck:
            return hands, f"{stuck}\nLast: {', '.join(hands.last)}."
        return hands, ""
    finally:
        terminal.close()
        notes.stop_engines()


def _work(hands: Hands, terminal: Terminal, seconds: float, notes: Notes) -> None:
    begun = said = time.monotonic()
    noted = 0.0
    while (passed := time.monotonic() - begun) < seconds:
        if passed - noted >= EVERY_SECONDS or not noted:
            notes.take(passed, terminal.process.pid)
            noted = passed
        if time.monotonic() - said >= SAYS_SECONDS:
            said = time.monotonic()
            memory = f"{notes.face[-1].memory / MEGABYTE:.0f} MB"
            engine = f"{notes.engine_now() / MEGABYTE:.0f} MB"
            print(
                f"{passed / 60:.0f} min: {len(hands.asked)} questions, face {memory}, engine {engine}",
                file=sys.stderr,
            )
        hands.do_something()
        terminal.raw.clear()  # an hour's bytes are nobody's
    notes.take(time.monotonic() - begun, terminal.process.pid)


def main() -> None:
    """Soak, and print what grew and what was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    sys.argv[1:] = ["--json"] if wanted.json else []
    report = Report(f"a soak of {wanted.minutes:g} minutes, seed {wanted.seed}")
    with own_places("dt-soak-") as base:
        notes = Notes()
        hands, stuck = soak(base, wanted.minutes, random.Random(wanted.seed), notes, kills=wanted.kills)
        if not notes.face:
            sys.exit(f"It never began.\n{stuck}")
        kept = kept_questions(base / "state")
    lost = [question for question in hands.asked if question not in kept]
    report.say("done", json.dumps(dict(sorted(hands.done.items()))))
    report.add("questions", len(hands.asked), "questions sent")
    report.add("lost", len(lost), "of them in no saved session", "0")
    report.add("exit_code", hands.exit_code, "exit code of the app", "0")
    face = settled(notes.face)
    report.add("face_mb", face[-1].memory / MEGABYTE, "MB of the face at the end")
    report.add("face_most_mb", max(n.memory for n in notes.face) / MEGABYTE, "MB of the face at most")
    report.add("face_grows", notes.growth(face) / MEGABYTE, "MB an hour that the face grows", "0")
    report.add("face_descriptors", face[-1].descriptors - face[0].descriptors, "more descriptors", "0")
    report.add("face_threads", face[-1].threads - face[0].threads, "more threads", "0")
    report.add("engines", len(notes.engines), "engines, each but the last one killed")
    lives = settled(notes.longest_life())
    report.add("engine_most_mb", notes.engine_most() / MEGABYTE, "MB of an engine at most")
    report.add(
        "engine_grows", notes.growth(lives) / MEGABYTE if lives else None, "MB an hour, longest engine", "0"
    )
    more = lives[-1].descriptors - lives[0].descriptors if lives else None
    report.add("engine_descriptors", more, "more descriptors of it", "0")
    report.end()
    if stuck:
        print(stuck, file=sys.stderr)
    if lost or stuck or hands.exit_code:
        for question in lost:
            print(f"lost: {question}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
