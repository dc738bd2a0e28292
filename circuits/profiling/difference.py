"""What changed between two profiles, gadget by gadget, line by line or path by path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .profile import Cost, Path, Profile, Share


@dataclass(frozen=True)
class Change:
    """One share, before and after; None where it does not exist. `was` is the old name of a renamed gadget."""

    place: Path
    old: Share | None
    new: Share | None
    was: str | None = None

    @property
    def own(self) -> Cost:
        """How much the own cost grew."""
        return (self.new.own if self.new else Cost()) - (self.old.own if self.old else Cost())

    @property
    def inclusive(self) -> Cost:
        """How much the inclusive cost grew."""
        return (self.new.inclusive if self.new else Cost()) - (self.old.inclusive if self.old else Cost())


@dataclass(frozen=True)
class Difference:
    """Two profiles compared. `changes` has what differs, the greatest change first; `equal` counts what does not."""

    old: Profile
    new: Profile
    view: str
    changes: tuple[Change, ...]
    equal: int

    @property
    def total(self) -> Cost:
        """How much the circuit grew."""
        return self.new.total - self.old.total


def difference(old: Profile, new: Profile, view: str = "gadget") -> Difference:
    """The changes from `old` to `new` in one of `profile.VIEWS`.

    A gadget that is gone and one that is new count as one renamed gadget where both cost the same in every count, own
    and inclusive, and no other gadget that came or went does.
    """
    names = {} if view == "line" else _renamed(old, new)
    former = {was: name for name, was in names.items()}
    before = {share.place: share for share in old.renamed(former).by(view)}
    after = {share.place: share for share in new.by(view)}
    changes, equal = [], 0
    for place in before.keys() | after.keys():
        change = Change(place, before.get(place), after.get(place), names.get(place[-1]) if place else None)
        if change.old == change.new and change.was is None:
            equal += 1
        else:
            changes.append(change)
    return Difference(old, new, view, tuple(sorted(changes, key=_order)), equal)


def _order(change: Change) -> tuple[int, int, int, int, Path]:
    grown = change.inclusive
    return -abs(grown.constraints), -abs(grown.wires), -abs(grown.entries), -abs(grown.b_wires), change.place


def _renamed(old: Profile, new: Profile) -> dict[str, str]:
    """New names with their old ones."""
    before = {share.place[0]: share for share in old.by_gadget() if share.place}
    after = {share.place[0]: share for share in new.by_gadget() if share.place}
    gone = _by_cost(before[name] for name in before.keys() - after.keys())
    come = _by_cost(after[name] for name in after.keys() - before.keys())
    return {
        come[costs][0]: gone[costs][0]
        for costs in gone.keys() & come.keys()
        if len(gone[costs]) == len(come[costs]) == 1
    }


def _by_cost(shares: Iterable[Share]) -> dict[tuple[Cost, Cost], list[str]]:
    names: dict[tuple[Cost, Cost], list[str]] = {}
    for share in shares:
        names.setdefault((share.own, share.inclusive), []).append(share.place[0])
    return names
