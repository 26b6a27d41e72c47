"""The composer: what sends, what breaks a line, what a paste is."""

from __future__ import annotations

import random

import pytest
from textual.app import App, ComposeResult
from textual.document._document import Document
from textual.document._wrapped_document import WrappedDocument
from textual.events import Paste

from docstra_tui.themes import load_all
from docstra_tui.tui.theming.colours import textual_theme
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.tui.widgets.drawn_lines import Wrapped
from tests.tui.fakes import send_bytes, until


class Box(App[None]):
    """A composer and what it sent."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(textual_theme(load_all()[0]["lamp"]))
        self.theme = "lamp"
        self.sent: list[str] = []

    def compose(self) -> ComposeResult:
        yield Composer()

    @property
    def composer(self) -> Composer:
        return self.query_one(Composer)

    def on_composer_question_submitted(self, event: Composer.QuestionSubmitted) -> None:
        self.sent.append(event.text)


def feed(app: Box, text: str) -> None:
    """Type `text` in one burst, as a terminal's reader hands it over."""
    send_bytes(app, text.encode())


async def test_enter_in_one_burst_with_the_text_before_it_sends():
    async with Box().run_test() as pilot:
        feed(pilot.app, "why?\r")
        await until(pilot, lambda: pilot.app.sent == ["why?"])


async def test_enter_followed_by_text_is_a_line_of_a_paste():
    async with Box().run_test() as pilot:
        feed(pilot.app, "one\rtwo\r\rthree")
        await until(pilot, lambda: pilot.app.composer.text == "one\ntwo\n\nthree")
        assert pilot.app.sent == []


async def test_a_paste_behind_enter_is_not_sent_with_the_question():
    async with Box().run_test() as pilot:
        feed(pilot.app, "why?\r\x1b[200~a secret\x1b[201~")
        await until(pilot, lambda: pilot.app.sent == ["why?"])
        await until(pilot, lambda: pilot.app.composer.text.endswith("a secret"))


async def test_a_tab_in_an_unbracketed_paste_stays_one():
    async with Box().run_test() as pilot:
        feed(pilot.app, "if x:\r\treturn")
        await until(pilot, lambda: pilot.app.composer.text == "if x:\n\treturn")


async def test_ctrl_j_alt_enter_and_shift_enter_break_the_line():
    async with Box().run_test() as pilot:
        await pilot.press("a", "ctrl+j", "b", "alt+enter", "c", "shift+enter", "d")
        assert pilot.app.composer.text == "a\nb\nc\nd"
        assert pilot.app.sent == []
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.sent == ["a\nb\nc\nd"])


async def test_a_paste_is_made_safe_and_sends_nothing():
    async with Box().run_test() as pilot:
        pilot.app.composer.post_message(Paste("a\r\nb\x1b]52;c;eA==\x07\x9b31m\u202ec\u2028d"))
        await until(pilot, lambda: "\n" in pilot.app.composer.text)
        assert pilot.app.composer.text == "a\nb␛]52;c;eA==␇⟨9b⟩31m⟨U+202E⟩c⟨U+2028⟩d"
        assert pilot.app.sent == []


async def test_a_paste_is_sent_with_its_tabs_and_invisible_characters():
    pasted = "all:\n\tmake\ta\u200bb\u00ad \ufeff\u2800 می\u200cخواهم 👩\u200d💻"
    async with Box().run_test() as pilot:
        pilot.app.composer.post_message(Paste(pasted))
        await until(pilot, lambda: "\n" in pilot.app.composer.text)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.sent != [])
        assert pilot.app.sent == [pasted]


def rows(composer: Composer) -> list[str]:
    """The composer as it is drawn."""
    return [composer.render_line(y).text.rstrip() for y in range(composer.size.height)]


async def test_what_cannot_be_shown_has_a_sign_where_it_is_drawn():
    async with Box().run_test(size=(40, 20)) as pilot:
        composer = pilot.app.composer
        composer.load_text("\tx\n12\ty\u200bz\n\x1b]0;t\x07 \x9b31m\ue000")
        await pilot.pause()
        assert rows(composer) == ["    x", "12  y�z", "␛]0;t␇ �31m\ue000"]
        for _ in range(3):
            await pilot.press("up")
        for x in (0, 4, 5):
            await pilot.pause()
            assert composer.cursor_screen_offset.x == x
            await pilot.press("right")
        await pilot.press("end", "left", "backspace")
        assert composer.text.split("\n")[1] == "12\tyz"
        await pilot.pause()
        assert rows(composer)[1] == "12  yz"


