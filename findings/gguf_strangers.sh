#!/usr/bin/env bash
# A tokenizer that transformers reads from a byte-level GGUF knows a token that the file does not have: <|endoftext|>
# gets the id behind the vocabulary, whatever the family (Llama 3, DeepSeek), and so does a bos or eos that the byte
# alphabet cannot spell, although the file lists its id. The embedding has no row for such an id: a text that merely
# mentions <|endoftext|> ends in an IndexError. A program must compare every mark's id with the file's list.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --quiet torch==2.13.0 transformers==5.23.0 gguf==0.19.0
TRANSFORMERS_VERBOSITY=error "$tmp/venv/bin/python" - "$tmp" <<'PYTHON'
import sys
from pathlib import Path

import gguf
import transformers
from transformers import AutoTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

print(f"transformers {transformers.__version__}, gguf", end=" ")
folder = Path(sys.argv[1])
letters = list(bytes_to_unicode().values())
tokens = [*letters, "ab", "<｜begin▁of▁sentence｜>", "<|end_of_text|>"]
kinds = [gguf.TokenType.NORMAL] * 257 + [gguf.TokenType.CONTROL] * 2
writer = gguf.GGUFWriter(folder / "m.gguf", "llama")
writer.add_context_length(64)
writer.add_embedding_length(8)
writer.add_block_count(1)
writer.add_feed_forward_length(8)
writer.add_head_count(1)
writer.add_head_count_kv(1)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_rope_dimension_count(8)
writer.add_vocab_size(len(tokens))
writer.add_tokenizer_model("gpt2")
writer.add_tokenizer_pre("llama-bpe")
writer.add_token_list(tokens)
writer.add_token_types(kinds)
writer.add_token_merges(["a b"])
writer.add_bos_token_id(257)
writer.add_eos_token_id(258)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
print("0.19.0")

tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file="m.gguf")
print(f"the file has {len(tokens)} tokens, so the last id is {len(tokens) - 1}; its bos is 257")
print(f"bos here:            {tokenizer.bos_token_id}")
text = tokenizer.encode("a<|endoftext|>b", add_special_tokens=False)
print(f"a<|endoftext|>b:     {text}")
behind = [id_ for id_ in (*text, tokenizer.bos_token_id) if id_ >= len(tokens)]
print(f"behind the last row: {behind}")
sys.exit(not behind)
PYTHON
