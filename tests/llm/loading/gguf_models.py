"""A small model of any kind as a GGUF file, written as llama.cpp's converter lays out the same kind.

What the converter turns round, squeezes or shifts stands in `LAYOUTS`; all else is a matter of names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from tests.tiny_models import _as_llama_cpp, _write_tokenizer

Layout = Callable[[str, Any, Any], dict[str, Any]]
"""Takes a tensor's name, its numbers and the configuration; gives what the file has instead."""


@dataclass(frozen=True)
class Listed:
    """How the file lists the tokens, where that is not as the tokenizer has them."""

    spelt: Mapping[str, str] = field(default_factory=dict)
    """Another text for some."""
    kinds: Mapping[str, int] = field(default_factory=dict)
    """Another type for some, by the text in the file."""
    ids: Mapping[str, int] = field(default_factory=dict)
    """Named ids: `eos`, `eot`, `eom`, …"""
    split: str = "gpt-2"


def write(
    path: Path,
    model: Any,
    tokenizer: Any,
    architecture: str,
    *,
    listed: Listed | Callable[[Any], None] | None = None,
    factors: Mapping[str, Any] | None = None,
    **facts: Any,
) -> Path:
    """Write `model` with the tokenizer as an `architecture`; `facts` are keys below it, `.` written `__`,
    `factors` tensors of its own."""
    config = model.config
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, architecture)
    own = FACTS.get(architecture, lambda config: {})(config)
    given = {key.replace("__", "."): value for key, value in facts.items()}
    for key, value in {**usual_facts(config), **own, **given}.items():
        _add(writer, f"{architecture}.{key}", value)
    if listed is None or isinstance(listed, Listed):
        _write_tokenizer(writer, tokenizer)
        _list(writer, tokenizer, listed or Listed())
    else:
        listed(writer)
    for name, array in {**tensors(model, architecture), **(factors or {})}.items():
        writer.add_tensor(name, np.ascontiguousarray(array, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _list(writer: Any, tokenizer: Any, listed: Listed) -> None:
    texts = [
        listed.spelt.get(text, text) for text in tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    ]
    control = {listed.spelt.get(text, text) for text in tokenizer.all_special_tokens}
    writer.add_token_list(texts)
    writer.add_token_types([listed.kinds.get(text, 3 if text in control else 1) for text in texts])
    writer.add_tokenizer_pre(listed.split)
    for name, id_ in listed.ids.items():
        writer.add_uint32(f"tokenizer.ggml.{name}_token_id", id_)
    template = tokenizer.chat_template
    for text, other in listed.spelt.items():
        template = template.replace(text, other)
    writer.add_chat_template(template)


def usual_facts(config: Any) -> dict[str, Any]:
    """What every converter writes, as far as the configuration has it."""
    rope = getattr(config, "rope_parameters", None) or {}
    rope = rope.get("full_attention", rope)
    heads = getattr(config, "num_attention_heads", 0)
    head = getattr(config, "head_dim", None) or (config.hidden_size // heads if heads else 0)
    names = {
        "vocab_size": "vocab_size",
        "max_position_embeddings": "context_length",
        "hidden_size": "embedding_length",
        "num_hidden_layers": "block_count",
        "intermediate_size": "feed_forward_length",
        "n_inner": "feed_forward_length",
        "num_attention_heads": "attention.head_count",
        "num_key_value_heads": "attention.head_count_kv",
        "rms_norm_eps": "attention.layer_norm_rms_epsilon",
        "layer_norm_eps": "attention.layer_norm_epsilon",
        "norm_epsilon": "attention.layer_norm_epsilon",
        "layer_norm_epsilon": "attention.layer_norm_epsilon",
        "norm_eps": "attention.layer_norm_epsilon",
        "sliding_window": "attention.sliding_window",
        "num_experts": "expert_count",
        "num_experts_per_tok": "expert_used_count",
        "moe_intermediate_size": "expert_feed_forward_length",
        "shared_expert_intermediate_size": "expert_shared_feed_forward_length",
    }
    found = {fact: getattr(config, name) for name, fact in names.items() if getattr(config, name, None)}
    if rope:
        found |= {"rope.freq_base": float(rope["rope_theta"])}
        found |= {"rope.dimension_count": int(head * rope.get("partial_rotary_factor", 1.0))}
    return found | {"attention.key_length": head, "attention.value_length": head}


def tensors(model: Any, architecture: str) -> dict[str, Any]:
    """The tensors of the file by name."""
    number = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    names = gguf.get_tensor_name_map(number, model.config.num_hidden_layers)
    layout = LAYOUTS.get(architecture, lambda name, array, config: {name: array})
    found: dict[str, Any] = {}
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and model.config.tie_word_embeddings:
            continue
        for laid, array in layout(name, tensor.float().numpy(), model.config).items():
            theirs = names.get_name(laid, try_suffixes=(".weight", ".bias"))
            assert theirs, laid
            found[theirs] = array
    return found


def _llama(name: str, array: Any, config: Any) -> dict[str, Any]:
    return {name: _as_llama_cpp(name, array, config)}


def _norms_from_one(name: str, array: Any, config: Any) -> dict[str, Any]:
    return {name: array + 1 if "norm" in name and name.endswith(".weight") else array}


def _experts(name: str, array: Any, config: Any) -> dict[str, Any]:
    base = name.removesuffix("gate_up_proj")
    if name.endswith("experts.gate_up_proj"):
        gate, up = np.split(array, 2, axis=1)
        return {f"{base}gate_proj.weight": gate, f"{base}up_proj.weight": up}
    if name.endswith("experts.down_proj"):
        return {f"{name}.weight": array}
    return {name: array.reshape(-1) if name.endswith("shared_expert_gate.weight") else array}


def _gpt2(name: str, array: Any, config: Any) -> dict[str, Any]:
    return {name: array.T if ".h." in name and name.endswith(".weight") and array.ndim == 2 else array}


def _mamba(name: str, array: Any, config: Any) -> dict[str, Any]:
    if name.endswith("A_log"):
        return {name: -np.exp(array)}
    return {name: array.squeeze(1) if "conv1d.weight" in name else array}


def _lfm2(name: str, array: Any, config: Any) -> dict[str, Any]:
    return {name: array.squeeze(1) if "conv.conv.weight" in name else array}


def _qwen35(name: str, array: Any, config: Any) -> dict[str, Any]:
    """Value heads are grouped by key head here, and tiled there."""
    keys, values = config.linear_num_key_heads, config.linear_num_value_heads
    front = 2 * keys * config.linear_key_head_dim

    def tiled(rows: Any) -> Any:
        heads = rows.reshape(keys, values // keys, rows.shape[0] // values, *rows.shape[1:])
        return heads.swapaxes(0, 1).reshape(rows.shape)

    def tiled_behind(rows: Any) -> Any:
        return np.concatenate([rows[:front], tiled(rows[front:])])

    for end, laid in {
        "linear_attn.A_log": lambda: {name: tiled(-np.exp(array))},
        "linear_attn.dt_bias": lambda: {name.replace("dt_bias", "dt_proj.bias"): tiled(array)},
        "conv1d.weight": lambda: {name: tiled_behind(array.squeeze(1))},
        "in_proj_qkv.weight": lambda: {name: tiled_behind(array)},
        "linear_attn.out_proj.weight": lambda: {name: tiled(array.T).T},
        "in_proj_z.weight": lambda: {name: tiled(array)},
        "in_proj_a.weight": lambda: {name: tiled(array)},
        "in_proj_b.weight": lambda: {name: tiled(array)},
        "linear_attn.norm.weight": lambda: {name: array},
    }.items():
        if name.endswith(end):
            return laid()
    return _norms_from_one(name, array, config)


def _qwen35moe(name: str, array: Any, config: Any) -> dict[str, Any]:
    return _experts(name, array, config) if ".mlp." in name else _qwen35(name, array, config)


LAYOUTS: dict[str, Layout] = {
    "llama": _llama,
    **dict.fromkeys(("gemma2", "gemma3", "nemotron"), _norms_from_one),
    **dict.fromkeys(("qwen2moe", "qwen3moe"), _experts),
    "gpt2": _gpt2,
    "mamba": _mamba,
    "lfm2": _lfm2,
    "qwen35": _qwen35,
    "qwen35moe": _qwen35moe,
}


def _mamba_facts(config: Any) -> dict[str, Any]:
    return {
        "attention.layer_norm_rms_epsilon": config.layer_norm_epsilon,
        "ssm.conv_kernel": config.conv_kernel,
        "ssm.inner_size": config.intermediate_size,
        "ssm.state_size": config.state_size,
        "ssm.time_step_rank": config.time_step_rank,
        "attention.head_count": 0,
        "context_length": 256,
        "feed_forward_length": 0,
    }


def _lfm2_facts(config: Any) -> dict[str, Any]:
    heads = [config.num_key_value_heads * (kind == "full_attention") for kind in config.layer_types]
    return {
        "attention.head_count_kv": heads,
        "attention.layer_norm_rms_epsilon": config.norm_eps,
        "shortconv.l_cache": config.conv_L_cache,
        "feed_forward_length": 256,  # as the model rounds it
    }


def _qwen35_facts(config: Any) -> dict[str, Any]:
    return {
        "ssm.conv_kernel": config.linear_conv_kernel_dim,
        "ssm.state_size": config.linear_key_head_dim,
        "ssm.group_count": config.linear_num_key_heads,
        "ssm.time_step_rank": config.linear_num_value_heads,
        "ssm.inner_size": config.linear_num_value_heads * config.linear_value_head_dim,
        "full_attention_interval": config.layer_types.index("full_attention") + 1,
        "rope.dimension_sections": [1, 1, 1, 0],
    }


FACTS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "mamba": _mamba_facts,
    "lfm2": _lfm2_facts,
    "qwen35": _qwen35_facts,
    "qwen35moe": _qwen35_facts,
}


def _add(writer: Any, key: str, value: Any) -> None:
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    else:
        writer.add_array(key, value)
