"""What was found out about one thing: a line, and what to do about it."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from docstra_tui.errors import DocstraError
from docstra_tui.setting_sources import SHORT, variable_of

Status = Literal["ok", "warn", "fail"]
"""As it should be · something does less than it could · something does not work."""
WORSE: tuple[Status, ...] = ("ok", "warn", "fail")


@dataclass(frozen=True)
class Check:
    """One line of the report. Its texts may quote what others wrote: a face makes them safe to show."""

    name: str
    status: Status
    detail: str
    cure: str = ""
    """What to type, or to do; empty where there is nothing."""


def together(name: str, found: Sequence[Check], fine: str) -> Check:
    """One line for several findings: as bad as the worst of them, which comes first; `fine` without any."""
    if not found:
        return Check(name, "ok", fine)
    ordered = sorted(found, key=lambda one: -WORSE.index(one.status))
    cures = dict.fromkeys(one.cure for one in ordered if one.cure)
    return Check(name, ordered[0].status, "; ".join(one.detail for one in ordered), "; ".join(cures))


def of_error(name: str, status: Status, error: DocstraError) -> Check:
    """An error of ours as a line: its hint is the cure."""
    return Check(name, status, error.message.rstrip("."), error.hint.removeprefix("Run: ").rstrip("."))


def typed(word: object) -> str:
    """A path or a name as a shell takes it: what is copied from a cure must do that and nothing else."""
    return shlex.quote(str(word))


def changed(key: str, command: str, given: Mapping[str, str]) -> str:
    """How a setting gets another value: by a command, but where a variable is stronger, or where it stands
    in no file: `given` says what is done then (`Case.given`)."""
    if key in given:
        return given[key]
    variables = [variable_of(key), *(short for short, one in SHORT.items() if one == key)]
    stronger = [variable for variable in variables if os.environ.get(variable)]
    return f"unset {' '.join(stronger)}" if stronger else command


def aside(path: Path) -> str:
    """How what stands in a folder's place leaves it, and is not lost."""
    there = f"{path}.aside"
    while os.path.lexists(there):  # `mv` would write over it, or into it
        there += "-"
    return f"mv {typed(path)} {typed(there)}"


def made_writable(there: Path, variables: Iterable[str]) -> str:
    """How what is kept there finds a place again; the variables are those that name one for it."""
    status = os.lstat(there)
    if not os.path.isdir(there) and not any(map(os.environ.get, variables)):
        return aside(there)
    is_read_only = os.statvfs(there).f_flag & os.ST_RDONLY
    is_closed = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_IRWXU != stat.S_IRWXU
    if is_closed and status.st_uid == os.getuid() and not is_read_only:
        return f"chmod u+rwx {typed(there)}"
    return elsewhere(variables)


def elsewhere(variables: Iterable[str]) -> str:
    """How other folders are used: the usual ones, where a variable names another, else new ones."""
    named = [one for one in variables if os.environ.get(one)]
    if named:
        return f"unset {' '.join(named)}"
    return f"another folder, such as: export {' '.join(f'{one}=$(mktemp -d)' for one in variables)}"
