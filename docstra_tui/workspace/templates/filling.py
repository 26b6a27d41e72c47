"""What one types to ask with a template, as `/run review focus="locks and races"`, and what comes of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from docstra_tui.context.files.language import language_of
from docstra_tui.context.mentions import Mention, find_mentions
from docstra_tui.context.picks import Pick
from docstra_tui.errors import UsageError
from docstra_tui.llm.prompt import OWN_TEXT, PromptBuilder, file_fields
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.templates import COMMAND, Template, placeholders, quoted, write_words
from docstra_tui.workspace.turns import requests

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_NAME = re.compile(rf"({_QUOTED}|\S+)\s*", re.DOTALL)
_PAIR = re.compile(rf"([A-Za-z_]\w*)=({_QUOTED}|[^\s\"]\S*|)(?:\s+|$)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class Words:
    """The name of a template and the values behind it."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """The files that the values name."""
        return tuple(find_mentions("\n".join(self.values.values())))


def read_words(text: str) -> Words:
    """`review focus="a b"`. Raises `UsageError`."""
    found = _NAME.match(text.strip())
    if found is None:
        raise UsageError("Which template?", "Write its name, then KEY=VALUE for each value.")
    rest, values = text.strip()[found.end() :], {}
    while rest:
        pair = _PAIR.match(rest)
        if pair is None:
            raise UsageError(
                f"{rest.split()[0]!r} is not KEY=VALUE.", 'A value with spaces stands in quotes: focus="a b".'
            )
        values[pair[1]] = _unquoted(pair[2])
        rest = rest[pair.end() :]
    return Words(_unquoted(found[1]), values)


def usage(template: Template) -> str:
    """`/run review focus= [depth=]`: what may be left out stands in brackets. Not yet safe to show."""
    given = template.defaults
    values = [f"[{one.name}=]" if one.name in given else f"{one.name}=" for one in template.fields]
    return " ".join([f"/{COMMAND}", quoted(template.name), *values])


def lines_of(known: Mapping[str, Template], before: str) -> list[str]:
    """What a line that begins so may become: with each name, then with each value that is not there yet."""
    start = f"/{COMMAND} "
    if not before.startswith(start):
        return []
    whole, _, _ = before.rpartition(" ")
    if not whole.startswith(start):
        return [start + quoted(name) for name in known]
    try:
        words = read_words(whole.removeprefix(start))
    except UsageError:  # a quote that is still open
        return []
    template = known.get(words.name)
    fields = template.fields if template is not None else ()
    return [f"{whole} {field.name}=" for field in fields if field.name not in words.values]


def check_values(template: Template, values: Mapping[str, str]) -> None:
    """Raises `UsageError` for a value that the template has no place for."""
    wanted = placeholders(template.text)
    for key in values:
        if key not in wanted or key == "context":
            takes = ", ".join(one.name for one in template.fields) or "no values"
            raise UsageError(f"The template {template.name} has no place for {key}.", f"It takes {takes}.")


def request_of(template: Template, values: Mapping[str, str], files: Sequence[str]) -> TurnRequest:
    """Ask with it, about the files of these labels."""
    written = write_words(template.name, values)
    known = {**template.defaults, **values}
    whole = {**{one.name: known[one.name] for one in template.fields if one.name in known}, **values}
    return requests.of_template(template.name, template.text, whole, files, written)


def preview(template: Template, values: Mapping[str, str], picks: Sequence[Pick]) -> str:
    """What will be sent, as far as it is known; the files are named where they stand. Not safe to show."""
    labels = [pick.label for pick in picks]
    languages = Counter(filter(None, (language_of(pick.path) for pick in picks))).most_common(1)
    known = {
        **file_fields(labels, languages[0][0] if languages else "source"),
        **template.defaults,
        **values,
        "context": f"[{', '.join(labels) or 'no files'}]",
    }
    unknown = {key: f"{{{key}}}" for key in placeholders(template.text) if key not in known}
    fields = {OWN_TEXT: template.text, **unknown, **known}
    if "context" in placeholders(template.text):
        return PromptBuilder().render_turn(template.name, fields)
    return PromptBuilder().render_turn(template.name, fields, fields["context"] if labels else "")


def has_form(template: Template, values: Mapping[str, str]) -> bool:
    """True where somebody is to be asked for values: some have to be given, or none was."""
    return bool(template.missing(values) or (template.fields and not values))


def _unquoted(word: str) -> str:
    if len(word) > 1 and word[0] == word[-1] == '"':
        return _ESCAPED.sub(r"\1", word[1:-1])
    return word
