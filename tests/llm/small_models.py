"""Every kind of model that transformers can write text with, small: two or three layers of random weights.

The shapes are set by the names that configurations use for them; `SHAPES` has what a kind needs beyond that.
"""

from __future__ import annotations

from typing import Any

VOCABULARY = 600

SIZES: dict[str, int | float | bool] = {
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "emb_dim", "embedding_size", "n_embed"), 64),
    **dict.fromkeys(("word_embed_proj_dim", "lru_width", "mlp_hidden_size", "d_inner", "ff_dim"), 64),
    **dict.fromkeys(("intermediate_size", "ffn_dim", "d_ff", "n_inner", "ffn_hidden_size"), 64),
    **dict.fromkeys(("encoder_ffn_dim", "decoder_ffn_dim", "intermediate_size_mlp", "block_ff_dim"), 64),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size"), 32),
    **dict.fromkeys(("shared_intermediate_size", "expert_ffn_hidden_size"), 32),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers"), 2),
    **dict.fromkeys(("encoder_layers", "decoder_layers", "num_encoder_layers", "num_decoder_layers"), 2),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads"), 4),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), 4),
    **dict.fromkeys(("num_encoder_attention_heads", "num_decoder_attention_heads"), 4),
    **dict.fromkeys(("num_key_value_heads", "num_kv_heads", "n_mamba_heads"), 2),
    **dict.fromkeys(("head_dim", "attention_head_dim", "kv_channels", "d_kv", "global_head_dim"), 16),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"), 4),
    **dict.fromkeys(("num_experts_per_tok", "num_experts_per_token", "moe_k", "moe_topk"), 2),
    **dict.fromkeys(("n_group", "topk_group", "n_groups", "first_k_dense_replace", "zero_expert_num"), 1),
    **dict.fromkeys(("n_shared_experts", "mamba_n_groups", "mamba_ngroups"), 1),
    **dict.fromkeys(("q_lora_rank", "kv_lora_rank", "o_lora_rank", "v_head_dim", "qk_head_dim"), 16),
    **dict.fromkeys(("qk_rope_head_dim", "qk_nope_head_dim", "rotary_dim", "laurel_rank"), 8),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"), 256),
    **dict.fromkeys(("mamba_d_state", "ssm_state_size", "state_size"), 8),
    **dict.fromkeys(("mamba_d_head", "mamba_head_dim", "mamba_headdim"), 32),
    **dict.fromkeys(("mamba_n_heads", "mamba_num_heads", "mamba_d_conv", "mamba_dt_rank"), 4),
    **dict.fromkeys(("mamba_chunk_size", "chunk_size", "time_step_rank"), 16),
    **dict.fromkeys(
        ("linear_key_head_dim", "linear_value_head_dim", "index_head_dim", "linear_head_dim"), 16
    ),
    **dict.fromkeys(("sliding_window", "attention_window", "attention_window_size"), 16),
    **dict.fromkeys(("linear_num_key_heads", "mamba_expand", "eos_token_id"), 2),
    **dict.fromkeys(("linear_num_value_heads", "linear_num_heads"), 4),
    **dict.fromkeys(("vocab_size", "vocab_size_per_layer_input"), VOCABULARY),
    **dict.fromkeys(("pad_token_id", "num_kv_shared_layers"), 0),
    **dict.fromkeys(("initializer_range", "init_std"), 0.2),
    **dict.fromkeys(("dropout", "attention_dropout", "resid_pdrop", "dropout_prob"), 0.0),
    "bos_token_id": 1,
    "hidden_size_per_layer_input": 8,
    "index_topk": 64,
    "index_n_heads": 16,  # with few, many tokens score exactly 0, and which are taken is chance
    "is_decoder": True,
}

SENSES: dict[str, int] = {
    **dict.fromkeys(("hidden_size", "intermediate_size", "embed_dim", "d_model", "output_channels"), 32),
    **dict.fromkeys(("num_hidden_layers", "num_global_layers", "layers", "depth"), 1),
    **dict.fromkeys(("encoder_layers", "decoder_layers"), 1),
    **dict.fromkeys(("num_attention_heads", "num_heads"), 2),
    **dict.fromkeys(("out_hidden_size", "vision_output_dim"), 64),
    "patch_size": 14,
    "image_size": 28,
    "num_channels": 3,
}
"""The same for the parts that see and hear, which a question about code never uses."""

