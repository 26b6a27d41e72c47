"""A tiny model that says what it is told, after really reading its prompt; for any chat template.

A hybrid of linear and full attention: of all caches the one that is hardest to come back in.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from docstra_tui.llm.local import LocalLLM
from docstra_tui.llm.prompt import Message
from docstra_tui.llm.thinking.wish import Think
from tests.tiny_models import tiny_hybrid, tiny_tokenizer

WINDOW = 16_384
ROOM = 400
"""Ids for the control tokens of a template, on top of the words."""

CONTROL = re.compile(r"<[|｜][^<>|｜\s{}]{1,40}[|｜]>|<\|\w+>|<\w+\|>|\[/?[A-Z_]{3,30}\]")
"""What templates write as control tokens."""
TAGS = re.compile(r"</?[a-z:_]*think(?:ing)?>|</?start_of_turn>|</?end_of_turn>")
"""What vocabularies have as one token and yet as text."""


class Speaker:
    """One model on the disk, and a `LocalLLM` of it for each template."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "model"
        self._served = folder / "served"
        words = tiny_tokenizer("llama", WINDOW)
        model = tiny_hybrid(words, window=WINDOW)
        model.resize_token_embeddings(len(words) + ROOM)
        model.save_pretrained(self._folder, safe_serialization=True)

    def load(self, template: str | dict[str, str]) -> Served:
        """The model with this chat template, or with several by their names. Raises `ModelError`."""
        shutil.rmtree(self._served, ignore_errors=True)
        shutil.copytree(self._folder, self._served)
        tokenizer = _tokenizer(template)
        tokenizer.save_pretrained(self._served)
        where = str(self._served)
        # What is said is put in while `generate` runs, so it must be what writes.
        return Served(LocalLLM(model_path=where, device="cpu", cache_gb=0.5, temperature=0.0, decode="plain"))


class Served:
    """A loaded model, and what it says next."""

    def __init__(self, llm: LocalLLM) -> None:
        self.llm = llm
        self.prompt: list[int] = []
        """The ids of the latest prompt."""
        self._text: list[int] = []
        self._said = 0
        self._is_asked = False
        generate = llm.model.generate

        def noted(inputs: torch.Tensor, **options: Any) -> Any:
            self.prompt = inputs[0].tolist()
            self._is_asked = True
            try:
                return generate(inputs, **options)
            finally:
                self._is_asked = False

        llm.model.generate = noted
        llm.model.register_forward_hook(self._speak, with_kwargs=True)

    def rendered(self, messages: Sequence[Message], think: Think) -> list[int]:
        """A prompt as ids, exactly as it is read."""
        return self.llm._chat.render(messages, think=think)

    def will_say(self, text: str) -> int:
        """The next answer is this, and ends there; how many tokens it has."""
        ids = self.ids(text)
        self._text = [*ids, int(self.llm.tokenizer.eos_token_id)]
        return len(ids)

    def ids(self, text: str) -> list[int]:
        """A text as ids; control tokens in it are such."""
        return [int(id_) for id_ in self.llm.tokenizer.encode(text, add_special_tokens=False)]

    def text(self, ids: Sequence[int]) -> str:
        """Ids as text, control tokens among it."""
        return str(
            self.llm.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        )

    def _speak(self, model: Any, args: Any, given: dict[str, Any], output: Any) -> None:
        """Behind each pass: of all logits, the one of what is to be said now is by far the largest.

        Where another token was taken, for its thinking was closed by force, it goes on with the same one.
        """
        if not self._is_asked:
            return
        at = output.past_key_values.get_seq_length() - len(self.prompt)
        if at == 0:
            self._said = 0
        elif at > 0 and given["input_ids"][0, -1] == self._text[self._said]:
            self._said += 1
        if at >= 0 and self._said < len(self._text):
            output.logits[:, -1, self._text[self._said]] += 1e4


def _tokenizer(template: str | dict[str, str]) -> Any:
    from tokenizers import AddedToken

    text = template if isinstance(template, str) else "".join(template.values())
    tokenizer = tiny_tokenizer("llama", WINDOW)
    tokenizer.add_special_tokens({"bos_token": "<s>", "eos_token": "</s>"})
    control, tags = (list(dict.fromkeys(found.findall(text))) for found in (CONTROL, TAGS))
    special = [AddedToken(token, special=True, normalized=False) for token in control]
    plain = [AddedToken(token, special=False, normalized=False) for token in tags]
    tokenizer.add_tokens(special, special_tokens=True)
    tokenizer.add_tokens(plain)
    tokenizer.chat_template = template
    return tokenizer
