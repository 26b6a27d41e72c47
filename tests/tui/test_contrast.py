"""Whatever is written on the screen can be read in every theme: the pairs of ink and ground are taken from
what the app draws, in a theme whose every role has a colour of its own, and measured in the others."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from rich.segment import Segment
from textual.command import CommandPalette
from textual.geometry import Region

from docstra_tui import paths, themes
from docstra_tui.errors import EngineDied
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.turns import SavedTurn
from docstra_tui.settings import Settings
from docstra_tui.tui.app import DocstraApp
from docstra_tui.tui.main import controllers
from docstra_tui.tui.screens.choice import ChoiceScreen
from docstra_tui.tui.screens.help import HelpScreen
from tests.context.search.indexed import own_index
from tests.contrast import READABLE, contrast, with_256
from tests.tui.fakes import Backends, screen_text, until
from tests.tui.story import is_ready

SIZE = (120, 40)
ROLES = [field.name for field in msgspec.structs.fields(themes.Colours)]
PROBE = {
    role: f"#{0x10 + 0x11 * at:02x}{0xF0 - 0x11 * at:02x}{0x20 + 0x0B * at:02x}"
    for at, role in enumerate(ROLES)
}
BOXES = ".box, .wide-box, .fit-box, .sessions-box, .suggest-box, CommandPalette > Vertical"
"""Behind these the rest of the screen is dimmed, and meant to be."""

ANSWER = """# A heading

## Another

### A third, with `code`, **strong** and a [link](https://example.org)

> A quotation

1. One
   - two

| a | b |
|---|---|
| 1 | `2` |

```python
@cached
class Client(Base):
    '''Asks.'''
    TIMES = 3

    def retry(self, times: int = 3) -> None:
        return "text" and not None  # once more
```

