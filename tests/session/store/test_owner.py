"""A half-written answer belongs to a living process or to nobody."""

from __future__ import annotations

import subprocess
import sys
import time

from docstra_tui.session.store import owner


def test_an_open_store_is_alive_until_it_closes() -> None:
    mine = owner.new_owner()
    assert owner.is_alive(mine, time.time())
    owner.forget(mine)
    assert not owner.is_alive(mine, time.time())


def test_another_process_is_alive_as_long_as_it_runs() -> None:
    script = "from docstra_tui.session.store import owner; print(owner.new_owner(), flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    theirs = process.stdout.readline().strip()
    assert owner.is_alive(theirs, time.time())
    process.kill()
    process.communicate(timeout=10)
    assert not owner.is_alive(theirs, time.time())


def test_a_number_that_another_process_got_is_not_the_same_process() -> None:
    mine = owner.new_owner()
    place, number, _, token = mine.split(" ")
    assert not owner.is_alive(f"{place} {number} 1 {token}", time.time())
    owner.forget(mine)


def test_a_reboot_ends_everything_and_another_host_is_trusted_for_an_hour() -> None:
    mine = owner.new_owner()
    place, *rest = mine.split(" ")
    host, boot, namespace = place.split("/")
    rebooted = " ".join([f"{host}/other-boot/{namespace}", *rest])
    far = " ".join([f"elsewhere/{boot}/{namespace}", *rest])
    assert not owner.is_alive(rebooted, time.time())
    assert owner.is_alive(far, time.time() - 60)
    assert not owner.is_alive(far, time.time() - 7200)
    assert not owner.is_alive(far, time.time() + 7200), "its clock was ahead, or ours was put back"
    owner.forget(mine)


def test_what_is_no_owner_is_dead() -> None:
    for nonsense in ("", "x", "a b c d", "a b c"):
        assert not owner.is_alive(nonsense, time.time())
