"""What we lean on in transformers that it does not promise: a newer one that differs is told here first."""

from __future__ import annotations

import inspect

import torch
from transformers import GenerationConfig, GenerationMixin
from transformers.utils.chat_template_utils import render_jinja_template

from docstra_tui.llm.inference.forward import Forward
from tests.tiny_models import tiny_model, tiny_tokenizer


def test_generate_prepares_positions_and_inputs_as_we_ask_for_them() -> None:
    torch.set_num_threads(1)
    model = tiny_model("llama", tiny_tokenizer("llama", 64), layers=2, window=64, seed=0)
    ids = torch.tensor([[5, 6, 7, 8]])
    positions = model._prepare_position_ids_for_generation(ids, {"attention_mask": torch.ones_like(ids)})
    assert positions.tolist() == [[0, 1, 2, 3]]

    forward = Forward(model)
    cache = forward.new_cache()
    as_argument = forward.as_argument(cache)
    inputs = model.prepare_inputs_for_generation(
        ids,
        next_sequence_length=2,
        is_first_iteration=True,
        **as_argument,
        position_ids=positions,
        use_cache=True,
    )
    assert inputs["input_ids"].tolist() == [[7, 8]]
    assert inputs["position_ids"].tolist() == [[2, 3]]
    assert inputs.items() >= {**as_argument, "use_cache": True}.items()
    assert list(as_argument.values()) == [cache]


def test_generate_passes_its_prefill_what_we_pass() -> None:
    """The very call that ours is made like."""
    source = inspect.getsource(GenerationMixin._prefill)
    for argument in ("next_sequence_length=next_sequence_length", "is_first_iteration=is_first_iteration"):
        assert argument in source
    assert 'model_kwargs["position_ids"] = self._prepare_position_ids_for_generation' in inspect.getsource(
        GenerationMixin.generate
    )


def test_generate_fills_in_what_it_is_not_given() -> None:
    """Why a model's own configuration has to be cleaned; these are the values that then hold."""
    usual = GenerationConfig._get_default_generation_params()
    assert usual["use_cache"] is True and usual["num_beams"] == 1 and usual["do_sample"] is False


def test_a_template_is_rendered_with_the_arguments_we_give() -> None:
    texts, _ = render_jinja_template(
        [[{"role": "user", "content": "hello"}]],
        chat_template="{{ bos_token + messages[0]['content'] }}{% if add_generation_prompt %}>{% endif %}",
        add_generation_prompt=True,
        bos_token="<s>",
    )
    assert texts == ["<s>hello>"]
