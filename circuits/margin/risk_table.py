"""The risk table: the public numbers of one epoch that turn an account into collateral and margin, and their root."""

from __future__ import annotations

from dataclasses import dataclass

from zkmargin.algebra import BN254

from ..errors import InputError
from .commitments import TAG_RISK, hash_list
from .shape import Shape

PPM = 1_000_000
PRICE_BITS = 64
GREEK_BITS = 64
SIGMA_BITS = 27
CONFIDENCE_BITS = 20


@dataclass(frozen=True)
class AssetRisk:
    """Conservative prices (e8 quote units), the haircut before latency, and annualised volatility of one asset."""

    price_low_e8: int
    price_high_e8: int
    haircut_ppm: int
    sigma_ppm: int


@dataclass(frozen=True)
class UnderlyingRisk:
    """Spot price and the contingency charged on gross short notional."""

    spot_e8: int
    contingency_ppm: int


@dataclass(frozen=True)
class InstrumentRisk:
    """Dollar Greeks per unit (delta * spot, gamma * spot^2) and the profit or loss per unit in each scenario."""

    dollar_delta_e8: int
    dollar_gamma_e8: int
    pnl_e8: tuple[int, ...]


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
        for index, asset in enumerate(self.assets):
            at = f"assets[{index}]"
            _check(f"{at}.price_low_e8", asset.price_low_e8, 1, 1 << PRICE_BITS)
            _check(f"{at}.price_high_e8", asset.price_high_e8, asset.price_low_e8, 1 << PRICE_BITS)
            _check(f"{at}.haircut_ppm", asset.haircut_ppm, 0, PPM + 1)
            _check(f"{at}.sigma_ppm", asset.sigma_ppm, 0, 1 << SIGMA_BITS)
        for index, underlying in enumerate(self.underlyings):
            at = f"underlyings[{index}]"
            _check(f"{at}.spot_e8", underlying.spot_e8, 1, 1 << PRICE_BITS)
            _check(f"{at}.contingency_ppm", underlying.contingency_ppm, 0, PPM + 1)
        greek = 1 << (GREEK_BITS - 1)
        for index, instrument in enumerate(self.instruments):
            at = f"instruments[{index}]"
            _check(f"{at}.dollar_delta_e8", instrument.dollar_delta_e8, -greek, greek)
            _check(f"{at}.dollar_gamma_e8", instrument.dollar_gamma_e8, -greek, greek)
            if len(instrument.pnl_e8) != shape.scenarios:
                raise InputError(f"{at}.pnl_e8", f"has {len(instrument.pnl_e8)} columns, not {shape.scenarios}")
            for scenario, pnl in enumerate(instrument.pnl_e8):
                _check(f"{at}.pnl_e8[{scenario}]", pnl, -greek, greek)

    def items(self) -> list[int]:
        """The table as one list, in the order of the commitment; each number is an element of its own."""
        return [
            self.confidence_e4,
            *(v for a in self.assets for v in (a.price_low_e8, a.price_high_e8, a.haircut_ppm, a.sigma_ppm)),
            *(v for u in self.underlyings for v in (u.spot_e8, u.contingency_ppm)),
            *(v for i in self.instruments for v in (i.dollar_delta_e8, i.dollar_gamma_e8, *i.pnl_e8)),
        ]

    def root(self, shape: Shape) -> int:
        """`risk_root`: the commitment the oracles attest. The shape is part of it: it says which number is which."""
        return hash_list(TAG_RISK, [shape.table_layout(), *(item % BN254.r for item in self.items())])


def _check(name: str, value: int, low: int, high: int) -> None:
    if type(value) is not int or not low <= value < high:
        raise InputError(f"risk table {name}", f"is outside [{low}, {high})")
