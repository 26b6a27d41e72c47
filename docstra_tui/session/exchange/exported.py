"""A saved conversation as JSON: all of it, with every fork; or as Markdown, the path that is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import msgspec

from docstra_tui import __version__
from docstra_tui.llm.answer import Setting, Settings
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.citations.answered import citations_on_paths
from docstra_tui.session.citations.citation import Citation
from docstra_tui.session.exchange.document import (
    FORMAT,
    MOST_CITED,
    VERSION,
    Cited,
    Document,
    Error,
    File,
    Model,
    Turn,
)
from docstra_tui.session.exchange.markdown import to_markdown
from docstra_tui.session.exchange.whole import WholeSession
from docstra_tui.session.turns import WITHOUT_TEXT, SavedTurn, StoredSession
from docstra_tui.text import INVISIBLE

Form = Literal["md", "json"]
FORMS: tuple[str, ...] = get_args(Form)

_UNSEEN = re.compile(f"[\x7f-\x9f{INVISIBLE}]")
"""What JSON leaves as it is, and a terminal that shows the file would obey or hide."""
_LONE = re.compile("[\ud800-\udfff]")


def exported(
    whole: WholeSession, form: Form, *, with_thinking: bool, settings: Mapping[str, Setting] | None = None
) -> str:
    """The text of a file with the conversation. `settings` are those in force now."""
    if form == "json":
        document = document_of(whole, with_thinking=with_thinking, settings=settings)
        text = msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
        return _UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], text) + "\n"
    return to_markdown(
        whole.session,
        with_thinking=with_thinking,
        settings=settings,
        with_digests=True,
        citations=citations_on_paths(whole.session.turns, _root(whole.session)),
    )


def document_of(
    whole: WholeSession, *, with_thinking: bool, settings: Mapping[str, Setting] | None = None
) -> Document:
    """Every turn of it, numbered from 1; nothing in it tells which number it has here."""
    session, turns = whole.session, whole.turns
    files, citations = _Files(), citations_on_paths(turns, _root(session))
    numbers: dict[int, int] = {}
    told = []
    for number, turn in enumerate(turns, 1):
        cited = citations.get(turn.id, ())
        told.append(_turn(turn, number, numbers, files, cited, with_thinking=with_thinking))
        numbers[turn.id] = number
    choice = session.choice
    return Document(
        format=FORMAT,
        version=VERSION,
        title=_text(session.title),
        root=_text(session.root),
        created=session.created,
        updated=session.updated,
        turns=told,
        files=files.all,
        tip=numbers.get(session.tip, 0),
        titled=session.is_titled,
        unsent=[_text(text) for text in _unsent(session)],
        model=Model(
            _word(session.model),
            _word(choice.name),
            _word(choice.revision),
            _word(choice.quant),
            _text(choice.server)[:2_000],
        ),
        settings=dict(settings or {}),
        program=f"docstra-tui {__version__}",
    )


def _root(session: StoredSession) -> Path | None:
    """The folder that it is about, where there is one."""
    return Path(session.root) if session.root else None


def _unsent(session: StoredSession) -> Sequence[str]:
    words = [*(question.text for question in session.waiting), session.draft]
    return [text for text in words if text.strip()]


def _turn(
    turn: SavedTurn,
    number: int,
    numbers: Mapping[int, int],
    files: _Files,
    citations: Sequence[Citation],
    *,
    with_thinking: bool,
) -> Turn:
    usage, error = turn.usage, turn.error
    return Turn(
        id=number,
        parent=numbers.get(turn.parent, 0),
        asked=turn.asked,
        question=_text(turn.question),
        status=turn.status,
        task=_word(turn.task),
        files=[files.place(item) for item in turn.context],
        earlier=[(numbers.get(placed.turn_id, 0), files.place(placed.item)) for placed in turn.earlier],
        left_out=[_text(name) for name in turn.left_out],
        damage=[_text(name) for name in turn.damage],
        answer=_text(turn.answer),
        citations=[_cited(citation) for citation in citations[:MOST_CITED]],
        thinking=_text(turn.thinking) if with_thinking and turn.thinking else None,
        thinking_s=turn.thinking_s if with_thinking else None,
        error=Error(error.kind, _text(error.message), _text(error.hint)) if error is not None else None,
        finish_reason=turn.finish_reason,
        model=_word(turn.model),
        settings=None if turn.settings is None else _settings(turn.settings),
        gone_on_with=[_settings(one) for one in turn.gone_on_with],
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        reused_tokens=usage.reused_tokens,
        thinking_tokens=usage.thinking_tokens,
        ttft_s=turn.ttft_s,
        tokens_per_s=turn.tokens_per_s,
    )


def _cited(citation: Citation) -> Cited:
    path = None if citation.path is None else _text(citation.path)
    return Cited(_text(citation.text), citation.kind, path, citation.line, citation.status)


class _Files:
    """The files that turns had, each once."""

    def __init__(self) -> None:
        self.all: list[File] = []
        self._places: dict[tuple[object, ...], int] = {}

    def place(self, item: ContextItem) -> int:
        """Where it stands."""
        mark = (*item.key, item.sha256, item.language, item.detail)
        found = self._places.get(mark)
        if found is None:
            found = self._places[mark] = len(self.all)
            path = None if item.path is None else _text(item.path)
            detail = "" if item.detail in WITHOUT_TEXT else _word(item.detail)
            lines = (item.start_line, item.end_line)
            self.all.append(File(path, item.sha256, _word(item.language), *lines, detail))
        return found


def _settings(settings: Settings) -> dict[str, Setting]:
    return {
        _word(name): _word(value) if isinstance(value, str) else value for name, value in settings.items()
    }


def _word(text: str) -> str:
    return _text(text)[:300]


def _text(text: str) -> str:
    r"""As JSON can say it: a byte of a name that is no UTF-8 becomes `\xff`."""
    return _LONE.sub(_shown_byte, text)


def _shown_byte(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else "\ufffd"
