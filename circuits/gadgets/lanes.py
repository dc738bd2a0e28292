"""Lanes: several integers side by side in one field element, added, multiplied and compared together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import interval as iv
from ..builder import Circuit
from ..expression import Expr
from ..interval import Interval
from ..lane_layout import LaneLayout, size_of
from ..scope import gadget


@dataclass(frozen=True, eq=False)
class Lanes:
    """x = sum of v_i * 2^offset_i, where v_i lies in `intervals[i]`, inside [-2^(w_i - 1), 2^(w_i - 1)).

    That makes x determine the v_i: digits of a mixed radix, each centred around 0, are unique. So lanes may be added,
    and multiplied by one number, as long as none leaves its width, which is refused. Nothing reads a lane but
    `open_lanes`, whose bits prove what they give.

    `trusted_lanes` and `side_by_side` make them. **Hazard:** to make one by hand is to say that something else keeps
    each lane in its interval; no constraint does.
    """

    x: Expr
    layout: LaneLayout
    intervals: tuple[Interval, ...]

    def __post_init__(self) -> None:
        c = self.x.circuit
        _require_room(c, self.layout, self.intervals)
        if self.x.interval is None:
            c.refuse(f"{self.x} cannot hold lanes: a raw field element wraps, and lanes must not")
        object.__setattr__(self, "x", self.x.integer())

    def __add__(self, other: Lanes) -> Lanes:
        return self._plus(other, 1)

    def __sub__(self, other: Lanes) -> Lanes:
        return self._plus(other, -1)

    def __mul__(self, factor: Expr | int) -> Lanes:
        """Every lane times one number; one constraint for an expression."""
        c = self.x.circuit
        if isinstance(factor, Expr):
            if factor.interval is None:
                c.refuse(f"lanes cannot be multiplied by {factor}, a raw field element: range-check it first")
            known = tuple(iv.multiply(lane, factor.interval) for lane in self.intervals)
        elif type(factor) is int:
            known = tuple(iv.scale(lane, factor) for lane in self.intervals)
        else:
            c.refuse(f"lanes are multiplied by an expression or an integer, not {type(factor).__name__}")
        _require_room(c, self.layout, known)
        return Lanes(self.x * factor, self.layout, known)

    def _plus(self, other: Lanes, sign: int) -> Lanes:
        c = self.x.circuit
        if not isinstance(other, Lanes):
            c.refuse(f"lanes are added to lanes, not to {type(other).__name__}: side_by_side(...) makes them")
        if other.layout != self.layout:
            c.refuse(f"lanes of {self.layout.widths} and of {other.layout.widths} bits do not line up")
        pairs = zip(self.intervals, other.intervals, strict=True)
        known = tuple(iv.add(one, iv.scale(another, sign)) for one, another in pairs)
        return Lanes(self.x + other.x if sign > 0 else self.x - other.x, self.layout, known)


def trusted_lanes(c: Circuit, name: str, layout: LaneLayout, intervals: Sequence[Interval], because: str) -> Lanes:
    """A private input that holds lanes, believed to lie in their intervals; see `Circuit.private_trusted`."""
    _require_room(c, layout, intervals)
    low, high = (layout.placed([known[end] for known in intervals]) for end in (0, 1))
    return Lanes(c.private_trusted(name, (low, high), because=because), layout, tuple(intervals))


@gadget
def side_by_side(values: Sequence[Expr], layout: LaneLayout) -> Lanes:
    """One ranged value for each lane, from the lowest on; lanes without a value hold 0. Free."""
    c, missing = values[0].circuit, len(layout.widths) - len(values)
    if missing < 0:
        c.refuse(f"{len(values)} values do not fit into {len(layout.widths)} lanes")
    known = tuple(_ranged_interval(value) for value in values) + ((0, 0),) * missing
    _require_room(c, layout, known)
    placed = zip(values, layout.offsets, strict=False)
    return Lanes(c.weighted_sum((value.integer(), 1 << offset) for value, offset in placed), layout, known)


@gadget(requires="the lanes said to be nonnegative are")
def open_lanes(lanes: Lanes, nonnegative: Sequence[int] = (), bits: int | None = None) -> tuple[list[Expr], list[Expr]]:
    """(values, signs): each lane's value v, and the bit [v >= 0]; lanes whose number is in `nonnegative` are proven so.

    Costs k + 1 constraints for a lane in [-2^k, 2^k), for one proven not negative as many as its largest value has
    bits, and 1 for all. With `bits` the latter are also proven below 2^bits, which is cheaper where that is narrower.

    Proof: let u_i be v_i + 2^k for a lane with a sign, v_i for one without. The bits make digits d_i, in [0, 2^(k + 1))
    or [0, 2^s) with k + 1 <= w_i and s <= w_i - 1, whose sum of d_i * 2^offset_i is that of the u_i mod r. As u_i lies
    in [0, 2^(k + 1)) or in [-2^(w_i - 1), 2^(w_i - 1)), |u_i - d_i| < 2^w_i for both kinds, and the difference of the
    sums is below 2^252 in size: it is 0. The lowest lane's difference is then a multiple of 2^w_0 below 2^w_0, so it is
    0; likewise lane by lane. So u_i = d_i, which for a lane with a sign gives v_i, and its sign as the top bit; for one
    without it says v_i = d_i >= 0.

    Only that v_i stays in its width was used. Where not even that is so, because x was trusted and is a lie, the digits
    are still the only ones of x, and each value lies in [-2^k, 2^k) or [0, 2^s).
    """
    c, chosen = lanes.x.circuit, frozenset(nonnegative)
    _require_choice(lanes, chosen, bits)
    biases, sizes = [], []
    for place, known in enumerate(lanes.intervals):
        if place in chosen:
            biases.append(0)
            sizes.append(known[1].bit_length() if bits is None else min(bits, known[1].bit_length()))
        else:
            biases.append(1 << size_of(known))
            sizes.append(size_of(known) + 1)
    digits = _digits(lanes, biases, sizes)
    values = [
        c.range_proven(_number(c, lane) - bias, known if bias else (0, (1 << size) - 1))
        for lane, bias, size, known in zip(digits, biases, sizes, lanes.intervals, strict=True)
    ]
    return values, [lane[-1] if bias else c.constant(1) for lane, bias in zip(digits, biases, strict=True)]


def _digits(lanes: Lanes, biases: Sequence[int], sizes: Sequence[int]) -> list[list[Expr]]:
    """Bits of each lane of x plus its bias, and the one constraint that they make up x."""
    c, offsets = lanes.x.circuit, lanes.layout.offsets
    shifted = lanes.x + lanes.layout.placed(biases)
    digits = [
        c.new_bits(shifted, size, first=offset) if size else [] for size, offset in zip(sizes, offsets, strict=True)
    ]
    placed = (
        (bit, 1 << place + offset)
        for lane, offset in zip(digits, offsets, strict=True)
        for place, bit in enumerate(lane)
    )
    c.constrain_equal(c.field_sum(placed), shifted)
    return digits


def _require_choice(lanes: Lanes, nonnegative: frozenset[int], bits: int | None) -> None:
    c, count = lanes.x.circuit, len(lanes.intervals)
    for place in nonnegative:
        if place not in range(count):
            c.refuse(f"there is no lane {place!r}: they are counted from 0 to {count - 1}")
    if bits is not None and (type(bits) is not int or bits < 0 or not nonnegative):
        c.refuse(f"{bits!r} bits bound the lanes that are proven nonnegative, of which there must be one")
    for place in sorted(nonnegative):
        low, high = lanes.intervals[place]
        if high < 0 or (bits is not None and low >> bits > 0):
            wanted = "must not be negative" if high < 0 else f"must have {bits} bits"
            c.refuse(f"this can never hold: lane {place} lies in [{low}, {high}] and {wanted}")


def _require_room(c: Circuit, layout: LaneLayout, intervals: Sequence[Interval]) -> None:
    """One interval for each lane, inside its width; and all lanes inside the field."""
    total, capacity = sum(layout.widths), c.curve.r.bit_length() - 2
    if total > capacity:
        c.refuse(f"lanes of {total} bits in all; an element of this field has room for {capacity}")
    if len(intervals) != len(layout.widths):
        c.refuse(f"{len(intervals)} intervals for {len(layout.widths)} lanes; give one for each")
    for place, (known, width) in enumerate(zip(intervals, layout.widths, strict=True)):
        if known[0] > known[1]:
            c.refuse(f"the interval [{known[0]}, {known[1]}] of lane {place} is empty")
        if size_of(known) >= width:
            c.refuse(f"overflow: lane {place} needs {size_of(known) + 1} bits and has {width}")


def _number(c: Circuit, bits: Sequence[Expr]) -> Expr:
    return c.weighted_sum((bit, 1 << place) for place, bit in enumerate(bits))


def _ranged_interval(value: Expr) -> Interval:
    if value.interval is None:
        value.circuit.refuse(f"{value} cannot stand in a lane: a raw field element has no range; range-check it first")
    return value.interval
