"""`zkmargin backtest`: simulate markets, run the margin against them, and draw what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zkmargin.algebra import EncodingError, parse_decimal
from zkmargin.algebra.extras import require

from .backtest_report import report_files, report_places, tell_report, tell_tables
from .errors import Misuse
from .files import NewFile, json_bytes, read_file, require_free, write_files
from .options import FILE, Group, force_option, progress_option
from .output import Output
from .progress import Progress

if TYPE_CHECKING:
    from zkmargin.settlement.backtest.path import MarketPath
    from zkmargin.settlement.backtest.study import StudySettings

MINUTE_MS, DAY_MS = 60_000, 86_400_000
DEFAULT_SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)
DEFAULT_HORIZONS = (10, 5, 30, 60)


def decimal_e4(context: click.Context, parameter: click.Parameter, value: str) -> int:
    """A decimal number as an integer times 1e-4: no float on the way. Of per cent, that is ppm."""
    try:
        return parse_decimal(value, 4)
    except EncodingError:
        raise click.BadParameter(f"{value!r} is not a decimal number with at most 4 digits after the point") from None


@click.group("backtest", cls=Group)
def COMMAND() -> None:
    """Is the margin right? Hold it against simulated or imported markets.

    Losses are realised by full revaluation over the horizon; exceedances are judged by the tests of Kupiec and
    Christoffersen.
    """


def market_options(function: Callable[..., None]) -> Callable[..., None]:
    """`--days` and `--step-minutes` of a simulated market."""
    days = click.option("--days", type=click.IntRange(1, 3650), default=180, show_default=True, help="Length.")
    step = click.option(
        "--step-minutes", type=click.IntRange(1, 1440), default=5, show_default=True, help="Time between two prices."
    )
    return days(step(function))


@COMMAND.command("simulate", short_help="Write a simulated market as files.")
@click.option("--seed", type=click.IntRange(0, (1 << 63) - 1), default=1, show_default=True, help="Decides everything.")
@market_options
@click.option("-o", "--output", "path", type=FILE, required=True, metavar="FILE.json|.csv", help="Where prices go.")
@click.option("--chain", type=FILE, metavar="FILE.csv", help="Also the options listed every hour, with volatilities.")
@force_option
@click.pass_obj
def simulate_command(
    output: Output, seed: int, days: int, step_minutes: int, path: Path, chain: Path | None, force: bool
) -> None:
    """Write the prices of three correlated coins with jumps, fat tails and clusters of volatility.

    A .json file is a zkmargin.price-history/1; a .csv one can be read by `zkmargin market import`.
    """
    from zkmargin.settlement.backtest.histories import history_of, hourly_rows, prices_csv

    if path.suffix not in (".json", ".csv"):
        raise Misuse(f"-o {path}: the name ends in .json or .csv")
    outputs = [place for place in (path, chain) if place is not None]
    require_free(outputs, force)
    market = simulated(seed, days, step_minutes)
    history = history_of(market)
    data = json_bytes(history.to_json()) if path.suffix == ".json" else prices_csv(history).encode()
    files = [NewFile(path, data)]
    if chain is not None:
        files.append(NewFile(chain, _chain(market, hourly_rows(market))))
    write_files(files, force)
    output.result(
        {"symbols": list(market.symbols), "rows": len(market), "files": [str(place) for place in outputs]},
        [f"{len(market):,} prices of {', '.join(market.symbols)}", *(f"wrote {place}" for place in outputs)],
    )


def study_options(function: Callable[..., None]) -> Callable[..., None]:
    """What is asked of the margin."""
    for option in (
        click.option(
            "--horizon-minutes",
            "horizons",
            type=click.IntRange(1, 10_080),
            multiple=True,
            default=DEFAULT_HORIZONS,
            show_default=True,
            help="A latency to be covered; may be repeated, the main one first.",
        ),
        click.option(
            "--confidence", callback=decimal_e4, default="4", show_default=True, help="z: deviations the margin covers."
        ),
        click.option(
            "--coverage",
            callback=decimal_e4,
            default="99.9",
            show_default=True,
            help="Per cent of horizons to be covered.",
        ),
        click.option(
            "--significance",
            callback=decimal_e4,
            default="1",
            show_default=True,
            help="Per cent: how likely a margin that is right may be rejected, all tests together.",
        ),
    ):
        function = option(function)
    return function


@COMMAND.command("run", short_help="Hold the margin against simulated or imported markets.")
@click.option(
    "--seed",
    "seeds",
    type=click.IntRange(0, (1 << 63) - 1),
    multiple=True,
    help=f"A simulated path; may be repeated. Default: {', '.join(map(str, DEFAULT_SEEDS))}.",
)
@market_options
@click.option("--history", type=FILE, metavar="HISTORY.json", help="Imported prices instead of simulated ones.")
@study_options
@click.option("-o", "--output", "folder", type=FILE, required=True, metavar="DIR", help="Where the report goes.")
@click.option("--pictures/--no-pictures", default=True, show_default=True, help="Draw the report too.")
@click.option("--require-coverage", is_flag=True, help="Exit with 1 if a portfolio's coverage is rejected.")
@force_option
@progress_option
@click.pass_obj
def run(
    output: Output,
    seeds: tuple[int, ...],
    days: int,
    step_minutes: int,
    history: Path | None,
    horizons: tuple[int, ...],
    confidence: int,
    coverage: int,
    significance: int,
    folder: Path,
    pictures: bool,
    require_coverage: bool,
    force: bool,
) -> None:
    """Backtest twelve portfolios and write report.json, report.csv and pictures into DIR.

    The same options give the same report. With --require-coverage the files are written before the verdict.
    """
    from zkmargin.settlement.backtest.study import run_study

    if history is not None and seeds:
        raise Misuse("--history and --seed exclude each other: imported prices have no seed")
    require_free(report_places(folder, pictures, with_report=True), force)
    if pictures:
        require("matplotlib", "plots")  # now, and not after a minute of work
    settings = _settings(horizons, confidence, coverage, significance)
    seeds = () if history is not None else seeds or DEFAULT_SEEDS
    if history is not None:
        paths, source = [_imported(history, settings)], "imported"
    else:
        paths, source = [simulated(seed, days, step_minutes) for seed in seeds], "simulated"
    with Progress(output, "backtest") as progress:
        report = run_study(paths, settings, source, seeds, progress)
        progress("drawing")
        files = report_files(report, folder, pictures, with_report=True)
    write_files(files, force)
    tell_report(output, report, files)
    if require_coverage:
        report.require_coverage()


@COMMAND.command("report", short_help="Draw a report again.")
@click.argument("report_path", type=FILE, metavar="REPORT.json")
@click.option("-o", "--output", "folder", type=FILE, metavar="DIR", help="Write report.csv and pictures there.")
@click.option("--pictures/--no-pictures", default=True, show_default=True, help="Draw the report too.")
@click.option("--markdown", is_flag=True, help="Print all figures as Markdown tables, instead of a summary.")
@click.option("--require-coverage", is_flag=True, help="Exit with 1 if a portfolio's coverage is rejected.")
@force_option
@click.pass_obj
def report_command(
    output: Output,
    report_path: Path,
    folder: Path | None,
    pictures: bool,
    markdown: bool,
    require_coverage: bool,
    force: bool,
) -> None:
    """Say what a report holds, and with -o write its table and pictures again."""
    from zkmargin.settlement.backtest.report_document import report_from_json

    if folder is not None:
        require_free(report_places(folder, pictures, with_report=False), force)
    report = report_from_json(read_file(report_path, "backtest report"))
    files = [] if folder is None else report_files(report, folder, pictures, with_report=False)
    write_files(files, force)
    if markdown:
        tell_tables(output, report)
    else:
        tell_report(output, report, files)
    if require_coverage:
        report.require_coverage()


def simulated(seed: int, days: int, step_minutes: int) -> MarketPath:
    """One path of the usual model."""
    from zkmargin.settlement.backtest.model import crypto_model
    from zkmargin.settlement.backtest.simulation import simulate

    step_ms = step_minutes * MINUTE_MS
    return simulate(crypto_model(step_ms), seed, days * DAY_MS // step_ms)


def _imported(history: Path, settings: StudySettings) -> MarketPath:
    from zkmargin.settlement.backtest.histories import path_of
    from zkmargin.settlement.market.history import PriceHistory

    read = PriceHistory.from_json(read_file(history, "price history"))
    return path_of(read, settings.table.forecast)


def _settings(horizons: tuple[int, ...], confidence: int, coverage: int, significance: int) -> StudySettings:
    from zkmargin.settlement.backtest.study import StudySettings
    from zkmargin.settlement.backtest.table_settings import TableSettings

    return StudySettings(
        horizons_ms=tuple(minutes * MINUTE_MS for minutes in horizons),
        coverage_ppm=coverage,
        significance_ppm=significance,
        table=TableSettings(confidence_e4=confidence),
    )


def _chain(market: MarketPath, rows: Any) -> bytes:
    from zkmargin.settlement.backtest.histories import chain_csv
    from zkmargin.settlement.backtest.option_market import OptionMarket

    return chain_csv(OptionMarket(market), rows).encode()
