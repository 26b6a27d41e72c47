"""The families of marks between which models think: data, in `families.toml` beside this."""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import resources

import msgspec


class Family(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way of thinking aloud; `families.toml` says what each field is."""

    name: str
    open: tuple[str, ...]
    close: tuple[str, ...]
    force: str
    headers: tuple[str, ...] = ()
    footers: tuple[str, ...] = ()
    channels: bool = False
    template: str = ""
    models: str = ""

    def __post_init__(self) -> None:
        if not (self.open and self.close and all(self.every) and self.force):
            raise ValueError(f"the marks of {self.name!r} are not whole")

    @property
    def every(self) -> tuple[str, ...]:
        """All of its marks."""
        return (*self.open, *self.close, *self.headers, *self.footers)

    def spelt(self, spell: Callable[[str], str]) -> Family:
        """The same with each mark, and what closes by force, in another spelling."""

        def all_of(marks: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(spell(mark) for mark in marks)

        return msgspec.structs.replace(
            self,
            open=all_of(self.open),
            close=all_of(self.close),
            headers=all_of(self.headers),
            footers=all_of(self.footers),
            force=spell(self.force),
        )


class _File(msgspec.Struct, forbid_unknown_fields=True):
    family: tuple[Family, ...]


@functools.cache
def load() -> tuple[Family, ...]:
    """All of them, in their order."""
    return parse(resources.files("docstra_tui.llm.thinking").joinpath("families.toml").read_bytes())


def parse(source: bytes) -> tuple[Family, ...]:
    """What a file like `families.toml` says. Raises `msgspec.ValidationError`."""
    return msgspec.toml.decode(source, type=_File).family


def of_template(template: str) -> tuple[Family, ...]:
    """Those that a model with this chat template may write."""
    return tuple(family for family in load() if family.template in template)


def of_any_model() -> tuple[Family, ...]:
    """Those whose marks say by themselves that somebody thinks: for text from a server, whose template
    nobody knows."""
    return of_template("")
