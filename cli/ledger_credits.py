"""Credits and what lowers or ends them: accept, repay, release. A part of `zkmargin ledger`."""

from __future__ import annotations

from pathlib import Path

import click

from zkmargin.settlement.fields import Fields, amount_text
from zkmargin.verifier import SettlementRequest

from .files import read_file
from .ledger_place import UINT64, Place, account_of, on_ledger, settlement_id_of, short
from .options import FILE, Command
from .output import Output


@click.command("accept", cls=Command)
@on_ledger
@click.argument("path", type=FILE, metavar="SETTLEMENT.json")
@click.pass_obj
def accept(output: Output, place: Place, path: Path) -> None:
    """Check a settlement and credit margin, all or nothing. The same settlement again gives the same receipt.

    The margin beside it is the account's present one: a credit may have expired, been replaced or released since.

    Exit code 1 and the check that failed where it is refused.
    """
    request = SettlementRequest.from_json(read_file(path, "settlement request"))
    quote = place.quote
    with place.opened(output) as ledger:
        receipt = ledger.accept(request)
        margin_e8 = ledger.margin_of(receipt.account)
    margin = amount_text(margin_e8, quote)
    output.result(
        {**receipt.to_json(), "margin": margin},
        [
            f"accepted: receipt {receipt.number}, credit {amount_text(receipt.credit_e8, quote)}",
            f"margin of account {short(receipt.account)} is now {margin}",
        ],
    )


@click.command("release", cls=Command)
@on_ledger
@click.argument("settlement_id", metavar="SETTLEMENT_ID")
@click.pass_obj
def release(output: Output, place: Place, settlement_id: str) -> None:
    """End a credit before it expires. Before the source frees the reservation, use release-account."""
    quote, wanted = place.quote, settlement_id_of(settlement_id)
    with place.opened(output) as ledger:
        margin_e8 = ledger.release(wanted)
    margin = amount_text(margin_e8, quote)
    output.result({"settlement_id": settlement_id, "margin": margin}, [f"released; the account is left with {margin}"])


@click.command("repay", cls=Command)
@on_ledger
@click.argument("settlement_id", metavar="SETTLEMENT_ID")
@click.option("--remaining", required=True, metavar="AMOUNT", help='What is left of the credit, as in "250 USD".')
@click.pass_obj
def repay(output: Output, place: Place, settlement_id: str, remaining: str) -> None:
    """Lower a credit to what is left of it; never raises it."""
    quote, wanted = place.quote, settlement_id_of(settlement_id)
    remaining_e8 = Fields({"--remaining": remaining}, "repay").amount("--remaining", quote)
    with place.opened(output) as ledger:
        margin_e8 = ledger.repay(wanted, remaining_e8)
    margin = amount_text(margin_e8, quote)
    output.result({"settlement_id": settlement_id, "margin": margin}, [f"repaid; the account is left with {margin}"])


@click.command("release-account", cls=Command)
@on_ledger
@click.argument("account", metavar="ACCOUNT")
@click.option("--through", "through", type=click.IntRange(0, UINT64), required=True, help="The sequence so far.")
@click.pass_obj
def release_account(output: Output, place: Place, account: str, through: int) -> None:
    """Let no state of an account up to a sequence back a credit, now or later.

    ACCOUNT is the pseudonym in decimal: 'account' in a receipt, or what 'zkmargin key pseudonym' tells its owner. The
    source frees a reservation only after this.
    """
    quote, wanted = place.quote, account_of(account)
    with place.opened(output) as ledger:
        margin_e8 = ledger.release_account(wanted, through)
    margin = amount_text(margin_e8, quote)
    output.result(
        {"account": account, "through_sequence": through, "margin": margin},
        [f"released through sequence {through}; the account is left with {margin}"],
    )


COMMANDS = (accept, repay, release, release_account)
