"""Which model of a server answers, its window and its counts, wherever it tells them, and what it refuses."""

from __future__ import annotations

import json
import os
import socket
import threading
from typing import Any

import pytest

from docstra_tui import cli
from docstra_tui.background import begin
from docstra_tui.errors import ContextOverflow, RemoteError, ServerLoading
from docstra_tui.llm.http import overflows
from docstra_tui.llm.remote import RemoteLLM
from tests.llm.http.hostile import CHAT, DONE, SSE, Act, HostileServer, chunk, response, sends

MODELS = "/v1/models"
TOKENIZE = "/tokenize"
INPUT_TOKENS = CHAT + "/input_tokens"
END = (SSE, chunk("Answer."), chunk("", "stop"), DONE)


def says(value: object, status: str = "200 OK") -> Act:
    return sends(response(json.dumps(value).encode(), status))


def bodies(server: HostileServer, path: str = CHAT) -> list[dict[str, Any]]:
    """What was asked there."""
    asked = [request for request in server.requests if request.split(b" ", 2)[1].decode() == path]
    return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in asked]


# Which model

LISTED = {"id": "first", "owned_by": "library"}
LISTS: dict[str, tuple[object, str | None]] = {
    "bare list": ([{"id": "mine"}], "mine"),
    "one": ({"data": [{"id": "mine"}]}, "mine"),
    "by another name": ({"models": [{"model": "mine", "name": "Mine"}]}, "mine"),
    "vLLM": ({"data": [{"id": "mine", "max_model_len": 4096, "parent": None}]}, "mine"),
    "vLLM, an adapter before its model": (
        {
            "data": [
                {"id": "lora", "max_model_len": 4096, "parent": "mine"},
                {"id": "mine", "max_model_len": 4096},
            ]
        },
        "mine",
    ),
    "llama-server": (
        {"data": [LISTED, {"id": "mine", "meta": {"n_ctx": 2048, "n_ctx_train": 8192}}]},
        "mine",
    ),
    "llama-server's router": ({"data": [LISTED, {"id": "mine", "status": {"value": "loaded"}}]}, "mine"),
    "LM Studio": ({"data": [LISTED, {"id": "mine", "state": "loaded"}]}, "mine"),
    "an embedder": ({"data": [{"id": "e", "type": "embeddings", "state": "loaded"}, {"id": "mine"}]}, "mine"),
    "a whole cache": ({"data": [LISTED, {"id": "second"}]}, None),
    "only trained": ({"data": [LISTED, {"id": "second", "meta": {"n_ctx_train": 8192}}]}, None),
    "nothing": ({"data": []}, None),
}


@pytest.mark.parametrize("name", LISTS)
def test_the_model_that_is_loaded_is_asked_for_and_never_just_the_first(
    server: HostileServer, name: str
) -> None:
    listed, asked_for = LISTS[name]
    server.on(MODELS, says(listed))
    server.on(CHAT, sends(*END))
    llm = RemoteLLM(server.url)
    assert str(llm.stream("Hi")) == "Answer."
    assert bodies(server)[-1].get("model") == asked_for
    assert llm.model_name == (asked_for or "")


def pinned(connection: socket.socket) -> None:
    connection.sendall(
        response(b"{\"detail\": \"Server is pinned to 'mine'; requested 'first'.\"}", "400 Bad Request")
    )


@pytest.mark.parametrize(
    ("listed", "asked_for"),
    [({"data": [LISTED]}, ["first", "mine", "mine"]), ({"data": [LISTED, {"id": "second"}]}, [None, None])],
)
def test_a_server_that_is_pinned_to_a_model_answers_with_it(
    server: HostileServer, listed: object, asked_for: list[str | None]
) -> None:
    server.on(MODELS, says(listed))
    refusals = [pinned] if asked_for[0] else []
    server.on(CHAT, *refusals, sends(SSE, b'data: {"model": "mine", "choices": []}\n\n', *END[1:]))
    llm = RemoteLLM(server.url)
    assert [str(llm.stream("Hi")) for _ in range(2)] == ["Answer."] * 2
    assert [body.get("model") for body in bodies(server)] == asked_for
    assert llm.model_name == "mine"
    llm.check()
    assert llm.model_name == "mine"  # whatever the list says


