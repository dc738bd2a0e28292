"""`zkmargin market`: sources sign reports, anybody agrees on a market from them, and anybody checks it."""

from __future__ import annotations

import time
from pathlib import Path

import click

from zkmargin.algebra import EncodingError
from zkmargin.settlement.errors import MarketDataError
from zkmargin.settlement.market import (
    MarketConfig,
    MarketQuotes,
    MarketReport,
    MarketSnapshot,
    ReportBundle,
    Scheme,
    SignedReport,
    Signer,
    SigningKey,
    agree,
    read_reports,
    recompute,
)

from .errors import Misuse
from .files import NewFile, json_bytes, read_file, require_free, write_files
from .market_history import history
from .market_import import IMPORT, rows_of
from .market_show import show, snapshot_lines
from .options import FILE, Group, force_option
from .output import Output, counted

UINT63 = (1 << 63) - 1
UINT64 = (1 << 64) - 1

CONFIG = click.option(
    "--config", "config_path", type=FILE, required=True, metavar="CONFIG.json", help="Signers, quorum, bands, breakers."
)
PREVIOUS = click.option(
    "--previous", "previous_path", type=FILE, metavar="SNAPSHOT.json", help="The snapshot before this one."
)


@click.group("market", cls=Group)
def COMMAND() -> None:
    """Market data: signed reports, the market they agree on, imports."""


COMMAND.add_command(IMPORT)
COMMAND.add_command(show)
COMMAND.add_command(history)


@COMMAND.command("keygen")
@click.argument("path", type=FILE, metavar="KEY.json")
@click.option(
    "--scheme",
    type=click.Choice([scheme.value for scheme in Scheme]),
    required=True,
    help="ed25519, or secp256k1 for reports that an EVM contract can check.",
)
@force_option
@click.pass_obj
def keygen(output: Output, path: Path, scheme: str, force: bool) -> None:
    """Draw a source's key into a file that only its owner can read; print its identity.

    The identity goes into the market configuration. The key goes to nobody.
    """
    require_free([path], force)
    key = SigningKey.generate(Scheme(scheme))
    document = key.to_json()
    write_files([NewFile(path, json_bytes(document), secret=True)], force)
    identity = document["identity"]
    output.result(
        {"key": str(path), "scheme": scheme, "identity": identity},
        [f"key written to {path} (keep it; there is no other copy)", f"{scheme} identity {identity}"],
    )


@COMMAND.command("report")
@click.argument("quote_paths", type=FILE, nargs=-1, required=True, metavar="QUOTES...")
@CONFIG
@click.option("--key", "key_path", type=FILE, required=True, metavar="KEY.json", help="The source's key.")
@click.option("--sequence", type=click.IntRange(0, UINT64), required=True, help="Higher than in any report before.")
@click.option("--time-ms", type=click.IntRange(0, UINT63), help="Milliseconds since 1970; default: now.")
@click.option("-o", "--output", "out", type=FILE, required=True, metavar="REPORT.json")
@force_option
@click.pass_obj
def report(
    output: Output,
    quote_paths: tuple[Path, ...],
    config_path: Path,
    key_path: Path,
    sequence: int,
    time_ms: int | None,
    out: Path,
    force: bool,
) -> None:
    """Sign what a source quotes.

    QUOTES are zkmargin.market-quotes/1 documents, or CSV files (.csv) with the columns symbol, bid and ask; several are
    put together. Which source signs is told by the key.
    """
    require_free([out], force)
    config = _config(config_path)
    key = SigningKey.from_json(read_file(key_path, "market key"))
    signer = _signer_of(key, config)
    quotes = MarketQuotes.merged(_read_quotes(path, config.quote) for path in quote_paths)
    signed = key.sign(
        MarketReport(
            domain=config.domain,
            source=signer.source,
            market=config.market,
            quote=quotes.quote,
            time_ms=_now_ms() if time_ms is None else time_ms,
            sequence=sequence,
            prices=quotes.prices,
            volatilities=quotes.volatilities,
        )
    )
    write_files([NewFile(out, json_bytes(signed.to_json()))], force)
    digest = "0x" + signed.report.digest.hex()
    counts = f"{counted(len(quotes.prices), 'price')}, implied volatilities: {len(quotes.volatilities)}"
    output.result(
        {"report": str(out), "source": signer.source, "sequence": sequence, "digest": digest},
        [f"report {sequence} of {signer.source} signed: {counts}", digest],
    )


