"""Which numbers of the risk table stand side by side in one field element, so that the circuit opens them together.

Numbers share an element where the circuit multiplies them by one and the same number, or compares each of them: then
they go through the circuit as lanes, and never need bits of their own. Python's integers and the circuit's lanes use
the same layouts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from ..lane_layout import LANE_CAPACITY, LaneLayout
from .shape import Shape

if TYPE_CHECKING:
    from .risk_table import AssetRisk, InstrumentRisk

T = TypeVar("T")
VARIANCE_LANE = 84
THRESHOLD_LANE = 70
HAIRCUT_LANE = 33
LIQUIDITY_LANE = 80
E9_PER_PPM = 1000


def variance_layouts(shape: Shape) -> list[LaneLayout]:
    """The assets' variance rates: all are multiplied by the horizon."""
    return _layouts([VARIANCE_LANE] * shape.assets)


def tier_layouts(shape: Shape) -> list[LaneLayout]:
    """One asset's thresholds, without the first, then its haircuts: each is compared."""
    return _layouts([THRESHOLD_LANE] * (shape.tiers - 1) + [HAIRCUT_LANE] * shape.tiers)


def tier_lanes(asset: AssetRisk) -> list[int]:
    """What stands in the lanes of `tier_layouts`; haircuts in 1e-9, the unit of the shock they are added to."""
    return [
        *(tier.above_e8 for tier in asset.tiers[1:]),
        *(tier.haircut_ppm * E9_PER_PPM for tier in asset.tiers),
    ]


def liquidity_layouts(shape: Shape) -> list[LaneLayout]:
    """The underlyings' free quantities: each is compared."""
    return _layouts([LIQUIDITY_LANE] * shape.underlyings)


def risk_layouts(shape: Shape) -> list[LaneLayout]:
    """One instrument's delta, gamma, and result in each scenario: all are multiplied by the position."""
    return _layouts([shape.risk_lane] * (2 + shape.scenarios))


def risk_lanes(instrument: InstrumentRisk) -> list[int]:
    """What stands in the lanes of `risk_layouts`, so that sums over positions are what the rules compare: twice the
    delta, the gamma with its sign turned, twice each result.
    """
    return [2 * instrument.delta_units, -instrument.gamma_units, *(2 * units for units in instrument.pnl_units)]


def pack_all(layouts: Iterable[LaneLayout], values: Sequence[int]) -> list[int]:
    """The values in the lanes of the layouts, one after another."""
    return [layout.pack(part) for layout, part in zip(layouts, split(layouts, values), strict=True)]


def split(layouts: Iterable[LaneLayout], values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values that go into each layout."""
    start = 0
    for layout in layouts:
        yield values[start : start + len(layout.widths)]
        start += len(layout.widths)


def _layouts(widths: Sequence[int]) -> list[LaneLayout]:
    """As many lanes to an element as it has room for, in their order."""
    found: list[list[int]] = []
    for width in widths:
        if not found or sum(found[-1]) + width > LANE_CAPACITY:
            found.append([])
        found[-1].append(width)
    return [LaneLayout(tuple(part)) for part in found]
