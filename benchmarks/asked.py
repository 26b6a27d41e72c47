"""Prompts of so many tokens about this project's own code, each with a beginning of its own."""

from __future__ import annotations

from pathlib import Path

from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import Conversation, Turn

ROOT = Path(__file__).resolve().parent.parent / "docstra_tui"
STORY = "Write a long story about a lighthouse keeper and the sea."
FIRST, SECOND = "What does this code do? Explain it in detail.", "Which errors can it raise?"
AGAIN = "Write this file out again from its first line to its last, unchanged."
FUNCTION = '''
def {name}_of(path: Path, *, limit: int = {limit}) -> list[str]:
    """The {name} of a file, at most `limit` of them."""
    found: list[str] = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if "{name}" in line:
                found.append(f"{{number}}: {{line.strip()}}")
            if len(found) == limit:
                break
    return found
'''
NAMES = ("lines", "words", "marks", "names", "notes", "parts", "rows", "signs", "terms", "units")


class Asked:
    """Writes the questions of one run for one model."""

    def __init__(self, llm: BaseLLM) -> None:
        self._llm = llm
        self._lines = [line for path in sorted(ROOT.rglob("*.py")) for line in path.read_text().splitlines()]
        self._count: dict[int, int] = {}

    def story(self, mark: str) -> Conversation:
        """A few dozen tokens, and nothing to quote."""
        return self._question(f"{mark}: {STORY}", ())

    def files(self, mark: str, tokens: int) -> tuple[Conversation, list[ContextItem]]:
        """A question about so many tokens of code, and that code."""
        items = self._items(mark, self._lines_of(tokens))
        return self._question(FIRST, items), items

    def second(self, items: list[ContextItem], answer: str) -> Conversation:
        """The next question of the same conversation."""
        turn = Turn(answer, fields={"question": FIRST}, context=tuple(items))
        builder = self._llm.prompt_builder
        return builder.conversation("answer_question", items, [turn], question=SECOND)

    def quoting(self, mark: str) -> Conversation:
        """Its answer is what was given."""
        code = "".join(FUNCTION.format(name=name, limit=len(name) * 7) for name in NAMES[:4])
        return self._question(AGAIN, (ContextItem(f"# {mark}\n{code}", "found.py", "python"),))

    def documents(self, mark: str, count: int) -> list[Conversation]:
        """Files to be documented, each by itself."""
        builder = self._llm.prompt_builder
        codes = [FUNCTION.format(name=NAMES[at % len(NAMES)], limit=at + 10) for at in range(count)]
        return [
            builder.conversation(
                "document_code",
                code=f"# {mark} {at}\n{code * 2}",
                language="python",
                additional_context="",
            )
            for at, code in enumerate(codes)
        ]

    def _question(self, question: str, items: tuple[ContextItem, ...] | list[ContextItem]) -> Conversation:
        return self._llm.prompt_builder.conversation("answer_question", items, question=question)

    def _items(self, mark: str, lines: int) -> list[ContextItem]:
        return [ContextItem("\n".join([f"# {mark}", *self._lines[:lines]]), "all.py", "python")]

    def _lines_of(self, tokens: int) -> int:
        """How many lines make a prompt of at most so many tokens."""
        if tokens not in self._count:
            low, high = 0, min(tokens, len(self._lines))  # a line is more than a token
            while high - low > 1:
                middle = (low + high) // 2
                asked = self._question(FIRST, self._items("round 0 of somebody", middle))
                if self._llm.count_tokens(asked.messages) <= tokens:
                    low = middle
                else:
                    high = middle
            self._count[tokens] = low
        return self._count[tokens]
