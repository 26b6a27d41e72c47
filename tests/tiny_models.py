"""Tiny random-weight models made on the spot: real architectures, a real byte-level tokenizer, real files.

A model is a few hundred kilobytes of float32 and takes a fraction of a second to write. What it says
is noise, but the same noise for the same seed, from a folder and from a GGUF alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

Arch = Literal["llama", "qwen2", "gemma3"]

HIDDEN = 64
HEADS = 4
KV_HEADS = 2
SLIDING_WINDOW = 32

CORPUS = [
    "def add(left: int, right: int) -> int:\n    return left + right\n",
    "class Client:\n    def __init__(self, url: str) -> None:\n        self.url = url\n",
    "for index in range(10):\n    print(index, index * index)\n",
    "if value is None:\n    raise ValueError('the value is missing')\n",
    "import os\nfrom pathlib import Path\n\nwith open(path) as file:\n    text = file.read()\n",
    "What does this function do? It reads the file and returns the number of lines.",
    "The client sends the request again when the connection was closed by the server.",
    "You are a helpful assistant. Answer the question about the code in the files.",
    "Größe, naïve, façade, Übung; 日本語のテキスト, 中文字符, Привет мир, emoji 🙂🚀.",
    "0123456789 3.14159 1,000,000 0xff == != <= >= -> => { } [ ] ( ) <tag> </tag> `code`",
]

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content']"
    " + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

NO_SYSTEM_ROLE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant') }}{% endif %}"
    "{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)


def make_tiny(
    folder: Path, arch: Arch = "llama", *, layers: int = 2, window: int = 2048, seed: int = 0
) -> Path:
    """Save a model and its tokenizer as a transformers folder, and return the folder.

    llama and qwen2 speak ChatML; gemma3 has sliding-window layers and a template that refuses the
    system role.
    """
    tokenizer = tiny_tokenizer(arch, window)
    model = tiny_model(arch, tokenizer, layers=layers, window=window, seed=seed)
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder


def make_endless(folder: Path, *, window: int = 2048, seed: int = 0) -> Path:
    """A llama as of `make_tiny` that never writes a control token, so that only a limit or a stop ends it.

    One dimension of what flows through it is the same everywhere, and the control tokens' logits are
    far below the others along it.
    """
    import torch

    tokenizer = tiny_tokenizer("llama", window)
    model = tiny_model("llama", tokenizer, layers=2, window=window, seed=seed)
    with torch.no_grad():
        model.model.embed_tokens.weight[:, 0] = 4.0
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight[0] = 0.0
            layer.mlp.down_proj.weight[0] = 0.0
        model.lm_head.weight[:, 0] = 0.0
        model.lm_head.weight[tokenizer.all_special_ids, 0] = -1000.0
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder


def make_scripted(
    folder: Path,
    *says: Sequence[str],
    ending: str = "",
    ending_off: str | None = None,
    special: Sequence[str] = (),
) -> Path:
    """A llama that writes what `says` says: each piece of it is a token, and behind it comes the next.

    `special` are those that its tokenizer calls so; `ending` is what its template's generation prompt opens,
    `ending_off` the same without thinking. No piece may stand before two different ones.
    """
    import torch

    window = 2048
    tokenizer = tiny_tokenizer("llama", window)
    tokenizer.add_special_tokens({"additional_special_tokens": list(special)})
    tokenizer.add_tokens([piece for pieces in says for piece in pieces])
    opens = repr(ending)
    if ending_off is not None:
        opens = f"({ending_off!r} if enable_thinking is false else {ending!r})"
    tokenizer.chat_template = CHATML.replace("assistant\n' }}", f"assistant\n' + {opens} }}}}")
    follows: dict[int, int] = {}
    for pieces in says:
        for one, next_one in pairwise(map(tokenizer.convert_tokens_to_ids, pieces)):
            assert follows.setdefault(one, next_one) == next_one
    model = tiny_model("llama", tokenizer, layers=2, window=window, seed=0)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        embedded = torch.nn.functional.normalize(model.model.embed_tokens.weight)
        model.model.embed_tokens.weight.copy_(embedded)
        model.lm_head.weight.zero_()
        for one, next_one in follows.items():
            model.lm_head.weight[next_one] += 10 * embedded[one]
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder


def make_tiny_gguf(path: Path, *, layers: int = 2, window: int = 2048, seed: int = 0) -> Path:
    """Write the llama of `make_tiny` with the same seed as one float32 GGUF file, and return its path."""
    import gguf

    tokenizer = tiny_tokenizer("llama", window)
    model = tiny_model("llama", tokenizer, layers=layers, window=window, seed=seed)
    config = model.config
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny llama")
    writer.add_context_length(window)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_vocab_size(config.vocab_size)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    _write_tokenizer(writer, tokenizer)
    for name, tensor in model.state_dict().items():
        writer.add_tensor(_gguf_name(name), _as_llama_cpp(name, tensor.numpy(), config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def tiny_tokenizer(arch: Arch, window: int) -> Any:
    """A fast byte-level BPE tokenizer, trained on `CORPUS`, with the family's control tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    if arch == "gemma3":
        special = ["<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"]
        names = {"bos_token": "<bos>", "eos_token": "<end_of_turn>", "pad_token": "<pad>"}
        template = NO_SYSTEM_ROLE
    else:
        special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
        names = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
        template = CHATML
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(CORPUS, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=window,
        clean_up_tokenization_spaces=False,
        extra_special_tokens=[token for token in special if token not in names.values()],
        **names,
    )
    tokenizer.chat_template = template
    return tokenizer


