"""Claims that quote: rightly, elsewhere than they say, and what stands nowhere."""

from __future__ import annotations

import re
from dataclasses import replace
from textwrap import dedent, indent

from benchmarks.citations import prose
from benchmarks.citations.drafts import OPEN, RIGHT, WRONG, Draft, Sent, Truth, aged, worth
from benchmarks.citations.sources import Source


def _beside(sent: Sent, file: Source, quote: str, place: str, truth: Truth) -> Draft:
    truth = aged(sent, file, quote, truth)
    text = sent.rng.choice(prose.WITH_QUOTE).format(quote=prose.span(quote), place=place)
    return Draft(text, (truth,))


def true_line(sent: Sent) -> Draft | None:
    """`quote` at the line on which it stands."""
    file = sent.file()
    found = file and sent.line(file)
    if not file or not found:
        return None
    line, quote = found
    truth = Truth("line at its place", "true", RIGHT, file.path, frozenset({line}))
    end = line + sent.rng.choice((0, 0, 0, 2, 6))
    return _beside(
        sent, file, quote, prose.place(sent.rng, sent.name(file), line, min(end, file.last)), truth
    )


def true_alone(sent: Sent) -> Draft | None:
    """`quote`, and no word about where."""
    file = sent.file()
    found = file and sent.line(file)
    if not file or not found:
        return None
    text = sent.rng.choice(prose.QUOTES).format(quote=prose.span(found[1]))
    truth = Truth("line without a place", "true", RIGHT)
    return Draft(text, (aged(sent, file, found[1], truth),))


def true_in_file(sent: Sent) -> Draft | None:
    """`quote`, and the file alone."""
    file = sent.file()
    found = file and sent.line(file)
    if not file or not found:
        return None
    path = sent.rng.choice(prose.PATH_STYLES).format(path=sent.name(file))
    places = frozenset(file.places(found[1]))
    return _beside(sent, file, found[1], path, Truth("line in its file", "true", RIGHT, file.path, places))


def shortened(sent: Sent) -> Draft | None:
    """A part of a line, from one word to another."""
    file = sent.file()
    found = file and sent.line(file, 30, 100_000)
    if not file or not found:
        return None
    line, whole = found
    edges = [match.start() for match in re.finditer(r"\b(?=\w)", whole)]
    for _ in range(20):
        start, end = sorted(sent.rng.choices([*edges, len(whole)], k=2))
        quote = whole[start:end].strip()
        if 12 <= len(quote) <= 120 and worth(quote) and line in file.places(quote):
            truth = Truth("part of a line", "true", RIGHT, file.path, frozenset({line}))
            return _beside(sent, file, quote, prose.place(sent.rng, sent.name(file), line), truth)
    return None


def respaced(sent: Sent) -> Draft | None:
    """A line with other white space between its words."""
    file = sent.file()
    found = file and sent.line(file)
    if not file or not found or "  " in found[1]:
        return None
    line, quote = found
    wide = re.sub(r"(?<=\S) (?=\S)", lambda _: sent.rng.choice((" ", "  ", " ")), quote)
    truth = Truth("line with other spaces", "true", RIGHT, file.path, frozenset({line}))
    return _beside(sent, file, wide, prose.place(sent.rng, sent.name(file), line), truth)


def pair(sent: Sent) -> Draft | None:
    """Two quotes in one sentence, each with its place."""
    parts: dict[str, str] = {}
    truths = []
    for key in ("first", "second"):
        file = sent.file()
        found = file and sent.line(file, 12, 80)
        if not file or not found or "|" in found[1]:
            return None
        parts[key] = prose.span(found[1])
        parts[f"{key}_place"] = f"`{sent.name(file)}:{found[0]}`"
        truth = Truth("two in a sentence", "true", RIGHT, file.path, frozenset({found[0]}))
        truths.append(aged(sent, file, found[1], truth))
    text = sent.rng.choice(prose.PAIRS).format(**parts)
    starts = [text.index(parts[key]) for key in ("first", "second")]
    if starts[0] == starts[1] or parts["first"] in parts["second"] or parts["second"] in parts["first"]:
        return None
    spans = [(at, at + len(parts[key])) for at, key in zip(starts, ("first", "second"), strict=True)]
    return Draft(
        text,
        tuple(replace(one, start=a, end=b) for one, (a, b) in zip(truths, spans, strict=True)),
        block="\n" in text,
    )


def shifted(sent: Sent) -> Draft | None:
    """A line of the file, at another line of it."""
    file = sent.file()
    found = file and sent.line(file)
    if not file or not found:
        return None
    places = file.places(found[1])
    line = sent.wrong_line(file, places)
    if line is None or not places:
        return None
    truth = Truth("line moved", "moved", frozenset({"moved"}), file.path, frozenset(places))
    return _beside(sent, file, found[1], prose.place(sent.rng, sent.name(file), line), truth)


