"""Claims that quote nothing: lines, files, and names of what is defined."""

from __future__ import annotations

import re

from benchmarks.citations import prose
from benchmarks.citations.drafts import OPEN, RIGHT, WRONG, Draft, Sent, Truth
from benchmarks.citations.sources import WORD, Source


def place(sent: Sent) -> Draft | None:
    """Lines that the file has, and not a word of what is there."""
    file = sent.file()
    if file is None:
        return None
    line = sent.rng.randint(file.first, file.last)
    end = min(file.last, line + sent.rng.choice((0, 0, 4, 20)))
    text = sent.rng.choice(prose.PLACES).format(place=prose.place(sent.rng, sent.name(file), line, end))
    accepted = frozenset({"unchecked", "changed"} if file.path in sent.stale else {"unchecked"})
    return Draft(text, (Truth("lines, no quote", "false", accepted, file.path),))


def beyond(sent: Sent) -> Draft | None:
    """Lines that the file never had."""
    whole = [file for file in sent.files if file.first == 1]
    if not whole:
        return None
    file = sent.rng.choice(whole)
    line = file.last + sent.rng.choice((2, 5, 40, 1_000, 10**7))
    text = sent.rng.choice(prose.PLACES).format(place=prose.place(sent.rng, sent.name(file), line, line + 3))
    accepted = WRONG | {"changed"} if file.path in sent.stale else WRONG
    return Draft(text, (Truth("lines beyond the end", "false", accepted, file.path),))


def path(sent: Sent) -> Draft | None:
    """A file that was sent."""
    file = sent.file()
    if file is None:
        return None
    style = sent.rng.choice(prose.PATH_STYLES).format(path=sent.name(file))
    text = sent.rng.choice(prose.PATHS).format(path=style)
    accepted = RIGHT | {"changed"} if file.path in sent.stale else RIGHT
    return Draft(text, (Truth("file", "true", accepted, file.path),))


def invented_path(sent: Sent) -> Draft | None:
    """A file that nobody sent, which may look much like one that somebody did."""
    file = sent.file()
    if file is None:
        return None
    folder, _, name = file.path.rpartition("/")
    stem, _, ending = name.rpartition(".")
    wrong = sent.rng.choice(
        (
            f"{folder}/{sent.invented()}.{ending}",
            f"{folder}/{stem}s.{ending}",
            f"other/{folder}/{name}",
            f"{folder}/_{name}",
            f"{folder}/{name}x",
            f"{stem}_{sent.invented()}.{ending}",
        )
    )
    if sent.fitting(wrong):
        return None
    style = sent.rng.choice(("`{path}`", "**`{path}`**", "`{path}`", "{path}")).format(path=wrong)
    text = sent.rng.choice(prose.PATHS).format(path=style)
    return Draft(text, (Truth("invented file", "false", OPEN, required="`" in style),))


def twofold_path(sent: Sent) -> Draft | None:
    """A name that two files have."""
    names = [file.path.rpartition("/")[2] for file in sent.files]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not twice:
        return None
    name = sent.rng.choice(twice)
    text = sent.rng.choice(prose.PATHS).format(path=f"`{name}`")
    return Draft(text, (Truth("name of two files", "false", frozenset({"ambiguous"})),))


def _definition(sent: Sent) -> tuple[Source, str, frozenset[int]] | None:
    file = sent.file(python=True)
    if file is None or file.path in sent.stale:
        return None
    name = sent.rng.choice(sorted(file.definitions))
    short = name.rpartition(".")[2]
    if len(short) < 4 or any(
        key.rpartition(".")[2] == short for one in sent.everything for key in one.definitions if key != name
    ):
        return None
    return file, name, frozenset(file.definitions[name])


def _written(sent: Sent, name: str) -> str:
    parts = name.split(".")
    forms = [name, f"{name}()", ".".join(parts[-2:]), f"{'.'.join(parts[-2:])}()", f"{parts[-1]}()"]
    return sent.rng.choice(forms)


