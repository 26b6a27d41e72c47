"""Events out of bytes that come in any parts, and what stands between them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui.errors import RemoteError
from docstra_tui.llm.http.event_stream import LARGEST_EVENT, Event, EventReader


def read(*parts: bytes) -> tuple[list[Event], str]:
    reader = EventReader()
    events = [event for part in parts for event in reader.feed(part)]
    return events + reader.end(), reader.stray


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_lines_end_as_they_like(line_end: bytes) -> None:
    stream = b"event: error\ndata: a\ndata:b\n\n: comment\nid: 7\n\ndata\n\n".replace(b"\n", line_end)
    assert read(stream) == ([Event("error", "a\nb"), Event("message", "")], "")


def test_a_mark_at_the_beginning_and_a_missing_last_line_cost_nothing() -> None:
    assert read(b"\xef\xbb\xbfdata: first\n\ndata: last")[0] == [
        Event("message", "first"),
        Event("message", "last"),
    ]


def test_what_is_no_event_is_kept_apart() -> None:
    events, stray = read(b'{"error": "boom"}\n\nerror: {"code": 400}\n\ndata: x\n\n')
    assert events == [Event("message", "x")]
    assert stray == '{"error": "boom"}\nerror: {"code": 400}'


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([b"data: ", b"event: e", b"\r", b"\n", "é🦀".encode(), b"\xff", b"{x", b":"]))
)
def test_where_the_parts_are_cut_makes_no_difference(pieces: list[bytes]) -> None:
    stream = b"".join(pieces)
    assert read(stream) == read(*[stream[at : at + 1] for at in range(len(stream))])


@pytest.mark.parametrize("start", [b"data: ", b"x"])
@pytest.mark.parametrize("line_end", [b"", b"\ndata: ", b"\nx"])
def test_an_event_has_a_largest_size(start: bytes, line_end: bytes) -> None:
    reader = EventReader()
    reader.feed(start)
    with pytest.raises(RemoteError, match="1,048,576"):
        for _ in range(LARGEST_EVENT // 10_000 + 2):
            reader.feed(b"x" * 10_000 + line_end)
