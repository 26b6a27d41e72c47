"""How long until the first token: fresh, read ahead, the second question, a file added.

Three files of real source, whose tokens the report counts: once through our engine and its client, once
through a plain `model.generate`, once through `transformers serve`, all in one run and each from its own
process. For a sliding-window and a hybrid model the same as a count: tokens that go through the model again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bare import Bare
from benchmarks.peer import transformers_serve
from benchmarks.prefilled import prefilled_again
from benchmarks.report import Report, median
from benchmarks.running import running_engine, starter_folder
from docstra_tui.context.files.reader import read_item
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import Turn
from docstra_tui.llm.remote import RemoteLLM

ROOT = Path(__file__).resolve().parent.parent
FILES = ("docstra_tui/llm/items.py", "docstra_tui/llm/answer.py", "docstra_tui/errors.py")
ADDED = "docstra_tui/paths.py"
AHEAD_SECONDS = 10.0
"""Between ticking the files and asking."""
ROUNDS = 3
QUESTIONS = ("What does this code do?", "Which errors can it raise?")


def context(mark: str) -> list[ContextItem]:
    """The files, with a first line of their own in each round, so that nothing is known before."""
    items = [read_item(ROOT, path) for path in FILES]
    return [ContextItem(f"# {mark}\n{item.content}", item.path, item.language) for item in items]


def first_token(llm: BaseLLM, question: str, items: list[ContextItem], turns: list[Turn]) -> float:
    """Seconds from asking to the first piece; the answer is cut short there."""
    asked = llm.prompt_builder.conversation("answer_question", items, turns, question=question)
    start = time.monotonic()
    stream = llm.stream(asked.messages, max_tokens=8, temperature=0.0, stable=asked.stable)
    next(stream)
    seconds = time.monotonic() - start
    for _ in stream:
        pass
    turns.append(Turn(stream.text, fields={"question": question}, context=tuple(items)))
    return seconds


def ours(llm: BaseLLM, round_: int) -> dict[str, float]:
    """One conversation through the engine."""
    items, turns = context(f"round {round_}"), list[Turn]()
    fresh = first_token(llm, QUESTIONS[0], items, turns)
    second = first_token(llm, QUESTIONS[1], items, turns)
    added = first_token(llm, "And this file?", [*items, read_item(ROOT, ADDED)], turns)
    ticked = context(f"ticked {round_}")
    ahead = llm.prompt_builder.conversation("answer_question", ticked, question="")
    began = time.monotonic()
    llm.warm(ahead.messages, ahead.stable)
    time.sleep(max(0.0, AHEAD_SECONDS - (time.monotonic() - began)))
    return {
        "fresh": fresh,
        "second": second,
        "added": added,
        "ticked": first_token(llm, QUESTIONS[0], ticked, []),
    }


@contextmanager
def peer() -> Iterator[RemoteLLM]:
    """`transformers serve` with the same model."""
    with transformers_serve() as url:
        llm = RemoteLLM(url, starter_folder(), max_tokens=8, temperature=0.0)
        yield llm
        llm.close()


def main() -> None:
    """Print the ratios."""
    report = Report(f"first token, median of {ROUNDS} rounds")
    bare = Bare(starter_folder())
    with running_engine() as backend, peer() as served:
        llm = backend.llm
        prompt = llm.prompt_builder.messages("answer_question", context("x"), question=QUESTIONS[0])
        tokens = llm.count_tokens(prompt)
        for warm_up in (llm, served):
            str(warm_up.stream("hello", max_tokens=2))
        rounds, plain, fresh_peer, second_peer = [], [], [], []
        for number in range(ROUNDS):
            rounds.append(ours(llm, number))
            plain.append(bare.generate(prompt, 1)["seconds"])
            turns: list[Turn] = []
            items = context(f"peer {number}")
            fresh_peer.append(first_token(served, QUESTIONS[0], items, turns))
            second_peer.append(first_token(served, QUESTIONS[1], items, turns))
    bare.close()

    def over_fresh(name: str) -> float:
        return median([row[name] / row["fresh"] for row in rounds])

    report.add("prompt_tokens", tokens, "tokens of the first prompt")
    report.add("fresh_s", median([row["fresh"] for row in rounds]), "s, first question, fresh")
    report.add("plain_s", median(plain), "s, plain model.generate")
    report.add("second_s", median([row["second"] for row in rounds]), "s, second question")
    report.add("ticked_s", median([row["ticked"] for row in rounds]), "s, first question, ticked 10 s before")
    report.add("peer_second_s", median(second_peer), "s, second question, transformers serve")
    report.add("second_over_fresh", over_fresh("second"), "second over fresh", "≤ 1/12 = 0.083")
    report.add("ticked_over_fresh", over_fresh("ticked"), "ticked ahead over fresh", "≤ 1/12 = 0.083")
    report.add("added_file_over_fresh", over_fresh("added"), "a file added over fresh")
    report.add(
        "fresh_over_plain",
        median([row["fresh"] / seconds for row, seconds in zip(rounds, plain, strict=True)]),
        "fresh over plain generate",
    )
    report.add(
        "peer_second_over_fresh",
        median([second / fresh for second, fresh in zip(second_peer, fresh_peer, strict=True)]),
        "transformers serve: second over its own fresh",
    )
    for kind, (fresh, again) in prefilled_again().items():
        report.add(
            f"{kind}_prefilled_over_fresh", again / fresh, f"{kind}: {again} of {fresh} tokens read again"
        )
    report.end()


if __name__ == "__main__":
    main()
