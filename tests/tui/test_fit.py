"""What does not fit is decided on a screen of its own, by keyboard alone, before anything is sent."""

from __future__ import annotations

import threading

import pytest

from docstra_tui.context.fitting.rows import LEFT_OUT, OUTLINE
from docstra_tui.llm.answer import Reframed, Thought
from docstra_tui.llm.measure import Room
from tests.fakes import FakeLLM
from tests.tui.fakes import FakeBackend, screen_text, until
from tests.tui.story import ask, is_ready

BODY = "".join(f"    value_{number} = {number} + {number}\n" for number in range(80))


@pytest.fixture
def backend() -> FakeBackend:
    backend = FakeBackend()
    backend.llm = FakeLLM(window=700)
    return backend


@pytest.fixture
def full_app(make_app, root):
    """Two files that do not fit together with the reserve of 350."""
    (root / "pkg" / "client.py").write_text(f"def get():\n{BODY}")
    (root / "pkg" / "config.py").write_text("word " * 150 + "\n")
    return make_app()


async def tick_all(pilot):
    pilot.app.main.tree_view.put_picks(_picks("pkg/client.py", "pkg/config.py"))
    await until(pilot, lambda: len(pilot.app.main.session.context) == 2)


def _picks(*paths: str):
    from docstra_tui.context.picks import Pick

    return [Pick(path) for path in paths]


def fit_screen(app):
    from docstra_tui.tui.screens.fit import FitScreen

    return app.screen if isinstance(app.screen, FitScreen) else None


def is_weighed(app):
    screen = fit_screen(app)
    return screen is not None and screen._draft is not None and screen._draft.exact is not None


async def test_a_suggestion_is_taken_with_enter_and_the_footer_says_what_is_missing(full_app, backend):
    backend.llm.enqueue("Because.")
    async with full_app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        await tick_all(pilot)
        await ask(pilot, "why?")
        await until(pilot, lambda: is_weighed(full_app))

        shown = screen_text(full_app)
        assert "What is sent" in shown and "suggested" in shown and "free" in shown and "Enter sends" in shown
        assert backend.llm.calls == []

        await pilot.press("enter")
        await until(pilot, lambda: "Because." in screen_text(full_app))
        (call,) = backend.llm.calls
        assert "def get" in call.question and "value_79" not in call.question
        assert full_app.main.session.turns[-1].left_out == ("pkg/client.py (bodies)",)
        await until(pilot, lambda: "pkg/client.py (bodies)" in screen_text(full_app))


async def test_escape_gives_the_question_back_and_nothing_was_said(full_app, backend):
    async with full_app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        await tick_all(pilot)
        await ask(pilot, "why?")
        await until(pilot, lambda: is_weighed(full_app))
        await pilot.press("escape")
        await until(pilot, lambda: full_app.main.composer.text == "why?")

        assert backend.llm.calls == [] and full_app.main.session.turns == []
        await until(pilot, lambda: "why?" not in "\n".join(screen_text(full_app).splitlines()[:10]))
        assert full_app.main.session.context[0].detail == ""


async def test_where_free_memory_is_the_limit_there_are_other_ways(full_app, backend):
    llm = backend.llm = FakeLLM(window=8000)
    llm.room = Room(700, 5000, on_gpu=True)
    llm.enqueue("Because.")
    async with full_app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await tick_all(pilot)
        await ask(pilot, "why?")
        await until(pilot, lambda: is_weighed(full_app))
        assert "free memory holds" in screen_text(full_app)
        await until(pilot, lambda: "8 keeps it in 8 bits: 5,000 fit" in screen_text(full_app))
        await pilot.press("c")
        await until(pilot, lambda: full_app.main.composer.text == "why?" and fit_screen(full_app) is None)
        await until(pilot, lambda: full_app.main.model.settings.model.device == "cpu")
        await is_ready(pilot)

        await pilot.press("enter")
        await until(pilot, lambda: is_weighed(full_app))
        await pilot.press("8")
        await until(pilot, lambda: "5,000 that free memory holds" in screen_text(full_app))
        await until(pilot, lambda: is_weighed(full_app) and "suggested" not in screen_text(full_app))
        assert llm.kv_cache == full_app.main.model.kv_cache == "int8"
        await pilot.press("enter")
        await until(pilot, lambda: "Because." in screen_text(full_app))
        assert full_app.main.session.turns[-1].left_out == ()


