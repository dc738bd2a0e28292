"""Lanes: several integers side by side in one field element, added, multiplied and compared together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import interval as iv
from ..builder import Circuit
from ..errors import CircuitError
from ..expression import Expr
from ..interval import Interval
from ..scope import gadget

LANE_CAPACITY = 252
"""Bits that the lanes of one element take at most: whatever is inside, the element stays within +-(r - 1) / 2."""


@dataclass(frozen=True)
class LaneLayout:
    """The widths of the lanes of one element, the lowest lane first."""

    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.widths or min(self.widths) < 2 or sum(self.widths) > LANE_CAPACITY:
            raise CircuitError(f"lanes of {self.widths} bits; they take at least 2 each and {LANE_CAPACITY} in all")

    @property
    def offsets(self) -> tuple[int, ...]:
        return tuple(sum(self.widths[:place]) for place in range(len(self.widths)))

    def pack(self, values: Sequence[int]) -> int:
        """The integer whose lanes hold these values; lanes at the end may be left out, and hold 0."""
        return sum(value << offset for value, offset in zip(values, self.offsets, strict=False))


@dataclass(frozen=True)
class Lanes:
    """x = sum of v_i * 2^offset_i, where v_i lies in `intervals[i]`, inside [-2^(w_i - 1), 2^(w_i - 1)).

    That makes x determine the v_i: digits of a mixed radix, each centred around 0, are unique. So lanes may be added,
    and multiplied by one number, as long as none leaves its width, which is refused. Nothing reads a lane but
    `open_lanes`, whose bits prove what they give.
    """

    x: Expr
    layout: LaneLayout
    intervals: tuple[Interval, ...]

    def __post_init__(self) -> None:
        for place, (known, width) in enumerate(zip(self.intervals, self.layout.widths, strict=True)):
            half = 1 << (width - 1)
            if known[0] < -half or known[1] >= half:
                self.x.circuit.refuse(
                    f"overflow: lane {place} needs {iv.width(known) + (known[0] >= 0)} bits and has {width}"
                )

    def __add__(self, other: Lanes) -> Lanes:
        self._require_same_layout(other)
        known = tuple(iv.add(a, b) for a, b in zip(self.intervals, other.intervals, strict=True))
        return Lanes(self.x + other.x, self.layout, known)

    def __sub__(self, other: Lanes) -> Lanes:
        return self + other * -1

    def __mul__(self, factor: Expr | int) -> Lanes:
        """Every lane times one number; one constraint for an expression."""
        if isinstance(factor, int):
            known = tuple(iv.scale(lane, factor) for lane in self.intervals)
            return Lanes(self.x * factor, self.layout, known)
        number = factor.integer()
        if number.interval is None:
            number.circuit.refuse(f"lanes cannot be multiplied by {number}, a raw field element: range-check it first")
        known = tuple(iv.multiply(lane, number.interval) for lane in self.intervals)
        return Lanes(self.x * number, self.layout, known)

    def _require_same_layout(self, other: Lanes) -> None:
        if other.layout != self.layout:
            self.x.circuit.refuse(f"lanes of {self.layout.widths} and of {other.layout.widths} bits do not line up")


def trusted_lanes(c: Circuit, name: str, layout: LaneLayout, intervals: Sequence[Interval], because: str) -> Lanes:
    """A private input that holds lanes, believed to lie in their intervals; see `Circuit.private_trusted`."""
    low, high = (layout.pack([known[end] for known in intervals]) for end in (0, 1))
    return Lanes(c.private_trusted(name, (low, high), because=because), layout, tuple(intervals))


def side_by_side(values: Sequence[Expr], layout: LaneLayout) -> Lanes:
    """One ranged value for each lane, from the lowest on; lanes without a value hold 0. Free."""
    c, known = values[0].circuit, [_ranged_interval(value) for value in values]
    packed = c.weighted_sum(
        (value.integer(), 1 << offset) for value, offset in zip(values, layout.offsets, strict=False)
    )
    return Lanes(packed, layout, (*known, *[(0, 0)] * (len(layout.widths) - len(known))))


@gadget(requires="the lanes said to be nonnegative are")
def open_lanes(lanes: Lanes, nonnegative: Sequence[int] = (), bits: int | None = None) -> tuple[list[Expr], list[Expr]]:
    """(values, signs): each lane's value v, and the bit [v >= 0]; lanes whose number is in `nonnegative` are proven so.

    Costs k + 1 constraints for a lane in [-2^k, 2^k), for one proven not negative as many as its largest value has
    bits, and 1 for all. With `bits` the latter are also proven below 2^bits, which is cheaper where that is narrower.

    Proof: the digits d_i that the bits make have the same sum of d_i * 2^offset_i, mod r, as the u_i, where u_i is
    v_i + 2^k for a lane with a sign and v_i for one without. A digit lies in [0, 2^(k + 1)) or in [0, 2^(w_i - 1)), so
    |u_i - d_i| < 2^w_i for both kinds, and both sums are within +-2^252: they are equal integers. The lowest lane's
    difference is then a multiple of 2^w_0 below 2^w_0, so it is 0; likewise lane by lane. So u_i = d_i, which for a
    lane with a sign gives v_i, and its sign as the top bit; for one without it says v_i = d_i >= 0.
    """
    c = lanes.x.circuit
    biases, sizes = [], []
    for place, (low, high) in enumerate(lanes.intervals):
        if place not in nonnegative:
            biases.append(1 << max((-low - 1).bit_length() if low < 0 else 0, high.bit_length() if high > 0 else 0))
            sizes.append(biases[-1].bit_length())
        elif high < 0:
            c.refuse(f"this can never hold: lane {place} lies in [{low}, {high}] and must not be negative")
        else:
            biases.append(0)
            sizes.append(min(high.bit_length(), high.bit_length() if bits is None else bits))
    digits = _digits(lanes, biases, sizes)
    values = [
        c.range_proven(_number(c, lane) - bias, known if bias else (0, (1 << size) - 1))
        for lane, bias, size, known in zip(digits, biases, sizes, lanes.intervals, strict=True)
    ]
    return values, [lane[-1] if bias else c.constant(1) for lane, bias in zip(digits, biases, strict=True)]


def _digits(lanes: Lanes, biases: Sequence[int], sizes: Sequence[int]) -> list[list[Expr]]:
    """Bits of each lane of x plus its bias, and the one constraint that they make up x."""
    c, offsets = lanes.x.circuit, lanes.layout.offsets
    shifted = lanes.x + lanes.layout.pack(biases)
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


def _number(c: Circuit, bits: Sequence[Expr]) -> Expr:
    return c.weighted_sum((bit, 1 << place) for place, bit in enumerate(bits))


def _ranged_interval(value: Expr) -> Interval:
    if value.interval is None:
        value.circuit.refuse(f"{value} cannot stand in a lane: a raw field element has no range; range-check it first")
    return value.interval
