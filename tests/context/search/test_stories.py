"""From a project on the disk to what is offered for a question: index and search, as they are used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from docstra_tui.context.search.index.project import ProjectIndex
from docstra_tui.context.search.offered import Suggestion
from docstra_tui.context.search.suggestions import suggest

FILES = {
    "src/post/__init__.py": "from post.client import Client\nfrom post.retry import Retry\n",
    "src/post/retry.py": '''\
"""Trying once more what the network lost."""

import random


class Retry:
    """How often, and how long is waited between two attempts."""

    def __init__(self, attempts: int = 5) -> None:
        self.attempts = attempts

    def sleep(self, number: int) -> float:
        """Doubles with each attempt; a little chance keeps clients from coming back all at once."""
        return 2**number * random.random()


RETRIABLE = frozenset({502, 503, 504})
''',
    "src/post/client.py": '''\
"""Talks to the carrier."""

from post.labels import Label
from post.retry import RETRIABLE, Retry


class Client:
    def __init__(self, retry: Retry) -> None:
        self.retry = retry

    def send(self, label: Label) -> int:
        for number in range(self.retry.attempts):
            status = self.transmit(label)
            if status not in RETRIABLE:
                return status
            self.retry.sleep(number)
        return 504

    def transmit(self, label: Label) -> int:
        return 200 if label.address else 400
''',
    "src/post/rates.py": '''\
"""What a shipment costs."""

LIMIT_KG = 31.5


class TooHeavy(ValueError):
    """Nobody carries that."""


def price_of(weight: float, zone: int) -> int:
    """In cents. Begins at the base fee of the zone; each kilogram after the first one adds to it."""
    if weight > LIMIT_KG:
        raise TooHeavy(f"parcel is too heavy: {weight} kg, at most {LIMIT_KG}")
    return 390 + 110 * zone + round(85 * max(0.0, weight - 1))
''',
    "src/post/labels.py": '''\
"""The sticker with the address."""

from dataclasses import dataclass


@dataclass
class Label:
    address: str
    postcode: str

    def lines(self) -> list[str]:
        """What is printed, from top to bottom; the postcode is spaced out so that machines can read it."""
        return [self.address, " ".join(self.postcode)]
''',
    "tests/test_retry.py": """\
from post.retry import Retry


def test_retry_sleep_doubles():
    retry = Retry()
    assert retry.sleep(3) <= 8


def test_retry_sleep_of_retry_is_random():
    assert Retry().sleep(2) != Retry().sleep(2)
""",
    "tests/test_rates.py": """\
from post.rates import price_of


def test_price_of_zone():
    assert price_of(1, 0) == 390
""",
    "docs/retry.md": "# Retry\n\nUse `Retry` to try again. `Retry.sleep` waits. Retry, and retry again.\n",
    "vendor/urlkit/retry.py": "class Retry:\n    def sleep(self, number):\n        return number\n",
    "web/src/tracking.ts": """\
import { pollEvery } from "./polling";

/** Where a shipment is right now, shown on the map. */
export class TrackingMap {
  constructor(private readonly element: HTMLElement) {}

  follow(parcelId: string): () => void {
    return pollEvery(30_000, () => this.element.setAttribute("data-parcel", parcelId));
  }
}
""",
    "web/src/polling.ts": """\
/** Asks again and again until told to stop. */
export function pollEvery(milliseconds: number, ask: () => void): () => void {
  const timer = setInterval(ask, milliseconds);
  return () => clearInterval(timer);
}
""",
    "web/dist/app.min.js": "var Retry=function(){this.sleep=function(e){return e}},TrackingMap=Retry;" * 40,
    "native/crc.h": """\
#ifndef CRC_H
#define CRC_H
unsigned crc_of(const char *bytes, unsigned length);
#endif
""",
    "native/crc.c": """\
#include "crc.h"

