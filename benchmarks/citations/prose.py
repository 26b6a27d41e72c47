"""The ways in which models write where something stands, and what they put around it."""

from __future__ import annotations

from random import Random

ONE_LINE = (
    "`{path}:{line}`",
    "`{path}:{line}`",
    "`{path}:{line}`",
    "{path}:{line}",
    "**{path}:{line}**",
    "**`{path}:{line}`**",
    "**`{path}`** (line {line})",
    "`{path}` (line {line})",
    "`{path}`, line {line}",
    "`{path}` line {line}",
    "`{path}#L{line}`",
    "{path}#L{line}",
    "[{path}:{line}]({path}#L{line})",
    "[`{path}:{line}`]({path}#L{line})",
    "[`{path}`]({path}#L{line})",
    "line {line} of `{path}`",
    "line {line} in {path}",
    "Line {line} of **{path}**",
    "`{path}` at line {line}",
    "`{path}:L{line}`",
    "`./{path}:{line}`",
    "`{path}:{line}:5`",
    "`{path}` (L{line})",
)
RANGES = (
    "`{path}:{line}-{end}`",
    "`{path}:{line}-{end}`",
    "{path}:{line}-{end}",
    "**{path}:{line}–{end}**",
    "lines {line}-{end} of {path}",
    "lines {line}–{end} of `{path}`",
    "lines {line} to {end} of `{path}`",
    "`{path}` (lines {line}-{end})",
    "`{path}`, lines {line}–{end}",
    "`{path}#L{line}-L{end}`",
    "`{path}#L{line}-{end}`",
    "[{path}:{line}-{end}]({path}#L{line}-L{end})",
    "`{path}` L{line}-L{end}",
)
WITH_QUOTE = (
    "In {place}, {quote} decides this.",
    "In {place} the code says {quote}, which is why the value stays.",
    "The check {quote} at {place} is what matters here.",
    "{quote} ({place}) is where it happens.",
    "{place}: {quote}",
    "See {quote} in {place}.",
    "This is done by {quote}, see {place}.",
    "As {place} shows, the expression is {quote}; nothing else touches it.",
    "You can see {quote} in {place}, e.g. when the cache is cold.",
    "{place} has {quote}, i.e. it runs once.",
)
LINE_ONLY = (
    "Line {line}: {quote}",
    "{quote} (line {line})",
    "On line {line}, {quote} is what counts.",
    "At line {line} we see {quote}.",
    "Lines {line}-{end}: {quote}",
)
PLACES = (
    "The details are in {place}.",
    "See {place} for how this works.",
    "This happens in {place}.",
    "Look at {place}, where the loop begins.",
    "The relevant part is {place}; the rest only prepares it.",
)
QUOTES = (
    "The important part is {quote}.",
    "It relies on {quote} for that.",
    "Note that {quote} runs before anything else.",
    "Then {quote} takes over.",
)
SYMBOLS = (
    "The work is done by {symbol}.",
    "{symbol} is called for each of them.",
    "It all starts in {symbol}, which prepares the rest.",
    "When that is over, {symbol} takes the result.",
)
SYMBOLS_AT = (
    "{symbol} is defined in {place}.",
    "{symbol} ({place}) does this.",
    "In {place}, {symbol} does the work.",
    "- {symbol} – {place}",
)
PATHS = (
    "Most of this lives in {path}.",
    "{path} is where to look first.",
    "The file {path} sets this up.",
)
PATH_STYLES = ("`{path}`", "`{path}`", "**`{path}`**", "**{path}**", "[{path}]({path})", "{path}")
PAIRS = (
    "{first} ({first_place}) comes first, and then {second} ({second_place}).",
    "First {first} at {first_place} runs, while {second} at {second_place} waits.",
    "- {first_place}: {first}\n- {second_place}: {second}",
    "| place | code |\n|---|---|\n| {first_place} | {first} |\n| {second_place} | {second} |",
    "{first} ({first_place}); {second} ({second_place}).",
)
LEADS = (
    "From {place}:",
    "Here is the code in {place}:",
    "{place} reads:",
    "This is {place}:",
    "The relevant lines ({place}):",
    "**{place}**",
    "### {place}",
)
PLAIN_LEADS = ("The code reads:", "Here it is:", "It looks like this:", "The relevant part:")
TITLES = (
    "```{language} {path}",
    "```{path}",
    '```{language} title="{path}"',
    "```{language}:{path}",
    "```{language} {path}:{line}-{end}",
    "```{line}:{end}:{path}",
    "```{language}\n# {path}",
    "```{language}\n// {path}",
    "```{language}\n# {path}:{line}",
    "~~~{language} {path}",
)
FILLERS = (
    "The short answer is that it depends on what was read before.",
    "Nothing else has to change for that.",
    "This keeps the two apart, and costs nothing when the first one is empty.",
    "In other words, the order matters more than the size!",
    "There are 3 reasons for this, and version 2.5.1 has the same (since 12:30 on that day).",
    "Why is that so? Because both sides may be late.",
    "**Note**: that is *not* what most people expect.",
    "Overall the design is simple, cf. the introduction, and easy to follow.",
    "Let me walk through it step by step.",
    "It was about 50% slower before, i.e. 1.5 s instead of 1 s, etc.",
)
HOSTILE = (
    "An open `tick that never ends, and **bold that neither does, in one paragraph.",
    "Many of them: " + "`" * 33 + " and " + "``` " * 9,
    "[" * 120 + "x" + "]" * 60 + "(" * 90,
    "> " * 40 + "deep",
    "| a | b |\n|---|\n| `x | y` | `z` |",
    "<!-- a comment `never.py:12` --> <script>`alert()`</script>",
    "*" * 60 + "_" * 60 + "a" + "_" * 3,
    "\x1b[31mred\x1b[0m \u202eright to left\u202c \u200b\u200d zero \ufeff",
    "`none_such_file.py:999999999999999999999999` and `none_such_file.py:-3` and `none_such_file.py:0`",
    "http://localhost:8080/a.py:12 and C:\\temp\\b.py:3 and file:///etc/passwd:1 and a:b:c:d:1:2:3",
    "`" + "a." * 400 + "b`",
    "\\`not code\\` and \\[no link\\](no.py)",
    "-" * 300 + "\n" + "=" * 300,
    "1. a\n   1. b\n      1. c\n         - d\n           > e\n             `f`",
    "`" * 3 + " inline fence " + "`" * 3,
    ":" * 200 + "12-" * 80,
    "`../../../../etc/none_such:1` and `/none/such/x.py` and `~/none_such.py#L1-L0`",
    "&#96;entity&#96; &lt;code&gt;none.py:1&lt;/code&gt;",
    "a" * 3_000,
    "`\n\n`\n\n` `` ` `` `",
)


