"""What is encoded in slices is what is encoded in one go, in bounded time and memory, and can be stopped."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui.llm.inference import slices
from docstra_tui.llm.inference.chat_tokenizer import ChatTokenizer
from docstra_tui.llm.inference.slices import Limit, Slices, Stopped
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.measure import TooLong
from docstra_tui.llm.prompt import PromptBuilder
from tests.tiny_models import CHATML, CORPUS, tiny_tokenizer

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SLASHES = LLAMA3.replace(r"[\r\n]*|", r"[\r\n/]*|", 1)


def trained(kind: str) -> Any:
    """A tokenizer of another family: how it splits text before it joins bytes or characters."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    corpus = [*CORPUS, "x;\n// note\ny;\n// more\n", *["a\nb\n" * 9, "import os\nimport re\n" * 9]]
    backend = Tokenizer(models.BPE(unk_token="<unk>" if kind == "metaspace" else None))
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    if kind == "metaspace":
        backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        backend.decoder = decoders.Replace("▁", " ")
        alphabet = []
    elif kind == "lines":  # joins across the ends of lines wherever it saw that
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    else:
        split = Regex(SLASHES if kind == "slashes" else LLAMA3)
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(split, "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<unk>"]
    backend.train_from_iterator(
        corpus,
        trainers.BpeTrainer(
            vocab_size=700, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        eos_token="<|im_end|>",
        extra_special_tokens=special,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHATML
    return tokenizer


KINDS = ("llama", "gemma3", "llama3", "slashes", "metaspace", "lines")
TOKENIZERS: dict[str, Any] = {}


def tokenizer_of(kind: str) -> Any:
    if kind not in TOKENIZERS:
        TOKENIZERS[kind] = tiny_tokenizer(kind, 2048) if kind in ("llama", "gemma3") else trained(kind)
    return TOKENIZERS[kind]


CODE = ("import os", "from a import b", "class A:", "    def f(self):", "        return 1", "# why", "", "  ")
FRAME = (
    "```",
    "````python",
    'File "a.py":',
    "// note",
    "x;",
    "* one",
    "- two",
    "日本語",
    "Größe",
    "🙂",
    "\t",
)
ODD = ("<|im_end|>", "<|im_start|>system", "<end_of_turn>", "a" * 40, "0x12 345", "\r", "'s", "{c}", "_x = 1")
LINES = st.sampled_from([*CODE, *FRAME, *ODD])


def fine(kind: str) -> Slices:
    """Cuts wherever it may."""
    return Slices(tokenizer_of(kind))


@pytest.mark.parametrize("kind", KINDS)
@given(lines=st.lists(LINES, max_size=40), end=st.sampled_from(["", "\n", "\n\n"]))
@settings(max_examples=100, deadline=None)
def test_the_ids_are_those_of_the_whole_text(kind: str, lines: list[str], end: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "SLICE", 1)
        text = "\n".join(lines) + end
        tokenizer = tokenizer_of(kind)
        whole = tokenizer.encode(text, add_special_tokens=False)
        assert fine(kind).encode(text, Limit(None, lambda: False)) == whole


@pytest.mark.parametrize("kind", KINDS)
@given(contents=st.lists(st.lists(LINES, max_size=12).map("\n".join), max_size=5), question=LINES)
@settings(max_examples=40, deadline=None)
def test_a_prompt_is_what_the_template_makes_of_it(kind: str, contents: list[str], question: str) -> None:
    """With control tokens of files taken apart, as transformers does it in one go."""
    tokenizer = tokenizer_of(kind)
    items = [ContextItem(content, f"{number}.py", "python") for number, content in enumerate(contents)]
    builder = PromptBuilder()
    builder.system = ""
    messages = builder.messages("answer_question", items, question=f"What? {question}")
    whole = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_dict=False, sanitize_control_tokens=True
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "SLICE", 1)
        chat = ChatTokenizer(tokenizer, 2048)
        assert chat.render(messages) == whole
        assert chat.render(messages) == whole  # from what is remembered


def test_a_tokenizer_that_joins_lines_is_cut_elsewhere_or_not_at_all() -> None:
    assert not Slices(tokenizer_of("lines")).is_exact or "i" not in slices._beginnings(tokenizer_of("lines"))
    assert Slices(tokenizer_of("llama3")).is_exact and Slices(tokenizer_of("llama")).is_exact
    assert "/" not in slices.BEGINNINGS


class Counting:
    """A tokenizer that notes what it is asked to encode."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.backend_tokenizer = None
        self.asked: list[int] = []
        self.when_asked = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def encode(self, text: str, **options: Any) -> list[int]:
        self.asked.append(len(text))
        self.when_asked()
        found: list[int] = self._tokenizer.encode(text, **options)
        return found


def code(size: int, seed: int = 0) -> str:
    rng = random.Random(seed)
    lines = [f"x{rng.randrange(9999)} = {rng.randrange(9999)}" for _ in range(size // 12 + 1)]
    return "\n".join(lines)[:size]


def test_of_many_files_only_the_new_one_is_encoded() -> None:
    tokenizer = Counting(tokenizer_of("llama"))
    one = Slices(tokenizer)
    files = [f'File "{n}.py":\n```python\n{code(5000, n).strip()};\n```\n\n' for n in range(20)]
    one.encode("".join(files) + "Why?", Limit(None, lambda: False))
    for changed in ("".join(files) + "Why not?", "".join(files[1:]) + "Why?", "".join(reversed(files))):
        tokenizer.asked.clear()
        one.encode(changed, Limit(None, lambda: False))
        assert sum(tokenizer.asked) < 6000


def test_counting_ends_at_the_bound_and_not_at_the_end() -> None:
    tokenizer = Counting(tokenizer_of("llama"))
    text = code(3_000_000)
    with pytest.raises(TooLong) as caught:
        Slices(tokenizer).encode(text, Limit(10_000, lambda: False))
    assert 10_000 < caught.value.tokens < 20_000 and sum(tokenizer.asked) < 200_000


@pytest.mark.parametrize("text", [code(3_000_000), "x" * 3_000_000], ids=["code", "one line"])
def test_counting_stops_within_a_slice(text: str) -> None:
    tokenizer, stop = Counting(tokenizer_of("llama")), threading.Event()
    one = Slices(tokenizer)
    tokenizer.when_asked = stop.set
    tokenizer.asked.clear()
    with pytest.raises(Stopped):
        one.encode(text, Limit(None, stop.is_set))
    assert sum(tokenizer.asked) <= slices.LARGEST + slices.TOGETHER


def test_what_is_remembered_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "KEPT", 20_000)
    one = Slices(tokenizer_of("llama"))
    for number in range(20):
        one.encode(code(20_000, number), Limit(None, lambda: False))
        one.forget()
        assert one._size == sum(map(len, one._known.values())) <= 20_000
