#!/usr/bin/env bash
# Textual keeps the drawn lines of each widget in a cache that the widget owns. The cache's method for the background
# colours is wrapped in lru_cache(1024), so its first argument, the cache itself, is remembered as part of the key: a
# widget that was removed, or stood on a dialog that was closed, is collected, and all lines that were drawn of it stay
# in memory until 1,024 other combinations were asked for. It matters to every program that runs for days and opens and
# closes screens: some hundred kilobytes stay for each. It must put a function in the method's place that remembers the
# colours alone, or clear a widget's cache when it goes.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --quiet textual==8.2.8
"$tmp/venv/bin/python" - <<'PYTHON'
import asyncio
import gc
import sys
from importlib.metadata import version

from textual._styles_cache import StylesCache
from textual.app import App
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Static

ROUNDS = 20


class Dialog(ModalScreen):
    def compose(self):
        yield Static("\n".join(f"line {number}" for number in range(30)), id="lines")


def there(kind):
    """How many of a kind there are, once what nobody holds is gone."""
    gc.collect()
    return sum(type(one) is kind for one in gc.get_objects())


async def opened_and_closed():
    """Dialogs, caches and lines, before and after some dialogs were opened and closed."""
    app = App()
    async with app.run_test(size=(80, 40)) as pilot:
        counts = []
        for rounds in (1, ROUNDS):
            for _ in range(rounds):
                app.push_screen(Dialog())
                await pilot.pause()
                app.pop_screen()
                await pilot.pause()
            counts.append([there(kind) for kind in (Dialog, StylesCache, Strip)])
        return [after - before for before, after in zip(*counts)]


print(f"textual {version('textual')}")
print(f"expected: {ROUNDS} dialogs that were closed leave no line behind")
dialogs, caches, lines = asyncio.run(opened_and_closed())
print(f"seen: {dialogs} more dialogs, {caches} more caches, {lines} more lines")
as_described = dialogs <= 1 and caches >= ROUNDS and lines >= 30 * ROUNDS
print("as described" if as_described else "no longer as described")
sys.exit(not as_described)
PYTHON
