"""Where lanes lie in one field element, the same for Python's integers and for the circuit (`gadgets/lanes.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from .errors import CircuitError
from .interval import Interval

LANE_CAPACITY = 252
"""Bits that the lanes of one element take at most: whatever is inside, the element stays within +-(r - 1) / 2.

Of a field whose r has b bits that is b - 2, as (r - 1) / 2 >= 2^(b - 2); `Lanes` checks it for the field at hand.
"""


@dataclass(frozen=True)
class LaneLayout:
    """The widths of the lanes of one element, the lowest lane first."""

    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        whole = type(self.widths) is tuple and all(type(width) is int and width > 1 for width in self.widths)
        if not whole or not 0 < sum(self.widths) <= LANE_CAPACITY:
            raise CircuitError(f"lanes of {self.widths} bits; they take at least 2 each and {LANE_CAPACITY} in all")

    @property
    def offsets(self) -> tuple[int, ...]:
        return tuple(accumulate(self.widths[:-1], initial=0))

    def pack(self, values: Sequence[int]) -> int:
        """The integer whose lanes hold these values; lanes at the end may be left out, and hold 0."""
        if len(values) > len(self.widths):
            raise CircuitError(f"{len(values)} values do not fit into {len(self.widths)} lanes; leave some out")
        for place, (value, width) in enumerate(zip(values, self.widths, strict=False)):
            if size_of((value, value)) >= width:
                raise CircuitError(f"a value of {size_of((value, value)) + 1} bits in lane {place}, which has {width}")
        return self.placed(values)

    def placed(self, numbers: Sequence[int]) -> int:
        """Each number times what its lane stands for, however many bits it has."""
        return sum(number << offset for number, offset in zip(numbers, self.offsets, strict=False))

    def unpack(self, packed: int) -> tuple[int, ...]:
        """The values that `pack` puts into this integer: the only ones that fit."""
        values, rest = [], packed
        for width in self.widths:
            half = 1 << width - 1
            values.append((rest + half) % (1 << width) - half)
            rest = rest - values[-1] >> width
        if rest:
            raise CircuitError(f"an integer beyond what lanes of {self.widths} bits hold")
        return tuple(values)


def size_of(known: Interval) -> int:
    """The least k for which [-2^k, 2^k) has it all."""
    return max(~known[0], known[1], 0).bit_length()
