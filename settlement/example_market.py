"""A small market to show things on: four assets, two underlyings with a perpetual and a call each."""

from __future__ import annotations

from zkmargin.circuits.margin import SMALL, AssetRisk, HaircutTier, InstrumentRisk, RiskTable, UnderlyingRisk

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
                AssetRisk(63_900 * E8, 64_100 * E8, 600_000, _tiers(20, 50_000, 100_000)),
                AssetRisk(3_190 * E8, 3_210 * E8, 750_000, _tiers(300, 70_000, 140_000)),
                AssetRisk(149 * E8, 151 * E8, 1_100_000, _tiers(5_000, 150_000, 300_000)),
                AssetRisk(99_900_000, 100_100_000, 5_000, _tiers(5_000_000, 10_000, 20_000)),
            ),
            underlyings=(
                UnderlyingRisk(64_000 * E8, 10_000, 50 * E8, 5_000, 4 * 10**16, 20 * E8),
                UnderlyingRisk(3_200 * E8, 10_000, 800 * E8, 5_000, 2 * 10**15, 1 * E8),
            ),
            instruments=(
                InstrumentRisk(16_000, 0, ()),
                InstrumentRisk(5_600, 15_500, ()),
                InstrumentRisk(16_000, 0, ()),
                InstrumentRisk(5_900, 14_500, ()),
            ),
        ),
    )


def _tiers(above: int, first_ppm: int, second_ppm: int) -> tuple[HaircutTier, ...]:
    return HaircutTier(0, first_ppm), HaircutTier(above * E8, second_ppm)
