"""`zkmargin market show`: what a market document says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from zkmargin.algebra import Buffer, format_decimal, load_json
from zkmargin.settlement.fields import AMOUNT_SCALE, percent_text
from zkmargin.settlement.market import MarketConfig, MarketSnapshot, PriceHistory, SignedReport, read_reports

from .errors import FileRefused
from .files import SIZE_LIMITS, read_file
from .options import FILE, Command
from .output import Output, counted

Shown = tuple[dict[str, Any], list[str]]
SHOWN_REPORTS = 20
"""Of a bundle, for people; --json has all."""


@click.command("show", cls=Command)
@click.argument("path", type=FILE, metavar="FILE.json")
@click.pass_obj
def show(output: Output, path: Path) -> None:
    """Say what a snapshot, a report, a bundle of reports, a configuration or a price history holds.

    Nothing is checked but its form: 'recompute' checks a snapshot, 'agree' checks reports.
    """
    data = read_file(path, "market document")
    document = load_json(data, str(path), max_bytes=SIZE_LIMITS["market document"])
    kind = document.get("format") if isinstance(document, dict) else None
    if kind not in KINDS:
        raise FileRefused(path, "is no market document that this command shows")
    facts, lines = KINDS[kind](data)
    output.result(facts, lines)


def snapshot_lines(snapshot: MarketSnapshot) -> list[str]:
    """Each agreed value with its confidence, and whatever was left out."""
    lines = []
    for name, price in sorted(snapshot.prices.items()):
        value, off = (format_decimal(amount, AMOUNT_SCALE) for amount in (price.price_e8, price.confidence_e8))
        lines.append(f"{name}: {value} +- {off} {snapshot.quote}, {_sources(price.sources, price.outliers)}")
    for name, sigma in sorted(snapshot.volatilities.items()):
        off = percent_text(sigma.confidence_ppm)
        lines.append(f"{name}: {percent_text(sigma.sigma_ppm)} +- {off}, {_sources(sigma.sources, sigma.outliers)}")
    for left_out in snapshot.provenance.rejections:
        place = f" {left_out.symbol}" if left_out.symbol else ""
        lines.append(f"left out: {left_out.source}{place}, report {left_out.sequence}: {left_out.reason}")
    return lines


def _sources(sources: tuple[str, ...], outliers: tuple[str, ...]) -> str:
    return f"from {', '.join(sources)}" + (f"; too far away: {', '.join(outliers)}" if outliers else "")


def _snapshot(data: Buffer) -> Shown:
    snapshot = MarketSnapshot.from_json(data)
    digest = "0x" + snapshot.digest().hex()
    head = f"market {snapshot.market} in {snapshot.quote} at {snapshot.time_ms} ms, digest {digest}"
    return {**snapshot.to_json(), "digest": digest}, [head, *snapshot_lines(snapshot)]


def _reports(data: Buffer) -> Shown:
    reports = read_reports(data)
    facts = [{**_report_facts(signed), "digest": "0x" + signed.report.digest.hex()} for signed in reports]
    lines = [_report_line(signed) for signed in reports[:SHOWN_REPORTS]]
    if len(reports) > SHOWN_REPORTS:
        lines.append(f"and {len(reports) - SHOWN_REPORTS} more")
    return {"reports": facts}, lines


def _report_facts(signed: SignedReport) -> dict[str, Any]:
    report = signed.report
    return {
        "source": report.source,
        "market": report.market,
        "sequence": report.sequence,
        "time_ms": report.time_ms,
        "prices": len(report.prices),
        "volatilities": len(report.volatilities),
        "scheme": signed.scheme.value,
    }


def _report_line(signed: SignedReport) -> str:
    report = signed.report
    return (
        f"report {report.sequence} of {report.source} for {report.market} at {report.time_ms} ms: "
        f"{counted(len(report.prices), 'price')}, implied volatilities: {len(report.volatilities)}, {signed.scheme}"
    )


def _config(data: Buffer) -> Shown:
    config = MarketConfig.from_json(data)
    signers = [f"{signer.source}: {signer.scheme} 0x{signer.identity.hex()}" for signer in config.signers]
    head = f"market {config.market} in {config.quote}, chain {config.domain.chain_id}"
    names = ", ".join((*config.symbols, *config.instruments))
    return {**config.to_json(), "digest": "0x" + config.digest.hex()}, [
        head,
        f"{config.quorum} of {counted(len(signers), 'signer')} must agree on {names}",
        *signers,
        f"digest 0x{config.digest.hex()}",
    ]


def _history(data: Buffer) -> Shown:
    history = PriceHistory.from_json(data)
    first, last = history.times_ms[0], history.times_ms[-1]
    facts = {"symbols": list(history.symbols), "times": len(history.times_ms), "first_ms": first, "last_ms": last}
    return facts, [
        f"prices of {', '.join(history.symbols)}",
        f"{counted(len(history.times_ms), 'time')}, {first} to {last} ms",
    ]


KINDS: dict[str, Callable[[Buffer], Shown]] = {
    "zkmargin.market-snapshot/1": _snapshot,
    "zkmargin.market-report/1": _reports,
    "zkmargin.market-reports/1": _reports,
    "zkmargin.market-config/1": _config,
    "zkmargin.price-history/1": _history,
}
