"""Other servers by a name of one's own: `[remote.NAME]` of config.toml. Holds where a key is, never a key."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from docstra_tui.errors import SettingsError, UsageError
from docstra_tui.setting_sources import A_FLAG, ENVIRONMENT, GIVEN, Layer, Place, named

HERE = "local"
"""What stands for our own engine where a remote is named."""

OF_REMOTES = "remote."
"""What begins so and has a dot behind the name is of a named remote: `remote.gpu.base_url`."""

CHOICE = "remote.name"
"""The setting that names the one that answers."""

OF_SERVER: Mapping[str, str] = {
    "model.name": "model",
    "answer.max_tokens": "max_tokens",
    "answer.temperature": "temperature",
    "remote.context": "context",
    "remote.wait_seconds": "wait_seconds",
    "remote.key_over_http": "key_over_http",
}
"""What is set of whichever server answers, and what a named remote calls it."""

KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}
"""What msgspec calls a kind of value, and what a person does."""

COMMON_KEY = "*"
"""In the place of a variable: the key of servers without a name, DOCSTRA_API_KEY or the file api_key."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
OF_SYSTEM = re.compile(
    r"HOME|PATH|PWD|OLDPWD|USER|LOGNAME|SHELL|TERM|LANG|LANGUAGE|HOSTNAME|DISPLAY|EDITOR|VISUAL|PAGER|TMPDIR"
    r"|CUDA_VISIBLE_DEVICES|HF_HOME|PYTHON(?:HOME|PATH)|(?:LC|LD|XDG|DOCSTRA)_(?!API_KEY\Z).*"
)
"""What is never a key, and would tell another machine of this one."""
OF_HUB = frozenset({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH"})
"""The hub's key may be that of a server too; our own engine asks the hub with it."""

KEYS_ARE = (
    "A key stands in no settings file: put it into one with mode 0600 and name that with key_file, or name "
    "a variable with key_env."
)
SECRET_WORDS = frozenset({"key", "api_key", "apikey", "token", "password", "secret", "auth", "authorization"})
"""What somebody may call a key that does not belong there."""


class Remote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One server, and how it is asked."""

    base_url: str = ""
    """The URL up to and including `/v1`."""
    model: str = ""
    """Which of its models; empty lets the server decide."""
    key_file: str = ""
    """A file with its key that only you can read (mode 0600); from the folder of config.toml."""
    key_env: str = ""
    """The variable that has its key."""
    context: int = 0
    """The server's window in tokens, where it does not tell; 0 means unknown."""
    max_tokens: int | None = None
    """The longest answer, in tokens; not set: `answer.max_tokens`."""
    temperature: float | None = None
    """0.0 is greedy; not set: `answer.temperature`."""
    wait_seconds: float | None = None
    """As `remote.wait_seconds`, which holds where it is not set."""
    key_over_http: bool = False
    """Send its key over plain http to another host too: usual inside a cluster."""


FIELDS = tuple(field.name for field in msgspec.structs.fields(Remote))

LEAST: Mapping[str, tuple[float, str]] = {
    "context": (0, "0 means unknown."),
    "max_tokens": (1, "It is the longest answer, in tokens."),
    "temperature": (0, "0 is greedy, 0.7 is the default."),
    "wait_seconds": (0.1, "It is the longest wait for text, before and within an answer."),
}
"""The smallest value of each number, and what to say about a smaller one."""


def parts(key: str) -> tuple[str, str] | None:
    """Name and field of `remote.NAME.FIELD`; None for any other key."""
    name, dot, field = key.removeprefix(OF_REMOTES).partition(".")
    return (name, field) if key.startswith(OF_REMOTES) and dot else None


def is_of_remote(key: str, where: Place, taken: frozenset[str]) -> bool:
    """True for a setting of a named remote; `taken` are the names of what else stands there. Raises
    `SettingsError` for a name that a remote cannot have, and for what it has not."""
    found = parts(key)
    if found is None:
        return False
    name, field = found
    stands = "" if where == GIVEN else f": {where.at(key)}"
    if not NAME.fullmatch(name) or name in taken or name == HERE:
        raise SettingsError(
            f"No remote can be called {name[:60]!r}{stands}.",
            "A name is up to 40 letters, digits, - and _, and none of a setting below [remote], nor local.",
        )
    if field in FIELDS:
        return True
    if field.lower().replace("-", "_") in SECRET_WORDS:
        hint = KEYS_ARE
    else:
        near = difflib.get_close_matches(field, FIELDS, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(FIELDS)}."
    raise SettingsError(f"A remote has no setting {field[:60]!r}{stands}.", hint)


def choose(merged: dict[str, Any], layers: Sequence[Layer], origin: dict[str, Place]) -> None:
    """Have `merged` say which remote answers, and what of it: what chooses a remote brings all of its table
    to its own place, and only a variable or a flag there or later is stronger. Raises `SettingsError`."""
    name = merged.get(CHOICE, "")
    if not isinstance(name, str) or not name:
        return
    order = [where for where, _ in layers]
    at = {key: order.index(where) for key, where in origin.items()}
    chosen, url = at[CHOICE], at.get("remote.base_url", -1)
    if url == chosen and order[chosen].name == A_FLAG:
        raise SettingsError("--remote and --base-url both say who answers.", "Leave one of them out.")
    if url > chosen:
        merged[CHOICE] = ""
        return
    known = list(dict.fromkeys(found[0] for found in map(parts, merged) if found))
    if name == HERE:
        merged[CHOICE] = merged["remote.base_url"] = ""
        return
    if name not in known:
        error = unknown(name, known)
        is_flag = order[chosen].name == A_FLAG
        raise SettingsError(
            error.message if is_flag else f"{named(CHOICE, origin)}: {error.message}", error.hint
        )
    for key, field in OF_SERVER.items():
        if at.get(key, -1) >= chosen and order[at[key]].name in (A_FLAG, ENVIRONMENT):
            own = f"{OF_REMOTES}{name}.{field}"
            merged[own], origin[own] = merged[key], origin[key]
            if key == "model.name":
                merged[key] = _below(layers, chosen)


def _below(layers: Sequence[Layer], chosen: int) -> Any:
    """The model that our own engine would have: one that is named for the remote is not meant."""
    found: Any = ""
    for number, (where, values) in enumerate(layers):
        if number < chosen or where.name not in (A_FLAG, ENVIRONMENT):
            found = values.get("model.name", found)
    return found


def check(remotes: Mapping[str, Remote], origin: Mapping[str, Place]) -> None:
    """Raises `SettingsError` for what cannot be used; it quotes nothing secret."""
    for name, remote in remotes.items():
        if wrong := _wrong(remote):
            raise _about(name, *wrong, origin)


def _wrong(remote: Remote) -> tuple[str, SettingsError] | None:
    if error := wrong_url(remote.base_url):
        return "base_url", error
    if remote.key_env and not VARIABLE.fullmatch(remote.key_env):  # which may be the key itself
        return "key_env", SettingsError("is no name of a variable.", KEYS_ARE)
    if OF_SYSTEM.fullmatch(remote.key_env):
        return "key_env", SettingsError(f"names {remote.key_env}, in which no key is.", KEYS_ARE)
    if remote.key_env and remote.key_file:
        return "key_env", SettingsError("stands beside key_file.", "A remote has its key from one place.")
    for field, (least, meaning) in LEAST.items():
        value = getattr(remote, field)
        if value is not None and not least <= value < math.inf:  # NaN fails every comparison
            return field, SettingsError(f"is {value}; the least is {least}.", meaning)
    return None


def wrong_url(url: str) -> SettingsError | None:
    """Why it is that of no server, to be said behind the setting's name; it never shows a password in it."""
    from docstra_tui import address  # not needed for a start without a server

    if not url:
        return SettingsError("is missing.", address.LOOKS_LIKE)
    try:
        address.parse(url)
    except SettingsError as error:
        return SettingsError(f"cannot be used. {error.message}", error.hint)
    return None


def variables(remotes: Mapping[str, Remote]) -> frozenset[str]:
    """Those that hold keys of these servers alone."""
    return frozenset(remote.key_env for remote in remotes.values()) - OF_HUB - {"", COMMON_KEY}


def wrong_kind(tables: Mapping[str, Mapping[str, Any]], origin: Mapping[str, Place]) -> SettingsError:
    """Which value of which remote is of another kind; none is quoted, for it may hold a password."""
    for name, table in tables.items():
        for field in msgspec.structs.fields(Remote):
            try:
                if field.name in table:
                    msgspec.convert(table[field.name], field.type, strict=False)
            except msgspec.ValidationError as error:
                kind = re.match(r"Expected `(\w+)", str(error))
                takes = KINDS.get(kind[1], "another value") if kind else "another value"
                return _about(name, field.name, SettingsError(f"takes {takes}."), origin)
    return SettingsError("A remote cannot be read.")


def _about(name: str, field: str, error: SettingsError, origin: Mapping[str, Place]) -> SettingsError:
    """The error, with the setting that it is about in front; one that is missing is missing where the rest
    stands."""
    key = f"{OF_REMOTES}{name}.{field}"
    if key in origin:
        return SettingsError(f"{named(key, origin)} {error.message}", error.hint)
    beside = next((one for one in origin if one.startswith(f"{OF_REMOTES}{name}.")), "")
    where = f" in {origin[beside].at(beside)}" if beside else ""
    return SettingsError(f"Setting {key!r}{where} {error.message}", error.hint)


def unknown(name: str, known: Collection[str]) -> UsageError:
    """That there is no such remote, and which there are."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    if known:
        hint += f"There are {', '.join(known)}, and {HERE} for this machine."
    else:
        hint += "There is none yet: config.toml has them as [remote.NAME], with a base_url."
    return UsageError(f"There is no remote {name[:60]!r}.", hint)
