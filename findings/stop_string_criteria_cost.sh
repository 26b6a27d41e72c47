#!/usr/bin/env bash
# StopStringCriteria keeps the table that it works out for a tokenizer and its stop strings, but under a key that holds
# the vocabulary in the order in which get_vocab() happens to list it, and that order differs from call to call for a
# fast tokenizer. So the table is nearly always made anew. It matters to whoever passes stop_strings to generate: each
# call pays for the whole vocabulary again. A program must keep one criteria object, or find stop strings by itself.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --quiet torch==2.13.0 transformers==5.23.0
TRANSFORMERS_VERBOSITY=error "$tmp/venv/bin/python" - <<'PYTHON'
import sys

import tokenizers
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast
from transformers.generation.stopping_criteria import StopStringCriteria

print(f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}")
words = ["[UNK]", "abcdef", "stop", "go", *(f"w{n}" for n in range(400))]
backend = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))
backend.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]")
builds = 0
build = StopStringCriteria._stop_string_create_embedding_vec


def counted(*arguments):
    global builds
    builds += 1
    return build(*arguments)


StopStringCriteria._stop_string_create_embedding_vec = staticmethod(counted)
for _ in range(5):
    StopStringCriteria(tokenizer, ["stop"])
orders = len({tuple(tokenizer.get_vocab()) for _ in range(5)})
print("expected: five criteria of one tokenizer and one stop string build their table once")
print(f"seen: {builds} builds; five calls of get_vocab() gave {orders} different orders")
as_described = builds > 1 and orders > 1
print("as described" if as_described else "no longer as described")
sys.exit(not as_described)
PYTHON