def wrong_file(sent: Sent) -> Draft | None:
    """A line of one file, said to be in another."""
    file, other = sent.file(), sent.file()
    found = file and sent.line(file, 20)
    if not file or not other or not found or other.places(found[1], bounded=False):
        return None
    line = sent.rng.randrange(other.first, other.last + 1)
    homes = [one for one in sent.files if one.places(found[1])]
    if len(homes) != 1:
        return None
    truth = Truth(
        "line of another file", "moved", frozenset({"moved"}), file.path, frozenset(file.places(found[1]))
    )
    if other.path in sent.stale:
        return None
    return _beside(sent, file, found[1], prose.place(sent.rng, sent.name(other), line), truth)


def not_sent(sent: Sent) -> Draft | None:
    """A true line of a file that was not sent."""
    other = sent.rng.choice(sent.others)
    found = Sent(sent.rng, (other,), ()).line(other, 20)
    if not found or sent.fitting(other.path) or sent.stands(found[1]):
        return None
    return _beside(
        sent, other, found[1], f"`{other.path}:{found[0]}`", Truth("line of a file not sent", "false", OPEN)
    )


def misquoted(sent: Sent) -> Draft | None:
    """A line with one thing in it changed."""
    file = sent.file()
    found = file and sent.line(file, 16)
    wrong = found and _changed(sent, found[1])
    if not file or not found or not wrong:
        return None
    if file.path in sent.stale:
        return None
    return _beside(
        sent,
        file,
        wrong,
        prose.place(sent.rng, sent.name(file), found[0]),
        Truth("line misquoted", "false", WRONG),
    )


def _changed(sent: Sent, quote: str) -> str | None:
    swaps = [
        (r"==", "!="), (r"\bnot ", ""), (r"\bTrue\b", "False"), (r"\b(\d+)\b", "41"), (r"\bself\b", "this"),
        (r"\bif\b", "while"), (r"\bNone\b", "0"), (r" \+ ", " - "), (r"\(", "(0, "), 
        (r"\b[a-z_]{5,}\b", sent.invented()),
        (r"<", "<="), (r"\bis\b", "is not"), (r"\breturn\b", "yield"), (r"\.", "._"), (r",", ", *,"),
    ]  # fmt: skip
    sent.rng.shuffle(swaps)
    for pattern, instead in swaps:
        wrong = re.sub(pattern, instead, quote, count=1)
        if wrong != quote and worth(wrong) and not sent.stands(wrong):
            return wrong
    return None


def _fenced(sent: Sent, body: str, file: Source, line: int, count: int, truth: Truth) -> Draft:
    """`body` below a sentence with its place, or with it as its title."""
    truth = aged(sent, file, body, truth)
    path = sent.name(file)
    end = line + count - 1
    if sent.rng.random() < 0.5:
        place = prose.place(sent.rng, path, line, end)
        leads = [one for one in prose.LEADS if "*" not in one or "*" not in place]  # no bold in bold
        lead = sent.rng.choice(leads).format(place=place)
        text = f"{lead}\n\n{prose.fence(body, '```' + file.language)}"
        opened = len(lead) + 2
    else:
        titled = [one for one in prose.TITLES if "{line}" in one]
        opening = sent.rng.choice(titled).format(path=path, line=line, end=end, language=file.language)
        first, _, rest = opening.partition("\n")
        text = prose.fence(f"{rest}\n{body}" if rest else body, first)
        opened = 0
    return Draft(text, (replace(truth, start=opened),), block=True, one=False)


def true_fence(sent: Sent) -> Draft | None:
    """Several lines, verbatim or without what all are indented by."""
    file = sent.file()
    found = file and sent.run(file)
    if not file or not found:
        return None
    line, lines = found
    body = "\n".join(lines)
    if sent.rng.random() < 0.5:
        body = dedent(body)
    truth = Truth("lines at their place", "true", RIGHT, file.path, frozenset({line}))
    return _fenced(sent, body, file, line, len(lines), truth)


def titled_fence(sent: Sent) -> Draft | None:
    """Several lines below the path of their file."""
    file = sent.file()
    found = file and sent.run(file)
    if not file or not found:
        return None
    body = dedent("\n".join(found[1]))
    opening = sent.rng.choice([one for one in prose.TITLES if "{line}" not in one])
    opening = opening.format(path=sent.name(file), language=file.language)
    first, _, rest = opening.partition("\n")
    truth = Truth(
        "lines below a path",
        "true",
        RIGHT,
        file.path,
        frozenset(file.places("\n".join(found[1]))),
    )
    truth = aged(sent, file, body, truth)
    return Draft(prose.fence(f"{rest}\n{body}" if rest else body, first), (truth,), block=True)


