"""Streamed decode against a bare `model.generate`: does anybody pay for watching?

Each pair runs the same greedy answer through the bare model and through the engine (its process, its
socket, our client), one after the other; the ratio is tokens a second, ours over bare. The short
prompt keeps reading out of the figure: both are timed from the second half of the work on, as the
difference of a long and a one-token answer.
"""

from __future__ import annotations

from benchmarks.bare import Bare
from benchmarks.report import Report, interleaved, median_ratio
from benchmarks.running import starter_engine, starter_folder
from docstra_tui.llm.prompt import Message

MESSAGES: list[Message] = [
    {"role": "user", "content": "Write a long story about a lighthouse keeper and the sea."}
]
TOKENS = 160
PAIRS = 5


def main() -> None:
    """Print the ratio."""
    report = Report(f"streamed decode, {TOKENS} tokens, median of {PAIRS} interleaved pairs")
    bare = Bare(starter_folder())
    with starter_engine() as llm:

        def ours() -> float:
            stream = llm.stream(MESSAGES, max_tokens=TOKENS, temperature=0.0)
            text = str(stream)
            assert text and stream.tokens_per_s
            return stream.tokens_per_s

        def plain() -> float:
            one = bare.generate(MESSAGES, 1)["seconds"]
            whole = bare.generate(MESSAGES, TOKENS)
            return float((whole["completion_tokens"] - 1) / (whole["seconds"] - one))

        ours(), plain()  # warm-up
        pairs = interleaved(ours, plain, PAIRS)
    bare.close()
    report.add("ours_tokens_per_s", sorted(pair[0] for pair in pairs)[PAIRS // 2], "tokens/s, engine")
    report.add("bare_tokens_per_s", sorted(pair[1] for pair in pairs)[PAIRS // 2], "tokens/s, bare generate")
    report.add("decode_ratio", median_ratio(pairs), "ours over bare", "≥ 0.97")
    report.end()


if __name__ == "__main__":
    main()