/* Finds out whether the barcode was damaged on its way. */
unsigned crc_of(const char *bytes, unsigned length) {
    unsigned sum = 0;
    for (unsigned i = 0; i < length; i++) sum = sum * 31u + (unsigned char)bytes[i];
    return sum;
}
""",
    "Makefile": "build:\n\tcc -o crc native/crc.c\n",
    "pyproject.toml": '[project]\nname = "post"\ndependencies = []\n',
    "README.md": "# Post\n\nSends parcels, prints labels, shows where they are.\n",
    ".env": "CARRIER_TOKEN=walrus-and-carpenter\n",
    ".gitignore": "build/\n",
    "build/retry.py": "class Retry:\n    def sleep(self): ...\n",
    "odd/\x1b]0;owned\x07.py": "def flamingo():\n    return '\x1b[2J\u202eevil'\n",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectIndex]:
    folder = tmp_path_factory.mktemp("stories")
    with pytest.MonkeyPatch.context() as patch:
        cache = folder / "cache"
        cache.mkdir(mode=0o700)
        patch.setenv("DOCSTRA_CACHE_DIR", str(cache))
        for name, text in FILES.items():
            path = folder / "post" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (folder / "post" / "elsewhere").symlink_to(Path(__file__).parent)
        made = ProjectIndex(folder / "post")
        made.refresh()
        yield made


def ask(index: ProjectIndex, question: str, *ticked: str, limit: int = 20) -> list[Suggestion]:
    with index.reader() as reader:
        found = suggest(reader, question, ticked=ticked, limit=limit)
    assert found.is_complete
    scores = [one.score for one in found.files]
    assert scores == sorted(scores, reverse=True)
    assert len({one.path for one in found.files}) == len(found.files) <= limit
    assert not {one.path for one in found.files} & set(ticked)
    return list(found.files)


def paths(index: ProjectIndex, question: str, *ticked: str) -> list[str]:
    return [one.path for one in ask(index, question, *ticked)]


@pytest.mark.parametrize(
    ("question", "owner"),
    [
        ("What does Retry.sleep return?", "src/post/retry.py"),
        ("how does RETRIABLE decide what is tried again", "src/post/retry.py"),
        ('Who says "parcel is too heavy"?', "src/post/rates.py"),
        ("TooHeavy", "src/post/rates.py"),
        ("How many cents does each further kilogram add to the fee?", "src/post/rates.py"),
        ("Why is the postcode spaced out when it is printed?", "src/post/labels.py"),
        ("what keeps clients from coming back all at once?", "src/post/retry.py"),
        ("where is a shipment shown on the map", "web/src/tracking.ts"),
        ("How often does TrackingMap.follow poll?", "web/src/tracking.ts"),
        ("How can I tell that a barcode was damaged?", "native/crc.c"),
    ],
)
def test_the_file_that_owns_the_answer_comes_first(index: ProjectIndex, question: str, owner: str) -> None:
    assert paths(index, question)[0] == owner


def test_a_function_in_c_is_where_it_is_written_and_where_it_is_declared(index: ProjectIndex) -> None:
    assert set(paths(index, "crc_of")[:2]) == {"native/crc.c", "native/crc.h"}


def test_what_only_repeats_the_words_comes_later(index: ProjectIndex) -> None:
    """A test, a page, somebody else's copy and a built one all say `Retry` more often than its own file."""
    found = paths(index, "How long does Retry sleep between attempts?")
    for later in ("tests/test_retry.py", "docs/retry.md", "vendor/urlkit/retry.py", "src/post/__init__.py"):
        assert later not in found or found.index(later) > found.index("src/post/retry.py")
    assert found.index("src/post/retry.py") == 0
    assert "web/dist/app.min.js" not in found[:5]


@pytest.mark.parametrize(
    ("question", "asked_for"),
    [
        ("Which tests cover the price of a zone?", "tests/test_rates.py"),
        ("What do the docs say about Retry?", "docs/retry.md"),
    ],
)
def test_tests_and_pages_come_first_when_they_are_asked_for(
    index: ProjectIndex, question: str, asked_for: str
) -> None:
    assert paths(index, question)[0] == asked_for


def test_what_is_ticked_brings_its_neighbours(index: ProjectIndex) -> None:
    """The same question means another file beside other ticks: what these use is nearer."""
    question = "what happens with the address and the attempts, and what with the parcel?"
    beside = paths(index, question, "src/post/client.py")
    assert beside.index("src/post/retry.py") < beside.index("web/src/tracking.ts")
    assert "src/post/client.py" not in beside


def test_each_has_a_reason_and_lines_that_are_there(index: ProjectIndex) -> None:
    for one in ask(index, "What does Retry.sleep return?"):
        assert one.reason.strip()
        if one.lines is not None:
            first, last = one.lines
            assert 1 <= first <= last <= FILES[one.path].count("\n") + 1
    owner = ask(index, "What does Retry.sleep return?")[0]
    assert "Retry" in owner.reason
    assert owner.lines is not None
    assert owner.lines[0] <= 15 <= owner.lines[1]


