"""A claim over a made-up account of any shape: something to prove where only the time that it takes is of interest."""

from __future__ import annotations

from random import Random

from zkmargin.circuits.margin import (
    AssetRisk,
    HaircutTier,
    InstrumentRisk,
    Leaf,
    Reservation,
    RiskTable,
    Shape,
    UnderlyingRisk,
    key_commitment,
    venue_group,
)
from zkmargin.prover import AccountTree, Claim

E8 = 10**8
SECRET, TARGET = 0x5A4D504C45, 0x5441524745
FIRST_VENUE, EPOCH = 1, 1
HORIZON_MS, LONGEST_HORIZON_MS = 90_000, 3_600_000
CREDIT_E8 = 25_000 * E8
COVER_E8 = 10**9 * E8
"""So much of the last asset, which stands at par, that the claim holds whatever the rest is."""
STEPS = 1_000
"""The largest risk number, in steps of its underlying."""


def sample_claim(shape: Shape) -> Claim:
    """A true claim, always the same one. Its secret stands in this file: nothing real may ever be proven with it."""
    draw = Random(0)
    ids = range(FIRST_VENUE, FIRST_VENUE + shape.venues)
    leaves = [_leaf(shape, venue_group(ids), venue, draw) for venue in ids]
    return Claim(
        shape=shape,
        secret=SECRET,
        openings=tuple(
            AccountTree(venue, EPOCH, shape, [leaf]).opening(0) for venue, leaf in zip(ids, leaves, strict=True)
        ),
        table=_table(shape, draw),
        target=TARGET,
        credit_e8=CREDIT_E8,
        horizon_ms=HORIZON_MS,
        context=draw.randrange(1 << 250),
    )


def _table(shape: Shape, draw: Random) -> RiskTable:
    def asset() -> AssetRisk:
        price = draw.randrange(E8, 10**5 * E8)
        tiers = (HaircutTier(10**12 * tier, 20_000 * (tier + 1)) for tier in range(shape.tiers))
        return AssetRisk(price, price + price // 500, draw.randrange(200_000, 1_500_000), tuple(tiers))

    def steps() -> int:
        most = min(STEPS, shape.risk_limit)
        return draw.randint(-most, most)

    par = AssetRisk(E8, E8, 0, (HaircutTier(0, 0),) * shape.tiers)
    return RiskTable(
        confidence_e4=40_000,
        assets=(*(asset() for _ in range(shape.assets - 1)), par),
        underlyings=tuple(
            UnderlyingRisk(draw.randrange(E8, 10**5 * E8), 10_000, 50 * E8, 5_000, 10**16, 10 * E8)
            for _ in range(shape.underlyings)
        ),
        instruments=tuple(
            InstrumentRisk(steps(), steps(), tuple(steps() for _ in range(shape.scenarios)))
            for _ in range(shape.instruments)
        ),
        scenario_horizon_ms=LONGEST_HORIZON_MS if shape.scenarios else 0,
    )


def _leaf(shape: Shape, group: int, venue: int, draw: Random) -> Leaf:
    here = venue == FIRST_VENUE
    first = Reservation(TARGET, CREDIT_E8) if here else Reservation(0, 0)
    balances = [draw.randrange(100 * E8) for _ in range(shape.assets - 1)]
    return Leaf(
        key_commitment=key_commitment(SECRET),
        group=group,
        salt=draw.randrange(1 << 250),
        sequence=draw.randrange(1 << 20),
        balances_e8=(*balances, COVER_E8),
        debts_e8=(*(draw.randrange(2) * E8 for _ in range(shape.assets - 1)), 0),
        positions_e8=tuple(draw.randint(-10 * E8, 10 * E8) for _ in range(shape.instruments)),
        reservations=(first, *[Reservation(0, 0)] * (shape.reservation_slots - 1)),
    )
