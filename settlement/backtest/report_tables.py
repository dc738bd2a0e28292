"""A report's figures as Markdown tables, so that a page can quote them and a test can hold the page to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .report import GapResult, HorizonResult, Judged, PortfolioResult, Report

MINUTE_MS, HOUR_MS = 60_000, 3_600_000


def markdown_tables(report: Report) -> dict[str, str]:
    """Every table by name."""
    main = report.horizons[0]
    by_length = sorted(report.horizons, key=lambda horizon: horizon.horizon_ms)
    return {
        "returns": _returns(report),
        "coverage": _coverage(main),
        "horizons": _horizons(by_length),
        "capital": _capital(main),
        "savings": _savings(main),
        "haircuts": _haircuts(by_length),
        "calibration": _calibration(report),
        "gaps": _gaps(report.gaps),
    }


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _returns(report: Report) -> str:
    head = ("coin", "volatility", "kurtosis", "autocorrelation of returns", "of squared returns")
    return _table(
        head,
        (
            (
                facts.symbol,
                f"{facts.volatility_ppm / 10_000:.0f} %",
                f"{facts.kurtosis_e4 / 10_000:.0f}",
                f"{facts.return_autocorrelation_ppm / 1e6:.3f}",
                f"{facts.square_autocorrelation_ppm / 1e6:.3f}",
            )
            for facts in report.assets
        ),
    )


def _coverage(horizon: HorizonResult) -> str:
    head = (
        "portfolio",
        "delta-gamma alone",
        "scenarios alone",
        "larger of both",
        "statement",
        "account",
        "verdict on the statement",
        "worst loss / margin",
    )
    return _table(head, (_coverage_row(result) for result in horizon.portfolios))


def _coverage_row(result: PortfolioResult) -> tuple[str, ...]:
    statement = result.method("statement")
    return (
        result.title,
        *(f"{judged.exceedances:,}" for judged in (*result.methods, result.account)),
        statement.verdict,
        f"{statement.worst_loss_ppm / 1e6:.1f}",
    )


def _horizons(horizons: Sequence[HorizonResult]) -> str:
    head = ["portfolio"]
    for horizon in horizons:
        head += [f"{horizon.horizon_ms / MINUTE_MS:g} min: margin", f"exceedances in {horizon.portfolios[0].trials:,}"]
    rows = []
    for place, result in enumerate(horizons[0].portfolios):
        row = [result.title]
        for horizon in horizons:
            found = horizon.portfolios[place]
            row += [_share(found.method("statement").average_e8, found), f"{found.method('statement').exceedances:,}"]
        rows.append(row)
    return _table(head, rows)


def _capital(horizon: HorizonResult) -> str:
    head = (
        "portfolio",
        "delta-gamma alone",
        "scenarios alone",
        "larger of both",
        "statement",
        "of it for rounding",
        "account's collateral",
    )
    return _table(head, (_capital_row(result) for result in horizon.portfolios))


def _capital_row(result: PortfolioResult) -> tuple[str, ...]:
    statement = result.method("statement")
    return (
        result.title,
        *(_tied_up(judged, result) for judged in result.methods),
        _ratio(result.rounding_average_e8, statement.average_e8, digits=1),
        _tied_up(result.account, result),
    )


def _tied_up(judged: Judged, result: PortfolioResult) -> str:
    """Average and peak as a share of the average notional."""
    return f"{_share(judged.average_e8, result)} ({_share(judged.peak_e8, result)})"


def _savings(horizon: HorizonResult) -> str:
    head = ("portfolio", "netted / venue by venue", "following / constant", "own table / table for the longest horizon")
    return _table(head, (_savings_row(result) for result in horizon.portfolios))


def _savings_row(result: PortfolioResult) -> tuple[str, ...]:
    statement = result.method("statement")
    return (
        result.title,
        _ratio(statement.average_e8, result.isolated_average_e8) if result.venues > 1 else "one venue",
        _ratio(result.scaled_average_e8, result.static_average_e8),
        _ratio(statement.average_e8, result.one_table_average_e8),
    )


def _ratio(part_e8: int, whole_e8: int, digits: int = 0) -> str:
    return f"{100 * part_e8 / max(1, whole_e8):.{digits}f} %"


def _haircuts(horizons: Sequence[HorizonResult]) -> str:
    head = (
        "coin, horizon",
        "average for the horizon",
        "falls beyond it",
        "beyond the whole haircut",
        "of",
        "following / constant",
    )
    return _table(
        head,
        (
            (
                f"{row.symbol}, {horizon.horizon_ms / MINUTE_MS:g} min",
                f"{row.latency_average_ppm / 10_000:.2f} %",
                f"{row.beyond_latency:,}",
                f"{row.beyond_haircut:,}",
                f"{row.trials:,}",
                f"{100 * row.scaled_average_ppm / max(1, row.static_average_ppm):.0f} %",
            )
            for horizon in horizons
            for row in horizon.haircuts
        ),
    )


def _calibration(report: Report) -> str:
    head = ("z", "if returns were normal", "observed", "exceedances")
    return _table(
        head,
        (
            (
                f"{row.confidence_e4 / 10_000:.4g}",
                f"{100 * row.asked_e9 / 1e9:.2g} %",
                f"{100 * row.exceedances / row.trials:.2g} %",
                f"{row.exceedances:,} of {row.trials:,}",
            )
            for row in report.calibration
        ),
    )


def _gaps(gaps: Iterable[GapResult]) -> str:
    head = ("books, expiry, horizon", "delta-gamma alone", "scenarios alone", "larger of both")
    return _table(
        head,
        (
            (
                f"{gap.books}, {gap.expiry_ms / HOUR_MS:g} h, {gap.horizon_ms / MINUTE_MS:g} min",
                *(f"{value / 10_000:.2f}" for value in (gap.delta_gamma_bp_e4, gap.scenario_bp_e4, gap.larger_bp_e4)),
            )
            for gap in gaps
        ),
    )


def _share(amount_e8: int, result: PortfolioResult) -> str:
    return f"{100 * amount_e8 / result.average_notional_e8:.2f} %"
