"""`zkmargin market history`: agreed snapshots as a price history."""

from __future__ import annotations

from pathlib import Path

import click

from zkmargin.settlement.market import MarketSnapshot, snapshot_history

from .files import NewFile, read_file, require_free, write_files
from .market_import import compact
from .options import FILE, Command, force_option
from .output import Output, counted


@click.command("history", cls=Command)
@click.argument("paths", type=FILE, nargs=-1, required=True, metavar="SNAPSHOT.json...")
@click.option("-o", "--output", "out", type=FILE, required=True, metavar="HISTORY.json")
@force_option
@click.pass_obj
def history(output: Output, paths: tuple[Path, ...], out: Path, force: bool) -> None:
    """Make a price history of agreed snapshots, for volatility forecasts that rest on signed reports.

    Each snapshot must name the one before it, or be a new start. The order of the files does not matter.
    """
    require_free([out], force)
    made = snapshot_history(MarketSnapshot.from_json(read_file(path, "market snapshot")) for path in paths)
    write_files([NewFile(out, compact(made.to_json(), out, "price history"))], force)
    symbols, rows = list(made.symbols), len(made.times_ms)
    output.result(
        {"history": str(out), "symbols": symbols, "times": rows},
        [f"{counted(rows, 'time')} of {', '.join(symbols)} written to {out}"],
    )
