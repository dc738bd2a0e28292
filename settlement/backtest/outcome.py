"""What became of a portfolio: the loss over each horizon by full revaluation, beside every margin held against it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from ..errors import StudyError
from .float_rules import balance_for, margins
from .option_market import OptionMarket
from .portfolio import STABLE, Portfolio, positions_e8
from .table_series import TableSeries, prices_with_stable_e8

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
E8 = 1e8
METHODS = ("delta_gamma", "scenario", "larger", "statement")
"""Delta-gamma alone, scenarios alone, the larger of both without charges, and all that the statement asks for."""


@dataclass(frozen=True)
class Outcome:
    """One portfolio over one path, or over several in a row; one entry per row, money in quote units."""

    loss: Floats
    gross_notional: Floats
    delta_gamma: Floats
    scenario: Floats
    larger: Floats
    statement: Floats
    rounding: Floats
    """The part of the statement's margin that pays for the table's rounding."""
    isolated: Floats
    """The statement's margin venue by venue, added up."""
    collateral: Floats
    """Market value of what counts for exactly the statement's margin."""
    collateral_loss: Floats
    """What that collateral lost over the horizon."""

    @property
    def account_loss(self) -> Floats:
        """Loss of positions and collateral together: above the collateral's value the account has failed."""
        return self.loss + self.collateral_loss


def joined(parts: list[Outcome]) -> Outcome:
    """Outcomes of several paths, one after the other."""
    return Outcome(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Outcome)))


def horizon_rows(start: int, path_length: int, horizon_steps: int) -> Ints:
    """The rows at which a table is in force; horizons do not overlap, so that exceedances can be independent."""
    return np.arange(start, path_length - horizon_steps, horizon_steps, dtype=np.int64)


@dataclass(frozen=True)
class Realised:
    """What one unit of each instrument, and of each asset, gained over the horizon after each table."""

    unit_profit: Floats
    asset_profit: Floats

    @classmethod
    def after(cls, market: OptionMarket, series: TableSeries, horizon_steps: int) -> Realised:
        rows, later = series.rows, series.rows + horizon_steps
        profits = [
            [market.value(asset, later, contract) - market.value(asset, rows, contract) for contract in row]
            for asset, row in enumerate(series.listed)
        ]
        return cls(
            unit_profit=np.stack([np.stack(row, axis=1) for row in profits], axis=1),
            asset_profit=(prices_with_stable_e8(market.path, later) - series.price_e8) / E8,
        )


def outcome(portfolio: Portfolio, series: TableSeries, realised: Realised, first_prices_e8: Ints) -> Outcome:
    """Margins and losses of a portfolio at every row."""
    by_venue = positions_e8(portfolio, series, first_prices_e8)
    netted = by_venue.sum(axis=0)
    margin = margins(series, netted)
    balances = _balances(portfolio, series, margin.required)
    return Outcome(
        loss=-(netted / E8 * realised.unit_profit).sum(axis=(1, 2)),
        gross_notional=(np.abs(netted) / E8 * (series.spot_e8 / E8)[:, :, None]).sum(axis=(1, 2)),
        delta_gamma=margin.delta_gamma.sum(axis=1),
        scenario=margin.scenario.sum(axis=1),
        larger=margin.larger,
        statement=margin.required,
        rounding=margin.rounding,
        isolated=np.sum([margins(series, venue).required for venue in by_venue], axis=0),
        collateral=(balances * series.price_e8 / E8).sum(axis=1),
        collateral_loss=-(balances * realised.asset_profit).sum(axis=1),
    )


def required(portfolio: Portfolio, series: TableSeries, first_prices_e8: Ints) -> Floats:
    """What the statement asks for, netted, at every row."""
    return margins(series, positions_e8(portfolio, series, first_prices_e8).sum(axis=0)).required


def _balances(portfolio: Portfolio, series: TableSeries, wanted: Floats) -> Floats:
    """Amounts of each asset that together count for exactly what is wanted."""
    balances = np.zeros(series.price_e8.shape)
    for asset, share in portfolio.collateral:
        place = asset if asset == STABLE else asset % len(series.symbols)
        amounts = balance_for(series, place, wanted * share / 100)
        if not np.isfinite(amounts).all():
            raise StudyError(
                "haircut",
                f"of {_symbol(series, place)} reaches 100 %, so that no amount of it secures a margin: look for a "
                "wrong price, lower the confidence, or shorten the horizon",
            )
        balances[:, place] += amounts
    return balances


def _symbol(series: TableSeries, place: int) -> str:
    return series.settings.stable_symbol if place == STABLE else series.symbols[place]
