"""Earlier answers are sent as the model's template wants them, without what it thought; and read ahead so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from docstra_tui.llm.thinking.whole import parted
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.turns import SavedTurn
from tests.tiny_models import tiny_model, tiny_tokenizer

if TYPE_CHECKING:
    from docstra_tui.llm.local import LocalLLM

THINKING_TEMPLATE = (
    "{%- set ns = namespace(last_query=0) %}"
    "{%- for message in messages %}{% if message.role == 'user' %}"
    "{% set ns.last_query = loop.index0 %}{% endif %}{% endfor %}"
    "{%- for message in messages %}"
    "{%- set content = message.content %}"
    "{%- if message.role == 'assistant' and loop.index0 < ns.last_query and '</think>' in content %}"
    "{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{% endif %}"
    "{{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}"
)
"""As Qwen3's: thinking stays only in answers after the last question."""

THOUGHTS = "The user wants to know whether the client retries; the loop says range(10)."


@pytest.fixture(scope="module")
def thinker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLLM]:
    import torch
    from tokenizers import AddedToken

    from docstra_tui.llm.local import LocalLLM

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("thinker")
    tokenizer = tiny_tokenizer("qwen2", 2048)
    tokenizer.add_tokens([AddedToken("<think>", special=False), AddedToken("</think>", special=False)])
    tokenizer.chat_template = THINKING_TEMPLATE
    tiny_model("qwen2", tokenizer, layers=2, window=2048, seed=0).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    llm = LocalLLM(str(folder), max_tokens=8, temperature=0.0, device="cpu", reserve=64, cache_gb=0.1)
    yield llm
    llm.close()


def old_turn(question: str, said: str) -> SavedTurn:
    """As a session of an older program is opened, in which thinking was a part of the answer."""
    thinking, answer = parted(said, is_whole=True)
    assert thinking == THOUGHTS
    return SavedTurn(question, fields={"question": question}, answer=answer, thinking=thinking, status="done")


@pytest.mark.parametrize("opening", ["<think>\n", ""])  # some templates open it in the prompt themselves
def test_thinking_is_left_out_and_the_answer_is_read_ahead_as_it_is_sent(
    thinker: LocalLLM, tmp_path: Path, opening: str
) -> None:
    session = ChatSession(thinker, tmp_path, reserve=64)
    session.turns.append(
        old_turn("Does it retry?", f"{opening}{THOUGHTS}\n</think>\n\nIt retries ten times.")
    )

    session.read_ahead()
    shown = session.show_prompt("And then?")
    budget = session.count("And then?")

    ids = thinker._chat.render(session._dialogue.next_prompt("And then?").messages)
    text = thinker.tokenizer.decode(ids)
    assert THOUGHTS not in text and "think>" not in text
    assert "It retries ten times." in text
    assert budget.cached is not None
    reused = thinker.tokenizer.decode(ids[: budget.cached])
    assert reused.endswith("It retries ten times.<|im_end|>\n<|im_start|>user\n")
    assert shown.budget == budget


def test_the_next_question_reads_only_itself(thinker: LocalLLM, tmp_path: Path) -> None:
    session = ChatSession(thinker, tmp_path, reserve=64)
    session.turns.append(old_turn("How often?", f"<think>\n{THOUGHTS}\n</think>\n\nTwice, for a start."))
    session.read_ahead()

    turn = session.ask("And then?")
    list(turn)

    usage = turn.turn.usage
    assert usage.prompt_tokens is not None and usage.reused_tokens is not None
    question = len(thinker.tokenizer.encode("And then?<|im_end|>\n<|im_start|>assistant\n"))
    assert usage.prompt_tokens - usage.reused_tokens <= question + 1