def symbol(sent: Sent) -> Draft | None:
    """A name of what is defined in one file that was sent."""
    found = _definition(sent)
    if found is None:
        return None
    _, name, _ = found
    text = sent.rng.choice(prose.SYMBOLS).format(symbol=prose.span(_written(sent, name)))
    return Draft(text, (Truth("defined name", "true", RIGHT),))


def symbol_at(sent: Sent) -> Draft | None:
    """The same with the line on which it is defined."""
    found = _definition(sent)
    if found is None:
        return None
    file, name, lines = found
    truth = Truth("defined name at its line", "true", RIGHT, file.path, lines)
    where = f"`{sent.name(file)}:{sent.rng.choice(sorted(lines))}`"
    text = sent.rng.choice(prose.SYMBOLS_AT).format(symbol=prose.span(_written(sent, name)), place=where)
    return Draft(text, (truth,), one=False)


def symbol_elsewhere(sent: Sent) -> Draft | None:
    """The same with another line, on which the name does not even stand."""
    found = _definition(sent)
    if found is None:
        return None
    file, name, lines = found
    line = sent.wrong_line(file, lines)
    short = name.rpartition(".")[2]
    if (
        line is None
        or file.path in sent.stale
        or any(short in row for row in file.lines[max(0, line - file.first - 1) : line - file.first + 2])
    ):
        return None
    accepted = frozenset({"moved", "found"})
    truth = Truth("defined name moved", "moved", accepted, file.path, lines)
    where = f"`{sent.name(file)}:{line}`"
    text = sent.rng.choice(prose.SYMBOLS_AT).format(symbol=prose.span(_written(sent, name)), place=where)
    return Draft(text, (truth,), one=False)


def used(sent: Sent) -> Draft | None:
    """A name that is only used."""
    file = sent.file(python=True)
    if file is None:
        return None
    defined = {part for one in sent.everything for key in one.definitions for part in key.split(".")}
    names = sorted(word for word in file.words - defined if len(word) > 6 and "_" in word and word.islower())
    if not names:
        return None
    text = sent.rng.choice(prose.SYMBOLS).format(symbol=prose.span(f"{sent.rng.choice(names)}"))
    return Draft(text, (Truth("used name", "other", RIGHT | {"unchecked", "changed"}, required=False),))


def invented_symbol(sent: Sent) -> Draft | None:
    """A name that nothing sent has, alone or behind a class that is there."""
    name = sent.invented()
    forms = [f"{name}()", f"_{name}()", "".join(part.title() for part in name.split("_")) + "()"]
    file = sent.file(python=True)
    classes = [key for key in (file.definitions if file else ()) if key[0].isupper() and "." not in key]
    if classes:
        forms += [f"{sent.rng.choice(classes)}.{name}()", f"{sent.rng.choice(classes)}.{name}"]
    text = sent.rng.choice(prose.SYMBOLS).format(symbol=prose.span(sent.rng.choice(forms)))
    return Draft(text, (Truth("invented name", "false", WRONG),))


def cut_symbol(sent: Sent) -> Draft | None:
    """A name that is only a part of a name that is there."""
    file = sent.file()
    if file is None:
        return None
    for _ in range(30):
        word = sent.rng.choice(sorted(file.words))
        parts = word.split("_")
        cut = "_".join(parts[1:]) if sent.rng.random() < 0.5 else "_".join(parts[:-1])
        if len(parts) > 2 and "_" in cut and len(cut) > 6 and cut not in sent.words and WORD.fullmatch(cut):
            text = sent.rng.choice(prose.SYMBOLS).format(symbol=prose.span(f"{cut}()"))
            return Draft(text, (Truth("part of a name", "false", WRONG),))
    return None


