"""Settings: read once, checked, passed down. Defaults < config.toml < environment < flags.

An unknown key is an error that names the nearest known one. A project's own
`.docstra-tui.toml` may set only harmless keys: it must never choose a model, a server or a key.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from docstra_tui import keymap, paths, remotes
from docstra_tui.errors import SettingsError
from docstra_tui.remotes import KINDS, Remote
from docstra_tui.setting_sources import (
    A_FLAG,
    ENVIRONMENT,
    GIVEN,
    Layer,
    Place,
    flatten,
    from_environment,
    named,
    read_toml,
)

CONFIG_FILE = "config.toml"
PROJECT_FILE = ".docstra-tui.toml"
PROJECT_KEYS = frozenset({"theme", "context.ignore"})
"""The only keys that a project's own file may set."""

OF_KEYS = "keys."
"""What begins so is the keyboard's: the rest is the id of a binding."""

DEVICE = re.compile(r"auto|(cpu|cuda|mps)(:\d+)?")

DEVICES_ARE = (
    "Known are auto, cpu, cuda, cuda:1 and mps. auto takes several GPUs where a model needs them; "
    "CUDA_VISIBLE_DEVICES=0,1 says which."
)

THINK = re.compile(r"auto|off|on|minimal|low|medium|high|xhigh|max|[0-9]{1,6}")
"""As `llm.thinking.wish` takes it."""

LEAST: Mapping[str, tuple[float, str]] = {
    "answer.temperature": (0, "0 is greedy, 0.7 is the default."),
    "answer.max_tokens": (1, "It is the longest answer, in tokens."),
    "answer.reserve": (0, "It is the room kept for the answer, in tokens."),
    "engine.idle_minutes": (0, "0 lets the engine leave with its last terminal."),
    "engine.oneshot_minutes": (0, "0 lets the engine leave with the command that started it."),
    "engine.park_minutes": (0, "0 never parks the model."),
    "engine.cache_gb": (0, "0 keeps only the prompt in hand."),
    "remote.context": (0, "0 means unknown."),
    "remote.wait_seconds": (0.1, "It is the longest wait for text, before and within an answer."),
    "context.max_file_bytes": (1, "A larger file is not read without asking."),
}
"""The smallest value of each number, and what to say about a smaller one."""

GONE: Mapping[str, str] = {
    "remote.first_token_seconds": "remote.wait_seconds",
    "remote.idle_seconds": "remote.wait_seconds",
}
"""Keys that were, and what does their work now."""


class ModelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which model answers."""

    name: str = ""
    """Hub id, folder, `.gguf` file, GGUF repository (`repo:QUANT`) or `starter`; empty means the starter.

    `owner/name` is always the hub's; a folder of that name is `./owner/name`.
    """
    revision: str = ""
    """Branch, tag or commit of a hub model; empty means the repository's main branch."""
    device: str = "auto"
    """`auto`, `cpu`, `cuda`, `cuda:1`, `mps`."""
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    """`auto` is the checkpoint's own, bf16 where the device has it, float32 on a CPU faster with it."""
    quant: Literal["", "int8", "bnb-4bit", "bnb-8bit"] = ""
    """Quantise while loading. `int8` works on any CPU that multiplies 8-bit numbers, on a GPU with torchao or
    bitsandbytes; the others need the extra `docstra-tui[quant]`."""


class AnswerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an answer is written."""

    max_tokens: int = 2000
    """The longest answer, in tokens."""
    temperature: float = 0.7
    """0.0 is greedy: the same question gives the same answer."""
    think: str = "auto"
    """How much a model thinks before it answers: `auto` as it does by itself, `off`, `on`, at most so many
    tokens, or an effort (`minimal`, `low`, `medium`, `high`, `xhigh`, `max`), which is `on` where it knows
    none."""
    citations: Literal["auto", "on", "off"] = "auto"
    """Whether a model is asked for places (`path:line`) and short exact quotes: `auto` every model but the
    starter, which writes no more of them for that. What an answer says is looked up either way."""
    kv_cache: Literal["full", "int8"] = "full"
    """How exactly our engine keeps what it reads: `int8` takes about half the room of 16 bits."""
    reserve: int = 512
    """Tokens of the window kept free for the answer; a prompt that leaves fewer is refused."""


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long the loaded model stays."""

    idle_minutes: float = 30.0
    """The engine leaves this long after its last terminal went."""
    oneshot_minutes: float = 5.0
    """The same for an engine that a one-shot command started."""
    own: bool = False
    """Tie the engine's life to this terminal."""
    park_minutes: float = 15.0
    """Without a question for so long, the model leaves its GPU for the machine's memory, and is back at the
    first key; on a CPU all that was read goes but the latest. 0 never."""
    cache_gb: float | None = None
    """Gigabytes for prompts that were read already; not set: a quarter of what is free after loading."""
    decode: Literal["auto", "plain"] = "auto"
    """How answers are written: `plain` is transformers' own `generate`, slower, for comparison."""


class RemoteSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another OpenAI-compatible server instead of our own engine."""

    name: str = ""
    """Which one answers: NAME of a `[remote.NAME]`, `local` for our own engine; empty: `base_url` says."""
    base_url: str = ""
    """The URL up to and including `/v1`; empty means our own engine."""
    context: int = 0
    """The server's window in tokens, where it does not tell; 0 means unknown."""
    wait_seconds: float = 600.0
    """Give up an answer when no text came this long, from sending on (a long prompt takes its time)."""
    key_over_http: bool = False
    """Send the API key over plain http to another host too: usual inside a cluster."""


OF_ALL = frozenset(RemoteSettings.__struct_fields__)
"""What stands below `[remote]` beside the named ones."""


class ContextSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which files the tree shows."""

    ignore: tuple[str, ...] = ()
    """More patterns to hide, in the style of `.gitignore`."""
    max_file_bytes: int = 1_000_000
    """A larger file is not read without asking."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a user can set."""

    model: ModelSettings = ModelSettings()
    answer: AnswerSettings = AnswerSettings()
    engine: EngineSettings = EngineSettings()
    remote: RemoteSettings = RemoteSettings()
    context: ContextSettings = ContextSettings()
    theme: str = "lamp"
    """The name of a theme: `lamp` (dark), `paper` (light), `chalk` (high contrast), `sixteen` (the colours of
    the terminal), or one of yours."""
    index: Literal["auto", "off"] = "auto"
    """Whether the words of a project's text files are kept, to offer those that a question is about: `auto`
    in the background while somebody writes, `off` only where `docstra-tui files` or Python asks for it."""
    notify: Literal["off", "bell", "osc9", "osc777"] = "off"
    """How the terminal calls you back when an answer that took ten seconds ends while it has not the focus:
    with its bell, or a notification of iTerm2, WezTerm, Ghostty (`osc9`), foot, urxvt, VTE (`osc777`)."""
    remotes: dict[str, Remote] = {}
    """Those of `[remote.NAME]`, by their names."""
    keys: dict[str, str] = {}
    """Other keys than those it comes with: by the ids of docs/keys.md, `main.tree = "f2, ctrl+b"`;
    `""` is no key. A key that is given to something is taken from what had it."""

    @property
    def server(self) -> Remote | None:
        """The other server that answers, with all that is said of it; None for our own engine."""
        if self.remote.name:
            return self.remotes[self.remote.name]
        if not self.remote.base_url:
            return None
        return Remote(
            self.remote.base_url,
            self.model.name,
            context=self.remote.context,
            key_env=remotes.COMMON_KEY,
            key_over_http=self.remote.key_over_http,
        )

    @property
    def max_tokens(self) -> int:
        """The longest answer of whoever answers."""
        server = self.server
        own = server.max_tokens if server is not None else None
        return self.answer.max_tokens if own is None else own


def load(flags: Mapping[str, Any] | None = None, project: Path | None = None) -> Settings:
    """The settings in force.

    `flags` are dotted keys (`{"model.name": "starter"}`); a value of None was not given. `project`
    is the folder whose own file may set harmless keys. Raises `SettingsError`.
    """
    layers = _in_files(project)
    layers.append((Place(ENVIRONMENT), from_environment((*known_keys(), *GONE))))
    layers.append((Place(A_FLAG), {k: v for k, v in (flags or {}).items() if v is not None}))
    return _of_layers(layers)


def of_text(text: str, path: Path) -> Settings:
    """What `text` would set as `path`, over the defaults. Raises `SettingsError`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} would be no TOML: {error}.") from error
    return _of_layers([(Place(str(path)), flatten(table))])


def check(key: str, value: Any) -> None:
    """Raise the `SettingsError` of a value that a key does not take, wherever it is to stand."""
    values = {key: value}
    if key == remotes.CHOICE:  # which ones there are is known where it is to stand
        return
    if found := remotes.parts(key):
        values = {f"{remotes.OF_REMOTES}{found[0]}.base_url": "http://localhost/v1"} | values
    _of_layers([(GIVEN, values)])


def _of_layers(layers: Sequence[Layer]) -> Settings:
    merged: dict[str, Any] = {}
    origin: dict[str, Place] = {}
    known = known_keys()
    for where, values in layers:
        if own := {key.removeprefix(OF_KEYS): value for key, value in values.items() if _is_of_keys(key)}:
            merged["keys"] = keymap.read(own, where=_places(where))
        for key, value in values.items():
            if _is_of_keys(key):
                continue
            if key not in known and not remotes.is_of_remote(key, where, OF_ALL):
                raise _unknown(key, where, known)
            merged[key] = _word(value) if key == "answer.think" else value
            origin[key] = where
    remotes.choose(merged, layers, origin)
    return _check(merged, origin)


def _places(where: Place) -> Callable[[str], str]:
    return lambda name: "" if where == GIVEN else where.at(OF_KEYS + name)


def _unknown(key: str, where: Place, known: list[str]) -> SettingsError:
    if key in GONE:
        return SettingsError(
            f"{named(key, {key: where})} is gone: {GONE[key]} does its work.",
            f"Write {GONE[key]} in its place, or leave it out.",
        )
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(known)}."
    return SettingsError(f"Unknown setting {key!r} in {where.at(key)}.", hint)


def theme_in_files(project: Path | None) -> str:
    """The theme that config.toml sets, or the file of a project; else the default. Raises `SettingsError`."""
    named = [values["theme"] for _, values in _in_files(project) if isinstance(values.get("theme"), str)]
    return named[-1] if named else Settings().theme


def config_path() -> Path:
    """Where the user's own settings are, or would be."""
    return paths.config_dir() / CONFIG_FILE