def place(rng: Random, path: str, line: int, end: int | None = None) -> str:
    """One way to write it."""
    if end is None or end == line:
        return rng.choice(ONE_LINE).format(path=path, line=line)
    return rng.choice(RANGES).format(path=path, line=line, end=end)


def span(quote: str) -> str:
    """`quote` as a code span, with ticks enough."""
    longest = max((len(run) for run in _runs(quote)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if quote.startswith("`") or quote.endswith("`") else ""
    return f"{ticks}{pad}{quote}{pad}{ticks}"


def fence(body: str, opening: str) -> str:
    """`body` between fences that are longer than any in it; `opening` has three ticks or tildes."""
    mark = opening[0]
    longest = max((len(run) for run in _runs(body, mark)), default=0)
    bar = mark * max(3, longest + 1)
    return f"{bar}{opening[3:]}\n{body}\n{bar}"


def _runs(text: str, mark: str = "`") -> list[str]:
    found, run = [], ""
    for char in [*text, ""]:
        if char == mark:
            run += char
        elif run:
            found.append(run)
            run = ""
    return found


def around(rng: Random, sentence: str) -> str:
    """A sentence as part of a paragraph, a list, a quotation or alone."""
    if "\n" in sentence or sentence.startswith("- "):
        return sentence
    kind = rng.choice(
        ("alone", "paragraph", "paragraph", "paragraph", "list", "numbered", "quoted", "heading")
    )
    if kind == "paragraph":
        return f"{rng.choice(FILLERS)} {sentence} {rng.choice(FILLERS)}"
    if kind == "list":
        mark = rng.choice("-*")
        return f"{mark} {rng.choice(FILLERS)}\n{mark} {sentence}\n{mark} {rng.choice(FILLERS)}"
    if kind == "numbered":
        return f"1. {sentence}\n2. {rng.choice(FILLERS)}"
    if kind == "quoted":
        return f"> {sentence}"
    if kind == "heading":
        return f"## Step {rng.randrange(1, 9)}\n\n{sentence}\n{rng.choice(FILLERS)}"
    return sentence
