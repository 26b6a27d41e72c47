#!/usr/bin/env bash
# generate fills each field that is None in the GenerationConfig it is given from model.generation_config, which comes
# from the checkpoint. So to drop a checkpoint's field from a copy of its settings changes nothing. It matters to
# whoever loads models of others: one with num_return_sequences 2 answers twice although nobody asked. A program must
# clean model.generation_config itself once at load, or set each field to an explicit value.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --quiet torch==2.13.0 transformers==5.23.0
TRANSFORMERS_VERBOSITY=error "$tmp/venv/bin/python" - <<'PYTHON'
import copy
import sys

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM

print(f"torch {torch.__version__}, transformers {transformers.__version__}")
torch.manual_seed(0)
config = LlamaConfig(
    vocab_size=97, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, pad_token_id=0, bos_token_id=1, eos_token_id=2,
)
model = LlamaForCausalLM(config).eval()
model.generation_config.do_sample = True
model.generation_config.num_return_sequences = 2
text = torch.randint(3, 97, (1, 8))


def answers(settings):
    settings.max_new_tokens = 4
    return model.generate(text, attention_mask=torch.ones_like(text), generation_config=settings).shape[0]


removed = copy.deepcopy(model.generation_config)
removed.num_return_sequences = None
explicit = copy.deepcopy(removed)
explicit.num_return_sequences = 1
left_out, said = answers(removed), answers(explicit)
model.generation_config.num_return_sequences = None
cleaned = answers(copy.deepcopy(removed))
print("expected: settings without num_return_sequences give 1 answer, the default, whatever the model's own say")
print(f"seen, removed from the copy that is passed: {left_out} answers")
print(f"seen, set to 1 in the copy:                 {said} answer")
print(f"seen, removed from the model's own as well: {cleaned} answer")
as_described = (left_out, said, cleaned) == (2, 1, 1)
print("as described" if as_described else "no longer as described")
sys.exit(not as_described)
PYTHON
