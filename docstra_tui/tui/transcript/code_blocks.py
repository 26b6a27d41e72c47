"""The code in a block, as the model wrote it."""

from __future__ import annotations

from docstra_tui.tui.transcript.leaves import Block, Verbatim


def code_of(block: Block, answer: str) -> str:
    """The code of a fence without its signs, or that in a list item or quote; empty where there is none."""
    if block.kind == "code" and answer[block.start : block.end].lstrip(" ")[:3] in ("```", "~~~"):
        lines = answer[block.start : block.end].removesuffix("\n").split("\n")
        signs = lines[0].strip(" ")[:3]
        last = lines[-1].strip()
        is_closed = (
            len(lines) > 1 and not block.is_open and last.startswith(signs) and not last.strip(signs[0])
        )
        return "\n".join(lines[1:-1] if is_closed else lines[1:])
    codes = [
        "\n".join(leaf.lines.lines) for leaf in block.leaves if isinstance(leaf, Verbatim) and leaf.is_code
    ]
    return "\n\n".join(codes)
