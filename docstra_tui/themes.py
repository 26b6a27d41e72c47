"""Themes are data: `*.toml` files with a name, `dark`, and colours by their role.

They come from the wheel (`docstra_tui/_themes`), from `themes/` beside the package in a checkout, and
from the user's `themes/` in the configuration folder, which wins. This module knows no screen.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection
from pathlib import Path

import msgspec

from docstra_tui import paths
from docstra_tui.errors import SettingsError

PACKAGE = Path(__file__).resolve().parent
DEFAULT = "lamp"
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

_BLACK, _RED, _GREEN, _YELLOW = "#000000", "#aa0000", "#00aa00", "#aa5500"
_BLUE, _MAGENTA, _CYAN, _WHITE = "#0000aa", "#aa00aa", "#00aaaa", "#aaaaaa"
_BRIGHT_RED, _BRIGHT_YELLOW = "#ff5555", "#ffff55"
TERMINAL = {
    "black": _BLACK,
    "red": _RED,
    "green": _GREEN,
    "yellow": _YELLOW,
    "blue": _BLUE,
    "magenta": _MAGENTA,
    "cyan": _CYAN,
    "white": _WHITE,
    "bright-black": "#555555",
    "bright-red": _BRIGHT_RED,
    "bright-green": "#55ff55",
    "bright-yellow": _BRIGHT_YELLOW,
    "bright-blue": "#5555ff",
    "bright-magenta": "#ff55ff",
    "bright-cyan": "#55ffff",
    "bright-white": "#ffffff",
}
"""The sixteen of every terminal in the order of their numbers, as Rich takes them to be: such a colour is
sent by its number, and what it looks like is the terminal's affair."""


class Colours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Colours by role, `#rrggbb`."""

    background: str
    """Behind everything."""
    surface: str
    """Behind the conversation and the tree."""
    panel: str
    """Behind the title bar, the status bar and dialogs."""
    text: str
    """Ordinary text."""
    muted: str
    """Text that can be passed over: hints, counts, borders."""
    primary: str
    """The accent: focus, the cursor, the selected row."""
    secondary: str
    """The second accent: the question's mark, headings."""
    success: str
    warning: str
    error: str
    selection: str
    """Behind selected text and the row under the cursor."""
    rule: str = ""
    """Lines between parts, and scrollbars; empty: as `selection`."""


FEW_DARK = Colours(
    background=_BLACK,
    surface=_BLACK,
    panel=_BLACK,
    text=_WHITE,
    muted=_WHITE,
    primary=_BRIGHT_YELLOW,
    secondary=_CYAN,
    success=_GREEN,
    warning=_BRIGHT_YELLOW,
    error=_BRIGHT_RED,
    selection=_BLUE,
    rule=_WHITE,
)
"""What a dark theme has where there are sixteen colours at most: those that can be read on black."""
FEW_LIGHT = Colours(
    background=_WHITE,
    surface=_WHITE,
    panel=_WHITE,
    text=_BLACK,
    muted=_BLACK,
    primary=_BLUE,
    secondary=_BLUE,
    success=_BLACK,
    warning=_BLACK,
    error=_BLACK,
    selection=_CYAN,
    rule=_BLACK,
)
"""The same for a light theme: red, green, yellow and magenta cannot be read on the white of all terminals."""


class ThemeSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One theme file."""

    name: str
    dark: bool
    colours: Colours
    code_style: str = ""
    """The pygments style of code; empty means one that fits `dark`."""
    about: str = ""
    """A few words for the list of themes."""
    terminal: bool = False
    """Colours are names of the terminal's own sixteen, not `#rrggbb`; so is then what is drawn."""


def folders() -> list[Path]:
    """Where themes are looked for; a later folder wins."""
    checkout = PACKAGE.parent
    own = checkout / "themes" if (checkout / "pyproject.toml").is_file() else PACKAGE / "_themes"
    return [own, paths.config_dir() / "themes"]


def load_all() -> tuple[dict[str, ThemeSpec], list[SettingsError]]:
    """Every readable theme by name, and what was wrong with the others."""
    found: dict[str, ThemeSpec] = {}
    wrong: list[SettingsError] = []
    for folder in folders():
        for path in sorted(folder.glob("*.toml")):
            try:
                theme = read(path)
            except SettingsError as error:
                wrong.append(error)
            else:
                found[theme.name] = theme
    return found, wrong


def choose(name: str) -> tuple[ThemeSpec, SettingsError | None]:
    """The theme called `name`; when there is none, the default one and the reason.

    A theme is never worth a failed start. Raises `SettingsError` only when ours is missing too.
    """
    found, wrong = load_all()
    if name in found:
        return found[name], None
    if DEFAULT not in found:
        raise SettingsError(f"The theme {DEFAULT!r} is missing from {PACKAGE}.", "Install the program again.")
    return found[DEFAULT], wrong[0] if wrong else missing(name, found)


def missing(name: str, known: Collection[str]) -> SettingsError:
    """That there is no theme called so, and which one may be meant."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known themes: {', '.join(sorted(known))}."
    return SettingsError(f"There is no theme {name!r}.", hint)


def read(path: Path) -> ThemeSpec:
    """One theme file. Raises `SettingsError` that names the file and the key."""
    try:
        with open(path, "rb") as file:
            theme = msgspec.convert(tomllib.load(file), ThemeSpec)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"The theme {path} cannot be used: {error}.") from error
    return msgspec.structs.replace(theme, colours=_resolved(path, theme))


def _resolved(path: Path, theme: ThemeSpec) -> Colours:
    """Its colours as `#rrggbb`, with none left open. Raises `SettingsError`."""
    values: dict[str, str] = msgspec.structs.asdict(theme.colours)
    values["rule"] = values["rule"] or values["selection"]
    for name, value in values.items():
        if theme.terminal and value not in TERMINAL:
            near = difflib.get_close_matches(value, TERMINAL, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"The sixteen are: {', '.join(TERMINAL)}."
            what = f"{name} is {value!r}, none of a terminal's sixteen"
            raise SettingsError(f"The theme {path} cannot be used: {what}.", hint)
        if not theme.terminal and not COLOUR.fullmatch(value):
            raise SettingsError(f"The theme {path} cannot be used: {name} is {value!r}, not #rrggbb.")
    return Colours(**{name: TERMINAL.get(value, value) for name, value in values.items()})
