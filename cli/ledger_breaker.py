"""What an operator does to a ledger's circuit breaker. A part of `zkmargin ledger`."""

from __future__ import annotations

import click

from .ledger_place import Place, on_ledger
from .options import Command
from .output import Output


@click.command("trip", cls=Command)
@on_ledger
@click.option("--reason", required=True, help="For whoever finds the breaker open.")
@click.pass_obj
def trip(output: Output, place: Place, reason: str) -> None:
    """Open the circuit breaker: nothing is accepted until it is reset."""
    with place.opened(output) as ledger:
        ledger.trip_breaker(reason)
    output.result({"breaker": "open", "reason": reason}, ["the breaker is open: nothing is accepted"])


@click.command("reset", cls=Command)
@on_ledger
@click.option("--reason", required=True, help="Why it is safe to go on.")
@click.pass_obj
def reset(output: Output, place: Place, reason: str) -> None:
    """Close the circuit breaker again."""
    with place.opened(output) as ledger:
        ledger.reset_breaker(reason)
    output.result({"breaker": "closed", "reason": reason}, ["the breaker is closed: requests are accepted"])


COMMANDS = (trip, reset)