def test_nothing_is_offered_that_the_tree_does_not_show_or_that_is_secret(index: ProjectIndex) -> None:
    offered = {
        path
        for question in (
            "Retry sleep",
            "walrus and carpenter CARRIER_TOKEN",
            "build retry",
            "stories suggest",
        )
        for path in paths(index, question)
    }
    assert offered <= FILES.keys()
    assert not {".env", "build/retry.py"} & offered


@pytest.mark.parametrize(
    "question",
    [
        "",
        "   \n\t ",
        "?!",
        "retry AND (sleep OR",
        'NEAR("retry" sleep, 2) NOT "',
        "names:retry * ^ - + {}",
        "sleep\0retry",
        "\ud800 retry",
        "\x1b[2J\u202eretry",
        "'; DROP TABLE files; --",
        "r" * 100_000,
        "retry sleep " * 20_000,
        "é" * 5_000 + "数" * 5_000,
    ],
    ids=range(13),
)
def test_any_question_gets_an_answer(index: ProjectIndex, question: str) -> None:
    ask(index, question, limit=3)
    assert paths(index, "TooHeavy")[0] == "src/post/rates.py"


def test_a_name_that_means_harm_is_still_found_as_it_is(index: ProjectIndex) -> None:
    assert paths(index, "where is flamingo defined?")[0] == "odd/\x1b]0;owned\x07.py"


def test_a_changed_project_is_answered_as_it_is_now(index: ProjectIndex, tmp_path: Path) -> None:
    root = tmp_path / "moved"
    (root / "a").mkdir(parents=True)
    (root / "a" / "zeppelin.py").write_text("def moor(mast):\n    return mast\n")
    own = ProjectIndex(root)
    own.refresh()
    assert paths(own, "where does moor begin") == ["a/zeppelin.py"]
    (root / "a" / "zeppelin.py").rename(root / "a" / "airship.py")
    (root / "b.py").write_text("from a.airship import moor\n\n\ndef land():\n    moor(1)\n")
    own.refresh()
    assert paths(own, "where is moor defined") == ["a/airship.py", "b.py"]
    assert "moor" in ask(own, "where is moor defined")[0].reason


def test_a_tree_that_is_made_to_hurt_is_answered_like_any_other(index: ProjectIndex, tmp_path: Path) -> None:
    """Nothing in it is waited for, followed, or read beyond its limit; what is sound is found."""
    root = tmp_path / "bad"
    (root / "odd").mkdir(parents=True)
    (tmp_path / "outside.py").write_text("def albatross(): ...\n")
    sound = "def albatross(sea):\n    return sea\n"
    for name in ("sound.py", "odd/new\nline.py", "odd/-rf.py", "odd/'; DROP TABLE files; --.py"):
        (root / name).write_text(sound)
    os.mkfifo(root / "odd" / "pipe.py")
    for name, target in {
        "loop.py": "loop.py",
        "up": "..",
        "out.py": "../../outside.py",
        "z.py": "/dev/zero",
    }.items():
        (root / "odd" / name).symlink_to(target)
    with (root / "odd" / "sparse.py").open("wb") as file:
        file.truncate(4 << 30)
    for name, text in {
        "deep.c": "(" * 60_000,
        "deep.ts": "{[" * 30_000,
        "open.py": '"""' + "x\\" * 30_000,
        "camel.js": "aA" * 30_000,
        "lines.sh": "\n" * 60_000,
        "nul.py": "albatross\0" * 1_000,
    }.items():
        (root / "odd" / name).write_text(text)
    here = os.open(root, os.O_RDONLY)
    try:
        for _ in range(90):  # its path is longer than any system call takes
            os.mkdir("d" * 60, dir_fd=here)
            deeper = os.open("d" * 60, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = deeper
        os.close(os.open("albatross.py", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    finally:
        os.close(here)
    own = ProjectIndex(root)
    own.refresh()
    found = {one.path for one in ask(own, "where is albatross defined?") if "albatross" in one.reason}
    assert found == {"sound.py", "odd/new\nline.py", "odd/-rf.py", "odd/'; DROP TABLE files; --.py"}
