"""Minimal chat templates, one for each way in which real ones behave.

Those with other marks than `<think>` are here, the others are those of the tests.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.llm.inference import templates as minimal
from tests.tiny_models import CHATML, NO_SYSTEM_ROLE

CHANNELS = (
    "{% for m in messages %}{% if m['role'] == 'assistant' %}"
    "{{ '<|start|>assistant<|channel|>final<|message|>' + m['content'] + '<|end|>' }}{% else %}"
    "{{ '<|start|>' + m['role'] + '<|message|>' + m['content'] + '<|end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start|>assistant' }}{% endif %}"
    "{# '<|channel|>analysis' goes before it #}"
)
"""Thinking and answer are messages of their own (gpt-oss)."""

WORDED_CHANNEL = (
    "{% for m in messages %}{{ '<|turn>' + m['role'] + '\n' + m['content'] + '<turn|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|turn>assistant\n' }}"
    "{% if enable_thinking is defined and not enable_thinking %}"
    "{{ '<|channel>thought\n<channel|>' }}{% endif %}{% endif %}"
)
"""Thinking is a word and a line (Gemma 4)."""


def brackets(opens: str, closes: str, invites: str = "") -> str:
    """A template whose model thinks between these; what it thought is sent back where it is given."""
    return (
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}"
        "{% if m['reasoning_content'] %}"
        f"{{{{ '{opens}' + m['reasoning_content'] + '{closes}' }}}}{{% endif %}}"
        "{{ m['content'] + '<|im_end|>\n' }}{% endfor %}"
        f"{{% if add_generation_prompt %}}{{{{ '<|im_start|>assistant\n{invites}' }}}}{{% endif %}}"
    )


SENDS_THINKING_BACK = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}"
    "{% if m['role'] == 'assistant' %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
    "{{ m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""Earlier answers have a block of thinking in front, an empty one where none is given."""

ONE_QUESTION = CHATML + "{% if messages | length > 2 %}{{ raise_exception('one question only') }}{% endif %}"

TEMPLATES: Mapping[str, str | dict[str, str]] = {
    "plain": CHATML,
    "system refused": NO_SYSTEM_ROLE,
    "system dropped": minimal.SYSTEM_IS_LEFT_OUT,
    "system moves to the last question": minimal.SYSTEM_MOVES,
    "fails at the second question": ONE_QUESTION,
    "roles alternate": minimal.ALTERNATES,
    "prompt opens thinking": minimal.OPENS,
    "prompt opens or closes it, not repeated": minimal.SWITCHED,
    "closed unless switched on": minimal.SWITCHED_ON,
    "switch before the files": minimal.SWITCHED_BEFORE_FILES,
    "switch in earlier answers": minimal.SWITCHED_IN_ANSWERS,
    "effort, checked": minimal.EFFORT,
    "effort, written": minimal.EFFORT_WRITTEN,
    "budget of thinking": minimal.BUDGET,
    "marks: channels": CHANNELS,
    "marks: a channel and a word": WORDED_CHANNEL,
    "marks: [THINK]": brackets("[THINK]", "[/THINK]"),
    "marks: START_THINKING": brackets("<|START_THINKING|>", "<|END_THINKING|>", "<|START_THINKING|>"),
    "marks: seed:think": brackets("<seed:think>", "</seed:think>"),
    "marks: reasoning": brackets("<reasoning>", "</reasoning>"),
    "earlier thinking sent back": SENDS_THINKING_BACK,
    "earlier answers cut at a closing tag": minimal.CUTS_THINKING,
    "words in user text are commands": minimal.WORD,
    "raises at its own marks": minimal.REFUSES_MARKS,
    "blank lines vanish": minimal.NO_BLANK_LINES,
    "both ends trimmed": minimal.TRIMS,
    "content parts only": minimal.PARTS_ONLY,
    "date before the files": minimal.DATED,
    "several names, no default": {"tool_use": CHATML, "rag": CHATML},
    "several names and a default": {"tool_use": ONE_QUESTION, "default": CHATML},
}
