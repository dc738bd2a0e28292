"""What an operator does to a ledger's circuit breakers. A part of `zkmargin ledger`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .ledger_place import UINT64, Place, on_ledger
from .options import Command
from .output import Output

F = TypeVar("F", bound=Callable[..., Any])


def on_breaker(function: F) -> F:
    """`--source`, and `--reason` as everybody will read it who finds the breaker so."""
    source = click.option(
        "--source", type=click.IntRange(0, UINT64), metavar="CHAIN_ID", help="That of one source; default: the whole."
    )
    return on_ledger(source(click.option("--reason", required=True, help="For whoever finds it so.")(function)))


@click.command("trip", cls=Command)
@on_breaker
@click.pass_obj
def trip(output: Output, place: Place, reason: str, source: int | None) -> None:
    """Open a circuit breaker: nothing is accepted until it is probed or reset."""
    with place.opened(output) as ledger:
        ledger.trip_breaker(reason, source)
    _told(output, "open", reason, source, f"nothing{_of(source)} is accepted")


@click.command("probe", cls=Command)
@on_breaker
@click.pass_obj
def probe(output: Output, place: Place, reason: str, source: int | None) -> None:
    """Let a circuit breaker try: a little is accepted, and if that goes well it closes."""
    with place.opened(output) as ledger:
        ledger.probe_breaker(reason, source)
    _told(output, "half-open", reason, source, f"requests{_of(source)} are accepted on trial")


@click.command("reset", cls=Command)
@on_breaker
@click.pass_obj
def reset(output: Output, place: Place, reason: str, source: int | None) -> None:
    """Close a circuit breaker again; what came in before no longer counts."""
    with place.opened(output) as ledger:
        ledger.reset_breaker(reason, source)
    _told(output, "closed", reason, source, f"requests{_of(source)} are accepted")


def _of(source: int | None) -> str:
    return "" if source is None else f" from chain {source}"


def _told(output: Output, position: str, reason: str, source: int | None, effect: str) -> None:
    output.result({"breaker": position, "source": source, "reason": reason}, [f"the breaker is {position}: {effect}"])


COMMANDS = (trip, probe, reset)
