"""`zkmargin market import`: CSV files of exchanges, checked and converted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from zkmargin.settlement.errors import RowError
from zkmargin.settlement.market import (
    MarketQuotes,
    OptionLayout,
    OptionQuote,
    PriceLayout,
    TimeUnit,
    VolatilityUnit,
    at_common_times,
    option_chain_json,
    read_options_csv,
    read_prices_csv,
    volatility_quotes,
)

from .errors import FileRefused, Misuse
from .files import SIZE_LIMITS, NewFile, json_bytes, read_file, require_free, write_files
from .options import FILE, Group, force_option
from .output import Output, counted

COLUMN = click.option(
    "--column", "columns", multiple=True, metavar="NAME=WORD", help="The file's word for a column; may be repeated."
)
TIME_UNIT = click.option(
    "--time-unit",
    type=click.Choice([unit.value for unit in TimeUnit]),
    default=TimeUnit.MILLISECONDS.value,
    show_default=True,
    help="How the file writes times; iso needs an offset, as in 2026-03-01T00:00:00Z.",
)


@contextmanager
def rows_of(path: Path) -> Iterator[None]:
    """Name the file in what is said about its rows: several may have been given."""
    try:
        yield
    except RowError as problem:
        raise RowError(problem.line, problem.field, problem.reason, str(path)) from None


@click.group("import", cls=Group)
def IMPORT() -> None:
    """Check CSV files of exchanges and convert them."""


@IMPORT.command("prices")
@click.argument("paths", type=FILE, nargs=-1, required=True, metavar="PRICES.csv...")
@COLUMN
@TIME_UNIT
@click.option("--symbol", "symbols", multiple=True, help="A file without such a column; once per file, in their order.")
@click.option("-o", "--output", "out", type=FILE, required=True, metavar="HISTORY.json")
@force_option
@click.pass_obj
def prices(
    output: Output,
    paths: tuple[Path, ...],
    columns: tuple[str, ...],
    time_unit: str,
    symbols: tuple[str, ...],
    out: Path,
    force: bool,
) -> None:
    """Prices over time: time, symbol, and bid with ask or close (with high and low, if they are there).

    The history has the times at which every symbol has a price; how many prices were left out for that is said.
    """
    require_free([out], force)
    if symbols and len(symbols) != len(paths):
        raise Misuse(f"there are {len(paths)} files and {len(symbols)} symbols: give --symbol once per file")
    mapping = _mapping(columns)
    points = []
    for index, path in enumerate(paths):
        layout = PriceLayout(mapping, TimeUnit(time_unit), symbols[index] if symbols else None)
        with rows_of(path):
            points.extend(read_prices_csv(read_file(path, "CSV file"), layout))
    if not points:
        raise FileRefused(paths[0], "has no rows")
    history, left_out = at_common_times(points)
    write_files([NewFile(out, compact(history.to_json(), out, "price history"))], force)
    names, rows = list(history.symbols), len(history.times_ms)
    output.result(
        {"history": str(out), "symbols": names, "times": rows, "left_out": left_out},
        [
            f"{counted(rows, 'time')} of {', '.join(names)} written to {out}",
            f"{counted(left_out, 'price')} left out: not every symbol has one at that time",
        ][: 2 if left_out else 1],
    )


@IMPORT.command("options")
@click.argument("path", type=FILE, metavar="CHAIN.csv")
@COLUMN
@TIME_UNIT
@click.option("--quote", default="USD", show_default=True, help="The currency of strikes, spots and prices.")
@click.option(
    "--volatility-unit",
    type=click.Choice([unit.value for unit in VolatilityUnit]),
    default=VolatilityUnit.PERCENT.value,
    show_default=True,
    help="58.1, or 0.581.",
)
@click.option("-o", "--output", "out", type=FILE, required=True, metavar="CHAIN.json")
@click.option(
    "--quotes", "quotes_path", type=FILE, metavar="QUOTES.json", help="Also what can be reported of it, for 'report'."
)
@force_option
@click.pass_obj
def options(
    output: Output,
    path: Path,
    columns: tuple[str, ...],
    time_unit: str,
    quote: str,
    volatility_unit: str,
    out: Path,
    quotes_path: Path | None,
    force: bool,
) -> None:
    """Option chains: time, instrument, underlying, kind, strike, expiry, spot and quotes.

    The quotes are bid_volatility, ask_volatility, bid_price and ask_price; one at least. A side nobody quotes is empty.
    """
    require_free([place for place in (out, quotes_path) if place is not None], force)
    layout = OptionLayout(_mapping(columns), TimeUnit(time_unit), VolatilityUnit(volatility_unit))
    with rows_of(path):
        chain = read_options_csv(read_file(path, "CSV file"), layout)
    if not chain:
        raise FileRefused(path, "has no rows")
    quotes = MarketQuotes(quote, volatilities=volatility_quotes(chain) if quotes_path else ())
    files = [NewFile(out, compact(option_chain_json(chain, quote), out, "option chain"))]
    if quotes_path is not None:
        files.append(NewFile(quotes_path, json_bytes(quotes.to_json())))
    write_files(files, force)
    output.result(_facts(chain, out), [f"{counted(len(chain), 'row')} of {_instruments(chain)} written to {out}"])


def compact(document: dict[str, Any], out: Path, kind: str) -> bytes:
    """One line: these documents are large, and whatever is written must be within what is read."""
    data = (json.dumps(document, separators=(",", ":")) + "\n").encode()
    if len(data) > SIZE_LIMITS[kind]:
        raise FileRefused(
            out, f"would have {len(data)} bytes; a {kind} has at most {SIZE_LIMITS[kind]}: split the input"
        )
    return data


def _facts(chain: list[OptionQuote], out: Path) -> dict[str, object]:
    names = sorted({option.instrument for option in chain})
    return {"chain": str(out), "rows": len(chain), "instruments": names}


def _instruments(chain: list[OptionQuote]) -> str:
    return counted(len({option.instrument for option in chain}), "option")


def _mapping(columns: tuple[str, ...]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for text in columns:
        name, equals, word = text.partition("=")
        if not equals or not name or not word or name in mapping:
            raise Misuse("--column is NAME=WORD, such as --column close=Close, once for each name")
        mapping[name] = word
    return mapping
