"""A small market to show things on: four assets, two underlyings with a perpetual and a call each."""

from __future__ import annotations

from zkmargin.circuits.margin import SMALL, AssetRisk, InstrumentRisk, RiskTable, UnderlyingRisk

from .risk_document import RiskDocument

E8 = 10**8


def example_risk_document(oracle_time_ms: int = 1_800_000_000_000) -> RiskDocument:
    """Prices and Greeks as a risk engine would publish them for one epoch."""
    return RiskDocument(
        shape=SMALL,
        oracle_time_ms=oracle_time_ms,
        quote="USD",
        asset_names=("BTC", "ETH", "SOL", "USDC"),
        instrument_names=("BTC-PERP", "BTC-CALL-70K", "ETH-PERP", "ETH-CALL-4K"),
        table=RiskTable(
            confidence_e4=40_000,
            assets=(
                AssetRisk(63_900 * E8, 64_100 * E8, 50_000, 600_000),
                AssetRisk(3_190 * E8, 3_210 * E8, 70_000, 750_000),
                AssetRisk(149 * E8, 151 * E8, 150_000, 1_100_000),
                AssetRisk(99_900_000, 100_100_000, 10_000, 5_000),
            ),
            underlyings=(UnderlyingRisk(64_000 * E8, 10_000), UnderlyingRisk(3_200 * E8, 10_000)),
            instruments=(
                InstrumentRisk(64_000 * E8, 0, ()),
                InstrumentRisk(22_400 * E8, 310_000 * E8, ()),
                InstrumentRisk(3_200 * E8, 0, ()),
                InstrumentRisk(1_180 * E8, 14_500 * E8, ()),
            ),
        ),
    )
