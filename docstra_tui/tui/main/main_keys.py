"""The keys of the main screen: each with its action, and what the help says about it."""

from __future__ import annotations

from textual.binding import Binding, BindingType
from textual.screen import Screen

from docstra_tui.tui.driver.mapped_keys import named_bindings

MAIN_KEYS: list[BindingType] = [
    # What moves the focus has priority: keys that arrive in one burst, as SSH delivers typing, are
    # handed to whatever has the focus when they are read, not when the key before them was handled.
    Binding(
        "f2,ctrl+b",
        "tree",
        "Files",
        tooltip="Go to the files and back",
        id="main.tree",
        priority=True,
    ),
    Binding(
        "escape",
        "back",
        "Stop",
        tooltip="Back to the composer; there it stops the answer",
        id="main.back",
        priority=True,
    ),
    Binding("f4,ctrl+p", "palette", "Commands", tooltip="Tasks, models, themes", id="main.palette"),
    Binding(
        "f3,ctrl+o", "sessions", "Sessions", tooltip="Saved sessions, and words in them", id="main.sessions"
    ),
    Binding(
        "f6",
        "conversation",
        "Conversation",
        tooltip="Go to the conversation and back",
        id="main.conversation",
        priority=True,
    ),
    Binding(
        "f7,ctrl+f",
        "search",
        "Search",
        tooltip="Look for words in the conversation",
        id="main.search",
        priority=True,
    ),
    Binding(
        "f5,ctrl+s",
        "command('find')",
        "Find in files",
        tooltip="Words or a regular expression in the files",
        id="main.find",
    ),
    Binding(
        "alt+home",
        "session_model",
        "Session's model",
        tooltip="Open the model that this session was with",
        id="main.session_model",
    ),
    Binding(
        "f12,ctrl+t",
        "think",
        "Thinking",
        tooltip="Think before the answer: as the model likes, off, on",
        id="main.think",
    ),
    Binding(
        "ctrl+r,alt+up",
        "command('earlier')",
        "Earlier",
        tooltip="Questions of all sessions; a draft is kept",
        id="main.earlier",
    ),
    Binding(
        "ctrl+g,alt+down",
        "command('editor')",
        "Editor",
        tooltip="Write in $VISUAL or $EDITOR",
        id="main.editor",
        priority=True,
    ),
    Binding(
        "ctrl+n,alt+right",
        "command('suggest')",
        "Files for it",
        tooltip="Files for the question that is written, else the last: tick some",
        id="main.suggest",
        show=False,
    ),
    Binding(
        "f11,ctrl+l",
        "command('queue')",
        "Waiting",
        tooltip="Questions that wait: change, move or take them back",
        id="main.waiting",
    ),
    Binding("f1", "help", "Help", tooltip="This list", id="main.help"),
    Binding("f8", "command('prompt')", "Prompt", tooltip="The next prompt, to the letter", id="main.prompt"),
    Binding(
        "f9",
        "command('restart')",
        "Restart engine",
        tooltip="Start the engine again; ask for your yes to another host",
        id="main.restart",
    ),
    Binding(
        "ctrl+c",
        "interrupt",
        "Copy or stop",
        tooltip="Copy the selection; else stop the answer; twice with nothing written: leave",
        id="main.interrupt",
    ),
    Binding(
        "ctrl+z",
        "app.suspend_process",
        "Suspend",
        tooltip="Into the background; in the composer /suspend does it",
        id="main.suspend",
    ),
    Binding(
        "shift+pageup,ctrl+up", "scroll(-1)", "Scroll up", tooltip="Scroll the conversation", id="main.up"
    ),
    Binding(
        "shift+pagedown,ctrl+down",
        "scroll(1)",
        "Scroll down",
        tooltip="Scroll the conversation",
        id="main.down",
    ),
    *named_bindings(Screen.BINDINGS, "main", but=("screen.copy_text",)),
]

APP_KEYS: list[BindingType] = [
    Binding(
        "ctrl+q,f10",
        "quit",
        "Quit",
        tooltip="Leave at once; everything is saved, the model stays loaded",
        id="app.quit",
        priority=True,
    ),
]
"""Those that work on every screen."""

PALETTE_KEY = Binding(
    "f4",
    "command_palette",
    "Commands",
    tooltip="Tasks, models, themes",
    id="main.palette",
    priority=True,
    show=False,
)
"""In dialogs too; Textual would make one that cannot be another."""
