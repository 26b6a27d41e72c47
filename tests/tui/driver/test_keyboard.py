"""Keys that come in one burst are done in their order, each where the one before has left the focus."""

from __future__ import annotations

import random
from ast import literal_eval

from textual.command import CommandPalette

from docstra_tui.tui.screens.help import HelpScreen, compose_help
from docstra_tui.tui.screens.preview import PreviewScreen
from tests.tui.fakes import screen_text, send_bytes, until
from tests.tui.story import is_ready

LEFT, F1, F2, F6, F7 = b"\x1b[D", b"\x1bOP", b"\x1bOQ", b"\x1b[17~", b"\x1b[18~"


async def send(pilot, data: bytes) -> None:
    """Send it in one write, and wait until all of it is done."""
    send_bytes(pilot.app, data)
    await pilot.pause()
    await until(pilot, lambda: pilot.app.keyboard.is_idle)


WRITTEN = [
    (b"abc\x7f\x7fx", "ax"),
    (b"ab" + LEFT * 2 + b"x", "xab"),
    (b"one two\x17X", "one X"),
    (b"abc\x1b\rdef", "abc\ndef"),
    (b"abc\x1b[27;2;13~def", "abc\ndef"),
    (b"one\x15two", "two"),
    (b"a\xffb", "a\ufffdb"),
    (b"ab\x1b[200~c\xffd\x1b[201~\x7f\x7fx", "abcx"),
    (b"one\x0atwo\x1b[A\x01x", "xone\ntwo"),
    (b"\x1bhello", "hello"),  # in a text, Alt and a letter is that letter
    (b"one two\x1bbX", "one Xtwo"),
    (b"ab" + F1 + b"\x1bcd", "abcd"),
    (F2 + b"\x1bwhy is it so?", "why is it so?"),
    (F2 + b"/abc\x1bwhy is it so?", "why is it so?"),
    (F2 + b"/abc\x1b\x1b" + b"why", "why"),
    (F6 + b"why is it so?", "why is it so?"),
    (F6 + b"/explain", "/explain"),
    (F7 + b"word\x1bnow", "now"),
    (F2 + b"Zoom", "Zoom"),
    (F2 + b"\x1b[200~pasted here\x1b[201~", "pasted here"),
    (b"half\tand half", "halfand half"),
    (b"/exp\t a", "/explain a"),
    (b"\t", ""),
]


