"""The code in a block, as the model wrote it."""

from __future__ import annotations

from dataclasses import dataclass

from docstra_tui.tui.transcript.blocks.drawing import draw_leaf
from docstra_tui.tui.transcript.blocks.leaves import Block, Verbatim


@dataclass(frozen=True)
class Code:
    """Code in a block: a fence, also one of several in a list item or quote."""

    text: str
    """As it was written, without its signs and what stands before each line; tabs stay."""
    first: int
    """Its first row in the block, counted without the empty line above that."""
    end: int
    """The row after its last."""


def codes_in(block: Block, width: int) -> list[Code]:
    """Every code in a block at `width`."""
    codes: list[Code] = []
    if not any(isinstance(leaf, Verbatim) and leaf.is_code for leaf in block.leaves):
        return codes
    top = 0
    for leaf in block.leaves:
        top += leaf.gap is not None
        end = top + draw_leaf(leaf, width).height
        if isinstance(leaf, Verbatim) and leaf.is_code:
            codes.append(Code(leaf.lines.source, top, end))
        top = end
    return codes
