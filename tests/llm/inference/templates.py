"""Minimal chat templates, one for each way in which real ones behave."""

from __future__ import annotations

from tests.tiny_models import CHATML

TURN = (
    "{{ '<|im_start|>' + message['role'] + '\n' + %s + '<|im_end|>\n' }}"  # with what stands for its content
)
EACH = "{%% for message in messages %%}%s{%% endfor %%}"
BEGIN = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
END = "{% endif %}"


def template(content: str = "message['content']", invitation: str = "") -> str:
    """ChatML in which `content` stands for what a message says, and `invitation` behind the last header."""
    return EACH % (TURN % content) + BEGIN + invitation + END


OPENS = template(invitation="{{ '<think>\n' }}")
"""The model is made to think; where it did before is not repeated (R1, MiniMax)."""

SWITCHED = template(
    invitation="{% if enable_thinking is defined and enable_thinking is false %}"
    "{{ '<think>\n\n</think>\n\n' }}{% else %}{{ '<think>\n' }}{% endif %}"
)
"""Thinks unless it is told not to (Qwen 3.5)."""

SWITCHED_ON = template(invitation="{% if thinking %}{{ '<think>' }}{% else %}{{ '</think>' }}{% endif %}")
"""Thinks only where it is told to (DeepSeek V3.1)."""

SWITCHED_BEFORE_FILES = (
    "{{ '<|im_start|>system\nReasoning: ' + ('off' if enable_thinking is false else 'on') + '\n' }}"
    "{% if messages[0]['role'] == 'system' %}{{ messages[0]['content'] }}{% endif %}{{ '<|im_end|>\n' }}"
    "{% for message in messages %}{% if message['role'] != 'system' %}"
    + TURN % "message['content']"
    + "{% endif %}{% endfor %}"
    + BEGIN
    + END
)
"""Says in front of everything whether to think (SmolLM 3)."""

SWITCHED_IN_ANSWERS = (
    "{% for message in messages %}{% set content = message['content'] %}"
    "{% if message['role'] == 'assistant' and enable_thinking %}"
    "{% set content = '<think></think>' + content %}{% endif %}"
    + TURN % "content"
    + "{% endfor %}"
    + BEGIN
    + END
)
"""Writes earlier answers otherwise where thinking is on (Laguna)."""

EFFORT = (
    "{% if reasoning_effort is not defined %}{% set reasoning_effort = 'no_think' %}{% endif %}"
    "{% if reasoning_effort not in ['no_think', 'low', 'high'] %}"
    "{{ raise_exception('unknown effort') }}{% endif %}"
    + template(invitation="{% if reasoning_effort == 'no_think' %}{{ '<think></think>' }}{% endif %}")
)
"""Takes words that it checks (Hunyuan)."""

EFFORT_WRITTEN = "{{ 'Reasoning: ' + reasoning_effort | default('medium') + '\n' }}" + template()
"""Writes whatever effort it is given, and cannot be kept from thinking (gpt-oss)."""

BUDGET = "{% if thinking_budget is not defined %}{% set thinking_budget = -1 %}{% endif %}" + template(
    invitation="{% if thinking_budget == 0 %}{{ '<seed:think></seed:think>' }}{% endif %}"
)
"""Takes a number (Seed-OSS)."""

WORD = (
    "{% set ns = namespace(thinks=true) %}{% for message in messages %}"
    "{% if '/no_think' in message['content'] %}{% set ns.thinks = false %}{% endif %}{% endfor %}"
    + template(
        "message['content'].replace('/no_think', '').replace('/think', '').strip()",
        "{{ '<think>\n' if ns.thinks else '<think></think>' }}",
    )
)
"""Is switched by words in what is said, and cuts them out wherever they stand (Nemotron Nano 2)."""

CUTS_THINKING = (
    "{% for message in messages %}{% set content = message['content'] %}"
    "{% if message['role'] == 'assistant' and '</think>' in content %}"
    "{% set content = content.split('</think>')[-1] %}{% endif %}"
    + TURN % "content"
    + "{% endfor %}"
    + BEGIN
    + END
)
"""Takes what stands before a closing tag out of earlier answers (Qwen 3, DeepSeek R1)."""

