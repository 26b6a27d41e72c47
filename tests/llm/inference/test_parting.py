"""Where the next turn leaves a prompt: under many templates neither behind the answer nor where it began."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.errors import NoAnswer
from docstra_tui.llm.inference.chat_tokenizer import ChatTokenizer
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.prefix_cache import WORTH_COPYING
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.local import LocalLLM
from docstra_tui.llm.prompt import Message, Turn
from tests.llm.inference.cached import agrees, answer, some_ids
from tests.llm.small_models import small_model
from tests.tiny_models import CHATML, make_tiny, tiny_hybrid, tiny_tokenizer

INVITES = CHATML.replace("'<|im_start|>assistant\n'", "'<|im_start|>assistant\n<think>\n'")
"""What invites the answer is not repeated in front of one that was given."""

MOVES = (
    "{% for m in messages if m['role'] != 'system' %}{{ '<|im_start|>' + m['role'] + '\n' }}"
    "{% if loop.last %}{{ messages[0]['content'] + '\n' }}{% endif %}"
    "{{ m['content'] + '<|im_end|>\n' }}{% endfor %}{{ '<|im_start|>assistant\n' }}"
)
"""The system text stands in front of the latest question only."""

ONCE = "{% if messages | length > 2 %}{{ raise_exception('one question only') }}{% endif %}" + CHATML

MESSAGES: list[Message] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is this?"},
]


def rendered(template: str, *added: str) -> tuple[str, str]:
    """A prompt up to where the next turn leaves it, and the rest of it."""
    tokenizer = tiny_tokenizer("llama", 2048)
    tokenizer.add_tokens([*added])
    tokenizer.chat_template = template
    chat = ChatTokenizer(tokenizer, 2048)
    ids = chat.render(MESSAGES)
    at = chat.parting(MESSAGES, ids)
    return tokenizer.decode(ids[:at]), tokenizer.decode(ids[at:])


def test_a_prompt_that_is_only_added_to_is_left_at_its_end() -> None:
    before, after = rendered(CHATML)

    assert before.endswith("What is this?<|im_end|>\n<|im_start|>assistant\n")
    assert after == ""


def test_a_prompt_whose_last_token_an_answer_may_change_is_left_in_front_of_it() -> None:
    """An answer that begins with an empty line."""
    before, after = rendered(CHATML, "\n\n\n")

    assert before.endswith("<|im_start|>assistant")
    assert after == "\n"


def test_an_invitation_that_is_not_repeated_lies_behind_the_parting() -> None:
    before, after = rendered(INVITES)

    assert before.endswith("<|im_start|>assistant\n")
    assert after == "<think>\n"


def test_what_moves_on_with_the_latest_question_is_left_in_front_of_it() -> None:
    tokenizer = tiny_tokenizer("llama", 2048)
    tokenizer.chat_template = MOVES
    chat = ChatTokenizer(tokenizer, 2048)
    ids = tokenizer.apply_chat_template(MESSAGES, return_dict=False)

    assert chat.behaviour().takes_system is False  # so the prompt that is read does not have it
    assert tokenizer.decode(ids[: chat.parting(MESSAGES, ids)]).startswith("<|im_start|>user\nBe")


def test_a_template_for_one_question_has_no_next_turn() -> None:
    before, _ = rendered(ONCE)

    assert before == ""


# Four questions of one conversation, one after the other


def write_llama(folder: Path) -> Any:
    make_tiny(folder, "llama")
    return tiny_tokenizer("llama", 2048)


def write_gemma(folder: Path) -> Any:
    make_tiny(folder, "gemma3", layers=4)
    return tiny_tokenizer("gemma3", 2048)


def write_hybrid(folder: Path) -> Any:
    tokenizer = tiny_tokenizer("llama", 4096)
    tiny_hybrid(tokenizer).save_pretrained(folder)
    return tokenizer


def write_states(folder: Path) -> Any:
    """All it has read is in states of one size, and none knows how much that was."""
    tokenizer = tiny_tokenizer("llama", 4096)
    small_model("mamba2").save_pretrained(folder)
    return tokenizer


KINDS: dict[str, Callable[[Path], Any]] = {
    "full": write_llama,
    "sliding": write_gemma,
    "hybrid": write_hybrid,
    "states": write_states,
}

FILE = ContextItem("".join(f"def f{n}(a):\n    return a + {n}\n" for n in range(20)), "a.py", "python")
ANSWER = "It adds a number to what it is given."


@pytest.mark.parametrize("template", [CHATML, INVITES], ids=["adds", "invites"])
@pytest.mark.parametrize("kind", KINDS)
def test_four_questions_that_wait_for_each_other_read_the_same_each(
    kind: str, template: str, tmp_path: Path
) -> None:
    """Nothing is read ahead between them, and what was thought is not said again."""
    tokenizer = KINDS[kind](tmp_path)
    tokenizer.chat_template = template
    tokenizer.save_pretrained(tmp_path)
    llm = LocalLLM(str(tmp_path), device="cpu", max_tokens=90, temperature=0.0, reserve=64, cache_gb=0.2)
    history: list[Turn] = []
    read = []
    for number in range(5):
        fields = {"question": f"What does f{number} do?"}
        context = () if history else (FILE,)
        asked = llm.run_task("answer_question", context=context, history=history, fields=fields)
        with contextlib.suppress(NoAnswer):  # noise never ends its thinking
            str(asked)
        assert asked.usage.prompt_tokens is not None and asked.usage.reused_tokens is not None
        read.append(asked.usage.prompt_tokens - asked.usage.reused_tokens)
        history.append(Turn(ANSWER, fields=fields, context=context))
    llm.close()

    assert max(read[1:]) - min(read[1:]) <= 1
    assert read[1] < read[0] / 3


def test_the_next_turn_is_answered_as_without_a_cache(generator: Generator) -> None:
    generator.prefixes.clear()
    said = some_ids(60, 90)
    for turn in range(3):
        prompt = [*said, *some_ids(61 + turn, 9), 5, 6, 7]
        written, reused = answer(generator, prompt, tokens=12, parting=len(prompt) - 3)
        agrees(generator, prompt, written)
        assert reused == (len(said) - 20 if turn else 0)
        said = [*prompt[:-3], *some_ids(71 + turn, 20)]  # what was said of what was written


def test_a_conversation_that_goes_on_is_not_copied(generator: Generator) -> None:
    """What was written is said otherwise in the next turn, and nobody comes back to it."""
    generator.prefixes.clear()
    said = some_ids(80, 200)
    answer(generator, [*said, 5, 6], tokens=WORTH_COPYING + 20, cut=120, parting=len(said))

    answer(generator, [*said, 7, 8, 9], parting=len(said))
    assert len(generator.prefixes._prompts) == 1


def test_another_conversation_over_the_same_files_leaves_the_first_one_whole(generator: Generator) -> None:
    generator.prefixes.clear()
    said = some_ids(81, 200)
    first = [*said, 5, 6]
    written, _ = answer(generator, first, tokens=WORTH_COPYING + 20, cut=120, parting=len(said))

    answer(generator, [*said[:120], *some_ids(82, 30)], cut=120)
    assert generator.prefixes.reusable([*first, *written, 9]) >= len(first)


def test_the_same_question_again_reads_little_where_its_turn_will_be_left_early(generator: Generator) -> None:
    generator.prefixes.clear()
    ids = some_ids(83, 300)
    answer(generator, ids, parting=20)

    _, reused = answer(generator, ids, parting=20)
    assert reused == len(ids) - 1
    _, reused = answer(generator, [*ids[:20], *some_ids(84, 40)], parting=20)
    assert reused == 20 or reused == 0  # from its beginning, where that is shorter than what it would lose


def test_a_template_that_is_known_to_take_one_question_is_not_asked_for_the_next(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert rendered(ONCE)[0] == ""
    assert not [record for record in caplog.records if record.exc_info]


LONGER = ContextItem("".join(f"def f{n}(a):\n    return a + {n}\n" for n in range(50)), "a.py", "python")


def test_a_fork_reads_only_what_is_new_and_the_longer_branch_is_still_there(tmp_path: Path) -> None:
    write_llama(tmp_path).save_pretrained(tmp_path)
    llm = LocalLLM(str(tmp_path), device="cpu", max_tokens=90, temperature=0.0, reserve=64, cache_gb=0.2)
    history: list[Turn] = []

    def read(before: list[Turn], question: str) -> int:
        """Tokens of the prompt that are read when this is asked behind those turns."""
        context = () if before else (LONGER,)
        fields = {"question": question}
        asked = llm.run_task("answer_question", context=context, history=before, fields=fields)
        with contextlib.suppress(NoAnswer):
            str(asked)
        assert asked.usage.prompt_tokens is not None and asked.usage.reused_tokens is not None
        return asked.usage.prompt_tokens - asked.usage.reused_tokens

    fresh = read(history, "What does f0 do?")
    for number in range(6):
        context = () if history else (LONGER,)
        history.append(Turn(ANSWER, fields={"question": f"What does f{number} do?"}, context=context))
        usual = read(history, f"What does f{number + 1} do?")
    assert read(history[:2], "What does f2 do once more?") <= usual + 8 < fresh / 12
    assert read(history[:2], "What does f2 do once more?") <= 2, "a retry reads nothing but the end"
    assert read(history, "What does f7 do?") <= usual, "what lay behind the fork is not read again"
    llm.close()