def wrong_member(sent: Sent) -> Draft | None:
    """A method that another class has."""
    file = sent.file(python=True)
    if file is None:
        return None
    classes = sorted(key for key in file.definitions if key[0].isupper() and "." not in key)
    everything = [key for one in sent.everything for key in one.definitions]
    methods = sorted({key.rpartition(".")[2] for key in everything if "." in key and "__" not in key})
    if not classes or not methods:
        return None
    owner, method = sent.rng.choice(classes), sent.rng.choice(methods)
    wrong = f"{owner}.{method}"
    if sent.stands(wrong) or any(key.endswith(wrong) for key in everything) or len(method) < 5:
        return None
    if any(re.search(rf"\bself\.{method}\b[^=\n]*=(?!=)", one.text) for one in sent.everything):
        return None  # what a method gives it is its own too
    text = sent.rng.choice(prose.SYMBOLS).format(symbol=prose.span(f"{wrong}()"))
    return Draft(text, (Truth("method of another class", "false", OPEN | {"moved"}),))


def attribute(sent: Sent) -> Draft | None:
    """What the methods of one class give a value, by the name of the class."""
    file = sent.file(python=True)
    if file is None or file.path in sent.stale:
        return None
    owners = re.findall(r"(?m)^class (\w+)[^\n]*:\n((?:[ \t][^\n]*\n|\n)*)", file.text)
    known = {key.rpartition(".")[2] for one in sent.everything for key in one.definitions}
    found = []
    for owner, body in owners:
        for name in sorted(set(re.findall(r"(?m)^\s+self\.(\w+)(?:: [^\n=]+)? = ", body))):
            if name not in known and not sent.stands(f"{owner}.{name}"):
                found.append((owner, name))
    if not found:
        return None
    owner, name = sent.rng.choice(found)
    if sum(f"class {owner}" in one.text for one in sent.everything) > 1:
        return None
    lines = file.places(f"self.{name} =") | file.places(f"self.{name}:")
    text = sent.rng.choice(prose.SYMBOLS).format(symbol=prose.span(f"{owner}.{name}"))
    return Draft(text, (Truth("attribute of a class", "true", RIGHT, file.path, frozenset(lines)),))


def outlined(sent: Sent) -> Draft | None:
    """A name, or the line that defines it, of a file of which only the outline was sent."""
    file = sent.outlined
    if file is None or sent.outline is None or not file.definitions:
        return None
    name = sent.rng.choice(sorted(file.definitions))
    lines = frozenset(file.definitions[name])
    quote = file.lines[max(lines) - 1].strip()
    if (
        len(lines) != 1
        or not quote.startswith(("def ", "class ", "async def "))
        or f"{quote}  # lines {max(lines)}-" not in sent.outline.content
        or len(file.places(quote)) > 1
        or sum(one.definitions.get(name) is not None for one in sent.everything) > 1
    ):
        return None
    if any(one is not file and one.places(quote) for one in sent.everything):
        return None
    truth = Truth("line of an outline", "true", RIGHT, file.path, lines)
    line = next(iter(lines))
    text = sent.rng.choice(prose.WITH_QUOTE).format(
        quote=prose.span(quote), place=prose.place(sent.rng, sent.name(file), line)
    )
    return Draft(text, (truth,))


def left_out(sent: Sent) -> Draft | None:
    """A true line of a file, which its outline does not have."""
    file = sent.outlined
    found = file and sent.line(file, 20)
    if not file or not found or sent.outline is None or sent.stands(found[1]):
        return None
    if "".join(found[1].split()) in "".join(sent.outline.content.split()):
        return None
    text = sent.rng.choice(prose.WITH_QUOTE).format(
        quote=prose.span(found[1]), place=prose.place(sent.rng, file.path, found[0])
    )
    return Draft(text, (Truth("line that an outline lacks", "false", OPEN, file.path),))


NAMES = (
    place, place, beyond, path, invented_path, twofold_path, symbol, symbol_at, symbol_elsewhere, used,
    invented_symbol, invented_symbol, cut_symbol, wrong_member, attribute, outlined, outlined, left_out,
)  # fmt: skip
