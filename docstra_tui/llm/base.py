"""What every model has beside its tasks: `LocalLLM` (a model in this process) and `RemoteLLM` (a server on a
socket) differ only in that.

Needs no torch.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from docstra_tui.llm.keeping import KvCache
from docstra_tui.llm.measure import Measure
from docstra_tui.llm.messages import Prompt, as_messages
from docstra_tui.llm.prompt import Message, PromptBuilder
from docstra_tui.llm.tasks import Tasks
from docstra_tui.llm.thinking import wish
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.llm.written import Written


class BaseLLM(Tasks):
    """A language model that documents, explains and answers.

    Every task returns the answer as `str`, or with `stream=True` an `AnswerStream` at once.
    """

    def __init__(
        self,
        model_name: str,
        *,
        max_tokens: int = 2000,
        temperature: float = 0.7,
        prompt_builder: PromptBuilder | None = None,
        think: Think = "auto",
    ) -> None:
        if temperature < 0:
            raise ValueError(f"temperature is {temperature}; it cannot be below 0 (0 is greedy)")
        if max_tokens < 1:
            raise ValueError(f"max_tokens is {max_tokens}; it must be at least 1")
        self.model_name = model_name
        self.max_tokens = max_tokens
        """The longest answer, in tokens."""
        self.temperature = temperature
        """0.0 means greedy."""
        self.think: Think = wish.parse(think)
        """How much to think where a question does not say; counting and reading ahead go by it."""
        self.kv_cache: KvCache = "full"
        """How exactly what is read is kept, where it is up to us; counting and reading ahead go by it."""
        self.prompt_builder = prompt_builder or PromptBuilder()

    def __repr__(self) -> str:
        facts = "".join(f", {name}={value!r}" for name, value in self._facts().items())
        return f"{type(self).__name__}({self.model_name!r}{facts})"

    def _facts(self) -> dict[str, object]:
        """What is known of the model without asking anybody, for `repr`. Never a key."""
        return {}

    def compacted(self, compact: bool | None = None) -> bool:
        """Whether what is read is kept in 8 bits; None is this model's own setting."""
        return self.kv_cache == "int8" if compact is None else compact

    def wished(self, think: Think | None) -> Think:
        """How much to think for a question that says `think`. Raises `ValueError`."""
        return wish.parse(self.think if think is None else think)

    # The verbs

    @abstractmethod
    def count_tokens(self, prompt: Prompt) -> int:
        """Tokens of the rendered prompt. Exact, unless `counts_exactly` is False."""

    def measure(self, prompt: Prompt) -> Measure:
        """`count_tokens`, and how much of the prompt would not have to be read again."""
        return Measure(self.count_tokens(prompt), None)

    def admitted(self, prompt: Prompt) -> list[Message]:
        """The prompt's messages, where nothing keeps them from being sent as they are; nothing is sent.

        Raises what keeps them. A model on this machine takes everything.
        """
        return as_messages(prompt)

    def look_at(self, written: Written) -> None:
        """Raises `NotAllowed` where this cannot be gone on with. May ask the server."""

    def count_each(self, prompts: Sequence[Prompt]) -> list[Measure]:
        """Measures of several prompts that have nothing to do with each other, in one go where that is
        possible. What is cached is not told."""
        return [Measure(measured.tokens, None, measured.is_least) for measured in map(self.measure, prompts)]

    def warm(self, prompt: Prompt, stable: int) -> Measure:
        """Read a prompt ahead of its question, up to `stable` characters of its last message.

        Blocks until that is done, or until a newer call or a real question takes its place; what was
        read is kept. A model without a cache of its own does nothing.
        """
        return Measure(0, None)

    def wake(self) -> None:
        """A question is about to come: a model that made room for others comes back meanwhile."""

    def show_prompt(self, prompt: Prompt) -> tuple[str, str] | None:
        """The prompt exactly as the model reads it: the part that is cached, and the part that is new.
        None where nobody can tell."""
        return None

    @property
    def server(self) -> str:
        """The other server that answers, by its host and port; empty for a model or an engine of our own."""
        return ""

    @property
    def is_loading(self) -> bool:
        """True while the other server says to a question that it still loads its model."""
        return False

    @property
    @abstractmethod
    def window(self) -> int | None:
        """The model's context window in tokens; None when unknown."""

    @property
    def counts_exactly(self) -> bool:
        """False when `count_tokens` is an estimate, shown with `≈` and never used to refuse."""
        return True

    @property
    def can_switch_thinking(self) -> bool | None:
        """Whether the model thinks more or less where that is wished; None where nobody knows."""
        return None

    @property
    def think_note(self) -> str:
        """Why it cannot, or what switching costs, in a sentence; empty where there is nothing to say."""
        return ""

    @abstractmethod
    def close(self) -> None:
        """Give back what the model holds. Harmless when called twice."""
