"""A backtest's report as files, and told in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .files import NewFile, json_bytes
from .output import Output

if TYPE_CHECKING:
    from zkmargin.settlement.backtest.report import HorizonResult, PortfolioResult, Report

REPORT, TABLE = "report.json", "report.csv"
PICTURES = ("calibration.svg", "capital.svg", "coverage.svg", "exceedances.svg", "gaps.svg", "latency.svg")
MINUTE_MS = 60_000


def report_places(folder: Path, pictures: bool, *, with_report: bool) -> list[Path]:
    names = [*([REPORT] if with_report else []), TABLE, *(PICTURES if pictures else ())]
    return [folder / name for name in names]


def report_files(report: Report, folder: Path, pictures: bool, *, with_report: bool) -> list[NewFile]:
    from zkmargin.settlement.backtest.report_document import report_to_csv, report_to_json

    files = [NewFile(folder / REPORT, json_bytes(report_to_json(report)))] if with_report else []
    files.append(NewFile(folder / TABLE, report_to_csv(report).encode()))
    if pictures:
        from zkmargin.settlement.backtest.pictures import draw

        files += [NewFile(folder / name, data) for name, data in draw(report).items()]
    return files


def tell_report(output: Output, report: Report, files: list[NewFile]) -> None:
    rejected = report.rejected()
    output.result(
        {
            "covered": not rejected,
            "rejected": list(rejected),
            "horizons": [_horizon_data(horizon) for horizon in report.horizons],
            "files": [str(file.path) for file in files],
        },
        [
            *(line for horizon in report.horizons for line in _horizon_lines(horizon)),
            f"rejected: {', '.join(rejected)}" if rejected else "no coverage is rejected",
            *(f"wrote {file.path}" for file in files),
        ],
    )


def tell_tables(output: Output, report: Report) -> None:
    """Every table of the report, for a page that quotes them."""
    from zkmargin.settlement.backtest.report_tables import markdown_tables

    tables = markdown_tables(report)
    output.result({"tables": tables}, "\n\n".join(tables.values()).split("\n"))


def _horizon_data(horizon: HorizonResult) -> dict[str, Any]:
    return {
        "horizon_ms": horizon.horizon_ms,
        "portfolios": [
            {
                "name": result.name,
                "trials": result.trials,
                "exceedances": result.method("statement").exceedances,
                "verdict": result.method("statement").verdict,
                "account_failures": result.account.exceedances,
                "margin_ppm": _margin_ppm(result),
            }
            for result in horizon.portfolios
        ],
    }


def _horizon_lines(horizon: HorizonResult) -> list[str]:
    trials = horizon.portfolios[0].trials
    head = f"horizon {horizon.horizon_ms / MINUTE_MS:g} min, {trials:,} times: margin, exceedances (account), verdict"
    return [
        head,
        *(
            f"  {result.name:22} {_margin_ppm(result) / 10_000:6.2f} %  {result.method('statement').exceedances:6,}"
            f" {f'({result.account.exceedances:,})':>8}  {result.method('statement').verdict}"
            for result in horizon.portfolios
        ),
    ]


def _margin_ppm(result: PortfolioResult) -> int:
    """The average margin as a share of notional."""
    return result.method("statement").average_e8 * 10**6 // max(1, result.average_notional_e8)
