"""Profiles and their differences as lines of text, one row a gadget, line or path."""

from __future__ import annotations

from collections.abc import Sequence

from .difference import Change, Difference
from .profile import COMPONENTS, NOTHING, Cost, Path, Profile, Share


def profile_lines(profile: Profile, view: str, top: int) -> list[str]:
    """The totals, then the `top` costliest rows of a view (0: all of them); paths are shown as a tree."""
    total = profile.total
    lines = [
        f"{profile.circuit}: {total.constraints:,} constraints, {total.wires:,} wires, {total.b_wires:,} of them in B",
        f"entries: {total.a_entries:,} in A, {total.b_entries:,} in B, {total.c_entries:,} in C",
    ]
    if profile.named_by == NOTHING:
        return lines
    shares = profile.by(view)
    shown = shares[:top] if top else shares
    table = [_headings(profile, view, ("own", ""), ("with inner", ""))]
    for share in _as_tree(shown) if view == "path" else shown:
        table.append(
            [
                *(() if view == "line" else _with_part(share.own, total)),
                *_with_part(share.inclusive, total),
                f"{share.inclusive.wires:,}",
                f"{share.inclusive.entries:,}",
                f"{share.inclusive.b_wires:,}",
                _label(profile, share.place, view),
            ]
        )
    lines += ["", *_aligned(table)]
    if len(shown) < len(shares):
        lines.append(f"and {_counted(len(shares) - len(shown), _unit(profile, view))} more; --top 0 shows all")
    return lines


def difference_lines(found: Difference, top: int) -> list[str]:
    """The totals with their change, then the `top` greatest changes (0: all of them)."""
    old, new, view = found.old, found.new, found.view
    lines = [f"{old.circuit} -> {new.circuit}: {', '.join(_totals(old.total, new.total))}"]
    if not found.changes:
        same = "the circuits are the same" if old.digest == new.digest else "the circuits differ, their costs do not"
        return [*lines, f"no {_unit(new, view)} changed: {same}"]
    shown = found.changes[:top] if top else found.changes
    table = [_headings(new, view, ("own",), ("with inner", ""))]
    for change in shown:
        label = _change_label(new if change.new else old, change.place, view)
        table.append(
            [
                *(() if view == "line" else (_signed(change.own.constraints),)),
                _signed(change.inclusive.constraints),
                _kind(change),
                _signed(change.inclusive.wires),
                _signed(change.inclusive.entries),
                _signed(change.inclusive.b_wires),
                label + (f" (was {change.was})" if change.was else ""),
            ]
        )
    lines += ["", *_aligned(table)]
    if len(shown) < len(found.changes):
        lines.append(f"and {_counted(len(found.changes) - len(shown), 'change')} more; --top 0 shows all")
    if found.equal:
        lines.append(f"{_counted(found.equal, _unit(new, view))} unchanged")
    return lines


def _totals(before: Cost, after: Cost) -> list[str]:
    counts = (
        ("constraints", before.constraints, after.constraints),
        ("wires", before.wires, after.wires),
        ("entries", before.entries, after.entries),
        ("wires in B", before.b_wires, after.b_wires),
    )
    return [f"{new:,} {what} ({_signed(new - old)}{_growth(old, new)})" for what, old, new in counts]


def _headings(profile: Profile, view: str, own: Sequence[str], inclusive: Sequence[str]) -> list[str]:
    """A line's own cost is all its cost, so it has one column less."""
    constraints = ("constraints", *inclusive[1:]) if view == "line" else (*own, *inclusive)
    what = {"gadget": _unit(profile, view), "line": "source line", "path": f"{_unit(profile, 'gadget')} path"}[view]
    return [*constraints, "wires", "entries", "in B", what]


def _unit(profile: Profile, view: str) -> str:
    return "component" if view == "gadget" and profile.named_by == COMPONENTS else view


def share_label(profile: Profile, place: Path) -> str:
    """`merkle_root/poseidon`, a line, or what the empty path is called."""
    return "/".join(place) or profile.outside


def _label(profile: Profile, place: Path, view: str) -> str:
    if view == "line":
        return place[0] if place else "(no source line)"
    if view == "path":
        return "  " * len(place) + (place[-1] if place else profile.circuit)
    return share_label(profile, place)


def _change_label(profile: Profile, place: Path, view: str) -> str:
    if view == "path":
        return "/".join(place) or "(whole circuit)"
    return _label(profile, place, view)


def _as_tree(shares: Sequence[Share]) -> list[Share]:
    """Each path under the path that holds it, siblings the costliest first; a costlier share is never left out before
    one inside it, so every path has its parent here.
    """
    ranks = {share.place: rank for rank, share in enumerate(shares)}
    return sorted(shares, key=lambda share: [ranks[share.place[:depth]] for depth in range(len(share.place) + 1)])


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    """Numbers to the right, the last column to the left."""
    widths = [max(map(len, column)) for column in list(zip(*table, strict=True))[:-1]]
    rows = []
    for row in table:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=False)]
        rows.append("  ".join([*cells, row[-1]]))
    return rows


def _with_part(cost: Cost, total: Cost) -> tuple[str, str]:
    """A number of constraints, and which part of the circuit it is."""
    part = f"{100 * cost.constraints / total.constraints:.1f}%" if total.constraints else ""
    return f"{cost.constraints:,}", part


def _signed(count: int) -> str:
    return f"{count:+,}" if count else "0"


def _growth(before: int, after: int) -> str:
    return f", {100 * (after - before) / before:+.1f}%" if before and after != before else ""


def _kind(change: Change) -> str:
    if change.old is None:
        return "new"
    if change.new is None:
        return "gone"
    if change.was is not None and change.inclusive == Cost():
        return "renamed"
    before = change.old.inclusive.constraints
    return f"{100 * change.inclusive.constraints / before:+.1f}%" if before and change.inclusive.constraints else ""


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
