"""`zkmargin ledger`: a margin ledger in a folder: its configuration, the verifying key, the database."""

from __future__ import annotations

import time
from pathlib import Path

import click

from zkmargin.settlement.fields import amount_text
from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.verifier import (
    MarginLedger,
    RiskAttestation,
    SettlementRequest,
    SourceRootAttestation,
    Verifier,
    VerifyingKey,
)

from .development import INSECURE
from .engine_choice import chosen_engine
from .errors import Misuse
from .files import NewFile, read_file, require_new, write_files
from .options import FILE, Group
from .output import Output

CONFIG, KEY, DATABASE = "ledger.json", "verification_key.json", "ledger.sqlite"
UINT64 = (1 << 64) - 1

FOLDER = click.argument("folder", type=FILE, metavar="LEDGER")


@click.group("ledger", cls=Group)
def COMMAND() -> None:
    """A margin ledger on the target chain, kept in a folder."""


@COMMAND.command("init")
@FOLDER
@click.option(
    "--config", "config_path", type=FILE, required=True, metavar="CONFIG.json", help="Who it is, whom it trusts."
)
@click.option("--key", "key_path", type=FILE, required=True, metavar="VK.json", help="verification_key.json")
@click.pass_obj
def init(output: Output, folder: Path, config_path: Path, key_path: Path) -> None:
    """Start a ledger in a new folder."""
    config_data, key_data = read_file(config_path, "ledger configuration"), read_file(key_path, "verifying key")
    require_new([folder / CONFIG, folder / KEY, folder / DATABASE])
    config = LedgerDocument.from_json(bytes(config_data)).config
    key = VerifyingKey.from_json(key_data)
    # Judged before anything is written, so that a refusal leaves nothing behind.
    Verifier(key, chosen_engine(output), config.allow_development_key, expect_circuit=config.circuit_digest)
    if key.development:
        output.warn(INSECURE)
    write_files([NewFile(folder / CONFIG, config_data), NewFile(folder / KEY, key_data)], force=False)
    with _opened(output, folder):
        pass
    output.result(
        {"ledger": str(folder), "target": str(config.target)},
        [f"ledger {config.ledger} of chain {config.target_chain_id} started in {folder}", f"target {config.target}"],
    )


@COMMAND.command("observe-root")
@FOLDER
@click.option("--chain-id", type=click.IntRange(0, UINT64), required=True)
@click.option("--epoch", type=click.IntRange(0, UINT64), required=True)
@click.option("--root", required=True, metavar="DECIMAL", help="The source root, as in public.json.")
@click.option("--observed-at-ms", type=click.IntRange(0, UINT64), help="Milliseconds since 1970; default: now.")
@click.pass_obj
def observe_root(
    output: Output, folder: Path, chain_id: int, epoch: int, root: str, observed_at_ms: int | None
) -> None:
    """Take note of a source root that a relay has seen final on its chain."""
    value = _decimal(root, "--root")
    with _opened(output, folder) as ledger:
        ledger.observe_root(chain_id, epoch, value, _now_ms() if observed_at_ms is None else observed_at_ms)
    output.result(
        {"chain_id": chain_id, "epoch": epoch, "root": root}, [f"root of epoch {epoch} of chain {chain_id} noted"]
    )


@COMMAND.command("attest")
@FOLDER
@click.argument("path", type=FILE, metavar="ATTESTATION.json")
@click.pass_obj
def attest(output: Output, folder: Path, path: Path) -> None:
    """Take note of a risk table that a quorum of oracles has signed. Exit code 1 where they have not."""
    attestation = RiskAttestation.from_json(read_file(path, "risk attestation"))
    with _opened(output, folder) as ledger:
        ledger.attest_risk_root(attestation)
    output.result(
        {"risk_root": str(attestation.risk_root), "oracle_time_ms": attestation.oracle_time_ms},
        [f"risk table of {attestation.oracle_time_ms} ms noted, {len(attestation.signatures)} oracles signed"],
    )


@COMMAND.command("attest-root")
@FOLDER
@click.argument("path", type=FILE, metavar="ATTESTATION.json")
@click.pass_obj
def attest_root(output: Output, folder: Path, path: Path) -> None:
    """Take note of a source root that a quorum of root signers has signed. Exit code 1 where they have not."""
    attestation = SourceRootAttestation.from_json(read_file(path, "source root attestation"))
    with _opened(output, folder) as ledger:
        ledger.attest_source_root(attestation)
    output.result(
        attestation.members(),
        [f"root of epoch {attestation.epoch} of chain {attestation.chain_id} noted, attested to this ledger"],
    )


@COMMAND.command("accept")
@FOLDER
@click.argument("path", type=FILE, metavar="SETTLEMENT.json")
@click.pass_obj
def accept(output: Output, folder: Path, path: Path) -> None:
    """Check a settlement and credit margin, all or nothing. The same settlement again gives the same receipt.

    The margin beside it is the account's present one: a credit may have expired, been replaced or released since.

    Exit code 1 and the check that failed where it is refused.
    """
    request = SettlementRequest.from_json(read_file(path, "settlement request"))
    quote = _document(folder).quote
    with _opened(output, folder) as ledger:
        receipt = ledger.accept(request)
        margin_e8 = ledger.margin_of(receipt.account)
    margin = amount_text(margin_e8, quote)
    output.result(
        {**receipt.to_json(), "margin": margin},
        [
            f"accepted: receipt {receipt.number}, credit {amount_text(receipt.credit_e8, quote)}",
            f"margin of account {_short(receipt.account)} is now {margin}",
        ],
    )