REFUSES_MARKS = (
    "{% for message in messages %}{% if '<|channel|>' in message['content'] %}"
    "{{ raise_exception('no channels here') }}{% endif %}"
    + TURN % "message['content']"
    + "{% endfor %}"
    + BEGIN
    + END
)
"""Raises where a message has its own marks in it (gpt-oss)."""

NO_BLANK_LINES = template("message['content'].replace('\n\n', '\n')")
"""Falcon."""

TRIMS = template("message['content'] | trim")
"""Llama 3."""

PARTS_ONLY = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}"
    "{{ '<|im_end|>\n' }}{% endfor %}" + BEGIN + END
)
"""Some multimodal ones."""

DATED = "{{ '<|im_start|>system\nToday is ' + strftime_now('%Y-%m-%d') + '<|im_end|>\n' }}" + CHATML
"""Llama 3.2, gpt-oss."""

ALTERNATES = (
    "{% for message in messages | rejectattr('role', 'equalto', 'system') %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}{% endfor %}" + CHATML
)

SYSTEM_MOVES = (
    "{% for message in messages %}{% if message['role'] != 'system' %}"
    "{% if loop.last and messages[0]['role'] == 'system' %}{{ messages[0]['content'] + '\n' }}{% endif %}"
    "{{ '[' + message['role'] + ']' + message['content'] }}{% endif %}{% endfor %}"
)
"""As some Mistral templates do: the system text stands before the last question, wherever that is."""

SYSTEM_IS_LEFT_OUT = (
    "{% for message in messages %}{% if message['role'] != 'system' %}"
    "{{ '[' + message['role'] + ']' + message['content'] }}{% endif %}{% endfor %}"
)

ENDS_THINKING_ALIKE = (
    "{% for message in messages %}{% if message['reasoning_content'] %}"
    "{{ '<|im_start|>thought\n' + message['reasoning_content'] + '<|im_end|>' }}{% endif %}"
    + TURN % "message['content']"
    + "{% endfor %}"
    + BEGIN
    + END
)
"""One mark ends thinking and answer (gpt-oss, Solar)."""

SECRET_CUT = template("message['content'].replace('/' ~ 'magic', '')")
"""Cuts out a word that stands nowhere in it."""

CUTS_PAIRS = (
    "{% for message in messages %}{% set content = message['content'] %}"
    "{% if message['role'] == 'assistant' and '<think>' in content and '</think>' in content %}"
    "{% set content = content.split('</think>')[-1] %}{% endif %}"
    + TURN % "content"
    + "{% endfor %}"
    + BEGIN
    + END
)
"""Cuts where both marks stand (Nemotron 3)."""

CUTS_EARLIER = (
    "{% for message in messages %}{% set content = message['content'] %}"
    "{% if message['role'] == 'assistant' and loop.index < loop.length - 1 %}"
    "{% set content = content.split('</think>')[-1] %}{% endif %}"
    + TURN % "content"
    + "{% endfor %}"
    + BEGIN
    + END
)
"""Leaves the last answer as it is (LFM 2.5)."""

CUTS_WHEN_ON = (
    "{% for message in messages %}{% set content = message['content'] %}"
    "{% if message['role'] == 'assistant' and enable_thinking %}"
    "{% set content = content.split('</think>')[-1] %}{% endif %}"
    + TURN % "content"
    + "{% endfor %}"
    + BEGIN
    + "{{ '<think>' if enable_thinking }}"
    + END
)
"""Only where thinking is switched on (Bielik)."""

CUTS_AND_WRITES = (
    "{% for message in messages %}{% set content = message['content'] %}"
    "{% if message['role'] == 'assistant' %}{{ '<think></think>' }}{% if '</think>' in content %}"
    "{% set content = content.split('</think>', 1)[1] %}{% endif %}{{ content }}"
    "{% else %}" + TURN % "content" + "{% endif %}{% endfor %}" + BEGIN + END
)
"""Writes the same mark in front that it cut off (DeepSeek V3.1)."""
