#!/usr/bin/env bash
# Jamba keeps a recurrent state in its cache, but uses it only for a single new token: several tokens at once on top of
# a filled cache start from an empty state, also inside generate(past_key_values=...), and nothing is raised. It matters
# to prompts read in parts, to a cache kept between questions and to speculative decoding. A program must read a Jamba
# prompt in one pass (or one token at a time), and had better test at load whether parts agree with the whole.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --quiet torch==2.13.0 transformers==5.23.0
TRANSFORMERS_VERBOSITY=error "$tmp/venv/bin/python" - <<'PYTHON'
import sys

import torch
import transformers
from transformers import DynamicCache, JambaConfig, JambaForCausalLM

print(f"torch {torch.__version__}, transformers {transformers.__version__}")
torch.manual_seed(0)
config = JambaConfig(
    vocab_size=97, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, attn_layer_period=2, attn_layer_offset=1, expert_layer_period=2, expert_layer_offset=1,
    num_experts=1, num_experts_per_tok=1, mamba_d_state=8, mamba_dt_rank=4,
    initializer_range=0.3, pad_token_id=0, bos_token_id=1, eos_token_id=2,
)
model = JambaForCausalLM(config).eval()
text = torch.randint(3, 97, (1, 40))
first, end = 38, text.shape[1]


def begun():
    cache = DynamicCache(config=config)
    model(text[:, :first], past_key_values=cache, use_cache=True)
    return cache


def parts(size):
    cache, logits = begun(), []
    for at in range(first, end, size):
        places = torch.arange(at, min(at + size, end)).unsqueeze(0)
        answer = model(text[:, at : at + size], position_ids=places, past_key_values=cache, use_cache=True)
        logits.append(answer.logits)
    return torch.cat(logits, dim=1)


def first_scores(**cache):
    made = model.generate(
        text, attention_mask=torch.ones_like(text), max_new_tokens=1, do_sample=False,
        return_dict_in_generate=True, output_logits=True, **cache,
    )
    return made.logits[0]


with torch.no_grad():
    whole = model(text, use_cache=False).logits[:, first:]
    together = (parts(end - first) - whole).abs().max().item()
    single = (parts(1) - whole).abs().max().item()
    generated = (first_scores(past_key_values=begun()) - first_scores()).abs().max().item()
spread = whole.std().item()
print(f"spread of the logits of one pass over everything: {spread:.3f}")
print("expected: tokens on top of a cache have the logits of one pass over everything, up to rounding")
print(f"seen, {end - first} tokens at once:           off by up to {together:.6f}")
print(f"seen, one token at a time:        off by up to {single:.6f}")
print(f"seen, generate(past_key_values=): off by up to {generated:.6f}")
as_described = together > 0.1 * spread and generated > 0.01 * spread and single < 0.001 * spread
print("as described" if as_described else "no longer as described")
sys.exit(not as_described)
PYTHON
