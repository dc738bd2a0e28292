"""What others report to a ledger: source roots, risk tables, the market's health. A part of `zkmargin ledger`."""

from __future__ import annotations

import time
from pathlib import Path

import click

from zkmargin.settlement.fields import percent_text
from zkmargin.settlement.market import MarketSnapshot, market_health
from zkmargin.verifier import RiskAttestation, SourceRootAttestation

from .errors import Misuse
from .files import read_file
from .ledger_place import UINT64, Place, on_ledger
from .options import FILE, Command, decimal
from .output import Output


@click.command("observe-root", cls=Command)
@on_ledger
@click.option("--chain-id", type=click.IntRange(0, UINT64), required=True)
@click.option("--epoch", type=click.IntRange(0, UINT64), required=True)
@click.option("--root", required=True, metavar="DECIMAL", callback=decimal, help="The source root, as in public.json.")
@click.option("--observed-at-ms", type=click.IntRange(0, UINT64), help="Milliseconds since 1970; default: now.")
@click.pass_obj
def observe_root(
    output: Output, place: Place, chain_id: int, epoch: int, root: int, observed_at_ms: int | None
) -> None:
    """Take note of a source root that a relay has seen final on its chain."""
    with place.opened(output) as ledger:
        ledger.observe_root(chain_id, epoch, root, now_ms() if observed_at_ms is None else observed_at_ms)
    output.result(
        {"chain_id": chain_id, "epoch": epoch, "root": str(root)}, [f"root of epoch {epoch} of chain {chain_id} noted"]
    )


@click.command("attest", cls=Command)
@on_ledger
@click.argument("path", type=FILE, metavar="ATTESTATION.json")
@click.pass_obj
def attest(output: Output, place: Place, path: Path) -> None:
    """Take note of a risk table that a quorum of oracles has signed. Exit code 1 where they have not."""
    attestation = RiskAttestation.from_json(read_file(path, "risk attestation"))
    with place.opened(output) as ledger:
        ledger.attest_risk_root(attestation)
    output.result(
        {"risk_root": str(attestation.risk_root), "oracle_time_ms": attestation.oracle_time_ms},
        [f"risk table of {attestation.oracle_time_ms} ms noted, {len(attestation.signatures)} oracles signed"],
    )


@click.command("attest-root", cls=Command)
@on_ledger
@click.argument("path", type=FILE, metavar="ATTESTATION.json")
@click.pass_obj
def attest_root(output: Output, place: Place, path: Path) -> None:
    """Take note of a source root that a quorum of root signers has signed. Exit code 1 where they have not."""
    attestation = SourceRootAttestation.from_json(read_file(path, "source root attestation"))
    with place.opened(output) as ledger:
        ledger.attest_source_root(attestation)
    output.result(
        attestation.members(),
        [f"root of epoch {attestation.epoch} of chain {attestation.chain_id} noted, attested to this ledger"],
    )


@click.command("retract-root", cls=Command)
@on_ledger
@click.option("--chain-id", type=click.IntRange(0, UINT64), required=True)
@click.option("--epoch", type=click.IntRange(0, UINT64), required=True, help="The first epoch that is gone.")
@click.option("--reason", required=True, help="For the log, and for whoever finds the source's breaker open.")
@click.pass_obj
def retract_root(output: Output, place: Place, chain_id: int, epoch: int, reason: str) -> None:
    """A reorganisation took back a source root: it and the newer ones of its chain count no more.

    The breaker of that source opens. Credits already given stay.
    """
    with place.opened(output) as ledger:
        ledger.retract_root(chain_id, epoch, reason)
    output.result(
        {"chain_id": chain_id, "epoch": epoch}, [f"roots of chain {chain_id} from epoch {epoch} on count no more"]
    )


@click.command("observe-market", cls=Command)
@on_ledger
@click.argument("path", type=FILE, metavar="SNAPSHOT.json")
@click.option("--previous", type=FILE, metavar="SNAPSHOT.json", help="The snapshot before; without it there is no gap.")
@click.pass_obj
def observe_market(output: Output, place: Place, path: Path, previous: Path | None) -> None:
    """Hold a market snapshot against the breaker's limits: how far its sources disagree, how far prices jumped.

    The breaker of the whole ledger opens where one is exceeded. Nothing that a market does closes it again.
    """
    snapshot = _snapshot(path)
    named = place.folder.document.config.market
    if snapshot.market != named:
        raise Misuse(f"{path} is of the market {snapshot.market}, the ledger's is {named}")
    health = market_health(snapshot, None if previous is None else _snapshot(previous))
    with place.opened(output) as ledger:
        ledger.observe_market(health)
        breaker = ledger.breaker()
    apart, gap = percent_text(health.disagreement_ppm), percent_text(health.price_gap_ppm)
    position = breaker.position.value
    output.result(
        {"disagreement_ppm": health.disagreement_ppm, "price_gap_ppm": health.price_gap_ppm, "breaker": position},
        [
            f"sources disagree by {apart}, prices jumped by {gap}",
            f"the breaker is {position}" + (f": {breaker.reason}" if breaker.reason else ""),
        ],
    )


def _snapshot(path: Path) -> MarketSnapshot:
    return MarketSnapshot.from_json(read_file(path, "market snapshot"))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


COMMANDS = (observe_root, retract_root, attest, attest_root, observe_market)