async def test_rows_are_chosen_with_the_arrows_and_enter_waits_until_it_fits(full_app, backend):
    backend.llm.enqueue("Well.")
    async with full_app.run_test(size=(120, 40)) as pilot:
        await is_ready(pilot)
        await tick_all(pilot)
        await ask(pilot, "why?")
        await until(pilot, lambda: is_weighed(full_app))
        screen = fit_screen(full_app)

        await pilot.press("a", "enter")  # everything whole again
        await until(pilot, lambda: "too many" in screen_text(full_app) and is_weighed(full_app))
        await pilot.press("enter")
        await until(pilot, lambda: "does not fit yet" in screen_text(full_app))

        await pilot.press("right")
        assert screen._draft.plan.files[0].choice == OUTLINE
        await pilot.press("space")
        assert screen._draft.plan.files[0].choice == LEFT_OUT
        await pilot.press("left", "down", "left")
        assert [row.choice for row in screen._draft.plan.files] == [OUTLINE, LEFT_OUT]
        await pilot.press("r")
        await until(pilot, lambda: "Lines of pkg/config.py, 1-1" in screen_text(full_app))
        await pilot.press(*"1-1", "enter")
        await until(pilot, lambda: "lines 1-1" in screen_text(full_app) and is_weighed(full_app))
        await pilot.press("right", "enter")
        await until(pilot, lambda: "Well." in screen_text(full_app))
        assert full_app.main.session.turns[-1].left_out == ("pkg/client.py (bodies)", "pkg/config.py")


async def test_an_older_turn_is_summed_up_by_the_model_and_that_can_be_stopped(make_app, backend):
    backend.llm.enqueue("a very long story " * 60)
    gate = threading.Semaphore(0)
    backend.llm.enqueue("never", gate=gate)
    backend.llm.enqueue(Thought("hm"), "so ", Reframed(), "a story.")
    backend.llm.enqueue("The end.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "tell me")
        await until(pilot, lambda: not app.main.turns.queue.busy and len(app.main.session.turns) == 1)
        await pilot.press(*"and? ", *"x " * 60, "enter")
        await until(pilot, lambda: is_weighed(app))
        screen = fit_screen(app)
        assert screen._draft.plan.turns[0].choice == "left out"

        await pilot.press("right")
        await until(pilot, lambda: "summing up" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "summing up" not in screen_text(app))
        assert fit_screen(app) is screen

        await pilot.press("right")
        await until(pilot, lambda: "summarised" in screen_text(app) and is_weighed(app))
        await pilot.press("enter")
        await until(pilot, lambda: "The end." in screen_text(app))
        assert backend.llm.calls[-1].messages[2]["content"] == "a story."


async def test_names_are_no_markup(make_app, backend, root):
    (root / "[red]x[.py").write_text("word " * 500)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        app.main.tree_view.put_picks(_picks("[red]x[.py"))
        await until(pilot, lambda: len(app.main.session.context) == 1)
        await ask(pilot, "why?")
        await until(pilot, lambda: is_weighed(app))
        assert "[red]x[.py" in screen_text(app)


async def test_while_it_is_chosen_nobody_says_that_the_model_reads(full_app, backend):
    backend.llm.enqueue("Because.")
    async with full_app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await tick_all(pilot)
        await ask(pilot, "why?")
        await until(pilot, lambda: is_weighed(full_app) and "ready" in screen_text(full_app))
        assert "reading" not in screen_text(full_app)

        await pilot.press("enter")
        await until(pilot, lambda: "Because." in screen_text(full_app))


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 14)])
async def test_the_sum_and_the_keys_stay_in_sight_however_many_files_there_are(make_app, root, size):
    for number in range(60):
        (root / f"file_{number:02}.py").write_text("word " * 40 + "\n")
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        app.main.tree_view.put_picks(_picks(*(f"file_{number:02}.py" for number in range(60))))
        await until(pilot, lambda: len(app.main.session.context) == 60)
        await ask(pilot, "why?")
        await until(pilot, lambda: is_weighed(app))
        await pilot.press("end")

        shown = screen_text(app)
        assert "file_59.py" in shown
        assert "free" in shown
        assert "Esc back" in shown.replace("\n", " ")


