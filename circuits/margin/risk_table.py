"""The risk table: the public numbers of one epoch that turn an account into collateral and margin, and their root."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from zkmargin.algebra import BN254, ceil_div, poseidon_list
from zkmargin.verifier.statement import HORIZON_BITS

from ..errors import InputError
from . import packing
from .commitments import TAG_RISK, laid_out
from .shape import WORD_BITS, Shape

PPM = 1_000_000
YEAR_MS = 31_536_000_000
PRICE_BITS = 64
SIGMA_BITS = 27
CONFIDENCE_BITS = 20
VARIANCE_BITS = 43
VALUE_UNIT_BITS = 68
GAMMA_UNIT_BITS = 44


@dataclass(frozen=True)
class HaircutTier:
    """The part of a holding above `above_e8`, up to the next tier, is discounted by this haircut."""

    above_e8: int
    haircut_ppm: int


@dataclass(frozen=True)
class AssetRisk:
    """Conservative prices (e8 quote units), annualised volatility, and haircuts before latency, by size of holding.

    The first tier starts at 0. A tier that is not needed repeats the one before it.
    """

    price_low_e8: int
    price_high_e8: int
    sigma_ppm: int
    tiers: tuple[HaircutTier, ...]


@dataclass(frozen=True)
class UnderlyingRisk:
    """Spot price; the contingency on gross short notional; the add-on for what the market does not absorb at once.

    `liquidity_ppm` of the spot price is charged for each unit that the sizes of the positions, added up, exceed
    `liquidity_free_e8` by. The last two say what one step of its instruments' risk numbers is worth, in quote units.
    """

    spot_e8: int
    contingency_ppm: int
    liquidity_free_e8: int
    liquidity_ppm: int
    value_unit_e16: int
    gamma_unit_e8: int

    @property
    def contingency_charge_e14(self) -> int:
        return self.spot_e8 * self.contingency_ppm

    @property
    def liquidity_charge_e14(self) -> int:
        return self.spot_e8 * self.liquidity_ppm


@dataclass(frozen=True)
class InstrumentRisk:
    """Risk numbers per unit, each rounded to the nearest step.

    Dollar delta (delta * spot) and the profit or loss in each scenario count steps of the underlying's
    `value_unit_e16`, dollar gamma (gamma * spot^2) steps of its `gamma_unit_e8`.
    """

    delta_units: int
    gamma_units: int
    pnl_units: tuple[int, ...]


def variance_rate_e18(confidence_e4: int, sigma_ppm: int) -> int:
    """(z * sigma)^2 per millisecond, in 1e-18, rounded up: the square of the shock is this times the horizon."""
    return ceil_div((confidence_e4 * sigma_ppm) ** 2, 100 * YEAR_MS)


@dataclass(frozen=True)
class RiskTable:
    """Everything public that the statement uses; well-formedness is checked here, in the open.

    The circuit takes these values without range checks because it opens `root()`, which the oracles attest only for a
    table that passes `validate`.
    """

    confidence_e4: int
    assets: tuple[AssetRisk, ...]
    underlyings: tuple[UnderlyingRisk, ...]
    instruments: tuple[InstrumentRisk, ...]
    scenario_horizon_ms: int = 0
    """How far ahead the scenarios look; a claim over a longer horizon is false. 0 in a table without scenarios."""

    def variance_rates_e18(self) -> tuple[int, ...]:
        """For each asset what its shock is made of."""
        return tuple(variance_rate_e18(self.confidence_e4, asset.sigma_ppm) for asset in self.assets)

    def validate(self, shape: Shape) -> None:
        """Raise `InputError` unless the table has the shape's counts and every number is in its range."""
        for name, rows, expected in (
            ("assets", self.assets, shape.assets),
            ("underlyings", self.underlyings, shape.underlyings),
            ("instruments", self.instruments, shape.instruments),
        ):
            if len(rows) != expected:
                raise InputError(name, f"has {len(rows)} rows; shape {shape.name!r} has {expected}")
        _check("confidence_e4", self.confidence_e4, 1, 1 << CONFIDENCE_BITS)
        longest = 1 << HORIZON_BITS if shape.scenarios else 1
        _check("scenario_horizon_ms", self.scenario_horizon_ms, 0, longest)
        for index, asset in enumerate(self.assets):
            self._validate_asset(f"assets[{index}]", asset, shape)
        for index, underlying in enumerate(self.underlyings):
            at = f"underlyings[{index}]"
            _check(f"{at}.spot_e8", underlying.spot_e8, 1, 1 << PRICE_BITS)
            _check(f"{at}.contingency_ppm", underlying.contingency_ppm, 0, PPM + 1)
            _check(f"{at}.liquidity_free_e8", underlying.liquidity_free_e8, 0, 1 << WORD_BITS)
            _check(f"{at}.liquidity_ppm", underlying.liquidity_ppm, 0, PPM + 1)
            _check(f"{at}.value_unit_e16", underlying.value_unit_e16, 1, 1 << VALUE_UNIT_BITS)
            _check(f"{at}.gamma_unit_e8", underlying.gamma_unit_e8, 1, 1 << GAMMA_UNIT_BITS)
        for index, instrument in enumerate(self.instruments):
            at, most = f"instruments[{index}]", shape.risk_limit
            _check(f"{at}.delta_units", instrument.delta_units, -most, most + 1)
            _check(f"{at}.gamma_units", instrument.gamma_units, -most, most + 1)
            if len(instrument.pnl_units) != shape.scenarios:
                raise InputError(f"{at}.pnl_units", f"has {len(instrument.pnl_units)} columns, not {shape.scenarios}")
            for scenario, units in enumerate(instrument.pnl_units):
                _check(f"{at}.pnl_units[{scenario}]", units, -most, most + 1)

    def _validate_asset(self, at: str, asset: AssetRisk, shape: Shape) -> None:
        _check(f"{at}.price_low_e8", asset.price_low_e8, 1, 1 << PRICE_BITS)
        _check(f"{at}.price_high_e8", asset.price_high_e8, asset.price_low_e8, 1 << PRICE_BITS)
        _check(f"{at}.sigma_ppm", asset.sigma_ppm, 0, 1 << SIGMA_BITS)
        if variance_rate_e18(self.confidence_e4, asset.sigma_ppm) >= 1 << VARIANCE_BITS:
            raise InputError(f"risk table {at}.sigma_ppm", "is too large for this confidence")
        if len(asset.tiers) != shape.tiers:
            raise InputError(f"{at}.tiers", f"has {len(asset.tiers)} entries; shape {shape.name!r} has {shape.tiers}")
        for place, tier in enumerate(asset.tiers):
            _check(f"{at}.tiers[{place}].above_e8", tier.above_e8, 0, 1 << WORD_BITS)
            _check(f"{at}.tiers[{place}].haircut_ppm", tier.haircut_ppm, 0, PPM + 1)
        if asset.tiers[0].above_e8 != 0:
            raise InputError(f"{at}.tiers[0].above_e8", "is not 0: the first tier starts there")
        for place, (below, above) in enumerate(pairwise(asset.tiers), start=1):
            if above.above_e8 < below.above_e8 or above.haircut_ppm < below.haircut_ppm:
                raise InputError(f"{at}.tiers[{place}]", "is lower than the tier before it")

    def items(self, shape: Shape) -> list[int]:
        """The table as integers in the order of the commitment, those that the circuit uses together side by side."""
        rates, underlyings, instruments = self.variance_rates_e18(), self.underlyings, self.instruments
        return [
            *(price for asset in self.assets for price in (asset.price_low_e8, asset.price_high_e8)),
            *packing.pack_all(packing.variance_layouts(shape), rates),
            *(
                element
                for asset in self.assets
                for element in packing.pack_all(packing.tier_layouts(shape), packing.tier_lanes(asset))
            ),
            *(charge for row in underlyings for charge in (row.contingency_charge_e14, row.liquidity_charge_e14)),
            *packing.pack_all(packing.liquidity_layouts(shape), [row.liquidity_free_e8 for row in underlyings]),
            *(unit for row in underlyings for unit in (row.value_unit_e16, row.gamma_unit_e8)),
            *(
                element
                for row in instruments
                for element in packing.pack_all(packing.risk_layouts(shape), packing.risk_lanes(row))
            ),
            *([self.scenario_horizon_ms] if shape.scenarios else []),
        ]

    def root(self, shape: Shape) -> int:
        """`risk_root`: the commitment the oracles attest. The shape is part of it: it says which number is which."""
        return poseidon_list(laid_out(TAG_RISK, shape.table_layout()), [item % BN254.r for item in self.items(shape)])


def _check(name: str, value: int, low: int, high: int) -> None:
    if type(value) is not int or not low <= value < high:
        raise InputError(f"risk table {name}", f"is outside [{low}, {high})")
