"""An inline chat that somebody types into through a pipe, and the project that it is about."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from docstra_tui.repl.app import run
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.settings import Settings
from tests.repl.fake_backend import FakeBackend

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

    def sees(self, text: str, seconds: float = 30.0) -> None:
        self.waits(lambda: text in self.screen.text, f"{text!r} on the screen", seconds)

    def waits(self, is_so: Callable[[], bool], what: str = "it", seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited for {what}; there is:\n{self.screen.text[-2000:]}")
            time.sleep(0.005)


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
