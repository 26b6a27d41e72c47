#!/usr/bin/env bash
# A cache with sliding-window layers answers True when asked is_croppable, and its crop raises as soon as the text is
# as long as the window. It matters to whoever keeps a cache between questions and cuts it back to the part that two
# prompts share. A program must not ask is_croppable: it crops only layers of plain full attention, and keeps a copy of
# the cache at the place it will want to return to for the others.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --quiet torch==2.13.0 transformers==5.23.0
TRANSFORMERS_VERBOSITY=error "$tmp/venv/bin/python" - <<'PYTHON'
import sys

import torch
import transformers
from transformers import DynamicCache, Gemma3ForCausalLM, Gemma3TextConfig

print(f"torch {torch.__version__}, transformers {transformers.__version__}")
torch.manual_seed(0)
config = Gemma3TextConfig(
    vocab_size=97, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, head_dim=8, sliding_window=16, layer_types=["sliding_attention", "full_attention"],
    pad_token_id=0, bos_token_id=1, eos_token_id=2,
)
model = Gemma3ForCausalLM(config).eval()


def crop_after(length):
    cache = DynamicCache(config=config)
    with torch.no_grad():
        model(torch.randint(3, 97, (1, length)), past_key_values=cache, use_cache=True)
    says = cache.is_croppable
    try:
        cache.crop(-1)
    except RuntimeError as error:
        return says, type(error).__name__
    return says, "done"


print(f"window of {config.sliding_window} tokens; expected: where is_croppable is True, crop(-1) removes one token")
short, long = crop_after(15), crop_after(16)
print(f"seen after 15 tokens: is_croppable {short[0]}, crop {short[1]}")
print(f"seen after 16 tokens: is_croppable {long[0]}, crop {long[1]}")
as_described = short == (True, "done") and long == (True, "RuntimeError")
print("as described" if as_described else "no longer as described")
sys.exit(not as_described)
PYTHON
