"""The starter model and the servers that answer with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docstra_tui.errors import RemoteError
from docstra_tui.llm.files import starter
from docstra_tui.llm.files.sources import ModelSpec
from docstra_tui.llm.loading.conversion import convert
from docstra_tui.llm.remote import RemoteLLM
from tests.servers.running import Server, kept_cache, running
from tests.tui.conftest import backend, make_app, root, store

__all__ = ["backend", "make_app", "root", "store"]

WINDOW = 1024
"""Tokens of llama.cpp's server."""

THINKING = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.role == 'assistant' and message.reasoning_content %}<think>
{{ message.reasoning_content }}
</think>

{% endif %}{{ message.content }}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% if enable_thinking is defined and enable_thinking is false %}<think>

</think>

{% else %}<think>
{% endif %}{%- endif -%}
"""
"""A template that opens a block for thinking, or closes it at once where that is wished."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They wait for one another and for their servers: one process for all of them."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("real")
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def kept(pytestconfig: pytest.Config) -> Iterator[Path]:
    """The cache that holds the starter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCSTRA_CACHE_DIR", str(kept_cache(pytestconfig)))
        starter.resolve(lambda progress: None)
        yield Path(os.environ["DOCSTRA_CACHE_DIR"])


@pytest.fixture(scope="session")
def gguf(kept: Path) -> str:
    return str(kept / "starter" / starter.FILE)


@pytest.fixture(scope="session")
def folder(kept: Path) -> str:
    """The starter as transformers reads it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCSTRA_CACHE_DIR", str(kept))
        return str(convert(ModelSpec("starter")))


def llama(gguf: str, port: int, template: str = "", window: int = WINDOW) -> list[str]:
    more = [template] if template else []
    return [sys.executable, "-m", "tests.servers.llama_server", gguf, str(port), str(window), *more]


def transformers(port: int, *model: str) -> list[str]:
    program = Path(sys.executable).parent / "transformers"
    return [str(program), "serve", *model, "--host", "127.0.0.1", "--port", str(port)]


@pytest.fixture(scope="module")
def llama_server(gguf: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(lambda port: llama(gguf, port), tmp_path_factory.mktemp("llama")) as server:
        yield server


@pytest.fixture(scope="module")
def thinking_server(gguf: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """llama.cpp's, with a template that makes the starter think, as far as anybody can tell."""
    home = tmp_path_factory.mktemp("thinking")
    template = home / "template.jinja"
    template.write_text(THINKING)
    with running(lambda port: llama(gguf, port, str(template)), home) as server:
        yield server


@pytest.fixture(scope="session")
def pinned_server(folder: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """transformers' own, with a model from its start; it starts while others answer."""
    home = tmp_path_factory.mktemp("pinned")
    with running(lambda port: transformers(port, folder), home, waits=False) as server:
        yield server


@pytest.fixture(scope="module")
def transformers_servers(
    pinned_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Server]]:
    """transformers' own, with a model from its start and without one."""
    with running(transformers, tmp_path_factory.mktemp("unpinned"), waits=False) as unpinned:
        pinned_server.wait_until_ready()
        unpinned.wait_until_ready()
        with pytest.raises(RemoteError) as caught:
            str(RemoteLLM(unpinned.url).stream("Who are you?"))
        unpinned.refused = caught.value
        yield {"pinned": pinned_server, "unpinned": unpinned}


@pytest.fixture(scope="module", params=["pinned", "unpinned"])
def transformers_server(
    request: pytest.FixtureRequest, folder: str, transformers_servers: dict[str, Server]
) -> tuple[Server, str | None]:
    """One of them, and the model that a question has to name there, if any."""
    return transformers_servers[request.param], None if request.param == "pinned" else folder
