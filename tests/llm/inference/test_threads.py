"""Writing uses fewer CPU threads only where that is faster, and comes back."""

from __future__ import annotations

from collections.abc import Callable

from docstra_tui.llm.inference.threads import ThreadPace, reading_pace


class Machine:
    """A clock on which a token takes as long as the machine says for the threads in force."""

    def __init__(self, seconds: Callable[[int], float]) -> None:
        self.seconds = seconds
        self.now = 0.0
        self.threads = 0
        self.used: list[int] = []
        self.pace = ThreadPace(4, self.set_threads, sample=3, try_again=64, slow=1.8, clock=lambda: self.now)

    def set_threads(self, count: int) -> None:
        self.threads = count

    def write(self, tokens: int) -> None:
        for _ in range(tokens):
            self.now += self.seconds(self.threads)
            self.used.append(self.threads)
            self.pace.tick()


def quiet(threads: int) -> float:
    return 0.4 / threads


def busy(threads: int) -> float:
    return 0.4 if threads == 1 else 4.0


def test_a_quiet_machine_keeps_all_threads() -> None:
    machine = Machine(quiet)
    machine.pace.begin()

    machine.write(500)

    assert set(machine.used) == {4}


def test_a_busy_machine_is_left_to_one_thread_and_taken_back_when_quiet() -> None:
    machine = Machine(quiet)
    machine.pace.begin()
    machine.write(20)

    machine.seconds = busy
    machine.write(40)
    assert machine.threads == 1
    assert machine.used[-20:].count(1) == 20

    machine.seconds = quiet
    machine.write(200)
    assert machine.threads == 4


def test_a_trial_that_is_hopeless_costs_one_token() -> None:
    machine = Machine(quiet)
    machine.pace.begin()
    machine.write(20)
    machine.seconds = busy
    machine.write(40)

    machine.used.clear()
    machine.write(130)

    assert machine.used.count(4) <= 4


def test_behind_a_long_text_which_is_slower_for_good_fewer_threads_are_tried_once() -> None:
    machine = Machine(quiet)
    machine.pace.begin()
    machine.write(20)

    machine.seconds = lambda threads: 3 * quiet(threads)
    machine.used.clear()
    machine.write(200)

    assert machine.used.count(4) > 190


def test_fewer_threads_that_won_by_noise_are_soon_doubted() -> None:
    machine = Machine(quiet)
    machine.pace.begin()
    machine.write(20)
    machine.seconds = lambda threads: 0.6  # something else runs for a moment, and all are slow
    machine.write(6)
    machine.seconds = lambda threads: 0.5 if threads < 4 else 0.6
    machine.write(4)
    assert machine.threads < 4

    machine.seconds = quiet
    machine.write(40)

    assert machine.used[-20:] == [4] * 20


def test_a_long_prompt_on_a_busy_machine_is_soon_read_by_one_thread() -> None:
    """A chunk is a sample of its own: there are few of them."""
    used: list[int] = []
    pace = reading_pace(2, used.append)
    pace.begin()
    pace.took(0.001)
    for _ in range(6):
        pace.took(0.035 if used[-1] == 2 else 0.002)

    assert used[-1] == 1
    assert used.count(2) <= 2


def test_the_first_chunk_on_a_busy_machine_is_doubted_where_a_pace_is_known() -> None:
    used: list[int] = []
    pace = reading_pace(2, used.append, known=0.002)
    pace.begin()
    pace.took(0.035)
    pace.took(0.002)

    assert used == [2, 1]
