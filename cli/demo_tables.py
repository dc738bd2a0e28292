"""The demo's figures as lines of a terminal of a hundred columns: market, risk table, claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from zkmargin.algebra import ceil_div
from zkmargin.circuits.margin import Evaluation
from zkmargin.circuits.margin.rules import FROM_E8
from zkmargin.settlement.market import MarketSnapshot
from zkmargin.settlement.risk.engine import RiskRun

from .demo_telling import figure, percent

E8 = 10**8
WORDS = 62
"""The width of what stands before an amount."""


def scheme_line(schemes: Mapping[str, int]) -> str:
    """Who signs how; where the package for Ed25519 is missing, how to get it."""
    line = " and ".join(f"{count} sign with {scheme}" for scheme, count in schemes.items())
    return line if len(schemes) > 1 else f"all sign with {next(iter(schemes))} (for ed25519: 'zkmargin[market]')"


def price_lines(snapshot: MarketSnapshot) -> Iterator[str]:
    """Each agreed price with its confidence and whoever was too far away."""
    yield f"{'':6} {'price':>14} {'+-':>10}   too far away"
    for name, price in snapshot.prices.items():
        row = f"{name:6} {_price(price.price_e8):>14} {_price(price.confidence_e8):>10}   {', '.join(price.outliers)}"
        yield row.rstrip()


def volatility_lines(snapshot: MarketSnapshot) -> Iterator[str]:
    """How many options have an agreed volatility, and those that somebody quoted too far away."""
    yield f"implied volatilities of {len(snapshot.volatilities)} options"
    for name, sigma in snapshot.volatilities.items():
        if sigma.outliers:
            value, off = percent(sigma.sigma_ppm), percent(sigma.confidence_ppm)
            yield f"{name:13} {value:>7} {'+- ' + off:>10}   {', '.join(sigma.outliers)}"


def risk_lines(run: RiskRun) -> Iterator[str]:
    """Each asset's careful prices, haircuts and volatility, and what the volatility comes from."""
    yield f"{'':6} {'low':>12} {'high':>12} {'haircut':>9} {'if large':>9} {'forecast':>9} {'volatility':>11}   regime"
    document = run.document
    for name, asset in zip(document.asset_names, document.table.assets, strict=True):
        prices = (_price(price) for price in (asset.price_low_e8, asset.price_high_e8))
        ratios = (asset.tiers[0].haircut_ppm, asset.tiers[-1].haircut_ppm, run.forecasts[name].sigma_ppm)
        yield (
            f"{name:6} "
            + " ".join(f"{text:>12}" for text in prices)
            + "".join(f" {percent(ratio):>9}" for ratio in ratios)
            + f" {percent(asset.sigma_ppm):>11}   {run.forecasts[name].regime.value}"
        )


def route_line(run: RiskRun, venue: str, chain_id: int) -> str:
    route = run.latencies[chain_id]
    seconds, tenths = divmod(ceil_div(route.latency_ms, 100), 10)
    return (
        f"route from {venue} (chain {chain_id}): {route.observed} settlements observed, "
        f"{route.pending} still under way; latency {seconds}.{tenths} s"
    )


def claim_lines(
    evaluation: Evaluation, sides: Mapping[str, int], names: Sequence[str], scenarios: int
) -> Iterator[str]:
    """Collateral on the one side, what it must cover on the other, each part in dollars."""
    yield f"{'collateral after haircuts':<{WORDS}} {figure(sides['collateral']):>14}"
    rows = zip(names, evaluation.delta_gamma_2e34, evaluation.scenario_2e34, evaluation.margins_2e34, strict=False)
    for name, delta_gamma, scenario, margin in rows:
        if margin:
            parts = f"delta-gamma {_figure_2e34(delta_gamma):>9}, worst scenario {_figure_2e34(scenario):>9}"
            yield f"{f'margin of {name}':<14} {parts if scenarios else '':<{WORDS - 15}} {_figure_2e34(margin):>14}"
    for name, words in (
        ("contingency", "contingency on short positions"),
        ("liquidity", "liquidity add-on for large positions"),
        ("debts", "debts"),
        ("reserved", "reserved"),
    ):
        yield f"{words:<{WORDS}} {figure(sides[name]):>14}"
    yield f"{'true by, which stays here':<{WORDS}} {figure(sides['surplus']):>14}"


def _figure_2e34(value: int) -> str:
    return figure(value // FROM_E8)


def _price(value_e8: int) -> str:
    """Two digits after the point, of small prices four, rounded down; for people."""
    digits = 2 if value_e8 >= 10 * E8 else 4
    whole, part = divmod(value_e8 // 10 ** (8 - digits), 10**digits)
    return f"{whole:,}.{part:0{digits}}"
