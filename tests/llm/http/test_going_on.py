"""Which servers go on with an answer that was cut, how they are asked, and what of theirs is the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from docstra_tui.errors import NotAllowed
from docstra_tui.llm.answer import Thought
from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.llm.written import Written
from tests.engine.engines import done, running
from tests.llm.http.hostile import CHAT, DONE, SSE, HostileServer, chunk, response, sends
from tests.llm.http.test_server_answers import choice

BEGUN = "It waits two seconds, then"
MODELS = "/v1/models"


def listed(server: HostileServer, owner: str) -> None:
    card = {"id": "m", "object": "model", "owned_by": owner, "max_model_len": 4096}
    server.on(MODELS, sends(response(json.dumps({"data": [card]}).encode())))


def asked(server: HostileServer) -> dict[str, Any]:
    """The last question."""
    body: dict[str, Any] = json.loads(server.questions[-1].partition(b"\r\n\r\n")[2])
    return body


@pytest.mark.parametrize("owner", ["vllm", "sglang", "llamacpp"])
@pytest.mark.parametrize(
    "parts",
    [
        (chunk(" again."),),
        (chunk(BEGUN), chunk(" again.")),  # some say all of it
        (chunk(BEGUN[:9]), chunk(BEGUN[9:] + " again.")),
        (choice(delta={"reasoning_content": " again."}),),  # or look for thinking where it begins
    ],
)
def test_the_rest_is_what_the_server_adds(
    server: HostileServer, owner: str, parts: tuple[bytes, ...]
) -> None:
    listed(server, owner)
    server.on(CHAT, sends(SSE, *parts, chunk("", "stop"), DONE))

    stream = RemoteLLM(server.url).stream("Does it retry?", written=Written(BEGUN, "Hm."))

    assert (str(stream), stream.thinking, stream.finish_reason) == (" again.", "", "stop")
    body = asked(server)
    assert body["messages"] == [
        {"role": "user", "content": "Does it retry?"},
        {"role": "assistant", "content": BEGUN},
    ]
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
    assert body["chat_template_kwargs"]["enable_thinking"] is False


def test_an_answer_that_was_whole_gets_nothing_more(server: HostileServer) -> None:
    listed(server, "vllm")
    server.on(CHAT, sends(SSE, chunk("", "stop"), DONE))
    assert RemoteLLM(server.url).continue_answer("Does it retry?", BEGUN) == ""


@pytest.mark.parametrize(
    ("owner", "written", "said"),
    [
        ("library", Written(BEGUN), "does not say that it can go on"),
        ("vllm", Written("", "Hm, it"), "but not with thinking"),
    ],
)
def test_other_servers_are_not_asked(server: HostileServer, owner: str, written: Written, said: str) -> None:
    listed(server, owner)
    llm = RemoteLLM(server.url)
    with pytest.raises(NotAllowed, match=said) as caught:
        str(llm.stream("Does it retry?", written=written))
    assert caught.value.hint.startswith("Ask again instead")
    with pytest.raises(NotAllowed, match=said):
        llm.look_at(written)
    assert not server.questions


def test_our_engine_gets_the_thinking_too() -> None:
    with running() as engine:
        llm = RemoteLLM(socket=engine.socket)
        written = Written("", "Hm, it")
        llm.look_at(written)
        stream = llm.stream("Does it retry?", written=written)
        job = engine.model.answer(Thought(" does."), "Yes.", done(3, 2, 1))
        assert (str(stream), stream.thinking) == ("Yes.", " does.")
        assert job.written == written
        assert [message["role"] for message in job.prompt] == ["user"]