def tiny_model(arch: Arch, tokenizer: Any, *, layers: int, window: int, seed: int) -> Any:
    """A random model in float32; its weights are wide enough that greedy answers vary."""
    import torch
    import transformers

    shape: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": HIDDEN,
        "intermediate_size": 2 * HIDDEN,
        "num_hidden_layers": layers,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "max_position_embeddings": window,
        "initializer_range": 0.2,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "dtype": "float32",
    }
    config: Any
    if arch == "gemma3":
        kinds = ["full_attention" if layer % 2 else "sliding_attention" for layer in range(layers)]
        config = transformers.Gemma3TextConfig(
            **shape,
            head_dim=HIDDEN // HEADS,
            query_pre_attn_scalar=HIDDEN // HEADS,
            sliding_window=SLIDING_WINDOW,
            layer_types=kinds,
            tie_word_embeddings=False,  # tied, its large embeddings make it repeat the last token for ever
        )
    elif arch == "qwen2":
        config = transformers.Qwen2Config(**shape, tie_word_embeddings=True)
    else:
        config = transformers.LlamaConfig(**shape, head_dim=HIDDEN // HEADS, tie_word_embeddings=False)
    classes = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "gemma3": "Gemma3ForCausalLM"}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return getattr(transformers, classes[arch])(config).eval()


def tiny_hybrid(tokenizer: Any, *, window: int = 4096, seed: int = 0) -> Any:
    """A tiny Qwen3.5: linear attention with one full-attention layer."""
    import torch
    from transformers import Qwen3_5ForCausalLM, Qwen3_5TextConfig

    config = Qwen3_5TextConfig(
        vocab_size=len(tokenizer),
        hidden_size=HIDDEN,
        intermediate_size=2 * HIDDEN,
        num_hidden_layers=3,
        num_attention_heads=HEADS,
        num_key_value_heads=KV_HEADS,
        head_dim=16,
        linear_key_head_dim=16,
        linear_value_head_dim=16,
        linear_num_key_heads=2,
        linear_num_value_heads=4,
        layer_types=["linear_attention", "full_attention", "linear_attention"],
        max_position_embeddings=window,
        initializer_range=0.05,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Qwen3_5ForCausalLM(config).float().eval()


def _write_tokenizer(writer: Any, tokenizer: Any) -> None:
    import json

    import gguf

    bpe = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    control = set(tokenizer.all_special_tokens)
    kinds = [gguf.TokenType.CONTROL if token in control else gguf.TokenType.NORMAL for token in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in bpe["merges"]])
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_add_bos_token(False)
    writer.add_chat_template(tokenizer.chat_template)


def _gguf_name(name: str) -> str:
    for theirs, ours in (
        ("model.embed_tokens.", "token_embd."),
        ("model.norm.", "output_norm."),
        ("lm_head.", "output."),
        ("model.layers.", "blk."),
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"),
        ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
        ("post_attention_layernorm", "ffn_norm"),
        ("input_layernorm", "attn_norm"),
    ):
        name = name.replace(theirs, ours)
    return name


def _as_llama_cpp(name: str, weights: Any, config: Any) -> Any:
    """llama.cpp rotates neighbouring rows of q and k where transformers rotates the two halves."""
    if name.endswith(("q_proj.weight", "k_proj.weight")):
        heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
        halves = weights.reshape(heads, 2, weights.shape[0] // heads // 2, weights.shape[1])
        return halves.swapaxes(1, 2).reshape(weights.shape).copy()
    return weights
