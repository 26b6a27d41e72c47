"""Drafts of what comes next, looked up in the text itself: an answer about code quotes the code.

The model reads a draft together with the token before it, and what it would have written itself stays. A step
with a draft takes longer than one without, so drafts are made only where they pay: what a longer step takes
here is measured, and how often a draft would be right is known without making one, from what was written.
"""

from __future__ import annotations

from collections.abc import Iterable

GRAM = 3
"""Tokens that must have stood in the same order before, for a draft to be looked up."""
LONGEST_MATCH = 16
"""A longer match tells no more."""
SIZES = (1, 2, 3, 5, 7, 11, 15)
"""Numbers of drafted tokens that are tried."""
WORTH = 1.05
"""How much faster writing must be expected to get for a draft to be made."""

FIRST_EXTRA, NEXT_EXTRA = 0.1, 0.1
"""What drafting at all, and each drafted token, is expected to add to a step, as shares of it."""
FORGETTING = 0.01
"""What was measured fades towards that with every step without drafts, so that it is tried again."""
SMOOTHING = 0.3
"""How much the latest measurement counts."""
PRIOR_RIGHT, PRIOR_WEIGHT = 0.5, 4.0
"""How often a drafted token is right, until it was seen, and how many tokens that counts for."""
MEMORY = 0.98
"""What is left of what was seen with every token seen since."""


class Lookup:
    """Where in the text the latest tokens stood before, and what followed there."""

    def __init__(self, ids: Iterable[int]) -> None:
        self._ids: list[int] = []
        self._behind: dict[tuple[int, ...], int] = {}
        """Where the text went on behind each `GRAM` tokens, the last time."""
        self._at = 0
        """Where what is expected next stands; 0 is nowhere."""
        self.match = 0
        """How many tokens before that are the same as the latest."""
        before = 0
        for id_ in ids:
            before = self._append(id_)
        self._expect(before)

    def add(self, id_: int) -> bool | None:
        """`id_` was written: whether it was expected, None where nothing was."""
        expected = self._ids[self._at] if self._at else None
        before = self._append(id_)
        if expected == id_:
            self._at += 1
            self.match = min(self.match + 1, LONGEST_MATCH)
        else:
            self._expect(before)
        return None if expected is None else expected == id_

    def next(self, count: int) -> list[int]:
        """What is expected next, `count` tokens or none; a text that repeats itself goes on so."""
        if not self._at or not count:
            return []
        found = self._ids[self._at : self._at + count]
        while len(found) < count:
            found.extend(found[: count - len(found)])
        return found

    def _append(self, id_: int) -> int:
        """Where the text went on behind the same tokens before; 0 for nowhere."""
        self._ids.append(id_)
        latest = tuple(self._ids[-GRAM:])
        if len(latest) < GRAM:
            return 0
        before = self._behind.get(latest, 0)
        self._behind[latest] = len(self._ids)
        return before

    def _expect(self, at: int) -> None:
        self._at, self.match = at, 0
        if at:
            ids = self._ids
            most = min(LONGEST_MATCH, at)
            while self.match < most and ids[at - 1 - self.match] == ids[-1 - self.match]:
                self.match += 1


class Payoff:
    """What drafts cost with one model on one machine, and how often they are right. One for all answers."""

    def __init__(self) -> None:
        self._extra: dict[int, float] = {}
        """By the number of drafted tokens: what they add to a step, as a share of it."""
        self._right = [(PRIOR_RIGHT * PRIOR_WEIGHT, PRIOR_WEIGHT)] * (LONGEST_MATCH + 1)
        """By the length of the match: tokens that were right, and tokens seen."""

    def best(self, match: int, most: int) -> int:
        """How many tokens to draft, at most `most`; 0 for none.

        A number is tried once the one before it was: a step that is dear is not long then.
        """
        best, most_worth = 0, WORTH
        expected, likely, drafted = 1.0, 1.0, 0
        for size in SIZES:
            if size > most:
                break
            while drafted < size:
                likely *= self._chance(match + drafted)
                expected += likely
                drafted += 1
            if (worth := expected / (1 + self._added(size))) > most_worth:
                best, most_worth = size, worth
            if size not in self._extra:
                break
        return best

    def was(self, match: int, is_right: bool) -> None:
        """A token that was expected by a match of this length came, or another one."""
        right, seen = self._right[min(match, LONGEST_MATCH)]
        self._right[min(match, LONGEST_MATCH)] = (right * MEMORY + is_right, seen * MEMORY + 1)

    def took(self, size: int, share: float) -> None:
        """A step with `size` drafted tokens took `share` of the usual one."""
        known = self._extra.get(size)
        extra = max(share - 1, 0.0)
        self._extra[size] = extra if known is None else known + SMOOTHING * (extra - known)

    def fade(self) -> None:
        """A step was made without drafts."""
        for size, extra in self._extra.items():
            self._extra[size] = extra + FORGETTING * (FIRST_EXTRA + NEXT_EXTRA * size - extra)

    def _chance(self, match: int) -> float:
        right, seen = self._right[min(match, LONGEST_MATCH)]
        return right / seen

    def _added(self, size: int) -> float:
        if size in self._extra:
            return self._extra[size]
        below = max(self._extra, default=0)
        extra = self._extra.get(below, FIRST_EXTRA)
        each = (extra - FIRST_EXTRA) / below if below else 0.0
        return extra + max(each, NEXT_EXTRA) * (size - below)


class Drafts:
    """For one answer."""

    def __init__(self, ids: Iterable[int], payoff: Payoff) -> None:
        """`ids` are the prompt's and the first that was written."""
        self._lookup = Lookup(ids)
        self._payoff = payoff
        self._usual = 0.0
        """Seconds of a step without drafts; 0.0 before there was one."""

    def guess(self, most: int) -> list[int]:
        """What to draft now, at most `most` tokens."""
        if not self._usual or not self._lookup.match:
            return []
        return self._lookup.next(self._payoff.best(self._lookup.match, most))

    def saw(self, drafted: int, seconds: float, written: Iterable[int]) -> None:
        """A step with so many drafted tokens took `seconds`, and these were written behind it."""
        if drafted:
            self._payoff.took(drafted, seconds / self._usual)
        else:
            self._usual = seconds if not self._usual else self._usual + SMOOTHING * (seconds - self._usual)
            self._payoff.fade()
        for id_ in written:
            match = self._lookup.match
            is_right = self._lookup.add(id_)
            if is_right is not None:
                self._payoff.was(match, is_right)