def _in_files(project: Path | None) -> list[Layer]:
    """What the files set, each by its name; a later one wins."""
    config = config_path()
    layers = [(Place(str(config), config), flatten(read_toml(config)))]
    if project is not None:
        own = project / PROJECT_FILE
        keys = flatten(read_toml(own, follow=False))
        for key in keys:
            if key not in PROJECT_KEYS:
                raise SettingsError(
                    f"{own} sets {key!r}, which a project may not set.",
                    f"A project's own file may set only: {', '.join(sorted(PROJECT_KEYS))}.",
                )
        layers.append((Place(str(own)), keys))
    return layers


def _is_of_keys(key: str) -> bool:
    return key.startswith(OF_KEYS)


def known_keys() -> list[str]:
    """Every key, dotted, in the order of the classes above; of the keyboard there are too many, and of
    remotes as many as somebody names."""
    keys: list[str] = []
    for field in msgspec.structs.fields(Settings):
        if field.name in ("keys", "remotes"):
            continue
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            keys += [f"{field.name}.{inner.name}" for inner in msgspec.structs.fields(field.type)]
        else:
            keys.append(field.name)
    return keys


def kind_of(key: str) -> Any:
    """The type of a known key. Raises `SettingsError`."""
    if remotes.is_of_remote(key, GIVEN, OF_ALL):
        fields = msgspec.structs.fields(Remote)
        return next(field.type for field in fields if field.name == key.rpartition(".")[2])
    if key not in known_keys():
        raise _unknown(key, Place("the settings"), known_keys())
    kind: Any = Settings
    for part in key.split("."):
        kind = next(field.type for field in msgspec.structs.fields(kind) if field.name == part)
    return kind


def _check(merged: dict[str, Any], origin: Mapping[str, Place]) -> Settings:
    nested: dict[str, Any] = {}
    for key, value in merged.items():
        if of_remote := remotes.parts(key):
            nested.setdefault("remotes", {}).setdefault(of_remote[0], {})[of_remote[1]] = value
            continue
        group, _, name = key.rpartition(".")
        (nested.setdefault(group, {}) if group else nested)[name] = value
    try:
        settings = msgspec.convert(nested, Settings, strict=False)
    except msgspec.ValidationError as error:
        text = str(error)
        path = text.rpartition("`$.")[2].rstrip("`").partition("[")[0] if "`$." in text else ""
        said = text.split(" - at")[0]
        if path.startswith("remotes"):  # msgspec names none of its keys
            raise remotes.wrong_kind(nested["remotes"], origin) from None
        setting = named(path, origin)
        wanted = re.match(r"Expected `(\w+)", said)
        if wanted is not None and wanted[1] in KINDS and "." in path and "[" not in text:
            # What was meant to be a URL may have a password in it.
            given = "" if path == "remote.base_url" else f", not {merged.get(path)!r}"
            raise SettingsError(f"{setting} takes {KINDS[wanted[1]]}{given}.") from None
        raise SettingsError(f"{setting}: {said}.") from None
    if not DEVICE.fullmatch(settings.model.device):
        raise SettingsError(
            f"{named('model.device', origin)} is {settings.model.device!r}, which is no device.",
            DEVICES_ARE,
        )
    if not THINK.fullmatch(settings.answer.think):
        raise SettingsError(
            f"{named('answer.think', origin)} is {settings.answer.think!r}, which is no such wish.",
            "Known are auto, off, on, minimal, low, medium, high, xhigh, max, "
            "and a number of tokens below a million.",
        )
    url = settings.remote.base_url
    if url and (wrong := remotes.wrong_url(url)):
        raise SettingsError(f"{named('remote.base_url', origin)} {wrong.message}", wrong.hint)
    remotes.check(settings.remotes, origin)
    for key, (least, meaning) in LEAST.items():
        value = _value(settings, key)
        if value is None:  # left to the program
            continue
        if not least <= value < math.inf:  # NaN fails every comparison
            raise SettingsError(
                f"{named(key, origin)} is {value}; the least is {least}.",
                meaning,
            )
    return settings


def _word(value: Any) -> Any:
    """A switch or a number as the word for it: in TOML `think = false` and `think = 500` are no text."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value).strip().lower() if isinstance(value, int | str) else value


def _value(settings: Settings, key: str) -> Any:
    value: Any = settings
    for part in key.split("."):
        value = getattr(value, part)
    return value