class SlowLLM(FakeLLM):
    """Counts several files in one go each time it is let."""

    def __init__(self) -> None:
        super().__init__(window=700)
        self.turns = threading.Semaphore(0)

    def count_each(self, prompts):
        assert self.turns.acquire(timeout=20)
        return super().count_each(prompts)


@pytest.fixture
def many(make_app, root, backend, monkeypatch):
    """A folder of 40 files with many windows in them, counted eight at a time; by their length they look
    as if they had half of their tokens."""
    from docstra_tui.session import scale

    monkeypatch.setattr(scale, "BATCH", 8)
    (root / "many").mkdir()
    for number in range(40):
        (root / "many" / f"{number:02}.txt").write_text("a " * 400 + f"{number}\n")
    backend.llm = SlowLLM()
    return make_app()


async def ask_about_many(pilot):
    app = pilot.app
    app.main.tree_view.put_picks(_picks(*(f"many/{number:02}.txt" for number in range(40))))
    app.main.selection.counts.want = lambda *_: None  # the tree counts them too, in its own time
    await ask(pilot, "why?")


async def test_a_folder_that_is_asked_about_at_once_is_counted_aloud_and_then_chosen_from(many, backend):
    async with many.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask_about_many(pilot)
        backend.llm.turns.release()
        await until(pilot, lambda: "counting 8 of 40" in screen_text(many))
        backend.llm.turns.release(100)
        await until(pilot, lambda: is_weighed(many))
        shown = screen_text(many)
        assert "What is sent" in shown and "00.txt" in shown and backend.llm.calls == []
        await until(pilot, lambda: " free" in screen_text(many))  # what estimates suggested was counted


async def test_escape_while_it_counts_gives_the_question_back(many, backend):
    async with many.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask_about_many(pilot)
        backend.llm.turns.release()
        await until(pilot, lambda: "counting 8 of 40" in screen_text(many))
        await pilot.press("escape")
        backend.llm.turns.release()
        await until(pilot, lambda: not many.main.turns.queue.busy)
        await until(pilot, lambda: many.main.composer.text == "why?")
        assert backend.llm.calls == [] and fit_screen(many) is None
        backend.llm.turns.release(100)


async def test_it_is_asked_part_by_part_and_the_answers_are_joined(make_app, backend, root):
    llm = backend.llm = FakeLLM("About two.", "About one.", "Together.", window=1600)
    for number in range(3):
        (root / "pkg" / f"f{number}.py").write_text(f"def get():\n{BODY}")
    app = make_app()
    async with app.run_test(size=(120, 50)) as pilot:
        await is_ready(pilot)
        app.main.tree_view.put_picks(_picks(*(f"pkg/f{number}.py" for number in range(3))))
        await until(pilot, lambda: len(app.main.session.context) == 3)
        await ask(pilot, "why?")
        await until(pilot, lambda: is_weighed(app))
        assert "e each part" in screen_text(app)
        await pilot.press("e")
        await until(pilot, lambda: "Together." in screen_text(app) and not app.main.turns.queue.busy)
        shown = screen_text(app)
        for text in (
            "(part 1 of 2: pkg/f0.py, pkg/f1.py)",
            "About two.",
            "(part 2 of 2: pkg/f2.py)",
            "About one.",
            "(from 2 parts)",
        ):
            assert text in shown
        assert len(llm.calls) == 3 and app.main.session.waiting == [] and app.main.composer.text == ""


async def test_before_anything_is_asked_there_is_nothing_to_put_to_the_parts(full_app):
    async with full_app.run_test(size=(120, 40)) as pilot:
        await is_ready(pilot)
        await tick_all(pilot)
        await pilot.press(*"/fit", "enter")
        await until(pilot, lambda: is_weighed(full_app))
        await pilot.press("e")
        await until(pilot, lambda: "/each QUESTION" in screen_text(full_app))
        assert fit_screen(full_app) is not None
