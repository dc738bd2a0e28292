"""The risk policy: everything that is decided by people, so that the rest of a risk table is computed.

Whoever holds the policy and the agreed market data computes the same table. `policy_document` reads and writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from zkmargin.circuits.margin import HaircutTier, Shape

from ..errors import TableError
from .exact_numbers import PPM
from .forecast import AssetModel, ForecastModel
from .instrument import Instrument
from .latency import LatencyRule
from .scenarios import Scenario

MAX_CONFIDENCE_E4 = 1 << 20
MAX_HORIZON_MS = 1 << 40
MAX_HELD_E8 = 1 << 64


@dataclass(frozen=True)
class AssetPolicy:
    """An asset's haircuts by size of holding, and how its volatility is forecast."""

    name: str
    tiers: tuple[HaircutTier, ...]
    model: AssetModel

    def __post_init__(self) -> None:
        at = f"asset {self.name} tiers"
        if not self.tiers or self.tiers[0].above_e8 != 0:
            raise TableError(at, "must start with one above 0")
        if any(not 0 <= tier.haircut_ppm <= PPM or tier.above_e8 >= MAX_HELD_E8 for tier in self.tiers):
            raise TableError(at, "must have haircuts of 0 to 100 %, and sizes below 2^64 e8")
        for below, above in pairwise(self.tiers):
            if above.above_e8 <= below.above_e8 or above.haircut_ppm < below.haircut_ppm:
                raise TableError(at, "must ascend: each above a larger holding, at no smaller haircut")

    def filled(self, count: int) -> tuple[HaircutTier, ...]:
        """As many tiers as the shape has room for; one that is not needed repeats the last."""
        if len(self.tiers) > count:
            raise TableError(f"asset {self.name} tiers", f"are {len(self.tiers)}; the shape has room for {count}")
        return self.tiers + (self.tiers[-1],) * (count - len(self.tiers))


@dataclass(frozen=True)
class UnderlyingPolicy:
    """Charges on an underlying's positions: on gross short notional, and on size beyond what the market absorbs."""

    asset: str
    contingency_ppm: int
    liquidity_free_e8: int
    liquidity_ppm: int

    def __post_init__(self) -> None:
        if not (0 <= self.contingency_ppm <= PPM and 0 <= self.liquidity_ppm <= PPM):
            raise TableError(f"underlying {self.asset}", "must have charges of 0 to 100 %")
        if not 0 <= self.liquidity_free_e8 < MAX_HELD_E8:
            raise TableError(f"underlying {self.asset}", "must have a free quantity below 2^64 e8")


@dataclass(frozen=True)
class RiskPolicy:
    """One market's policy. `confidence_e4` is z; prices are taken `price_confidence_e4` times their confidence off.

    `horizon_ms` is what the scenarios reach over at least: the longest horizon that the ledgers allow. No option counts
    as closer to expiry than `minimum_time_ms`.
    """

    shape: Shape
    market: str
    quote: str
    confidence_e4: int
    price_confidence_e4: int
    horizon_ms: int
    minimum_time_ms: int
    max_snapshot_age_ms: int
    clock_skew_ms: int
    assets: tuple[AssetPolicy, ...]
    underlyings: tuple[UnderlyingPolicy, ...]
    instruments: tuple[Instrument, ...]
    scenarios: tuple[Scenario, ...]
    forecast: ForecastModel
    latency: LatencyRule

    def __post_init__(self) -> None:
        shape = self.shape
        _count("assets", self.assets, shape.assets, shape)
        _count("underlyings", self.underlyings, shape.underlyings, shape)
        _count("instruments", self.instruments, shape.instruments, shape)
        _count("scenarios", self.scenarios, shape.scenarios, shape)
        for asset in self.assets:
            asset.filled(shape.tiers)
        _unique("assets and instruments", [*(row.name for row in self.assets), *(row.name for row in self.instruments)])
        self._check_order()
        self._check_numbers()

    def asset(self, name: str) -> AssetPolicy:
        """The asset called so; `TableError` where there is none."""
        for asset in self.assets:
            if asset.name == name:
                return asset
        raise TableError(f"asset {name}", f"is not in the policy; there are {', '.join(a.name for a in self.assets)}")

    def _check_order(self) -> None:
        names = [asset.name for asset in self.assets[: self.shape.underlyings]]
        if [row.asset for row in self.underlyings] != names:
            raise TableError("underlyings", f"must be the first assets, in the same order: {', '.join(names)}")
        for index, instrument in enumerate(self.instruments):
            wanted = names[self.shape.underlying_of(index)]
            if instrument.underlying != wanted:
                raise TableError(f"instrument {instrument.name}", f"stands in a place for {wanted}: sort by underlying")

    def _check_numbers(self) -> None:
        for name, value, low, high in (
            ("confidence", self.confidence_e4, 1, MAX_CONFIDENCE_E4),
            ("price_confidence", self.price_confidence_e4, 0, MAX_CONFIDENCE_E4),
            ("horizon_ms", self.horizon_ms, 1, MAX_HORIZON_MS),
            ("minimum_time_ms", self.minimum_time_ms, 1, MAX_HORIZON_MS),
            ("max_snapshot_age_ms", self.max_snapshot_age_ms, 0, MAX_HORIZON_MS),
            ("clock_skew_ms", self.clock_skew_ms, 0, MAX_HORIZON_MS),
        ):
            if not low <= value < high:
                raise TableError(name, f"must be at least {low} and below {high}")


def _count(name: str, rows: Sequence[object], wanted: int, shape: Shape) -> None:
    if len(rows) != wanted:
        raise TableError(name, f"are {len(rows)}; shape {shape.name!r} has {wanted}")


def _unique(name: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for one in names:
        if one in seen:
            raise TableError(name, f"name {one} twice")
        seen.add(one)