```diff
- old
+ new
```
"""
CLIENT = ContextItem("def get():\n    return 1\n", "pkg/client.py")
CITED = "`return 1` is `pkg/client.py:1`.\n\n`nothing = 5` is not.\n\nSee `pkg/client.py:2`.\n\n`def get():`"
TURNS = (
    SavedTurn("How does it retry?", answer=ANSWER, thinking="Let me see.", status="done", ttft_s=0.2),
    SavedTurn("And then?", answer=CITED, status="cancelled", context=(CLIENT,)),
    SavedTurn("And then?", answer="It was", status="interrupted"),
    SavedTurn("And then?", answer="It was", status="done", finish_reason="length"),
    SavedTurn(
        "And then?",
        answer="It",
        status="failed",
        error=EngineDied("The engine stopped.", "F9 starts it again."),
    ),
)

Pairs = dict[tuple[str, str], str]


def pairs(app: DocstraApp) -> Iterator[tuple[tuple[str, str], str]]:
    """Ink and ground, as `#rrggbb`, of all that is written in front, and a bit of it."""
    boxes = [box.region for box in app.screen.query(BOXES)] if app.screen is not app.main else []
    inside = boxes or [Region(0, 0, *SIZE)]
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        x = 0
        for segment in strip:
            if any(region.contains(x, y) for region in inside) and is_written(segment):
                assert segment.style is not None
                ink, ground = (
                    part.get_truecolor().hex for part in (segment.style.color, segment.style.bgcolor) if part
                )
                yield ((ground, ink) if segment.style.reverse else (ink, ground)), segment.text.strip()
            x += segment.cell_length


def is_written(segment: Segment) -> bool:
    """Letters, digits and signs, not lines and blocks."""
    return any(unicodedata.category(sign)[0] in "LNPS" and not "─" <= sign <= "▟" for sign in segment.text)


async def test_every_pair_that_is_drawn_is_one_of_two_roles_and_can_be_read(
    root: Any, backend: Any, store: Any, monkeypatch: Any
) -> None:
    drawn: Pairs = {}
    folder = paths.config_dir() / "themes"
    folder.mkdir(parents=True)
    lines = "\n".join(f'{role} = "{colour}"' for role, colour in PROBE.items())
    (folder / "probe.toml").write_text(f'name = "probe"\ndark = true\n[colours]\n{lines}\n')
    (root / "bad.bin").write_bytes(b"\0" * 100)
    session = store.create(str(root), "Org/Fake-1B")
    for turn in TURNS:
        store.begin_turn(session, turn)
        store.end_turn(turn.id, turn)
    role_of = {colour: role for role, colour in PROBE.items()}
    unknown: Pairs = {}

    def take() -> None:
        for (ink, ground), text in pairs(app):
            if ink in role_of and ground in role_of:
                drawn.setdefault((role_of[ink], role_of[ground]), text)
            else:
                named = role_of.get(ink, ink), role_of.get(ground, ground)
                unknown.setdefault(named, text)

    index = own_index(root)
    monkeypatch.setattr(controllers, "index_of", lambda root, settings: lambda: index)
    app = DocstraApp(Settings(theme="probe"), root, Backends(backend), store, "last")
    async with app.run_test(size=SIZE, notifications=True) as pilot:

        async def see(keys: tuple[str, ...], holds: Callable[[], bool] = lambda: True) -> None:
            await pilot.press(*keys)
            await until(pilot, holds)
            await pilot.pause(0.05)
            take()

        def shows(text: str) -> Callable[[], bool]:
            return lambda: text in screen_text(app)

        await is_ready(pilot)
        await see((), shows("F9 starts it again"))
        await see(("f6", "("), shows("Enter opens"))
        await see(("enter",), shows("▶"))
        await see(("q", "f8"), lambda: app.screen is not app.main and "no reference" in screen_text(app))
        await see(("escape",), lambda: app.screen is app.main)
        app.notify("It is so.")
        app.warn("It is not so.")
        app.main.notices.put("one", "Something is wrong", "and this mends it")
        app.main.notices.put("two", "Something may be wrong", colour="$warning")
        await see(("f2", "down", "down", "space"), shows("✓"))
        app.clear_notifications()
        app.main.notices.clear("one")
        app.main.notices.clear("two")
        await see(("up", "space"), shows("is not text"))
        await see(("t",))
        await see(("escape", "f6", "home", "[", "["))
        await see(("v", "shift+down", "shift+down"))
        await see(("escape", "f7", *"retry", "enter"))
        await see(("escape", "escape", *"see @cli"), shows("client.py"))
        await see(
            ("escape", *["backspace"] * 8, "f4"),
            lambda: isinstance(app.screen, CommandPalette) and "Explain" in screen_text(app),
        )
        await see((*"expl", "down"))
        await see(("escape", "f1"), lambda: isinstance(app.screen, HelpScreen))
        await see(("escape", *"/theme", "enter"), lambda: isinstance(app.screen, ChoiceScreen))
        await see(("escape", *"/budget", "enter"), lambda: app.screen is not app.main)
        await see(("escape", *"/prompt", "enter"), lambda: app.screen is not app.main)
        await see(("escape", *"/settings", "enter"), lambda: app.screen is not app.main)
        await see(("escape", *"/suggest how is a timeout got", "enter"), shows("2 ticked · "))
        await see(("down", "space"), shows("3 ticked · "))
        await see(
            ("escape", *["backspace"] * 25, *"/sessions retry", "enter"), lambda: app.screen is not app.main
        )
        await see(("escape",), lambda: app.screen is app.main)
    assert unknown == {}
    assert {("muted", "selection"), ("error", "background"), ("background", "primary")} <= set(drawn)
    assert {(role, "background") for role in ("success", "warning", "error", "muted")} <= set(drawn)
    for name in ("lamp", "paper", "chalk"):
        assert unreadable(drawn, name) == {}


def unreadable(drawn: Pairs, name: str) -> dict[str, tuple[str, float]]:
    """What is drawn and cannot be read in a theme, with all colours or with 256."""
    colours = msgspec.structs.asdict(themes.load_all()[0][name].colours)
    return {
        f"{ink} on {ground}": (text, round(ratio, 2))
        for shown in (str, with_256)
        for (ink, ground), text in drawn.items()
        if (ratio := contrast(shown(colours[ink]), shown(colours[ground]))) < READABLE
    }
