"""What has to be asked before a ticked file is read or sent: a large one, one that may hold secrets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from docstra_tui import figures
from docstra_tui.context.picks import Pick
from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.workspace.dialogs import Dialogs
from docstra_tui.workspace.files.secret_files import SecretFiles, few_names
from docstra_tui.workspace.files.snapshots import pick_of
from docstra_tui.workspace.files.watched_selection import WatchedSelection
from docstra_tui.workspace.models import consent

if TYPE_CHECKING:
    from docstra_tui.address import Address
    from docstra_tui.context.files.states import Ticked
    from docstra_tui.session.outgoing import Outgoing

LARGEST = 64_000_000
"""Bytes; a larger file is not read whoever asks."""


class Destination(Protocol):
    """Where questions go."""

    @property
    def host(self) -> str:
        """Another machine's name, as it is shown; empty for this one."""

    @property
    def address(self) -> Address | None:
        """Where another server is; None for our engine."""

    @property
    def outgoing(self) -> Outgoing | None:
        """Who looks over what leaves; None where nothing does."""


class TickedFiles(Protocol):
    """What is ticked, where it can be seen."""

    @property
    def picks(self) -> tuple[Pick, ...]:
        """In the order of the tree."""

    def set_ticked(self, picks: Iterable[Pick], *, is_checked: bool = False) -> None:
        """These and no others; `is_checked`: none of them may hold secrets."""

    def untick(self, pick: Pick) -> None:
        """Not this one."""


class FileQuestions:
    """Runs on the screen's thread."""

    def __init__(
        self, tree: TickedFiles, selection: WatchedSelection, there: Destination, dialogs: Dialogs
    ) -> None:
        self._tree = tree
        self._selection = selection
        self._there = there
        self._dialogs = dialogs
        self._secrets = SecretFiles()
        self._new: set[Pick] = set()
        """Ticked by hand and not read yet: what is wrong with one of these is said at once."""

    @property
    def is_elsewhere(self) -> bool:
        """True where questions leave this machine."""
        return bool(self._there.host)

    @property
    def _ticked(self) -> dict[str, None]:
        """The ticked files, in the order of the tree."""
        return dict.fromkeys(pick.path for pick in self._tree.picks)

    @property
    def _where(self) -> str:
        address = self._there.address
        return address.origin if self.is_elsewhere and address is not None else ""

    def ticked(self, new: Sequence[Pick], picks: Sequence[Pick], *, is_checked: bool) -> None:
        """`new` are ticked now, beside the rest of `picks`; `is_checked`: none of them may hold secrets."""
        if self._new:
            self._new &= set(picks)
        if len(new) == 1:
            self._new.add(new[0])
        if not is_checked:
            self._ask_about(pick.path for pick in new)

    # Secrets

    def backend_opened(self) -> None:
        """Somebody else answers: what was agreed to for that server still is."""
        if not self.is_elsewhere:
            self._ask_about(self._ticked)
        self._admit(self._secrets.agreed(self._where))

    def asks_about(self, picks: Iterable[Pick]) -> bool:
        """True where ticking these asks whether they may leave this machine."""
        ticked = self._ticked
        new = (pick.path for pick in picks if pick.path not in ticked)
        return self.is_elsewhere and any(map(may_hold_secrets, new))

    def _ask_about(self, paths: Iterable[str]) -> None:
        """Files that may hold secrets are agreed to once; the host that they would go to is named."""
        where, tree = self._where, self._tree
        self._secrets.forget_unwanted(self._ticked.__contains__)
        asked = self._secrets.to_ask(paths, where)
        if not asked:
            return
        names = few_names(asked)
        if not self.is_elsewhere:
            self._dialogs.say(consent.stays_here(names))
            return

        def answered(yes: bool) -> None:
            if yes:
                self._secrets.agree(asked, where)
                self._admit(asked if where == self._where else [])
            else:
                self._secrets.refuse(asked, where)
                tree.set_ticked([pick for pick in tree.picks if pick.path not in asked])

        text = (
            f"{names} may hold secrets and will be sent to {sanitize_line(self._there.host)}. Keep it ticked?"
        )
        self._dialogs.confirm(consent.TITLE, text, answered, by_enter=False)

    def _admit(self, paths: Sequence[str]) -> None:
        if paths and self._there.outgoing is not None:
            self._there.outgoing.agree_to_names(paths)
            self._selection.recount()

    # What cannot be sent as it is

    def read(self, files: Iterable[Ticked]) -> None:
        """A file ticked by hand that is not sent: said at once; a large one is asked about."""
        for file in files if self._new else ():
            pick = pick_of(file)
            if pick not in self._new:
                continue
            self._new.discard(pick)
            state = file.state
            if state.kind == "huge" and state.size is not None and state.size <= LARGEST:
                self._ask_to_read(pick, state.size)
            elif not state.is_sendable:
                self._dialogs.warn(sanitize_line(state.reason))

    def _ask_to_read(self, pick: Pick, size: int) -> None:
        def answered(yes: bool) -> None:
            if yes:
                self._selection.allow({pick.path: size})
            else:
                self._tree.untick(pick)

        about = f"{figures.size(size)}, about {figures.tokens(size // 4)} tokens"
        text = f"{shown_name(pick.path)} has {about}. Read it all the same?"
        self._dialogs.confirm("A large file", text, answered)
