"""What an empty conversation says."""

from __future__ import annotations

from textual.content import Content

from docstra_tui.text import sanitize_line


def welcome(
    model: str,
    *,
    is_starter: bool,
    host: str = "",
    may_send: bool = True,
    reason: str = "",
    has_failed: bool = False,
) -> Content:
    """A few calm lines: what this is, the keys, who answers, and why on this device. Of a model that
    failed nobody says that it answers: a notice says why it does not."""
    yes = "" if may_send else " once you say yes"
    where = f"Questions go to {sanitize_line(host)}{yes}." if host else "It stays on this machine."
    lines = [
        Content.assemble(("Ask your code.", "bold $primary"), f" {where}"),
        Content(""),
        Content.assemble(
            ("F2", "bold $secondary"),
            " tick files  ",
            ("Enter", "bold $secondary"),
            " ask  ",
            ("Ctrl+P", "bold $secondary"),
            " commands  ",
            ("F1", "bold $secondary"),
            " keys",
        ),
    ]
    if has_failed:
        return Content("\n").join(lines)
    if is_starter:
        lines += [
            Content(""),
            Content.assemble(
                ("The starter model answers: it is small and often wrong. ", "$muted"),
                ("Ctrl+P, then “Switch model”, picks a better one.", "$muted"),
            ),
        ]
    elif model:
        lines += [Content(""), Content.assemble((f"{sanitize_line(model)} answers.", "$muted"))]
    if reason:
        lines += [Content.assemble((f"{sanitize_line(reason[:1].upper() + reason[1:])}.", "$muted"))]
    return Content("\n").join(lines)
