"""How a GGUF's text is cut into words before its merges apply: as the file says, checked by its vocabulary.

A file has only a name for it. transformers knows some of these names and cuts as GPT-2 does for all others,
without a word; some files name none, or the wrong one. Whichever is right leaves the tokens of the vocabulary
whole, since they were learned behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tokenizers import Regex, decoders, pre_tokenizers
from transformers.integrations.gguf import gguf_tokenizer_mapping as theirs

from docstra_tui.llm.loading.gguf_vocabulary import NORMAL, GgufVocabulary
from docstra_tui.llm.log import logger

GPT2 = "gpt-2"
"""What every name is taken for that nobody knows."""

_CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_CJK = "[一-龥\u3040-\u309f\u30a0-\u30ff]+"
_DEEPSEEK_CJK = "[一-龥\u0800-一가-\ud7ff]+"
_WORDS_AND_SIGNS = (
    r"[!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|" + _SPACES
)
_BLOOM = " ?[^(\\s|.,!?…。，、।۔،)]+"

PATTERNS: dict[str, tuple[str, ...]] = {
    GPT2: (),
    "digits": (r"\p{N}",),
    "falcon": (r"[\p{P}$+<=>^~|`]+", "[0-9][0-9][0-9]"),
    "bloom": (_BLOOM,),
    "viking": (_BLOOM, r"\p{N}"),
    "deepseek-llm": (r"[\r\n]", r"\s?[\p{Lu}\p{Ll}\p{Lt}]+", r"\s?\p{P}+", r"\s+$", _DEEPSEEK_CJK, r"\p{N}"),
    "deepseek-coder": (r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", _DEEPSEEK_CJK, r"\p{N}"),
    "deepseek-v3": (r"\p{N}{1,3}", _CJK, _WORDS_AND_SIGNS),
    "seed-coder": (
        rf"{_CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}\r\n]+|{_SPACES}",
    ),
}
"""One after the other; a piece that matches stands alone, and so does what is between two."""

_GPT2_BESIDE = ("digits", "falcon")
"""Cut as GPT-2 does too."""

NAMES: dict[str, str] = {
    **dict.fromkeys(
        ("gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "gigachat"), GPT2
    ),
    **dict.fromkeys(("a.x-4.0", "mellum"), GPT2),
    **dict.fromkeys(("starcoder", "refact", "command-r", "smollm", "codeshell", "exaone"), "digits"),
    **dict.fromkeys(("minerva-7b", "mellum2"), "digits"),
    **dict.fromkeys(("chatglm-bpe", "glm4"), "llama-bpe"),
    **dict.fromkeys(("stablelm2", "hunyuan", "solar-open", "grok-2"), "qwen2"),
    **dict.fromkeys(("deepseek-v3", "hunyuan-dense", "joyai-llm"), "deepseek-v3"),
    **dict.fromkeys(("bloom", "poro-chat", "gpt3-finnish"), "bloom"),
    **{name: name for name in ("viking", "falcon", "deepseek-llm", "deepseek-coder", "seed-coder")},
}
"""The names of files, besides those that transformers knows."""

UNNAMED = ("", "default")
"""What stands where whoever wrote the file did not know."""

RIVALS = ("deepseek-llm", "tekken", "gpt-4o", "qwen2", "llama-bpe", "deepseek-v3", "digits", GPT2)
"""What is tried where the file's own name does not fit its vocabulary, the finest cuts first: one that cuts
too little leaves everything whole."""

LOOKED_AT = 2000
"""Tokens of the vocabulary."""
FITS = 0.99
"""Share of them that the way of the file leaves whole at least, or others are tried. All of the starter's
stay whole; a few of some are halves of longer words, which no way leaves whole."""
BETTER = 0.005
"""By how much more another way has to leave whole to be believed instead of the file."""
AS_GOOD = 0.002
"""What is no difference: cut as for Qwen 2, 0.0025 of the starter's fall apart."""


def check(tokenizer: Any, vocabulary: GgufVocabulary) -> str:
    """Have the tokenizer cut text as the file's vocabulary was learned; a sentence where that is a guess."""
    if not isinstance(tokenizer.backend_tokenizer.decoder, decoders.ByteLevel):
        return ""  # sentencepiece, which cuts nothing
    name = "" if vocabulary.split in UNNAMED else vocabulary.split
    own = splitter(name)
    samples = [*texts(vocabulary)]
    fit = share_whole(own, samples) if own is not None else 0.0
    if fit < FITS:
        found = {rival: share_whole(splitter(rival), samples) for rival in RIVALS}
        best = max(found.values())
        logger.info("%s: %r leaves %.4f whole; others: %s", vocabulary.path.name, name, fit, found)
        if best > fit + BETTER:
            fitting = next(rival for rival in RIVALS if found[rival] >= best - AS_GOOD)
            tokenizer.backend_tokenizer.pre_tokenizer = splitter(fitting)
            return _note(name, own is not None, fitting)
    tokenizer.backend_tokenizer.pre_tokenizer = own
    return ""


def _note(name: str, is_known: bool, fitting: str) -> str:
    what = f"names a way to cut text into words that {'does not fit' if is_known else 'is unknown'} ({name})"
    return (
        f"The model's file {what if name else 'does not say how text is cut into words'}; "
        f"it is cut as for {fitting}, which leaves its vocabulary whole."
    )


def splitter(name: str) -> Any | None:
    """What cuts text as the files do that call it `name`; None for a name that nobody knows."""
    kind = NAMES.get(name, name)
    known = getattr(theirs, "GGUF_PRE_TOKENIZER_SPLITS", {})
    patterns = PATTERNS.get(kind) if kind not in known else (known[kind],)
    if patterns is None:
        return None
    cuts: list[Any] = [pre_tokenizers.Split(Regex(pattern), behavior="isolated") for pattern in patterns]
    as_gpt2 = kind == GPT2 or kind in _GPT2_BESIDE
    whole = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=as_gpt2)
    return pre_tokenizers.Sequence([*cuts, whole]) if cuts else whole


def texts(vocabulary: GgufVocabulary) -> Iterator[str]:
    """Tokens all over the vocabulary, as text; half characters are left out."""
    alphabet = {spelt: byte for byte, spelt in theirs.bytes_to_unicode().items()}
    normal = [text for text, kind in zip(vocabulary.tokens, vocabulary.types, strict=False) if kind == NORMAL]
    for token in normal[:: max(len(normal) // LOOKED_AT, 1)]:
        if all(spelt in alphabet for spelt in token):
            text = bytes(alphabet[spelt] for spelt in token).decode("utf-8", "replace")
            if "\ufffd" not in text:
                yield text


def share_whole(split: Any, samples: Sequence[str]) -> float:
    """Share of the samples that are left in one piece."""
    whole = sum(len(split.pre_tokenize_str(text)) == 1 for text in samples)
    return whole / len(samples) if samples else 1.0