def test_ask_says_which_model_a_server_was_pinned_to(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on(MODELS, says({"data": [LISTED, {"id": "second"}]}))
    server.on(CHAT, sends(SSE, b'data: {"model": "mine@main", "choices": []}\n\n', *END[1:]))
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        assert cli.main(["ask", "Why?", "--json", "--base-url", server.url]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "mine"


def test_a_model_that_was_named_is_never_another(server: HostileServer) -> None:
    server.on(MODELS, says({"data": [LISTED]}))
    server.on(CHAT, pinned)
    with pytest.raises(RemoteError, match="pinned to 'mine'"):
        str(RemoteLLM(server.url, "first").stream("Hi"))
    assert len(bodies(server)) == 1


def test_a_server_that_wants_a_name_and_marks_none_is_said_with_what_it_lists(server: HostileServer) -> None:
    server.on(MODELS, says({"data": [{"id": f"m{number}"} for number in range(9)]}))
    server.on(CHAT, says({"error": "model is required"}, "500 Oops"))
    with pytest.raises(RemoteError) as caught:
        str(RemoteLLM(server.url).stream("Hi"))
    assert "It lists m0, m1, m2, m3, m4 and 4 more." in caught.value.message
    assert caught.value.hint == "Name one with --model."


# The window

WINDOWS: dict[str, tuple[dict[str, object], int | None]] = {
    "vLLM, SGLang": ({MODELS: {"data": [{"id": "m", "max_model_len": 4096}]}}, 4096),
    "vLLM, an adapter": (
        {MODELS: {"data": [{"id": "o", "max_model_len": 4096}, {"id": "m", "parent": "o"}]}},
        4096,
    ),
    "llama-server": ({MODELS: {"data": [{"id": "m", "meta": {"n_ctx": 2048, "n_ctx_train": 8192}}]}}, 2048),
    "llama-server, older": (
        {
            MODELS: {"data": [{"id": "m", "meta": {"n_ctx_train": 8192}}]},
            "/props": {"default_generation_settings": {"n_ctx": 2048}},
        },
        2048,
    ),
    "LM Studio": (
        {
            MODELS: {"data": [{"id": "m"}, {"id": "n"}]},
            "/api/v0/models": {
                "data": [
                    {
                        "id": "n",
                        "state": "loaded",
                        "max_context_length": 131072,
                        "loaded_context_length": 8192,
                    },
                    {
                        "id": "m",
                        "state": "loaded",
                        "max_context_length": 131072,
                        "loaded_context_length": 4096,
                    },
                ]
            },
        },
        4096,
    ),
    "LM Studio, not loaded": (
        {
            MODELS: {"data": [{"id": "m"}]},
            "/api/v0/models": {"data": [{"id": "m", "state": "not-loaded", "max_context_length": 131072}]},
        },
        None,
    ),
    "LM Studio, in the list": (
        {MODELS: {"data": [{"id": "m", "context_length": 131072, "loaded_context_length": 4096}]}},
        4096,
    ),
    "a gateway": ({MODELS: {"data": [{"id": "m", "context_length": 131072}]}}, 131072),
    "transformers serve": ({MODELS: {"data": [{"id": "m"}]}}, None),
    "nonsense": ({MODELS: {"data": [{"id": "m", "max_model_len": True, "meta": {"n_ctx": "much"}}]}}, None),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_the_window_is_read_where_a_server_tells_it(server: HostileServer, name: str) -> None:
    answers, window = WINDOWS[name]
    for path, answer in answers.items():
        server.on(path, says(answer))
    llm = RemoteLLM(server.url, "m")
    assert llm.window == window
    before = len(server.requests)
    llm.check()
    assert len(server.requests) == before + 1  # where else it might stand was looked at once


def test_a_server_that_loads_another_model_has_another_window(server: HostileServer) -> None:
    llm = RemoteLLM(server.url)
    for name, told, window in (("a", 4096, 4096), ("b", None, None), ("c", 2048, 2048)):
        server.on(MODELS, says({"data": [{"id": name, "max_model_len": told}]}))
        llm.check()
        assert (llm.model_name, llm.known_window) == (name, window)


def test_how_one_model_thought_says_nothing_of_the_next_that_a_server_loads(server: HostileServer) -> None:
    llm = RemoteLLM(server.url)
    server.on(MODELS, says({"data": [{"id": "a"}]}))
    llm.check()
    server.on(CHAT, sends(SSE, chunk(r"A plan.\n</think>\n\nYes."), chunk("", "stop"), DONE))
    assert str(llm.stream("Hi")) == "Yes."

    server.on(MODELS, says({"data": [{"id": "b"}]}))
    llm.check()
    server.on(CHAT, sends(SSE, chunk("Plain."), chunk("", "stop"), DONE))
    answer = llm.stream("Hi")

    assert (str(answer), answer.thinking) == ("Plain.", "")
    assert llm.can_switch_thinking is None


# Counting

LONG = "x" * 350


@pytest.mark.parametrize(
    ("tokenize", "input_tokens", "count"),
    [
        ({"count": 17, "max_model_len": 4096}, None, 17),  # vLLM, SGLang
        ({"tokens": [1, 2, 3]}, None, 3),
        ({"tokens": []}, {"input_tokens": 32, "object": "response.input_tokens"}, 32),  # llama-server
        ({"count": 0}, {"input_tokens": 32}, 32),
        (None, {"input_tokens": 32}, 32),
        ({"tokens": []}, None, None),
        ({"count": True}, {"input_tokens": 0}, None),
        ([], [], None),
    ],
)
def test_a_count_is_taken_from_where_it_is_true_and_is_never_nothing(
    server: HostileServer, tokenize: object, input_tokens: object, count: int | None
) -> None:
    for path, answer in ((TOKENIZE, tokenize), (INPUT_TOKENS, input_tokens)):
        if answer is not None:
            server.on(path, says(answer))
    llm = RemoteLLM(server.url)
    assert not llm.counts_exactly
    for _ in range(3):
        told = llm.count_tokens(LONG)
        assert told == count if count is not None else told > 50
        assert llm.counts_exactly == (count is not None)
    # What cannot count is not asked again.
    is_first = tokenize is not None and count is not None and input_tokens is None
    assert len(bodies(server, TOKENIZE)) == (3 if is_first else 1)
    assert len(bodies(server, INPUT_TOKENS)) == (0 if is_first else 3 if count is not None else 1)


def test_counting_waits_for_a_server_that_loads(server: HostileServer) -> None:
    server.on(TOKENIZE, says({"error": "Loading model"}, "503 Oops"), says({"count": 17}))
    llm = RemoteLLM(server.url)
    assert llm.count_tokens(LONG) > 17 and not llm.counts_exactly
    assert llm.count_tokens(LONG) == 17 and llm.counts_exactly


def test_a_prompt_is_counted_as_it_is_rendered_for_the_wish(server: HostileServer) -> None:
    server.on(TOKENIZE, says({"count": 17}))
    llm = RemoteLLM(server.url)
    llm.count_tokens(LONG)
    llm.think = "off"
    llm.count_tokens(LONG)
    plain, off = bodies(server, TOKENIZE)
    assert "chat_template_kwargs" not in plain
    assert off["chat_template_kwargs"]["enable_thinking"] is False
    server.on(TOKENIZE, says({"detail": "no extra fields"}, "422 No"), says({"count": 18}))
    assert llm.count_tokens(LONG) == 18 and llm.counts_exactly


@pytest.mark.parametrize(
    ("words", "kept"),
    [("no extra fields", set()), ("unknown field reasoning_effort", {"chat_template_kwargs"})],
)
def test_what_a_server_does_not_count_with_is_sent_once(
    server: HostileServer, words: str, kept: set[str]
) -> None:
    server.on(TOKENIZE, says({"detail": words}, "422 No"), says({"count": 17}))
    server.on(CHAT, sends(*END))
    llm = RemoteLLM(server.url, think="off")
    assert [llm.count_tokens(LONG) for _ in range(3)] == [17, 17, 17]
    switches = {"chat_template_kwargs", "reasoning_effort"}
    assert [switches & set(body) for body in bodies(server, TOKENIZE)] == [switches, kept, kept, kept]
    # It may answer with them all the same, and nobody says that it cannot.
    str(llm.stream("Hi"))
    assert switches <= set(bodies(server)[-1]) and llm.think_note == ""


def test_a_prompt_that_cannot_be_counted_says_nothing_of_the_fields_beside_it(server: HostileServer) -> None:
    server.on(TOKENIZE, says({"detail": "no"}, "400 No"))
    llm = RemoteLLM(server.url, think="off")
    llm.count_tokens(LONG)
    assert not llm.counts_exactly
    assert "chat_template_kwargs" in llm._manners.rendered_with("off")


HUGE = 10**400
"""No float holds it."""


@pytest.mark.parametrize("window", [HUGE, 10**30, -1, True])
def test_what_no_model_has_is_no_window_no_count_and_no_figure(server: HostileServer, window: int) -> None:
    server.on(MODELS, says({"data": [{"id": "mine", "max_model_len": window}]}))
    server.on(TOKENIZE, says({"count": HUGE, "max_model_len": window, "reads_per_s": HUGE}))
    usage = {"prompt_tokens": HUGE, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": HUGE}}
    told = f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n".encode()
    server.on(CHAT, sends(SSE, chunk("Answer."), chunk("", "stop"), told, DONE))
    llm = RemoteLLM(server.url)
    llm.check()
    assert llm.known_window is None and llm.count_tokens(LONG) < 10**6 and not llm.counts_exactly
    stream = llm.stream("Hi")
    assert str(stream) == "Answer."
    assert (stream.usage.prompt_tokens, stream.usage.completion_tokens) == (None, 3)


def test_a_name_without_end_is_nobodys(server: HostileServer) -> None:
    server.on(MODELS, says({"data": [{"id": "x" * 1_000_000}, {"id": "mine"}]}))
    llm = RemoteLLM(server.url)
    llm.check()
    assert llm.model_name == "mine"


def test_who_leaves_a_server_waits_for_it_no_more(server: HostileServer) -> None:
    asked, gate = threading.Event(), threading.Event()

    def hangs(connection: socket.socket) -> None:
        asked.set()
        gate.wait(60)

    server.on(TOKENIZE, hangs)
    llm = RemoteLLM(server.url, "mine")
    counting = begin(lambda: llm.count_tokens(LONG), "counting")
    assert asked.wait(20)
    llm.close()
    try:
        with pytest.raises(RemoteError):
            counting.result(10)  # by itself it waits for 15 s
    finally:
        gate.set()


# What a server refuses


def strict(
    server: HostileServer, *unknown: str, words: str = "Unexpected fields: {}", status: int = 422
) -> Act:
    """Refuses a question with any of these fields, and names those in its words."""

    def act(connection: socket.socket) -> None:
        refused = [name for name in unknown if name in bodies(server)[-1]]
        if refused:
            said = json.dumps({"detail": words.format(set(refused))}).encode()
            connection.sendall(response(said, f"{status} No"))
        else:
            connection.sendall(b"".join(END))

    return act


EVERY = ("stream_options", "chat_template_kwargs", "reasoning_effort", "max_tokens")


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("words", ["Unexpected fields: {}", "Bad Request"])
@pytest.mark.parametrize("unknown", [*((name,) for name in EVERY[:3]), EVERY[:3], EVERY[1:3]])
def test_a_field_that_is_refused_is_left_out_once_and_for_all(
    server: HostileServer, unknown: tuple[str, ...], words: str, status: int
) -> None:
    server.on(CHAT, strict(server, *unknown, words=words, status=status))
    llm = RemoteLLM(server.url)
    assert str(llm.stream("Hi", think="off")) == "Answer."
    tries = len(bodies(server))
    assert str(llm.stream("Hi", think="off")) == "Answer."
    assert len(bodies(server)) == tries + 1  # remembered
    assert not set(unknown) & set(bodies(server)[-1])
    if "{}" in words:
        assert set(EVERY) - set(unknown) <= set(bodies(server)[-1])  # and nothing else was given up
    assert tries == 2


def test_fields_that_are_refused_one_after_the_other_are_left_out_one_after_the_other(
    server: HostileServer,
) -> None:
    server.on(
        CHAT,
        *(says({"detail": f"no {name} here"}, "400 No") for name in EVERY[:3]),
        sends(*END),
    )
    assert str(RemoteLLM(server.url).stream("Hi", think="off")) == "Answer."
    assert [len(set(EVERY) & set(body)) for body in bodies(server)] == [4, 3, 2, 1]


def test_an_effort_that_is_unknown_leaves_the_others(server: HostileServer) -> None:
    server.on(CHAT, says({"error": "reasoning_effort cannot be none"}, "400 No"), sends(*END))
    llm = RemoteLLM(server.url)
    for think in ("off", "high", "off"):
        assert str(llm.stream("Hi", think=think)) == "Answer."  # type: ignore[arg-type]
    assert [body.get("reasoning_effort") for body in bodies(server)] == ["none", None, "high", None]


def test_a_limit_has_another_name_elsewhere_and_at_last_none(server: HostileServer) -> None:
    server.on(CHAT, strict(server, "max_tokens", status=400))
    llm = RemoteLLM(server.url, max_tokens=99)
    assert str(llm.stream("Hi")) == "Answer."
    assert bodies(server)[-1]["max_completion_tokens"] == 99
    server.on(CHAT, strict(server, "max_tokens", "max_completion_tokens", status=400))
    assert str(llm.stream("Hi")) == "Answer."
    assert not {"max_tokens", "max_completion_tokens"} & set(bodies(server)[-1])


def test_a_refusal_for_another_reason_is_said_and_forgets_nothing(server: HostileServer) -> None:
    server.on(CHAT, says({"error": {"message": "the image is blurred"}}, "400 No"))
    llm = RemoteLLM(server.url)
    with pytest.raises(RemoteError, match="the image is blurred"):
        str(llm.stream("Hi"))
    assert len(bodies(server)) == 2  # once more without what not every server knows
    server.on(CHAT, sends(*END))
    assert str(llm.stream("Hi")) == "Answer."
    assert "stream_options" in bodies(server)[-1]


@pytest.mark.parametrize("status", ["401 No", "403 No", "404 No", "429 No", "500 No"])
def test_no_other_status_is_asked_twice(server: HostileServer, status: str) -> None:
    server.on(CHAT, says({"error": "stream_options"}, status))
    with pytest.raises(RemoteError):
        str(RemoteLLM(server.url, "m").stream("Hi"))
    assert len(bodies(server)) == 1


# A prompt that does not fit

TOO_LONG = {
    "llama-server": "request (6009 tokens) exceeds the available context size (4096 tokens), try to raise it",
    "vLLM": "This model's maximum context length is 4096 tokens. However, you requested 7009 tokens (6009 in "
    "the messages, 1000 in the completion). Please reduce the length of the messages or completion.",
    "vLLM, newer": "This model's maximum context length is 4096 tokens. However, you requested 0 output "
    "tokens and your prompt contains at least 6009 input tokens, for a total of at least 6009 tokens.",
    "SGLang": "The input (6009 tokens) is longer than the model's context length (4096 tokens).",
    "SGLang, with the answer": "Requested token count exceeds the model's maximum context length of 4096 "
    "tokens. You requested a total of 7009 tokens: 6009 tokens from the input messages and 1000 tokens more.",
    "OpenAI": "This model's maximum context length is 4,096 tokens. Your messages resulted in 6,009 tokens.",
    "LM Studio": "Trying to keep the first 6009 tokens when context the overflows. However, the model is "
    "loaded with context length of only 4096 tokens, which is not enough.",
    "Mistral": "Prompt contains 6009 tokens and 0 draft tokens, too large for model with 4096 maximum "
    "context length",
    "TGI": "`inputs` must have less than 4096 tokens. Given: 6009",
}


@pytest.mark.parametrize("name", TOO_LONG)
@pytest.mark.parametrize("is_framed", [True, False])
def test_a_prompt_that_is_too_long_is_that_in_everybodys_words(
    server: HostileServer, name: str, is_framed: bool
) -> None:
    said = {"error": {"message": TOO_LONG[name]}}
    server.on(CHAT, sends(SSE, json.dumps(said).encode()) if is_framed else says(said, "400 Bad Request"))
    with pytest.raises(ContextOverflow) as caught:
        str(RemoteLLM(server.url).stream("Hi"))
    assert (caught.value.prompt_tokens, caught.value.limit, caught.value.is_least) == (6009, 4096, False)
    assert len(bodies(server)) == 1


def test_figures_in_fields_of_their_own_need_no_words(server: HostileServer) -> None:
    error = {
        "type": "exceed_context_size_error",
        "message": "zu lang",
        "n_prompt_tokens": 6009,
        "n_ctx": 4096,
    }
    server.on(CHAT, says({"error": error}, "400 Bad Request"))
    with pytest.raises(ContextOverflow) as caught:
        str(RemoteLLM(server.url).stream("Hi"))
    assert (caught.value.prompt_tokens, caught.value.limit) == (6009, 4096)


def test_a_prompt_of_unknown_length_is_longer_than_the_window(server: HostileServer) -> None:
    server.on(
        CHAT, says({"error": "The prompt exceeds the context window of 4096 tokens."}, "400 Bad Request")
    )
    with pytest.raises(ContextOverflow, match="more than 4,096 tokens"):
        str(RemoteLLM(server.url).stream("Hi"))


@pytest.mark.parametrize("words", ["", "temperature 4096 is too high", "context", "9" * 9000])
def test_other_words_are_no_such_error(words: str) -> None:
    assert overflows.find({"error": words}, words) is None


def test_an_answer_that_could_be_too_long_is_asked_for_shorter(server: HostileServer) -> None:
    words = (
        "'max_tokens' or 'max_completion_tokens' is too large: 4000. This model's maximum context length is "
        "4096 tokens and your request has 1500 input tokens (4000 > 4096 - 1500)."
    )
    server.on(MODELS, says({"data": [{"id": "m"}]}))
    server.on(CHAT, says({"error": {"message": words}}, "400 Bad Request"), sends(*END))
    assert str(RemoteLLM(server.url, max_tokens=4000).stream("Hi")) == "Answer."
    assert [body["max_tokens"] for body in bodies(server)] == [4000, 2596]


# A server that loads


def test_a_server_that_loads_says_so_at_its_list_and_is_waited_for(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loading = says({"error": {"code": 503, "message": "Loading model"}}, "503 Service Unavailable")
    server.on(MODELS, loading, says({"data": [{"id": "mine"}]}))
    with pytest.raises(ServerLoading):
        RemoteLLM(server.url).check()
    monkeypatch.setattr("docstra_tui.llm.http.asking.LOADING_SECONDS", 0.02)
    server.on(MODELS, loading, loading, says({"data": [{"id": "mine"}]}))
    server.on(CHAT, sends(*END))
    assert str(RemoteLLM(server.url).stream("Hi")) == "Answer."
    monkeypatch.setattr("docstra_tui.workspace.models.other_server.MISSING_SECONDS", 0.02)
    server.on(MODELS, loading, loading, says({"data": [{"id": "mine"}]}))
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        assert cli.main(["ask", "Why?", "--json", "--base-url", server.url]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "mine"


# Thinking, wished


@pytest.mark.parametrize(
    ("think", "fields"),
    [
        ("auto", {}),
        (
            "off",
            {
                "chat_template_kwargs": {"enable_thinking": False, "thinking": False},
                "reasoning_effort": "none",
            },
        ),
        ("on", {"chat_template_kwargs": {"enable_thinking": True, "thinking": True}}),
        (
            300,
            {
                "chat_template_kwargs": {"enable_thinking": True, "thinking": True, "thinking_budget": 300},
                "thinking_token_budget": 300,
            },
        ),
    ],
)
def test_a_wish_goes_out_in_the_words_of_servers(
    server: HostileServer, think: Any, fields: dict[str, Any]
) -> None:
    server.on(CHAT, sends(*END))
    llm = RemoteLLM(server.url, think=think)
    str(llm.stream("Hi"))
    body = bodies(server)[-1]
    said = {name for name in body if "think" in name or "reason" in name or "kwargs" in name}
    assert {name: body[name] for name in said} == fields
    str(llm.stream("Hi", think="auto"))
    assert "chat_template_kwargs" not in bodies(server)[-1]


def test_llama_server_is_asked_for_its_progress_and_in_its_own_words(server: HostileServer) -> None:
    server.on(MODELS, says({"data": [{"id": "m", "owned_by": "llamacpp"}]}))
    server.on(CHAT, sends(*END))
    str(RemoteLLM(server.url).stream("Hi", think=300))
    body = bodies(server)[-1]
    assert body["return_progress"] is True
    assert (body["thinking_budget_tokens"], body["reasoning_budget_tokens"]) == (300, 300)
    server.on(MODELS, says({"data": [{"id": "m", "owned_by": "vllm"}]}))
    str(RemoteLLM(server.url).stream("Hi"))
    assert "return_progress" not in bodies(server)[-1]
    named = RemoteLLM(server.url, "m")  # nobody asked for its list; it says who it is with its first answer
    head = SSE.replace(b"content-type", b"Server: llama.cpp\r\ncontent-type")
    server.on(CHAT, sends(head, *END[1:]), sends(*END))
    str(named.stream("Hi"))
    str(named.stream("Hi"))
    assert ["return_progress" in body for body in bodies(server)[-2:]] == [False, True]


THINKS = b'data: {"choices": [{"delta": {"reasoning": "Hm."}}]}\n\n'


def test_whether_thinking_can_be_switched_is_known_once_it_was_seen(server: HostileServer) -> None:
    llm = RemoteLLM(server.url)
    server.on(CHAT, sends(SSE, THINKS, *END[1:]))
    str(llm.stream("Hi"))
    assert (llm.can_switch_thinking, llm.think_note) == (None, "")
    str(llm.stream("Hi", think="off"))
    assert llm.can_switch_thinking is False
    assert llm.think_note == f"{llm.server} thinks although it was asked not to."
    server.on(CHAT, sends(*END))
    str(llm.stream("Hi", think="off"))
    assert (llm.can_switch_thinking, llm.think_note) == (True, "")


def test_a_server_that_takes_no_switch_has_none(server: HostileServer) -> None:
    server.on(CHAT, strict(server, "chat_template_kwargs", "reasoning_effort", "thinking_token_budget"))
    llm = RemoteLLM(server.url, think=300)
    str(llm.stream("Hi"))
    assert llm.think_note == f"{llm.server} keeps no budget for thinking."
    str(llm.stream("Hi", think="off"))
    assert llm.can_switch_thinking is False
    assert llm.think_note == f"{llm.server} knows no switch for thinking."


def test_a_budget_that_is_passed_is_said(server: HostileServer) -> None:
    usage = b'data: {"choices": [], "usage": {"completion_tokens_details": {"reasoning_tokens": 900}}}\n\n'
    server.on(CHAT, sends(SSE, THINKS, *END[1:3], usage, DONE))
    llm = RemoteLLM(server.url, think=300)
    str(llm.stream("Hi"))
    assert llm.think_note == f"{llm.server} keeps no budget for thinking."


def test_figures_of_llama_server_stand_in_for_those_it_was_not_asked_for(server: HostileServer) -> None:
    timings = {"cache_n": 900, "prompt_n": 100, "predicted_n": 7}
    last = {"choices": [{"delta": {}, "finish_reason": "stop"}], "timings": timings}
    server.on(CHAT, sends(SSE, END[1], b"data: " + json.dumps(last).encode() + b"\n\n", DONE))
    stream = RemoteLLM(server.url).stream("Hi")
    str(stream)
    assert (stream.usage.prompt_tokens, stream.usage.reused_tokens, stream.usage.completion_tokens) == (
        1000,
        900,
        7,
    )


@pytest.mark.parametrize(
    ("wish", "acts", "said"),
    [
        ("off", (THINKS, *END[1:]), "thinks although it was asked not to."),
        ("off", (THINKS, chunk("", "length"), DONE), "thinks although it was asked not to."),
        (
            "300",
            (THINKS, *END[1:3], b'data: {"usage": {"reasoning_tokens": 900}}\n\n', DONE),
            "keeps no budget",
        ),
        ("off", END[1:], ""),
        ("300", (THINKS, *END[1:]), ""),
    ],
)
def test_ask_says_where_a_wish_changed_nothing(
    server: HostileServer,
    wish: str,
    acts: tuple[bytes, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.on(CHAT, sends(SSE, *acts))
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        cli.main(["ask", "Why?", "--think", wish, "--base-url", server.url])
    told = capsys.readouterr().err
    assert (said in told) if said else ("think" not in told)
