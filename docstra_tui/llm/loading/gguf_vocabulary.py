"""The ids of a GGUF's tokens are those of the file, whatever transformers makes of them.

It rebuilds a tokenizer from the file's lists, and gives two kinds of marks an id behind the vocabulary, or
none: those that the byte alphabet cannot spell (all of DeepSeek's), and those that its own classes expect
and the file does not have. The first then reach the model as plain text or as an id that it has no row for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from docstra_tui.errors import BadModelFile
from docstra_tui.llm.files import gguf_files
from docstra_tui.llm.files.gguf_architectures import HINT
from docstra_tui.llm.files.gguf_files import GgufHeader
from docstra_tui.llm.log import logger

NORMAL, CONTROL, USER_DEFINED = 1, 3, 4
"""Types of tokens: text, a mark of the chat's format, and a word that is never cut into pieces."""

TOKENS, TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
ENDS = ("eos", "eot", "eom")
"""What a file names as an end, each as `tokenizer.ggml.…_token_id`."""

TURN_ENDS = (
    *("<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<end_of_turn>", "<turn|>", "<|endoftext|>"),
    *("<|end_of_text|>", "<|END_OF_TURN_TOKEN|>", "<|end_of_turn|>", "<|EOT|>", "<｜end▁of▁sentence｜>"),
    *("<|return|>", "<|call|>"),
)
"""Marks that end an answer wherever a vocabulary has them as marks."""
ENDS_A_PART = {"<|end|>": "<|return|>"}
"""Marks that end only a part of an answer where the vocabulary has the other one too (gpt-oss)."""


@dataclass(frozen=True)
class GgufVocabulary:
    """The tokens of a file, as it lists them."""

    path: Path
    tokens: list[str]
    types: list[int]
    rows: int
    """How many tokens the model has an embedding for."""
    ends: tuple[int, ...]
    """Ids that end an answer: those the file names, then the marks that do by their meaning."""
    split: str
    """The file's name for how text is cut into words; empty where it has none."""
    is_byte_level: bool
    """False for sentencepiece, whose words with spaces are spelt otherwise than the file lists them."""

    @property
    def marks(self) -> dict[str, int]:
        """Tokens that are matched as a whole in any text, with their ids."""
        kinds = (CONTROL, USER_DEFINED) if self.is_byte_level else (CONTROL,)
        pairs = zip(self.tokens, self.types, strict=False)
        return {text: id_ for id_, (text, kind) in enumerate(pairs) if kind in kinds}

    @property
    def takes_whole(self) -> bool:
        """Is a word that stands in the vocabulary one token, whatever the merges say (Llama 3)?"""
        return self.split in ("llama3", "llama-v3", "llama-bpe")


def read(path: Path) -> GgufVocabulary:
    """The vocabulary of the file; raises what `read_header` raises."""
    header = gguf_files.read_header(path, (TOKENS, TYPES))
    tokens, types = header.metadata.get(TOKENS), header.metadata.get(TYPES)
    tokens = tokens if isinstance(tokens, list) else []
    types = types if isinstance(types, list) else [NORMAL] * len(tokens)
    return GgufVocabulary(
        path,
        tokens,
        types,
        _rows(header, len(tokens)),
        _ends(header, tokens, types),
        split=str(header.metadata.get("tokenizer.ggml.pre") or ""),
        is_byte_level=header.metadata.get("tokenizer.ggml.model") == "gpt2",
    )


def _rows(header: GgufHeader, tokens: int) -> int:
    width = header.fact("embedding_length")
    embedding = next((t.elements for t in header.tensors if t.name == "token_embd.weight"), 0)
    return embedding // width if isinstance(width, int) and width and embedding else tokens


def _ends(header: GgufHeader, tokens: list[str], types: list[int]) -> tuple[int, ...]:
    named = [header.metadata.get(f"tokenizer.ggml.{end}_token_id") for end in ENDS]
    ids = [id_ for id_ in named if isinstance(id_, int) and 0 <= id_ < len(tokens)]
    marks = {text: id_ for id_, text in enumerate(tokens) if text in TURN_ENDS and types[id_] != NORMAL}
    ids += [id_ for text, id_ in marks.items() if ENDS_A_PART.get(text) not in marks]
    return tuple(dict.fromkeys(ids))


def mend(tokenizer: Any, vocabulary: GgufVocabulary) -> None:
    """Give every mark its id in the file, and nothing else one behind it.

    Raises `BadModelFile` where a mark would still reach the model as something else.
    """
    if not vocabulary.tokens:
        return
    if _strays(tokenizer, vocabulary) or vocabulary.takes_whole:
        tokenizer._tokenizer = _rebuilt(tokenizer.backend_tokenizer, vocabulary)
    if strays := _strays(tokenizer, vocabulary):
        raise BadModelFile(
            f"{vocabulary.path.name} cannot be used: its token {strays[0]!r} would be another to the model.",
            HINT,
        )


def _strays(tokenizer: Any, vocabulary: GgufVocabulary) -> list[str]:
    """Marks whose id is not that of the file, and whatever has an id that the model has no row for."""
    tokens = vocabulary.tokens
    there = tokenizer.backend_tokenizer.get_vocab(with_added_tokens=True)
    wrong = [
        text
        for text in vocabulary.marks
        if not ((id_ := there.get(text, -1)) >= 0 and id_ < len(tokens) and tokens[id_] == text)
    ]
    wrong += [text for text, id_ in there.items() if id_ >= max(vocabulary.rows, len(tokens))]
    added = tokenizer.backend_tokenizer.get_added_tokens_decoder()
    matched = {token.content for token in added.values()}
    return wrong + [text for text in vocabulary.marks if text not in matched]


def _rebuilt(backend: Tokenizer, vocabulary: GgufVocabulary) -> Tokenizer:
    shape = json.loads(backend.to_str())
    model, tokens, marks = shape["model"], vocabulary.tokens, vocabulary.marks
    if isinstance(model["vocab"], dict):
        spelt: dict[int, str] = {id_: text for text, id_ in model["vocab"].items() if id_ < len(tokens)}
        spelt |= {id_: text for text, id_ in marks.items()}
        for id_, text in enumerate(tokens):  # what a mark of the same spelling had taken the id of
            spelt.setdefault(id_, text)
        model["vocab"] = {text: id_ for id_, text in sorted(spelt.items(), reverse=True)} | marks
    if vocabulary.takes_whole:
        model["ignore_merges"] = True
    known = {token["content"]: token for token in shape["added_tokens"]}
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    shape["added_tokens"] = [
        {
            **plain,
            **known.get(text, {}),
            "id": id_,
            "content": text,
            "special": vocabulary.types[id_] == CONTROL,
        }
        for text, id_ in sorted(marks.items(), key=lambda mark: mark[1])
    ]
    logger.info("%s: %d marks have the ids of the file", vocabulary.path.name, len(marks))
    return Tokenizer.from_str(json.dumps(shape))