async def test_a_line_of_invisible_characters_breaks_where_its_signs_do():
    async with Box().run_test(size=(20, 20)) as pilot:
        composer = pilot.app.composer
        composer.post_message(Paste("a" + "\u200b" * 30 + "\tb"))
        await until(pilot, lambda: "b" in composer.text)
        await pilot.pause()
        shown = rows(composer)
        assert len(shown) > 1 and max(map(len, shown)) < 20
        assert "".join(shown).replace(" ", "") == "a" + "�" * 30 + "b"
        assert composer.cursor_screen_offset.y == len(shown) - 1
        await pilot.press("!")
        assert rows(composer)[-1].endswith("b!")


async def test_an_empty_question_is_not_sent():
    async with Box().run_test() as pilot:
        await pilot.press("space", "enter")
        await pilot.pause(0.1)
        assert pilot.app.sent == []


async def test_up_brings_earlier_questions_back_and_down_the_empty_line():
    async with Box().run_test() as pilot:
        pilot.app.composer.remember(["first", "second"])
        await pilot.press("up")
        assert pilot.app.composer.text == "second"
        await pilot.press("up")
        assert pilot.app.composer.text == "first"
        await pilot.press("down")
        await pilot.press("down")
        assert pilot.app.composer.text == ""


async def test_up_leaves_what_is_being_written_alone():
    async with Box().run_test() as pilot:
        pilot.app.composer.remember(["first"])
        await pilot.press("x", "up")
        assert pilot.app.composer.text == "x"


async def test_it_grows_with_its_text_up_to_eight_lines():
    async with Box().run_test(size=(40, 20)) as pilot:
        assert pilot.app.composer.size.height == 1
        for expected in (2, 3):
            await pilot.press("ctrl+j")
            await pilot.pause()
            assert pilot.app.composer.size.height == expected
        for _ in range(10):
            await pilot.press("ctrl+j")
        await pilot.pause()
        assert pilot.app.composer.size.height == 8


async def test_the_cursor_does_not_blink():
    async with Box().run_test() as pilot:
        assert pilot.app.composer.cursor_blink is False


async def test_undo_after_more_lines_than_the_composer_shows():
    async with Box().run_test(size=(40, 20)) as pilot:
        composer = pilot.app.composer
        for is_pasted in (True, False):
            if is_pasted:
                composer.paste("\n".join("abcdefghijkl"))
            else:
                feed(pilot.app, "x\n" * 12)
            await until(pilot, lambda: composer.document.line_count > 8)
            await pilot.pause()
            await pilot.press("ctrl+z")
            while composer.text:
                composer.action_undo()
            await pilot.pause()
            assert composer.size.height == 1 and not any(rows(composer))
            while composer.document.line_count < 12:
                composer.action_redo()
            await pilot.pause()
            assert composer.size.height == 8
            composer.load_text("")


async def test_any_editing_and_undoing_leaves_the_lines_as_the_text_has_them():
    chance = random.Random(7)
    edits = {
        "type": lambda text: text.put("a word "),
        "paste": lambda text: text.paste(
            "\n".join(["a line that is wrapped " * 2] * chance.randrange(1, 14))
        ),
        "break": Composer.action_break_line,
        "delete": Composer.action_delete_left,
        "delete word": Composer.action_delete_word_left,
        "delete line": Composer.action_delete_to_start_of_line,
        "all": Composer.action_select_all,
        "up": Composer.action_cursor_up,
        "left": Composer.action_cursor_left,
        "home": Composer.action_cursor_line_start,
        "undo": Composer.action_undo,
        "redo": Composer.action_redo,
    }
    names, done = [*edits, "undo", "undo", "redo", "paste"], []
    async with Box().run_test(size=(30, 20)) as pilot:
        composer = pilot.app.composer
        for step in range(400):
            done.append(chance.choice(names))
            edits[done[-1]](composer)
            if step % 20 == 0:
                await pilot.pause()
            fresh = WrappedDocument(composer.document, composer.wrap_width, composer.indent_width)
            assert composer.wrapped_document.lines == fresh.lines, done
            assert composer.clamp_visitable(composer.cursor_location) == composer.cursor_location, done


@pytest.mark.parametrize("seed", range(20))
def test_how_high_the_text_is_needs_no_sum_over_its_lines(seed: int) -> None:
    chance = random.Random(seed)
    document = Document("\n".join("word " * chance.randrange(12) for _ in range(20)))
    wrapped = Wrapped(document, chance.choice((0, 7, 20)))
    for _ in range(40):
        lines = document.line_count
        start, end = sorted((chance.randrange(lines), 0) for _ in range(2))
        edit = document.replace_range(
            start, end, chance.choice(("", "x", "a b " * 9, "one\ntwo\n\nthree" * 3))
        )
        wrapped.wrap_range(start, end, edit.end_location)
        assert wrapped.height == sum(map(len, wrapped.lines))


async def test_drawing_a_long_text_adds_up_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    summed: list[int] = []
    monkeypatch.setattr(WrappedDocument, "height", property(lambda self: summed.append(1) or 1))
    app = Box()
    async with app.run_test() as pilot:
        summed.clear()  # as Textual makes it, before it is ours
        app.composer.insert("line\n" * 100)
        await pilot.press("a", "b")
        assert app.composer.text.endswith("ab") and not summed


