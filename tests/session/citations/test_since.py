"""What changed since it was sent is said of an answer wherever that is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.citations.answered import checked, citations_of, citations_on_paths
from docstra_tui.session.citations.since import Since
from docstra_tui.session.exchange.exported import document_of, exported
from docstra_tui.session.exchange.whole import WholeSession
from docstra_tui.session.turns import SavedTurn, StoredSession
from docstra_tui.workspace.citing import LookingUp
from tests.commands.oneshot.one_shot import ask
from tests.fakes import FakeLLM

OLD = "def get():\n    return 1\n"
NEW = "def get():\n    return 2\n"
ANSWER = "It has `return 1` in `pkg/client.py:2`, and `TIMEOUT = 5`."
STATUSES = ["changed", "found"]


@pytest.fixture
def items(tmp_path: Path) -> tuple[ContextItem, ...]:
    (tmp_path / "pkg").mkdir()
    sent = {"pkg/client.py": OLD, "pkg/config.py": "TIMEOUT = 5\n"}
    for path, text in sent.items():
        (tmp_path / path).write_text(text)
    return tuple(ContextItem(text, path, "python") for path, text in sent.items())


def test_every_way_to_look_says_the_same(tmp_path: Path, items: tuple[ContextItem, ...]) -> None:
    turn = SavedTurn("Where?", context=items, answer=ANSWER, status="done", id=1)
    (tmp_path / "pkg" / "client.py").write_text(NEW)
    looking = LookingUp(tmp_path)
    looking.so_far(turn)
    session = StoredSession("id", "Where?", str(tmp_path), "m", "", 0.0, 0.0, (turn,))
    ways = [
        looking.whole(turn, ())[1],
        citations_of(turn, (), Since(tmp_path)),
        citations_on_paths([turn], tmp_path)[1],
        checked(ANSWER, items, Since(tmp_path)).citations,
        document_of(WholeSession(session, (turn,)), with_thinking=False).turns[0].citations,
    ]
    assert [[one.status for one in way] for way in ways] == [STATUSES] * len(ways)
    assert "1 ✓, 1 changed since" in exported(WholeSession(session, (turn,)), "md", with_thinking=False)


def test_ask_says_what_changed_while_it_was_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "client.py").write_text(OLD)

    class Editing:
        def acquire(self, *_: object, **__: object) -> bool:
            (tmp_path / "client.py").write_text(NEW)
            return True

    llm = FakeLLM()
    llm.enqueue("It has `return 1`.", gate=Editing())  # type: ignore[arg-type]
    code, out, _, _ = ask("ask", "Where?", "--json", "--check", "-f", "client.py", llm=llm)
    assert (code, [one["status"] for one in json.loads(out)["citations"]]) == (0, ["changed"])


def test_only_what_is_known_to_be_another_one_is_called_so(
    tmp_path: Path, items: tuple[ContextItem, ...]
) -> None:
    assert Since(tmp_path).of(items) == {} == Since(None).of(items) == Since(tmp_path / "none").of(items)
    (tmp_path / "pkg" / "client.py").unlink()
    assert Since(tmp_path).of(items) == {"pkg/client.py": None}
    (tmp_path / "pkg" / "config.py").unlink()
    assert Since(tmp_path).of(items) == {}  # of all that was sent nothing is there: it is another folder
    (tmp_path / "pkg" / "config.py").symlink_to("/etc/hostname")
    (tmp_path / "pkg" / "client.py").mkdir()
    odd = [ContextItem("a", path) for path in ("../out.py", "@diff", "\0", None)]
    assert Since(tmp_path).of([*items, *odd]) == {}
    part = ContextItem("    return 1\n", "part.py", "python", 2, 2)
    (tmp_path / "part.py").write_text(OLD)
    assert [one.status for one in checked("`return 1`", [part], Since(tmp_path)).citations] == ["found"]
    (tmp_path / "part.py").write_text("\n" + OLD)
    (one,) = checked("`return 1`", [part], Since(tmp_path)).citations
    assert (one.status, one.line) == ("changed", 3)
