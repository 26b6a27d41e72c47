"""Minimal chat templates, one for each way in which real ones behave."""

from __future__ import annotations

TURN = "{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}"
ASK = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
CHATML = f"{{% for m in messages %}}{TURN}{{% endfor %}}{ASK}"

TEMPLATES: dict[str, str | dict[str, str]] = {
    "plain": CHATML,
}
