"""Accounts and risk tables to try the statement on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from zkmargin.circuits import CompiledCircuit
from zkmargin.circuits.margin import (
    SMALL,
    AssetRisk,
    HaircutTier,
    InstrumentRisk,
    Leaf,
    Reservation,
    RiskTable,
    Shape,
    UnderlyingRisk,
    compile_margin,
    key_commitment,
    venue_group,
)
from zkmargin.prover.accounts import AccountTree
from zkmargin.prover.assembly import Claim

E8 = 10**8
SECRET = 0x5EC2E7
TARGET = 0x7A26E7
VENUES = (1001, 1002, 1003)
HOUR_MS = 3_600_000

ClaimMaker = Callable[..., Claim]


def example_table(shape: Shape) -> RiskTable:
    """A plausible market: the first assets volatile, the last one the quote currency at par."""
    volatile = [
        AssetRisk(
            price_low_e8=(64_000 - 900 * a) * E8,
            price_high_e8=(64_100 - 900 * a) * E8,
            sigma_ppm=600_000 + a,
            tiers=tuple(HaircutTier(t * 10**8 // 2 * 3, 50_000 + a + 30_000 * t) for t in range(shape.tiers)),
        )
        for a in range(shape.assets - 1)
    ]
    return RiskTable(
        confidence_e4=40_000,
        assets=(*volatile, AssetRisk(E8, E8, 0, (HaircutTier(0, 0),) * shape.tiers)),
        underlyings=tuple(
            UnderlyingRisk(
                spot_e8=(64_050 - 900 * u) * E8,
                contingency_ppm=10_000,
                liquidity_free_e8=E8 // 3,
                liquidity_ppm=2_000,
                value_unit_e16=5 * 10**16,
                gamma_unit_e8=7 * E8,
            )
            for u in range(shape.underlyings)
        ),
        instruments=tuple(
            InstrumentRisk(
                delta_units=12_000 - 7 * k,
                gamma_units=(-1) ** k * 12_800,
                pnl_units=tuple((s - shape.scenarios // 2) * 1_600 + k for s in range(shape.scenarios)),
            )
            for k in range(shape.instruments)
        ),
        scenario_horizon_ms=1 << 35 if shape.scenarios else 0,
    )


def example_leaf(shape: Shape, venue: int = 0) -> Leaf:
    """Well covered: some of each asset, a short and a long position, one reservation for the target."""
    return Leaf(
        key_commitment=key_commitment(SECRET),
        group=venue_group(VENUES[: shape.venues]),
        salt=77 + venue,
        sequence=5 + venue,
        balances_e8=(*(2 * E8 + a for a in range(shape.assets - 1)), 500_000 * E8),
        debts_e8=(*(E8 // 10 for _ in range(shape.assets - 1)), 0),
        positions_e8=tuple((-1) ** k * (E8 // 4) for k in range(shape.instruments)),
        reservations=(Reservation(TARGET, 20_000 * E8), *[Reservation(0, 0)] * (shape.reservation_slots - 1)),
    )


def make_claim(
    shape: Shape = SMALL,
    leaves: tuple[Leaf, ...] | None = None,
    table: RiskTable | None = None,
    credit_e8: int = 20_000 * E8,
    horizon_ms: int = HOUR_MS,
    **changes: object,
) -> Claim:
    """A claim over freshly built trees; `changes` replace fields of every leaf."""
    if leaves is None:
        leaves = tuple(example_leaf(shape, venue) for venue in range(shape.venues))
    leaves = tuple(replace(leaf, **changes) for leaf in leaves)  # type: ignore[arg-type] # fields by name
    stranger = replace(leaves[0], key_commitment=key_commitment(9), salt=1)
    return Claim(
        shape=shape,
        secret=SECRET,
        openings=tuple(
            AccountTree(VENUES[venue], 7, shape, [stranger, leaf]).opening(1) for venue, leaf in enumerate(leaves)
        ),
        table=table or example_table(shape),
        target=TARGET,
        credit_e8=credit_e8,
        horizon_ms=horizon_ms,
        context=0xC0,
    )


@pytest.fixture(scope="session")
def claim_of() -> ClaimMaker:
    return make_claim


@pytest.fixture(scope="session")
def small() -> CompiledCircuit:
    return compile_margin(SMALL)
