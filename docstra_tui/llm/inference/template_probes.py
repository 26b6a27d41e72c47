"""What a chat template is asked on its trial, and what follows from the answers.

First whether it can be used at all, as its messages may be put; then how it treats them, thinking among it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from typing import Any, Literal

from docstra_tui.llm.inference.template_behaviour import (
    Behaviour,
    Settings,
    SystemRole,
    ThinkSwitch,
    as_parts,
    fold_system,
)
from docstra_tui.llm.inference.template_child import LONGEST, MEMORY_BYTES
from docstra_tui.llm.inference.wording import Wording, said_through
from docstra_tui.llm.prompt import Message
from docstra_tui.llm.thinking.families import Family
from docstra_tui.llm.thinking.switches import VARIABLES, WORDS, Variable
from docstra_tui.llm.thinking.wish import Think

SYSTEM, FIRST, ANSWER, SECOND, THOUGHT = (
    "A probe of the system text.",
    "The first question of a probe.",
    "An answer to it.",
    "Another question of it.",
    "A thought before that.",
)
ONE: list[Message] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": FIRST}]
TWO: list[Message] = [
    *ONE,
    {"role": "assistant", "content": ANSWER},
    {"role": "user", "content": SECOND},
]
THREE: list[Message] = [
    *TWO,
    {"role": "assistant", "content": "A later answer."},
    {"role": "user", "content": "The last question of all."},
]
"""Some treat the last answer otherwise than those before it."""
A_DAY, ANOTHER_DAY = "2001-02-03", "2012-11-14"

SPACES = {
    "blank lines": "one\n\ntwo\n\n\nthree",
    "spaces in a row": "one  two     three",
    "tabs": "one\ttwo\t\tthree",
    "carriage returns": "one\r\ntwo",
    "some characters": "".join(map(chr, range(33, 127))) + " Größe 日本 🙂",
}
"""What some templates change in what is said, and a text that has it."""
INDENTED = "    an indented line"

ROLES = ("system", "user", "assistant")
COMMANDS = ("/think", "/no_think", "/nothink")
"""Tried whether or not the template has them in one piece."""


class Unusable(Exception):
    """How the sentence "The model's chat template …" goes on."""


@dataclass(frozen=True)
class Render:
    """One thing to try."""

    messages: Sequence[Mapping[str, Any]]
    settings: Settings = field(default_factory=dict)
    is_open: bool = True
    """True where the answer is to begin."""
    day: str = A_DAY
    find: Sequence[str] = ()
    """Texts whose places are asked for, instead of the whole."""

    def as_json(self) -> dict[str, Any]:
        """As the child reads it."""
        return asdict(self)


Answer = Mapping[str, Any]
Ask = Callable[[Sequence[Render]], list[Answer]]
"""Tries them. Raises `Unusable` where that cannot be done."""


def examine(ask: Ask, literals: Callable[[], list[str]], marks: Sequence[Family]) -> Behaviour:
    """All that can be found out; `marks` are those that the model may think between. Raises `Unusable`."""
    found = _form(ask)
    try:
        found = _marks(ask, found)
        words = literals()
        found = replace(found, think=_switch(ask, found, words) or _word(ask, found))
        found = _with_wishes(ask, found, marks)
        found = _spaces(ask, found)
        found = replace(found, triggers=_triggers(ask, found, _suspects(marks, words)))
        return replace(found, triggers=_triggers(ask, found, _pairs(marks)))
    except Unusable:  # it can be used all the same, as far as is known
        return found


# Whether it can be used


def _form(ask: Ask) -> Behaviour:
    """How messages have to be put. Raises `Unusable`."""
    why: Unusable | None = None
    for takes_parts in (False, True):
        try:
            return _judge(ask, takes_parts)
        except Unusable as error:
            why = why or error
            if _is_final(error):
                break
    assert why is not None
    raise why


def _is_final(error: Unusable) -> bool:
    return "takes more than" in str(error)


def _judge(ask: Ask, takes_parts: bool) -> Behaviour:
    put = as_parts if takes_parts else list
    texts = (SYSTEM, FIRST, SECOND)
    answers = ask([Render(put(m), find=texts) for m in (ONE, TWO, fold_system(ONE), fold_system(TWO))])
    for answer in answers:
        if answer.get("too_much") == "memory":
            raise Unusable(f"takes more than {MEMORY_BYTES >> 20} MB for two short questions.")
        if answer.get("too_much"):
            raise Unusable(f"writes more than {LONGEST:,} characters around two short questions.")
    one, two, folded_one, folded_two = answers
    known = Behaviour(True, takes_parts=takes_parts, system=_system(one, two))
    if _keeps(one, 2) and _keeps(two, 3):
        return known
    if _keeps(folded_one, 2) and _keeps(folded_two, 3):
        return replace(known, takes_system=False)
    if _keeps(one, 2) or _keeps(folded_one, 2):
        why = _why(two if _keeps(one, 2) else folded_two)
        note = f"The model's chat template cannot render a second question ({why}): ask it in a new session."
        return replace(known, takes_system=_keeps(one, 2), note=note, has_second=False)
    raise Unusable(f"cannot render a question: {_why(folded_one)}.")


def _keeps(answer: Answer, count: int) -> bool:
    """Are the first `count` of the texts all there, in their order?"""
    places: list[int] = answer.get("places", [-1])
    wanted = places[:count]  # of one question there is no second
    return min(wanted) >= 0 and wanted == sorted(wanted)


def _why(answer: Answer) -> str:
    error = answer.get("error")
    return str(error).rstrip(".") if error else "it leaves out or moves what was said"


def _system(one: Answer, two: Answer) -> SystemRole:
    if "error" in one:
        return "refused"
    if one["places"][0] < 0:
        return "dropped"
    return "kept" if _keeps(one, 2) and ("error" in two or _keeps(two, 3)) else "moved"


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (here, there) in pairs if here != there), min(len(one), len(other)))


# What it writes around them


def _put(found: Behaviour, messages: Sequence[Message], think: Think = "auto") -> Sequence[Mapping[str, Any]]:
    return Wording(messages, found, think).conversation


def _marks(ask: Ask, found: Behaviour) -> Behaviour:
    longest = TWO if found.has_second else ONE
    answered: list[Any] = [*_put(found, TWO)[:-1]]
    answered[-1] = {**answered[-1], "reasoning_content": THOUGHT, "reasoning": THOUGHT}
    in_a_row: list[Message] = [*ONE, {"role": "user", "content": SECOND}]
    here, another, whole, thought, row = ask(
        [
            Render(_put(found, longest)),
            Render(_put(found, longest), day=ANOTHER_DAY),
            Render(_put(found, TWO)),
            Render(answered, is_open=False),
            Render(_put(found, in_a_row), find=(FIRST, SECOND)),
        ]
    )
    return replace(
        found,
        reads_clock=here.get("text") != another.get("text"),
        after_answer=_between(whole.get("text", ""), ANSWER, SECOND),
        after_thought=_between(thought.get("text", ""), THOUGHT, ANSWER),
        alternates=not _keeps(row, 2),
    )


def _between(text: str, one: str, other: str) -> str:
    """What stands between the two; empty where one of them is missing."""
    start, end = text.find(one), text.rfind(other)
    return text[start + len(one) : end] if 0 <= start < end else ""


# Thinking


def _switch(ask: Ask, found: Behaviour, words: Sequence[str]) -> ThinkSwitch | None:
    """The first variable that switches something and breaks nothing."""
    longest = TWO if found.has_second else ONE
    wishes: list[tuple[Variable, Settings, Settings]] = []
    for variable in VARIABLES:
        off, on = (_settings(variable.name, values, words) for values in (variable.off, variable.on))
        if off:
            wishes.append((variable, off, on))
    renders = [Render(_put(found, longest), settings) for _, off, on in wishes for settings in (off, on)]
    usual, *answers = (answer.get("text", "") for answer in ask([Render(_put(found, longest)), *renders]))
    for (variable, off, on), without, within in zip(wishes, answers[::2], answers[1::2], strict=True):
        if without != within and all(_is_whole(text, longest, found) for text in (without, within)):
            default: Literal["off", "on", "other"] = "other"
            default = "off" if usual == without else "on" if usual == within else default
            costs = _costs(without, within, found.has_second)
            return ThinkSwitch(variable.name, off, on, default, costs)
    return None


def _word(ask: Ask, found: Behaviour) -> ThinkSwitch | None:
    """A switch that is a word among the first that is said, which the template takes out again."""
    for off, on in WORDS:
        switch = ThinkSwitch("", {}, {}, "on", "", off, on)
        trying = replace(found, think=switch)
        wishes: tuple[Think, ...] = ("off", "on", "auto")
        answers = ask([Render(_put(trying, ONE, wish)) for wish in wishes])
        without, within, usual = (answer.get("text", "") for answer in answers)
        is_taken = off not in without and on not in within and _is_whole(without, ONE, found)
        if is_taken and without != within and usual in (without, within):
            default: Literal["off", "on"] = "off" if usual == without else "on"
            return replace(switch, usual=default, costs=_costs(without, within, False))
    return None


def _settings(name: str, values: Sequence[Any], words: Sequence[str]) -> Settings:
    known = [value for value in values if not isinstance(value, str) or value in words]
    return {name: known[0]} if known else {}


def _is_whole(text: str, messages: Sequence[Message], found: Behaviour) -> bool:
    places = [text.find(message["content"]) for message in messages]
    return min(places) >= 0 and (places == sorted(places) or not found.takes_system)


def _costs(one: str, other: str, has_second: bool) -> Literal["", "answers", "files"]:
    alike = _alike(one, other)
    if alike < one.find(FIRST):
        return "files"
    return "answers" if has_second and alike < one.find(SECOND) else ""


def _with_wishes(ask: Ask, found: Behaviour, marks: Sequence[Family]) -> Behaviour:
    """What stands behind the question at each wish, and where the next prompt parts from it."""
    names: tuple[Literal["auto", "off", "on"], ...]
    names = ("auto", "off", "on") if found.think is not None else ("auto",)
    renders = [
        Render(_put(found, messages, name), found.settings(name)) for name in names for messages in (ONE, TWO)
    ]
    texts = [answer.get("text", "") for answer in ask(renders)]
    tails: dict[str, str] = {}
    parts: dict[str, int] = {}
    for name, one, two in zip(names, texts[::2], texts[1::2], strict=True):
        begin = one.rfind(FIRST) + len(FIRST)
        tails[name] = one[begin:]
        alike = _alike(one + ANSWER, two)
        if found.has_second and alike < len(one):
            parts[name] = alike - begin
    opens = _opened(tails["auto"], marks) or _opened(tails.get("on", ""), marks)
    return replace(found, tails=tails, parts_from=parts, opens=opens)


def _opened(tail: str, marks: Sequence[Family]) -> str:
    """The end of it that begins the thinking, if it does."""
    for family in marks:
        at = max((tail.rfind(mark) for mark in family.open), default=-1)
        if at >= 0 and not any(mark in tail[at:] for mark in family.close):
            return tail[at:]
    return ""


# What becomes of what is said

Speech = dict[str, str]
"""What each role says; some say it twice."""

Suspects = dict[str, str]
"""Words that may not survive, each with a text to try that with."""


def _suspects(marks: Sequence[Family], words: Sequence[str]) -> Suspects:
    spelt = [mark.strip() for family in marks for mark in (*family.open, *family.close)]
    # Some templates look at the beginning only, some at the end.
    return {word: f"{word} begins, {word} ends: {word}" for word in (*COMMANDS, *spelt, *words)}


def _pairs(marks: Sequence[Family]) -> Suspects:
    """Some look for both marks of a thought."""
    pairs = [(family.open[0].strip(), family.close[0].strip()) for family in marks]
    return {end: f"{end} begins {begin} thinks {end} ends: {end}" for begin, end in pairs}


def _spaces(ask: Ask, found: Behaviour) -> Behaviour:
    spaced = ask([_said(found, _all_say(f"begin {text} end")) for text in SPACES.values()])
    (indented,) = ask([_said(found, {"user": INDENTED})])
    lost = [name for name, answer in zip(SPACES, spaced, strict=True) if not _has_all(answer)]
    if lost:
        names = " and ".join(filter(None, (", ".join(lost[:-1]), lost[-1])))
        note = f"The model's chat template leaves out {names} of what is sent."
        found = replace(found, squeezes=True, note=" ".join(filter(None, (found.note, note))))
    return replace(found, trims=not _has_all(indented))


def _triggers(ask: Ask, found: Behaviour, suspects: Suspects) -> dict[str, tuple[str, ...]]:
    """The words that do not survive, by the role that says them, beside those that are known."""
    wishes: tuple[Think, ...] = ("auto", "off", "on") if found.think is not None else ("auto",)
    guilty = _lost(ask, found, suspects, ROLES, wishes)
    triggers = dict(found.triggers)
    for role in ROLES:
        lost = _lost(ask, found, {word: suspects[word] for word in guilty}, (role,), wishes)
        lost = [*found.triggers.get(role, ()), *lost]
        if lost:  # of two that stand in one another the shorter one does
            triggers[role] = tuple(word for word in lost if not any(w != word and w in word for w in lost))
    return triggers


def _lost(
    ask: Ask, found: Behaviour, suspects: Suspects, roles: Sequence[str], wishes: Sequence[Think]
) -> list[str]:
    """The words that do not survive when these roles say them."""
    lost: set[str] = set()
    # What is cut off at the beginning may stand there all the same, written by the template.
    for wish, begin in product(wishes, ("", "First, ")):
        answers = ask([_said(found, dict.fromkeys(roles, begin + text), wish) for text in suspects.values()])
        lost |= {word for word, answer in zip(suspects, answers, strict=True) if not _has_all(answer)}
    return [word for word in suspects if word in lost]


def _all_say(text: str) -> Speech:
    return dict.fromkeys(ROLES, text)


def _said(found: Behaviour, speech: Speech, think: Think = "auto") -> Render:
    """A conversation in which this is said; all of it is to be found."""
    messages: list[Message] = []
    for at, message in enumerate(THREE if found.has_second else ONE):
        said = speech.get(message["role"])
        content = f"{said} {at} {said}" if said is not None else message["content"]
        messages.append(said_through({"role": message["role"], "content": content}, found))
    wanted = [message["content"] for message in messages]
    return Render(_put(found, messages, think), found.settings(think), find=wanted)


def _has_all(answer: Answer) -> bool:
    places: list[int] = answer.get("places", [-1])
    return min(places) >= 0
