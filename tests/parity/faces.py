"""The same person at two faces: a script of lines is typed into each, and what came of it is compared.

Both run the whole face, with its own prompt or screen, over a backend whose model says what was enqueued.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docstra_tui.llm.prompt import Message
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
from docstra_tui.settings import Settings
from docstra_tui.tui.app import DocstraApp
from docstra_tui.tui.screens.confirm import ConfirmScreen
from docstra_tui.tui.screens.find import FindScreen
from docstra_tui.tui.screens.review import ReviewScreen
from docstra_tui.tui.screens.suggestions import SuggestionsScreen
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.tui.widgets.hit_rows import HitRows
from docstra_tui.tui.widgets.notice import Notices
from tests.conftest import OURS, PLACES
from tests.repl.story import Typist, chat
from tests.tui.fakes import FakeBackend, screen_text, until

ASKING = (ConfirmScreen, ReviewScreen)
"""What takes a yes or a no."""
SECONDS = 20.0
"""How long anything is waited for, at most."""


@dataclass(frozen=True)
class Line:
    """Something typed and sent, and what is so when it is done."""

    typed: str
    turns: int = 0
    """Turns that have ended by then, in the whole session."""
    says: tuple[str, ...] = ()
    """Words that both faces show then, whatever stands around them."""
    sends: bool = True
    """False for a line after which nothing was sent that had not been sent before."""


@dataclass(frozen=True)
class Answer:
    """What is said to a question that the face puts, once it is there."""

    yes: bool
    asked: str
    """Words of the question."""
    turns: int = 0


@dataclass(frozen=True)
class Taken:
    """A file that is taken from the list of those that are offered, or the definition around a line of it
    that was found; the list is left then."""

    path: str
    line: int | None = None


@dataclass
class Outcome:
    """What came of a script."""

    sent: list[list[Message]]
    """Every prompt that the model got."""
    wished: list[Think]
    """How much it was to think, each time."""
    turns: list[tuple[str, tuple[str, ...], str, str, str]]
    """Question, files, status, thinking and answer of every turn of the session."""
    opened: list[tuple[str, str, str, str]]
    """Name, revision, quantisation and server of every model that was opened."""
    restarts: int
    shown: str = field(compare=False)
    """Everything that was on the screen, its spaces made one."""


Script = Sequence[Line | Answer | Taken]


@dataclass
class Project:
    """A folder, the answers of its model, and how the model is reached."""

    build: Callable[[Path], object] = lambda root: None
    """Puts the files there."""
    enqueue: Callable[[FakeBackend], object] = lambda backend: None
    settings: Settings = field(default_factory=Settings)
    host: str = ""
    resume: str | None = None
    before: Callable[[Path], object] = lambda root: None
    """What happened there before the program starts."""


class Opener:
    """Opens the one backend, and notes what was asked for."""

    def __init__(self, backend: FakeBackend) -> None:
        self._backend = backend
        self.opened: list[tuple[str, str, str, str]] = []

    def __call__(self, settings: Settings, *, oneshot: bool = False) -> Any:
        model, server = settings.model, settings.server
        name, url = (server.model, server.base_url) if server is not None else (model.name, "")
        self.opened.append((name, model.revision, model.quant, url))
        return self._backend


@contextmanager
def own_places() -> Any:
    """Folders of its own, so that a yes that one face was given is none for the other."""
    before = {f"DOCSTRA_{place}_DIR": os.environ.get(f"DOCSTRA_{place}_DIR") for place in PLACES}
    base = Path(tempfile.mkdtemp(prefix=OURS))
    for name in before:
        os.environ[name] = str(base / name.split("_")[1].lower())
    try:
        yield base / "project"
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
        shutil.rmtree(base, ignore_errors=True)


def on_the_screen(project: Project, script: Script) -> Outcome:
    """Type the script into the full screen."""
    with own_places() as root:
        backend, opener = _ready(project, root)
        store = SessionStore()
        try:
            session_id, shown = asyncio.run(_screen(project, script, root, backend, opener, store))
            return _outcome(store, session_id, backend, opener, shown)
        finally:
            store.close()


def in_the_chat(project: Project, script: Script) -> Outcome:
    """Type the script into the inline chat."""
    with own_places() as root:
        backend, opener = _ready(project, root)

        def type_it(typist: Typist) -> None:
            typist.sees("waiting for your yes" if project.host else " ready", SECONDS)
            for step in script:
                _chat_step(typist, step)

        shown = chat(root, opener, type_it, resume=project.resume, settings=project.settings)  # type: ignore[arg-type]
        store = SessionStore()
        try:
            return _outcome(store, "last", backend, opener, shown)
        finally:
            store.close()


def _ready(project: Project, root: Path) -> tuple[FakeBackend, Opener]:
    root.mkdir(parents=True)
    project.build(root)
    project.before(root)
    backend = FakeBackend(host=project.host)
    project.enqueue(backend)
    return backend, Opener(backend)


def _outcome(
    store: SessionStore, session_id: str, backend: FakeBackend, opener: Opener, shown: str
) -> Outcome:
    assert store.flush(SECONDS)
    saved = _turns(store, session_id)
    return Outcome(
        sent=[call.messages for call in backend.llm.calls],
        wished=[call.wished for call in backend.llm.calls],
        turns=[
            (turn.question, tuple(item.label for item in turn.files), turn.status, turn.thinking, turn.answer)
            for turn in saved
        ],
        opened=opener.opened,
        restarts=backend.restarts,
        shown=" ".join(shown.split()),
    )


def _turns(store: SessionStore, session_id: str) -> tuple[SavedTurn, ...]:
    if not any(summary.turns for summary in store.sessions()):
        return ()
    return store.load(session_id).turns


async def _screen(
    project: Project,
    script: Script,
    root: Path,
    backend: FakeBackend,
    opener: Opener,
    store: SessionStore,
) -> tuple[str, str]:
    app = DocstraApp(project.settings, root, opener, store, resume=project.resume)
    shown: list[str] = []
    async with app.run_test(size=(200, 50), notifications=True) as pilot:

        def now() -> str:
            """What can be read: the screen, the toasts, and the notices however long they are."""
            toasts = [f"{toast.message}" for toast in app._notifications]
            notices = [f"{text}" for text in app.screen.query(Notices)]
            text = " ".join([screen_text(app), *toasts, *notices])
            return " ".join(text.replace("▌", " ").split())  # a sentence goes on behind a dialog's edge

        first = "waiting for your yes" if project.host else "ready"
        await until(pilot, lambda: first in screen_text(app).splitlines()[-1], SECONDS)
        if project.resume is not None:
            await until(pilot, lambda: bool(app.main.session.turns), SECONDS)
        for step in script:
            if isinstance(step, Answer):
                await until(
                    pilot,
                    lambda step=step: isinstance(app.screen, ASKING) and step.asked in now(),
                    SECONDS,
                )
                shown.append(now())
                await pilot.press("y" if step.yes else "n")
            elif isinstance(step, Taken):
                await (_take(pilot, app, step.path) if step.line is None else _take_line(pilot, app, step))
            else:
                await until(pilot, lambda: bool(app.screen.query(Composer)), SECONDS)
                composer = app.screen.query_one(Composer)
                composer.load_text(step.typed)
                composer.move_cursor(composer.document.end)
                await pilot.press("enter")
            turns = 0 if isinstance(step, Taken) else step.turns
            await until(pilot, lambda turns=turns: _ended(app.main.session) >= turns, SECONDS)
            says = step.says if isinstance(step, Line) else ()
            await until(pilot, lambda says=says: all(_same(words) in now() for words in says), SECONDS)
            await until(pilot, lambda: not app.main.turns.queue.busy or app.screen is not app.main, SECONDS)
            shown.append(now())
        session_id = app.main.session.id
    return session_id, "\n".join(shown)


async def _take(pilot: Any, app: DocstraApp, path: str) -> None:
    await until(
        pilot, lambda: isinstance(app.screen, SuggestionsScreen) and path in app.screen.paths, SECONDS
    )
    await pilot.press("home", *["down"] * app.screen.paths.index(path), "space", "escape")
    await until(pilot, lambda: app.screen is app.main and path in app.main.tree_view.model.ticked, SECONDS)


async def _take_line(pilot: Any, app: DocstraApp, step: Taken) -> None:
    def places() -> list[tuple[str, int | None]]:
        rows = app.screen.query_one(HitRows).rows if isinstance(app.screen, FindScreen) else ()
        return [(row.path, row.hit.line if row.hit is not None else None) for row in rows]

    await until(pilot, lambda: (step.path, step.line) in places(), SECONDS)
    await pilot.press("enter", "home", *["down"] * places().index((step.path, step.line)), "space")
    await until(pilot, lambda: step.path in app.main.tree_view.model.ticked, SECONDS)
    await pilot.press("escape")
    await until(pilot, lambda: app.screen is app.main, SECONDS)


def _ended(session: Any) -> int:
    return sum(turn.status != "streaming" for turn in session.turns) if session is not None else 0


def _chat_step(typist: Typist, step: Line | Answer | Taken) -> None:
    """What is typed while no prompt is there waits for the next one."""
    length = len(typist.screen.text)
    if isinstance(step, Answer):
        typist.waits(lambda: step.asked in " ".join(typist.screen.text.split()), step.asked, SECONDS)
        typist.types("y\r" if step.yes else "n\r")
    elif isinstance(step, Taken):
        command = "suggest" if step.line is None else "find"
        row = re.compile(
            rf"(\d+)  {re.escape(step.path)}  " if step.line is None else rf"(\d+) +{step.line}  "
        )
        typist.waits(lambda: bool(row.search(typist.screen.text)), f"a row of {step.path}", SECONDS)
        typist.types(f"\x15/{command} {row.findall(typist.screen.text)[-1]}\r")
        typist.waits(lambda: f"+ {step.path}" in typist.screen.text[length:], f"+ {step.path}", SECONDS)
    else:
        typist.types("\x15" + step.typed.replace("\n", "\x1b\r") + "\r")
        for words in step.says:
            typist.waits(
                lambda words=words: _same(words) in " ".join(typist.screen.text[length:].split()),
                words,
                SECONDS,
            )


def _same(words: str) -> str:
    return " ".join(words.split())