LINEAR = {"num_hidden_layers": 3, "layer_types": ["linear_attention", "full_attention", "linear_attention"]}
LATENT = {"head_dim": 8, "num_key_value_heads": 4}
SHARED = {"num_hidden_layers": 4, "layers_block_type": ["linear_attention", "hybrid"] * 2}
INKLING = {
    **{"num_hidden_layers": 3, "layer_types": ["hybrid_sliding", "hybrid", "hybrid_sliding"]},
    **{"unpadded_vocab_size": VOCABULARY, "sliding_window_size": 16, "n_layers_per_attn_res_block": 1},
    **{"swa_num_attention_heads": 4, "swa_num_key_value_heads": 2, "swa_head_dim": 16, "rel_extent": 64},
}
INDEXED = {
    **{"indexer_n_heads": 2, "indexer_kv_heads": 1, "indexer_head_dim": 16, "indexer_budget": 64},
    **{"indexer_compress_ratio": 4, "ple_embed_dim": 8},
}

SHAPES: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("axk1", "axk2", "deepseek_v2", "deepseek_v3", "deepseek_v32"), LATENT),
    **dict.fromkeys(
        ("glm4_moe_lite", "glm_moe_dsa", "longcat_flash", "minicpm3", "sarvam_mla", "youtu"), LATENT
    ),
    **dict.fromkeys(("bailing_hybrid", "kimi_linear"), LINEAR | LATENT),
    **dict.fromkeys(("qwen3_next", "qwen3_5_text", "qwen3_5_moe_text"), LINEAR),
    "dory": {
        **{"num_hidden_layers": 6, "n_input_layers": 2, "n_recurrent_layers": 2, "n_output_layers": 2},
        "layer_types": ["sliding_attention", "mlp", "full_attention", "mlp", "sliding_attention", "mlp"],
    },
    "inkling2_text": INKLING,
    "inkling2_loop_text": INKLING | {"loop_layer_index_start": 1, "loop_layer_index_end": 2},
    **{kind: {"text_config": LINEAR} for kind in ("qwen3_5", "qwen3_5_moe")},
    "bamba": {"num_hidden_layers": 3, "attn_layer_indices": [1]},
    "blt": {"encoder_hash_byte_group_vocab": 600},
    "cohere_compass_text": {
        "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 1e4}}
    },
    "dbrx": {"attn_config": {"rope_theta": 1e4, "clip_qkv": 8.0}},
    "dots1": {"layer_types": ["full_attention", "full_attention"]},
    "dots3_note_text": {"num_key_value_heads": 4},
    "falcon_h1": {"mamba_d_ssm": 64, "mamba_n_heads": 4, "mamba_d_head": 16},
    "gpt_neo": {"attention_types": [[["global", "local"], 1]]},
    "granitemoehybrid": {"num_hidden_layers": 3, "layer_types": ["mamba", "attention", "mamba"]},
    "jamba": {
        **{"num_hidden_layers": 3, "attn_layer_period": 3, "attn_layer_offset": 1},
        **{"expert_layer_period": 2, "expert_layer_offset": 1},
    },
    "lfm2_moe": {"num_hidden_layers": 3, "layer_types": ["conv", "full_attention", "conv"]},
    "lfm3": {"num_hidden_layers": 3},
    "mamba2": {"num_heads": 8, "head_dim": 16, "expand": 2},
    "nemotron_h": {"initializer_range": 0.05},
    "qwen4_exp_text": LINEAR | INDEXED,
    "qwen4_exp": {"text_config": LINEAR | INDEXED},
    "recurrent_gemma": {"num_hidden_layers": 3, "block_types": ["recurrent", "attention", "recurrent"]},
    "reformer": {"axial_pos_embds_dim": (16, 48), "axial_pos_shape": (16, 16), "hash_seed": 0},
    "xlstm": {"qk_dim_factor": 1.0, "v_dim_factor": 1.0},
    "xmod": {"default_language": "en_XX"},
    "zamba": SHARED,
    "zamba2": {
        **SHARED,
        **{"attention_head_dim": 32, "num_key_value_heads": 4, "n_mamba_heads": 4, "initializer_range": 0.05},
    },
    "zaya": {"num_experts_per_tok": 1},
}


def small_model(kind: str, seed: int = 1, **others: Any) -> Any:
    """A random model of the type `kind` in float32, with some `others` of its configuration's values."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = _small_config(CONFIG_MAPPING[kind], SHAPES.get(kind, {}) | others)
        return AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()


def _small_config(config_class: Any, shapes: dict[str, Any]) -> Any:
    usual = config_class()
    renamed = config_class.attribute_map
    named = {*vars(usual), *renamed}
    is_sense = any(word in config_class.__name__ for word in ("Vision", "Audio", "VQ", "Speech"))
    sizes: dict[str, Any] = SENSES if is_sense else SIZES
    values = {
        name: value for name, value in sizes.items() if name in named and renamed.get(name) not in sizes
    }
    for name in config_class.sub_configs:
        if (part := getattr(usual, name, None)) is not None:
            values[name] = _small_config(type(part), shapes.get(name, {})).to_dict()
    return config_class(**values | {n: v for n, v in shapes.items() if n not in config_class.sub_configs})