def reindented_fence(sent: Sent) -> Draft | None:
    """Several lines with tabs for spaces, other indentation, or spaces at their ends; in a list, too."""
    file = sent.file()
    found = file and sent.run(file)
    if not file or not found:
        return None
    line, lines = found
    body = dedent("\n".join(lines).expandtabs(8))
    how = sent.rng.choice(("tabs", "two", "ends", "crlf", "blank", "list"))
    if how == "tabs":
        body = re.sub(r"(?m)^(?: {4})+", lambda match: "\t" * (len(match[0]) // 4), body)
    elif how == "two":
        body = re.sub(r"(?m)^ +", lambda match: " " * (len(match[0]) // 2), body)
    elif how == "ends":
        body = "\n".join(row + " " * sent.rng.randrange(3) for row in body.split("\n"))
    elif how == "crlf":
        body = body.replace("\n", "\r\n")
    elif how == "blank":
        body = "\n".join(row for row in body.split("\n") if row.strip())
    truth = Truth("lines with other spaces", "true", RIGHT, file.path, frozenset({line}))
    if how != "list":
        return _fenced(sent, body, file, line, len(lines), truth)
    lead = f"1. From `{file.path}:{line}`:\n\n"
    return Draft(
        lead + indent(prose.fence(body, "```python"), "   "),
        (replace(aged(sent, file, body, truth), start=len(lead)),),
        block=True,
        one=False,
    )


def shifted_fence(sent: Sent) -> Draft | None:
    """Several lines, said to be at others of the file."""
    file = sent.file()
    found = file and sent.run(file)
    if not file or not found:
        return None
    body = "\n".join(found[1])
    places = file.places(body)
    line = places and sent.wrong_line(file, places, len(found[1]))
    if not line:
        return None
    truth = Truth("lines moved", "moved", frozenset({"moved"}), file.path, frozenset(places))
    return _fenced(sent, dedent(body), file, line, len(found[1]), truth)


def elided_fence(sent: Sent) -> Draft | None:
    """Several lines of which some are left out, which is said by dots."""
    file = sent.file()
    found = file and sent.run(file, 7, 16)
    if not file or not found:
        return None
    line, lines = found
    left = sent.rng.choice(("...", "    ...", "    # ...", "// ...", "    …", "# (some lines left out)"))
    body = "\n".join([*lines[:3], left, *lines[-2:]])
    accepted = RIGHT | {"unchecked", "moved"}
    truth = Truth("lines with some left out", "other", accepted, file.path, required=False)
    return _fenced(sent, body, file, line, len(lines), truth)


def line_only(sent: Sent, *, is_true: bool) -> Draft | None:
    """A line with its number, below a heading with the file, which is the only one that has it."""
    file = sent.file()
    found = file and sent.line(file, 20, 90)
    if not file or not found or sum(bool(one.places(found[1])) for one in sent.everything) != 1:
        return None
    places = file.places(found[1])
    line = found[0] if is_true else sent.wrong_line(file, places)
    if line is None or file.path in sent.stale:
        return None
    quote = prose.span(found[1])
    rows = sent.rng.choice(prose.LINE_ONLY).format(line=line, end=line, quote=quote)
    lead = f"### `{sent.name(file)}`\n\n- "
    start = len(lead) + rows.index(quote)
    if is_true:
        truth = Truth("line below a heading", "true", RIGHT, file.path, frozenset({line}))
    else:
        truth = Truth(
            "line below a heading, moved", "moved", frozenset({"moved"}), file.path, frozenset(places)
        )
    truth = replace(truth, start=start, end=start + len(quote))
    return Draft(f"{lead}{rows}", (truth,), block=True, one=False)


def true_line_only(sent: Sent) -> Draft | None:
    """With the right number."""
    return line_only(sent, is_true=True)


def shifted_line_only(sent: Sent) -> Draft | None:
    """With a wrong one."""
    return line_only(sent, is_true=False)


def cut(sent: Sent) -> Draft | None:
    """The beginning of a line, and dots."""
    file = sent.file()
    found = file and sent.line(file, 40)
    if not file or not found or file.path in sent.stale:
        return None
    head = re.match(r".{16,60}?[\w)\]]\b(?=\W)", found[1])
    if head is None:
        return None
    quote = head[0] + sent.rng.choice(("...", " ...", "…", " …"))
    truth = Truth("line cut by dots", "other", RIGHT | {"unchecked"}, file.path)
    place = prose.place(sent.rng, sent.name(file), found[0])
    return _beside(sent, file, quote, place, truth)


QUOTES = (
    true_line, true_line, true_alone, true_in_file, shortened, respaced, pair, shifted, shifted, wrong_file,
    not_sent, misquoted, misquoted, true_fence, titled_fence, reindented_fence, shifted_fence, elided_fence,
    true_line_only, shifted_line_only, cut,
)  # fmt: skip
