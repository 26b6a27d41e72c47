"""What a model proposes, runs or makes up as an example: no quotation, however much of the code is in it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from benchmarks.citations import prose
from benchmarks.citations.drafts import ANY, Draft, Sent, Truth

NOT_WRONG = ANY - {"missing"}
LEADS = (
    "Change it like this:",
    "I would write it like this instead:",
    "A possible fix:",
    "You could add this:",
    "With that, the code becomes:",
    "Suggested change:",
    "Then use it:",
    "For example:",
    "**After:**",
)
PLACED = (
    "Change {place} to:",
    "In {place}, replace the block by:",
    "Update {place}:",
    "Add this to {path}:",
    "`{path}` would become:",
)


def _truth(kind: str, *, required: bool = False) -> Truth:
    return Truth(kind, "proposed", NOT_WRONG, required=required)


def _edited(sent: Sent, lines: Sequence[str]) -> list[str]:
    """The lines with some changed, left out or new."""
    edited = list(lines)
    for _ in range(max(1, len(lines) // sent.rng.choice((2, 3, 5)))):
        at = sent.rng.randrange(len(edited))
        pad = edited[at][: len(edited[at]) - len(edited[at].lstrip())]
        new = f"{pad}{sent.invented()} = {sent.invented()}({sent.rng.randrange(99)})"
        kind = sent.rng.random()
        if kind < 0.4:
            edited.insert(at, new)
        elif kind < 0.7:
            edited[at] = new
        elif kind < 0.85 and len(edited) > 3:
            del edited[at]
        else:
            edited[at] = f"{edited[at]}  # {sent.invented()}"
    return edited


def edit(sent: Sent) -> Draft | None:
    """A block as it should be, of which most is there already."""
    file = sent.file()
    found = file and sent.run(file, 4, 18)
    if not file or not found:
        return None
    line, lines = found
    body = "\n".join(_edited(sent, lines))
    path = sent.name(file)
    if sent.rng.random() < 0.5:
        lead = sent.rng.choice(LEADS)
    else:
        where = prose.place(sent.rng, path, line, line + len(lines) - 1)
        lead = sent.rng.choice(PLACED).format(place=where, path=path)
    opening = f"```{file.language}"
    if sent.rng.random() < 0.3:
        opening = sent.rng.choice((f"```{file.language} {path}", f"```{path}"))
    text = f"{lead}\n\n{prose.fence(body, opening)}"
    return Draft(text, (_truth("edited block"),), block=True, one=False)


def new(sent: Sent) -> Draft | None:
    """Code that is there nowhere, for a file that is or is not there."""
    name, other = sent.invented(), sent.invented()
    body = sent.rng.choice(
        (
            f"def {name}(items):\n    for item in items:\n        yield {other}(item)",
            f"class {name.title().replace('_', '')}:\n    def __init__(self):\n        self.{other} = []\n",
            f"with {name}() as found:\n    print(found.{other})",
            f"const {name} = await {other}(1);\nconsole.log({name});",
            f"import pytest\n\n\ndef test_{name}():\n    assert {other}() == 1",
            f"{name} = {other}()",
            f"{name}:\n  {other}: true\n  count: 3",
        )
    )
    opening = "```python"
    if sent.rng.random() < 0.3:
        opening = f"```python tests/test_{name}.py"
    lead = sent.rng.choice(LEADS)
    return Draft(f"{lead}\n\n{prose.fence(body, opening)}", (_truth("new code"),), block=True)


def new_then_named(sent: Sent) -> Draft | None:
    """A function that the answer writes, and names afterwards."""
    name, other = sent.invented(), sent.invented()
    body = f"def {name}(value):\n    return {other}(value)"
    after = f"Now `{name}()` can be used everywhere."
    text = f"{sent.rng.choice(LEADS)}\n\n{prose.fence(body, '```python')}\n\n{after}"
    return Draft(text, (_truth("new name, written before"),), block=True)


def named_new(sent: Sent) -> Draft | None:
    """A name that does not exist yet, as the sentence says."""
    name = sent.invented()
    text = sent.rng.choice(
        (
            "You could add a helper `{name}()` for that.",
            "Create a new function `{name}()` which does both.",
            "I suggest introducing a class `{name}()` here.",
            "A new method called `{name}()` would help.",
            "Consider renaming it to `{name}`.",
            "Extract this into `{name}()`.",
            "If there were a function such as `{name}()`, it would be easier.",
        )
    ).format(name=name)
    return Draft(text, (_truth("name of what is proposed"),))


def diff(sent: Sent) -> Draft | None:
    """A patch."""
    file = sent.file()
    found = file and sent.run(file, 4, 14)
    if not file or not found:
        return None
    edited = _edited(sent, found[1])
    rows = list(difflib.unified_diff(found[1], edited, f"a/{file.path}", f"b/{file.path}", n=3, lineterm=""))
    if not rows:
        return None
    text = f"{sent.rng.choice(LEADS)}\n\n{prose.fence(chr(10).join(rows), '```diff')}"
    return Draft(text, (_truth("patch"),), block=True, one=False)


def inline(sent: Sent) -> Draft | None:
    """A line to be put in the place of one that is there."""
    file = sent.file()
    found = file and sent.line(file, 14, 90)
    if not file or not found:
        return None
    new = f"{sent.invented()} = {sent.invented()}({sent.rng.randrange(9)})"
    path = f"`{sent.name(file)}:{found[0]}`"
    text = sent.rng.choice(
        (
            "Replace {old} with {new}.",
            "In {path}, change {old} to {new}.",
            "Instead of {old} you could write {new}.",
            "Use {new} instead.",
            "Add {new} after it, and you are done.",
        )
    ).format(old=prose.span(found[1]), new=prose.span(new), path=path)
    start = text.index(prose.span(new))
    truth = Truth(
        "line that is proposed", "proposed", NOT_WRONG, None, frozenset(), False, start, start + len(new)
    )
    return Draft(text, (truth,), one=False)


def command(sent: Sent) -> Draft | None:
    """What is typed elsewhere: commands, flags, values."""
    text = sent.rng.choice(
        (
            "Run `pip install {name}` first.",
            "Start it with `python -m {name} --verbose`.",
            "The flag `--{flag}` does that.",
            "Set `{upper}=1` in the environment.",
            "It returns `None` or `True`.",
            "Press `Ctrl+C` and then `Enter`.",
            "The answer is `HTTP 404`, or `200 OK`.",
            "```bash\npip install {name}\npython -m {name} --{flag} 12\n```",
            "```\n$ {name} --help\nusage: {name} [-h]\n```",
            '```json\n{{"{name}": [1, 2, 3], "{flag}": null}}\n```',
            "The output:\n\n```\nTraceback (most recent call last):\n  {name}: {flag}\n```",
        )
    ).format(name=sent.invented(), flag=sent.invented().replace("_", "-"), upper=sent.invented().upper())
    return Draft(text, (_truth("command or value"),), block="\n" in text, one=False)


def nobodys(sent: Sent) -> Draft | None:
    """What languages, libraries and shells have, as people speak of it."""
    name = sent.invented()
    said = sent.rng.choice(
        (
            "`None`", "`len({name})`", "`isinstance({name}, str)`", "`super().__init__()`",
            "`dict[str, Any]`", "`Optional[str]`", "`Vec<u8>`", "`std::move(x)`", "`O(n log n)`",
            "`x > 0`", "`a == b`", "`key=value`", "`json.dumps`", "`time.sleep(1)`",
            "`console.log({name})`", "`Math.max(a, b)`", "`numpy`", "`redis`",
            "`git push --force origin {name}`", "`npm run build`", "`DEBUG=1 python {name}.py`", "`*.py`",
            "`~/.config/{name}.toml`", "`/var/log/{name}.log`", "`C:\\Temp\\{name}.py`",
            "`display: flex;`", '`{{"{name}": []}}`', "`timeout=30`", "`useMemo`", "`.unwrap()`",
            "`@staticmethod`", "`1.2:3`",
        )
    ).format(name=name)  # fmt: skip
    text = sent.rng.choice(
        (
            "In the end that is {said}, as everywhere.",
            "Think of {said} here.",
            "This is what {said} is for.",
            "It is as quick as {said}.",
        )
    ).format(said=said)
    return Draft(text, (_truth("of nobody's files"),), one=False)


PROPOSALS = (
    edit,
    edit,
    edit,
    new,
    new_then_named,
    named_new,
    diff,
    inline,
    inline,
    command,
    nobodys,
    nobodys,
)
