#!/usr/bin/env bash
# Bamba's forward, given more tokens on top of a filled cache and no position_ids, numbers them from 0 again. Nothing is
# raised: the logits are simply those of another text. It matters to whoever reads a prompt in parts or keeps a cache
# between questions by calling the model itself; generate passes positions. A program must pass position_ids, counted
# from the length of the cache, for every model.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --quiet torch==2.13.0 transformers==5.23.0
TRANSFORMERS_VERBOSITY=error "$tmp/venv/bin/python" - <<'PYTHON'
import sys

import torch
import transformers
from transformers import BambaConfig, BambaForCausalLM, DynamicCache

print(f"torch {torch.__version__}, transformers {transformers.__version__}")
torch.manual_seed(0)
config = BambaConfig(
    vocab_size=97, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, attn_layer_indices=[1], mamba_n_heads=8, mamba_d_head=8, mamba_n_groups=1,
    mamba_d_state=16, mamba_chunk_size=16, initializer_range=0.3, pad_token_id=0, bos_token_id=1, eos_token_id=2,
)
model = BambaForCausalLM(config).eval()
text = torch.randint(3, 97, (1, 40))
first = 24


def second_part(**positions):
    cache = DynamicCache(config=config)
    model(text[:, :first], past_key_values=cache, use_cache=True)
    return model(text[:, first:], past_key_values=cache, use_cache=True, **positions).logits


with torch.no_grad():
    whole = model(text, use_cache=False).logits[:, first:]
    silent = (second_part() - whole).abs().max().item()
    placed = second_part(position_ids=torch.arange(first, text.shape[1]).unsqueeze(0))
    placed = (placed - whole).abs().max().item()
spread = whole.std().item()
print(f"spread of the logits of one pass over everything: {spread:.3f}")
print("expected: the second part, on top of the cache of the first, has the logits of one pass, up to rounding")
print(f"seen without position_ids: off by up to {silent:.6f}")
print(f"seen with position_ids:    off by up to {placed:.6f}")
as_described = silent > 0.1 * spread and placed < 0.001 * spread
print("as described" if as_described else "no longer as described")
sys.exit(not as_described)
PYTHON
