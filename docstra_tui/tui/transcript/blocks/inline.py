"""The text of a paragraph with its looks: emphasis, code, and links that show where they lead."""

from __future__ import annotations

from markdown_it.token import Token

from docstra_tui.text import sanitize_text
from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.lines import Bits, show

_OPENING = {"strong_open": look.STRONG, "em_open": look.EMPHASIS, "s_open": look.STRUCK}


def inline(token: Token, style: int = look.PLAIN) -> Bits:
    """The text of one inline token with its looks; line feeds are breaks that the model wrote."""
    children = token.children
    if not children:
        return ((_shown(token.content), style),)
    bits: list[tuple[str, int]] = []
    styles = [style]
    targets: list[tuple[str, int]] = []
    for child in children:
        kind = child.type
        if kind in _OPENING:
            styles.append(styles[-1] | _OPENING[kind])
        elif kind in ("strong_close", "em_close", "s_close"):
            styles.pop()
        elif kind == "link_open":
            styles.append(styles[-1] | look.LINK)
            targets.append((_target(child, "href"), len(bits)))
        elif kind == "link_close":
            styles.pop()
            target, first = targets.pop()
            words = "".join(text for text, _ in bits[first:])
            if target and target != words:
                _add(bits, f" ({target})", styles[-1] | look.MUTED)
        elif kind in ("softbreak", "hardbreak"):
            _add(bits, "\n", styles[-1])
        elif kind == "code_inline":
            _add(bits, _shown(child.content), styles[-1] | look.CODE)
        elif kind == "image":
            _add(bits, _shown(child.content) or "image", styles[-1] | look.LINK)
            _add(bits, f" ({_target(child, 'src')})", styles[-1] | look.MUTED)
        elif child.content:
            _add(bits, _shown(child.content), styles[-1])
    return tuple(bits)


def _add(bits: list[tuple[str, int]], text: str, style: int) -> None:
    if bits and bits[-1][1] == style:
        bits[-1] = (bits[-1][0] + text, style)
    else:
        bits.append((text, style))


def _target(token: Token, name: str) -> str:
    target = show(str(token.attrs.get(name, "")))
    title = show(str(token.attrs.get("title", "") or ""))
    return f'{target} "{title}"' if title else target


def _shown(text: str) -> str:
    """Parsed text made safe once more: percent signs and the like are read by the parser."""
    return sanitize_text(text) if not text.isprintable() else text
