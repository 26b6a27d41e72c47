"""The library's surface, as its users import it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import docstra_tui.llm as library
from docstra_tui.llm import (
    KeywordsStoppingCriteria,
    LocalLLM,
    LocalModelClient,
    PromptBuilder,
    RemoteLLM,
    shared,
)


def test_every_name_is_there_and_nothing_else_is_promised() -> None:
    for name in library.__all__:
        assert getattr(library, name) is not None
    assert set(library.__all__) == set(library._HOMES)
    with pytest.raises(AttributeError, match="nothing_like_it"):
        library.nothing_like_it  # noqa: B018


def test_the_library_lists_its_names_without_loading_them() -> None:
    code = "import sys, docstra_tui.llm as m; print(dir(m) == sorted(m.__all__), 'torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True", "False"]


def test_a_model_says_what_it_is(llm: LocalLLM) -> None:
    assert repr(llm).startswith(f"LocalLLM({llm.model_name!r}, device='cpu', dtype=")
    assert repr(llm).endswith(f"window={llm.window})")
    asked_nobody = RemoteLLM("http://127.0.0.1:9/v1", "some-model", api_key="also-secret")
    assert repr(asked_nobody) == "RemoteLLM('some-model', server='127.0.0.1:9', window=None)"


def test_the_origins_name_is_the_same_class() -> None:
    assert LocalModelClient is LocalLLM


def test_the_constructor_has_the_documented_defaults() -> None:
    parameters = inspect.signature(LocalLLM).parameters
    defaults = {name: parameter.default for name, parameter in parameters.items()}

    assert list(parameters)[:5] == ["model_name", "model_path", "max_tokens", "temperature", "device"]
    assert defaults["model_path"] is None
    assert (defaults["max_tokens"], defaults["temperature"], defaults["device"]) == (2000, 0.7, "auto")


def test_a_loaded_model_shows_what_it_is(llm: LocalLLM, tiny_folder: Path) -> None:
    assert llm.model.config.model_type == "llama"
    assert llm.tokenizer.eos_token == "<|im_end|>"
    assert isinstance(llm.prompt_builder, PromptBuilder)
    assert llm.model_path == str(tiny_folder)
    assert llm.device == "cpu"
    assert set(llm.stopping_keywords) == {"<|endoftext|>", "<|im_end|>", "</s>"}


def test_a_path_wins_over_the_name(tiny_folder: Path) -> None:
    model = LocalLLM("no-such/model", model_path=str(tiny_folder), device="cpu", max_tokens=3)

    assert model.generate("hello")
    model.close()


def test_the_criteria_stop_transformers_own_generate(llm: LocalLLM) -> None:
    ids = llm.tokenizer("hello", return_tensors="pt").input_ids
    free = llm.model.generate(ids, max_new_tokens=30, do_sample=False)[0, ids.shape[1] :]
    text = llm.tokenizer.decode(free)
    keyword = text[6:9]

    criteria = KeywordsStoppingCriteria([keyword], llm.tokenizer, prompt_length=ids.shape[1])
    stopped = llm.model.generate(ids, max_new_tokens=30, do_sample=False, stopping_criteria=[criteria])

    written = llm.tokenizer.decode(stopped[0, ids.shape[1] :])
    assert keyword in written
    assert len(written) <= text.find(keyword) + len(keyword) + 8
    assert criteria.keywords == [keyword] and criteria.keyword_ids and criteria.tokenizer is llm.tokenizer
    assert torch.is_tensor(criteria(ids, None))


def test_the_plain_functions_share_one_model(monkeypatch: pytest.MonkeyPatch, llm: LocalLLM) -> None:
    made: list[Any] = []

    def make() -> LocalLLM:
        made.append(llm)
        return llm

    monkeypatch.setattr(shared, "LocalLLM", make)
    monkeypatch.setattr(shared, "_shared", None)
    code = "x = 1\n"

    assert library.generate("hello") == llm.generate("hello")
    assert library.explain_code(code, "python") == llm.explain_code(code, "python")
    assert library.document_code(code, "python") == llm.document_code(code, "python")
    assert library.answer_question("?", code) == llm.answer_question("?", code)
    assert library.generate_examples("sum", "python") == llm.generate_examples("sum", "python")
    assert str(library.custom_request("answer_question", stream=True, question="?", context=code))
    assert made == [llm]


def test_a_process_that_ends_in_the_middle_of_an_answer_ends_well(tiny_folder: Path) -> None:
    """A daemon thread inside torch would abort the interpreter."""
    code = (
        "from docstra_tui.llm import LocalLLM\n"
        f"llm = LocalLLM({str(tiny_folder)!r}, device='cpu', max_tokens=1900)\n"
        "stream = llm.generate('go on', stream=True)\n"
        "print(len(next(stream)) > 0)\n"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "True"
