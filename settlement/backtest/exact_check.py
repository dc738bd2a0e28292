"""The statement's exact integers at sampled rows of a backtest, beside the float twin that did the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zkmargin.circuits.margin import Evaluation, Leaf, Reservation, Shape, evaluate, net

from .float_rules import margins
from .portfolio import Portfolio, positions_e8
from .table_series import TableSeries

Ints = npt.NDArray[np.int64]
SCALE_2E34 = 2 * 10**34
NO_TARGET = 0


@dataclass(frozen=True)
class Agreement:
    """How many evaluations were compared, and the largest difference as a share of the exact requirement."""

    evaluations: int = 0
    largest_difference: float = 0.0

    def with_other(self, other: Agreement) -> Agreement:
        return Agreement(self.evaluations + other.evaluations, max(self.largest_difference, other.largest_difference))


def agreement(portfolio: Portfolio, series: TableSeries, first_prices_e8: Ints, places: Iterable[int]) -> Agreement:
    """Evaluate the netted portfolio exactly at some places of the series, and compare what is required."""
    by_venue = positions_e8(portfolio, series, first_prices_e8)
    found = margins(series, by_venue.sum(axis=0)).required
    differences = []
    for place in places:
        exact = exact_evaluation(series, place, by_venue).required_2e34 / SCALE_2E34
        differences.append(abs(float(found[place]) - exact) / max(exact, 1.0))
    return Agreement(len(differences), max(differences, default=0.0))


def exact_evaluation(series: TableSeries, place: int, by_venue: Ints, balances_e8: tuple[int, ...] = ()) -> Evaluation:
    """The statement's rules on one leaf a venue and the table in force; balances stand at the first venue."""
    shape, table = series.settings.shape, series.table(place)
    table.validate(shape)
    leaves = [
        _leaf(shape, by_venue[venue, place] if venue < len(by_venue) else None, balances_e8 if venue == 0 else ())
        for venue in range(max(shape.venues, len(by_venue)))
    ]
    return evaluate(shape, table, net(leaves, NO_TARGET), series.settings.horizon_ms)


def _leaf(shape: Shape, positions: Ints | None, balances_e8: tuple[int, ...]) -> Leaf:
    held: list[int] = [] if positions is None else positions.ravel().tolist()
    leaf = Leaf(
        key_commitment=0,
        group=0,
        salt=0,
        sequence=0,
        balances_e8=balances_e8 + (0,) * (shape.assets - len(balances_e8)),
        debts_e8=(0,) * shape.assets,
        positions_e8=tuple(held) + (0,) * (shape.instruments - len(held)),
        reservations=(Reservation(NO_TARGET, 0),) * shape.reservation_slots,
    )
    leaf.validate(shape)
    return leaf