async def test_what_is_typed_in_one_write_stands_in_the_composer(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        for data, text in WRITTEN:
            await send(pilot, data)
            assert app.main.composer.text == text, data
            assert app.main.tree_view.picks == (), data
            if text:
                assert app.focused is app.main.composer, data
            app.main.navigation.to_composer()
            app.main.composer.load_text("")


async def test_escape_leads_to_the_composer_from_every_place(make_app, backend):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        places = [
            (F1, HelpScreen),
            (F2 + F1, HelpScreen),
            (F2 + b"\x1b[F\r", PreviewScreen),
            (F2 + b"\x1b[F\rv\x1b[B", PreviewScreen),
            (F2, None),
            (F2 + b"/cl", None),
            (F6, None),
            (F7 + b"a", None),
            (F2 + b"\x10", CommandPalette),
        ]
        for data, dialog in places:
            await send(pilot, data)
            if dialog is not None:
                await until(pilot, lambda dialog=dialog: isinstance(app.screen, dialog))
            assert app.focused is not app.main.composer, data
            await send(pilot, b"\x1b")
            assert app.focused is app.main.composer, data


async def test_a_dialog_that_a_key_opens_gets_the_keys_behind_it(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await send(pilot, b"my question\x10theme")  # Ctrl+P
        assert app.main.composer.text == "my question"
        await until(pilot, lambda: "Switch theme" in screen_text(app) and "Budget" not in screen_text(app))


async def test_letters_act_in_the_conversation_while_something_is_selected_there(make_app, backend):
    backend.llm.enqueue("An answer.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        send_bytes(app, b"Why?\r")
        await until(pilot, lambda: "An answer." in screen_text(app) and not app.main.turns.queue.busy)
        await send(pilot, F6 + b"[r")
        assert app.main.conversation.is_raw and app.main.composer.text == ""
        await send(pilot, b"r")  # its turn is still the selected one
        assert not app.main.conversation.is_raw and app.main.composer.text == ""
        await send(pilot, b"r")
        await send(pilot, b"\x1bray")
        assert app.main.conversation.is_raw and app.main.composer.text == "ray"


async def test_the_keys_of_both_states_of_the_conversation_are_shown(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        shown = compose_help(app.screen._sections).plain
        always = shown.index("Conversation (")
        selected = shown.index("Conversation, while a turn, code or text is marked")
        assert always < shown.index("To the question before") < selected
        assert selected < shown.index("Copy question and answer")


async def test_what_is_typed_while_an_enter_is_done_stays(make_app, backend):
    backend.llm.enqueue("An answer.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        app.main.composer.write("Why?")
        app.main.composer._enters = 1
        app.main.composer.submit()
        app.main.composer.put("and")  # before the screen heard of the question
        await until(pilot, lambda: len(backend.llm.calls) == 1)
        assert backend.llm.calls[0].question == "Why?"
        assert app.main.composer.text == "and"


async def test_a_key_that_is_never_done_holds_up_the_next_for_a_second_only(make_app, monkeypatch):
    import asyncio

    from docstra_tui.tui.driver import keyboard

    monkeypatch.setattr(keyboard, "LONGEST", 0.05)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        never = asyncio.Event()
        app.main.conversation.call_later(never.wait)
        send_bytes(app, F6 + b"\x1b" + b"xyz")
        async with asyncio.timeout(10):
            while app.main.composer.text != "xyz":
                await asyncio.sleep(0.01)
        never.set()


async def test_escape_behind_an_enter_stops_what_the_enter_asked(make_app, backend):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await send(pilot, b"Why?\r\x1b")
        await until(pilot, lambda: not app.main.turns.queue.busy and app.main.composer.text == "Why?")
        assert app.main.session.turns == []


KEYS = rb"""
\x1bOP \x1bOQ \x1b[17~ \x1b[18~ \x1b[19~ \x1bOR \x1bOS \x1b[A \x1b[B \x1b[C \x1b[D \x1b[5~ \x1b[6~
\x1b[H \x1b[F \x1b[1;2A \x1b[1;2B \x1b[3~ \x1b \x1b\r \r \n \t \x1b[Z \x7f \x17 \x15 \x01 \x10 \x06
\x1b[13;2u \xff \xc3 @ / \x20 : [ ] { } y v n q t r i . cli 1-2 \x1b[200~one\rtwo\x1b[201~ \x1b[200~
\x1b[201~ \x1b]11;rgb:0/0/0\x07 \x1b[<0;40;9M \x1b[<0;40;9m \x1b[<64;40;9M \x1b[<0;3;3M \x1b[<0;3;3m
\x1b[I \x1b[O \x1b[M !!
"""
"""But for those that leave."""


async def test_no_burst_of_keys_ends_the_app(make_app, backend):
    chance = random.Random(11)
    keys = [literal_eval(f'b"{key.decode()}"') for key in KEYS.split()]
    for _ in range(400):
        backend.llm.enqueue("# An answer\n\n```python\nx = 1\n```\n")
    app = make_app()
    app.leave = app.action_suspend_process = lambda *words: None  # both are in the palette
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        for _ in range(20):
            burst = chance.choices(keys, k=chance.randrange(1, 14))
            await send(pilot, b"".join(burst))
            assert app.is_running and app.crash_words == (), burst
        for _ in range(3):  # back from whatever is open
            await send(pilot, b"\x1b")
        app.main.composer.load_text("")
        await send(pilot, b"still here")
        assert app.main.composer.text == "still here"


async def test_the_palette_opens_again_while_the_one_before_is_closed(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        await send(pilot, b"\x10\x1b[5~\x1b" * 3 + b"\x10")
        assert isinstance(app.screen, CommandPalette)


async def test_what_is_typed_before_there_is_a_screen_is_whole(make_app, monkeypatch):
    app = make_app()
    first = app.get_default_screen

    def typed_at_once():
        send_bytes(app, b"hello")
        return first()

    monkeypatch.setattr(app, "get_default_screen", typed_at_once)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "h" in app.main.composer.text or "o" in app.main.composer.text)
        await until(pilot, lambda: app.keyboard.is_idle)
        assert app.main.composer.text == "hello"


async def test_a_slow_machine_leaves_every_key_the_focus_of_the_one_before(make_app, monkeypatch):
    """Each round of the loop takes longer than a key may."""
    import asyncio
    import time

    from docstra_tui.tui.driver import keyboard

    monkeypatch.setattr(keyboard, "LONGEST", 0.01)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        loop, is_slow = asyncio.get_running_loop(), True

        def slow():
            time.sleep(0.015)
            if is_slow:
                loop.call_soon(slow)

        slow()
        send_bytes(app, b"my question\x10theme")  # Ctrl+P
        async with asyncio.timeout(30):
            while not isinstance(app.screen, CommandPalette) or not app.keyboard.is_idle:
                await asyncio.sleep(0.01)
        is_slow = False
        assert app.main.composer.text == "my question"
        await until(pilot, lambda: "Switch theme" in screen_text(app))