@COMMAND.command("release")
@FOLDER
@click.argument("settlement_id", metavar="SETTLEMENT_ID")
@click.pass_obj
def release(output: Output, folder: Path, settlement_id: str) -> None:
    """End a credit before it expires. Before the source frees the reservation, use release-account."""
    quote, wanted = _document(folder).quote, _hex32(settlement_id)
    with _opened(output, folder) as ledger:
        margin_e8 = ledger.release(wanted)
    margin = amount_text(margin_e8, quote)
    output.result({"settlement_id": settlement_id, "margin": margin}, [f"released; the account is left with {margin}"])


@COMMAND.command("release-account")
@FOLDER
@click.argument("account", metavar="ACCOUNT")
@click.option("--through", "through", type=click.IntRange(0, 2**64 - 1), required=True, help="The sequence so far.")
@click.pass_obj
def release_account(output: Output, folder: Path, account: str, through: int) -> None:
    """Let no state of an account up to a sequence back a credit, now or later.

    ACCOUNT is the pseudonym in decimal: 'account' in a receipt, or what 'zkmargin key pseudonym' tells its owner. The
    source frees a reservation only after this.
    """
    if not account.isdecimal() or not account.isascii() or len(account) > 77:
        raise click.UsageError("ACCOUNT is the account's pseudonym, a decimal number")
    quote = _document(folder).quote
    with _opened(output, folder) as ledger:
        margin_e8 = ledger.release_account(int(account), through)
    margin = amount_text(margin_e8, quote)
    output.result(
        {"account": account, "through_sequence": through, "margin": margin},
        [f"released through sequence {through}; the account is left with {margin}"],
    )


@COMMAND.command("trip")
@FOLDER
@click.option("--reason", required=True, help="For whoever finds the breaker open.")
@click.pass_obj
def trip(output: Output, folder: Path, reason: str) -> None:
    """Open the circuit breaker: nothing is accepted until it is reset."""
    with _opened(output, folder) as ledger:
        ledger.trip_breaker(reason)
    output.result({"breaker": "open", "reason": reason}, ["the breaker is open: nothing is accepted"])


@COMMAND.command("reset")
@FOLDER
@click.option("--reason", required=True, help="Why it is safe to go on.")
@click.pass_obj
def reset(output: Output, folder: Path, reason: str) -> None:
    """Close the circuit breaker again."""
    with _opened(output, folder) as ledger:
        ledger.reset_breaker(reason)
    output.result({"breaker": "closed", "reason": reason}, ["the breaker is closed: requests are accepted"])


@COMMAND.command("show")
@FOLDER
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many entries at most.")
@click.pass_obj
def show(output: Output, folder: Path, limit: int) -> None:
    """Breaker, receipts with the margin their accounts have now, and the log of decisions."""
    quote = _document(folder).quote
    with _opened(output, folder) as ledger:
        breaker, config = ledger.breaker(), ledger.config
        receipts, decisions = ledger.receipts(limit=limit), ledger.decisions(limit=limit)
        margins = {receipt.account: ledger.margin_of(receipt.account) for receipt in receipts}
    output.result(
        {
            "ledger": config.ledger,
            "target": str(config.target),
            "breaker": {"open": breaker.is_open, "reason": breaker.reason},
            "receipts": [receipt.to_json() for receipt in receipts],
            "margins": {str(account): amount_text(margin, quote) for account, margin in margins.items()},
            "decisions": [
                {
                    "at_ms": d.at_ms,
                    "settlement_id": "0x" + d.settlement_id.hex(),
                    "outcome": d.outcome,
                    "detail": d.detail,
                }
                for d in decisions
            ],
        },
        [
            f"ledger {config.ledger} of chain {config.target_chain_id}, "
            f"breaker {'open: ' + breaker.reason if breaker.is_open else 'closed'}",
            *(
                f"receipt {r.number}: credit {amount_text(r.credit_e8, quote)} to account {_short(r.account)}"
                for r in receipts
            ),
            *(f"account {_short(account)} has {amount_text(margin, quote)} now" for account, margin in margins.items()),
            *(f"{d.outcome}: settlement 0x{d.settlement_id.hex()[:16]}... {d.detail}".rstrip() for d in decisions),
        ],
    )


def _opened(output: Output, folder: Path) -> MarginLedger:
    config = _document(folder).config
    key = VerifyingKey.from_json(read_file(folder / KEY, "verifying key"))
    return MarginLedger.open(folder / DATABASE, config, key, engine=chosen_engine(output))


def _document(folder: Path) -> LedgerDocument:
    return LedgerDocument.from_json(bytes(read_file(folder / CONFIG, "ledger configuration")))


def _decimal(text: str, option: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 78:
        raise Misuse(f"{option} must be a decimal number")
    return int(text)


def _hex32(text: str) -> bytes:
    digits = text.removeprefix("0x")
    if len(digits) != 64 or any(d not in "0123456789abcdefABCDEF" for d in digits):
        raise Misuse("a settlement id is 0x and 64 hexadecimal digits")
    return bytes.fromhex(digits)


def _short(value: int) -> str:
    text = str(value)
    return text if len(text) <= 14 else f"{text[:10]}..."


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