LONG = "\n".join(f"line {number}" for number in range(500))
MARK = "[▸ 500 lines]"


async def test_a_long_paste_is_one_mark_that_is_sent_whole():
    async with Box().run_test(size=(60, 20)) as pilot:
        composer = pilot.app.composer
        await pilot.press(*"see ")
        composer.post_message(Paste(LONG))
        await until(pilot, lambda: MARK in composer.document.text)
        await pilot.press("?")
        assert rows(composer) == [f"see {MARK}?"] and composer.text == f"see {LONG}?"
        await pilot.press("left", "left")
        assert composer.cursor_location == (0, 4), "it is passed as one"
        await pilot.press("right", "enter")
        await until(pilot, lambda: pilot.app.sent == [f"see {LONG}?"])
        composer.take(f"see {LONG}?")
        assert composer.text == ""
        composer.put_back(f"again {LONG}")
        assert composer.document.text == f"again {MARK}"


async def test_a_mark_goes_as_one_and_undo_brings_it_back():
    async with Box().run_test(size=(60, 20)) as pilot:
        composer = pilot.app.composer
        composer.paste(LONG)
        await pilot.press("backspace")
        assert composer.text == ""
        await pilot.press("ctrl+z")
        assert composer.document.text == MARK and composer.text == LONG
        await pilot.press("home", "delete")
        assert composer.text == ""
        await pilot.press("ctrl+z")
        composer.replace("in the middle", (0, 5), (0, 5))
        assert composer.text == f"{LONG}in the middle"
        composer.replace("x", (0, 5), (0, 8))
        assert composer.text == "xin the middle"


async def test_tab_beside_a_mark_shows_all_of_it_and_undo_folds_it_again():
    async with Box().run_test(size=(60, 20)) as pilot:
        composer = pilot.app.composer
        composer.paste(LONG)
        await pilot.press("!", "tab")
        assert composer.document.text == f"{MARK}!", "only beside it"
        await pilot.press("backspace", "tab")
        assert composer.document.text == composer.text == LONG
        await pilot.press("ctrl+z")
        assert composer.document.text == MARK


async def test_any_editing_leaves_marks_whole_or_none():
    chance = random.Random(3)
    texts = [f"{name}\n" * 30 for name in "abc"]
    edits = {
        "type": lambda text: text.put(chance.choice(("a word ", "[", "▸", "lines]", "\n"))),
        "fold": lambda text: text.paste(chance.choice(texts)),
        "delete": Composer.action_delete_left,
        "forward": Composer.action_delete_right,
        "delete word": Composer.action_delete_word_left,
        "left": lambda text: text.action_cursor_left(select=chance.random() < 0.3),
        "word left": lambda text: text.action_cursor_word_left(select=chance.random() < 0.3),
        "anywhere": lambda text: text.move_cursor((chance.randrange(3), chance.randrange(30))),
        "undo": Composer.action_undo,
        "redo": Composer.action_redo,
    }
    done = []
    async with Box().run_test(size=(30, 20)) as pilot:
        composer = pilot.app.composer
        for _ in range(300):
            done.append(chance.choice([*edits, "fold"]))
            edits[done[-1]](composer)
            shown = composer.document.text
            assert shown.count("30 lines") == len(composer.folds.spans(shown.replace("\n", " "))), done


async def test_an_earlier_question_puts_what_was_begun_aside_until_it_is_sent():
    async with Box().run_test() as pilot:
        composer = pilot.app.composer
        await pilot.press(*"begun")
        composer.recall("Earlier?")
        assert composer.text == "Earlier?" and composer.kept == "Earlier?\n\nbegun"
        composer.recall("Another?")
        assert composer.kept == "Another?\n\nbegun", "the one before was nobody's draft"
        composer.take("Another?")
        assert composer.text == composer.kept == "begun"
        composer.put_back("Another?")
        assert composer.text == "Another?" and composer.kept == "Another?\n\nbegun", "it was refused"
        composer.write("")
        await pilot.press(*"more")
        composer.recall("Earlier?")
        await pilot.press("ctrl+z")
        assert composer.text == composer.kept == "more"
        composer.take("more")
        assert composer.text == ""


async def test_up_goes_on_into_what_was_asked_in_other_sessions():
    async with Box().run_test() as pilot:
        composer = pilot.app.composer
        composer.remember(["here"])
        await pilot.press("up")
        composer.remember_before(["long ago", "here", "before"])
        shown = [composer.text]
        for key in ("up", "up", "up", "down", "down", "down"):
            await pilot.press(key)
            shown.append(composer.text)
        assert shown == ["here", "before", "long ago", "long ago", "before", "here", ""]
        composer.remember([])  # a new session
        await pilot.press("up")
        assert composer.text == "here"