@COMMAND.command("agree")
@click.argument("report_paths", type=FILE, nargs=-1, required=True, metavar="REPORT.json...")
@CONFIG
@PREVIOUS
@click.option("--now-ms", type=click.IntRange(0, UINT63), help="The clock to judge ages by; default: now.")
@click.option("-o", "--output", "out", type=FILE, required=True, metavar="SNAPSHOT.json")
@click.option("--bundle", "bundle_path", type=FILE, metavar="REPORTS.json", help="Write all reports into one file.")
@force_option
@click.pass_obj
def agree_command(
    output: Output,
    report_paths: tuple[Path, ...],
    config_path: Path,
    previous_path: Path | None,
    now_ms: int | None,
    out: Path,
    bundle_path: Path | None,
    force: bool,
) -> None:
    """Agree on a market from signed reports (or bundles of them). Exit code 1 and the reason where they do not.

    A malformed report is left out with a warning. Any other report that does not count is named in the snapshot.
    """
    require_free([path for path in (out, bundle_path) if path is not None], force)
    config, previous = _config(config_path), _previous(previous_path)
    bundle = ReportBundle(tuple(signed for path in report_paths for signed in _read_reports(output, path)))
    snapshot = agree(bundle.reports, config, _now_ms() if now_ms is None else now_ms, previous)
    files = [NewFile(out, json_bytes(snapshot.to_json()))]
    if bundle_path is not None:
        files.append(NewFile(bundle_path, json_bytes(bundle.to_json())))
    write_files(files, force)
    output.result(
        {**snapshot.to_json(), "digest": "0x" + snapshot.digest().hex()},
        [
            *snapshot_lines(snapshot),
            f"snapshot of {counted(len(snapshot.prices), 'price')} at {snapshot.time_ms} ms written to {out}",
        ],
    )


@COMMAND.command("recompute")
@click.argument("snapshot_path", type=FILE, metavar="SNAPSHOT.json")
@click.argument("bundle_path", type=FILE, metavar="REPORTS.json")
@CONFIG
@PREVIOUS
@click.pass_obj
def recompute_command(
    output: Output, snapshot_path: Path, bundle_path: Path, config_path: Path, previous_path: Path | None
) -> None:
    """Compute a snapshot again from its reports. Exit code 1 and the first difference where it is another."""
    snapshot = MarketSnapshot.from_json(read_file(snapshot_path, "market snapshot"))
    bundle = ReportBundle.from_json(read_file(bundle_path, "market reports"))
    recompute(snapshot, bundle, _config(config_path), _previous(previous_path))
    digest = "0x" + snapshot.digest().hex()
    output.result(
        {"valid": True, "digest": digest, "reports": len(bundle.reports)},
        [f"valid: {counted(len(bundle.reports), 'report')} make this snapshot", digest],
    )


def _config(path: Path) -> MarketConfig:
    return MarketConfig.from_json(read_file(path, "market configuration"))


def _previous(path: Path | None) -> MarketSnapshot | None:
    return MarketSnapshot.from_json(read_file(path, "market snapshot")) if path is not None else None


def _read_quotes(path: Path, quote: str) -> MarketQuotes:
    if path.suffix.lower() == ".csv":
        with rows_of(path):
            return MarketQuotes.from_csv(read_file(path, "market quotes"), quote)
    return MarketQuotes.from_json(read_file(path, "market quotes"))


def _read_reports(output: Output, path: Path) -> tuple[SignedReport, ...]:
    data = read_file(path, "market reports")
    try:
        return read_reports(data)
    except (EncodingError, MarketDataError) as problem:
        output.warn(f"{path} is left out: {problem}")
        return ()


def _signer_of(key: SigningKey, config: MarketConfig) -> Signer:
    identity = key.identity()
    for signer in config.signers:
        if (signer.scheme, signer.identity) == (key.scheme, identity):
            return signer
    raise Misuse(f"the key 0x{identity.hex()} belongs to no source of this configuration")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
