"""How busy a server says it is: what it tells is shown, what it does not is not made up."""

from __future__ import annotations

import pytest

from docstra_tui.llm.remote import RemoteLLM
from tests.llm.http.hostile import hostile, response, sends

VLLM = (
    "# HELP vllm:num_requests_waiting Number of requests waiting.\n"
    'vllm:num_requests_running{engine="0"} 4.0\n'
    'vllm:num_requests_waiting{engine="0",model_name="a b"} 2.0\n'
    'vllm:num_requests_waiting{engine="1",model_name="a b"} 1.0\n'
    'vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 9.0\n'
)


@pytest.mark.parametrize(
    ("body", "waiting", "asked"),
    [
        (VLLM, 3, 2),
        ('sglang:num_queue_reqs{model_name="m"} 7.0\n', 7, 2),
        ("llamacpp:requests_processing 1\nllamacpp:requests_deferred 0\n", 0, 2),
        ("process_open_fds 12\n", None, 1),
        ("vllm:num_requests_waiting 1e999\n", None, 1),
        ("vllm:num_requests_waiting ...\n", None, 1),
        ("vllm:num_requests_waiting 1e300\n", None, 1),  # it would fill the line
        (f"vllm:num_requests_waiting {'9' * 900_000}\n", None, 1),
        ("<html>" + "x" * 2_000_000, None, 1),
        ("", None, 1),
    ],
)
def test_what_waits_is_read_and_who_does_not_tell_is_asked_once(
    body: str, waiting: int | None, asked: int
) -> None:
    with hostile() as server:
        server.on("/metrics", sends(response(body.encode(), kind="text/plain")))
        llm = RemoteLLM(server.url)
        assert (llm.waiting(), llm.waiting()) == (waiting, waiting)
        assert len(server.requests) == asked and all(b"GET /metrics " in one for one in server.requests)
        llm.close()


def test_a_server_without_the_page_or_behind_a_redirect_tells_nothing() -> None:
    for status, more in (("404 Not Found", ""), ("302 Found", "location: http://elsewhere/\r\n")):
        with hostile() as server:
            server.on("/metrics", sends(response(b"vllm:num_requests_waiting 1\n", status, more=more)))
            llm = RemoteLLM(server.url)
            assert llm.waiting() is None and llm.waiting() is None and len(server.requests) == 1
            llm.close()
