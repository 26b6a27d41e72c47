"""An answer that is whole is parted as one that comes in pieces; one about thinking stays as it is."""

from __future__ import annotations

import pytest

from docstra_tui.llm.messages import as_messages
from docstra_tui.llm.thinking.whole import parted, without_thinking


@pytest.mark.parametrize(
    ("answer", "is_whole", "thought", "rest"),
    [
        ("Twice.", True, "", "Twice."),
        ("\n<thinking>Hm</thinking>Twice.", True, "Hm", "Twice."),
        ("<think>\n\n</think>\n\nTwice.", True, "", "Twice."),
        ("<think>Hm</think>a</think>b", True, "Hm", "a</think>b"),
        ("<seed:think>Hm</seed:think>Twice.", True, "Hm", "Twice."),
        ("<think>\nHm", False, "Hm", ""),
        ("<think>\nHm", True, "", "<think>\nHm"),
        ("The end is `</think>` here.\nSo.", True, "", "The end is `</think>` here.\nSo."),
        ("```\n<think>\n</think>\n```", True, "", "```\n<think>\n</think>\n```"),
        ("```\n</think>\n```\nends it", True, "", "```\n</think>\n```\nends it"),
        ("```\na\n```\nso\n</think>\n\nTwice.", True, "```\na\n```\nso", "Twice."),
    ],
)
def test_where_an_old_answer_began(answer: str, is_whole: bool, thought: str, rest: str) -> None:
    assert parted(answer, is_whole=is_whole) == (thought, rest)


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        ("<think>\nHm.\n</think>\n\nTwice.", "Twice."),
        ("\n<reasoning>Hm</reasoning>Twice.", "Twice."),
        ("<think>Hm</think>", ""),
        ("<think> is a tag.", "<think> is a tag."),
        ("It is\n</think>\nTwice.", "It is\n</think>\nTwice."),
        ("Write <think>a</think>.", "Write <think>a</think>."),
    ],
)
def test_what_was_thought_is_not_sent_back(answer: str, sent: str) -> None:
    assert without_thinking(answer) == sent
    prompt = [
        {"role": "user", "content": answer},
        {"role": "assistant", "content": answer},
        {"role": "user", "content": "And?"},
    ]
    assert [message["content"] for message in as_messages(prompt)] == [answer, sent, "And?"]
