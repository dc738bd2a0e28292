"""The orders of `zkmargin account`: what changes one account of a book."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from zkmargin.settlement.book import AccountBook
from zkmargin.settlement.fields import amount_text
from zkmargin.settlement.written_amount import read_amount

from .engine_choice import chosen_engine
from .options import FILE, Command, decimal
from .output import Output

BOOK = click.argument("path", type=FILE, metavar="BOOK")
ACCOUNT = click.argument("account", type=click.IntRange(0), metavar="ACCOUNT")
AMOUNT = click.argument("amount", metavar="AMOUNT")


def opened(output: Output, path: Path) -> AccountBook:
    return AccountBook.open(path, chosen_engine(output))


def _told(output: Output, book: AccountBook, account: int, **more: Any) -> None:
    """What every order answers: the account and the state it is in now; amounts stay in the book."""
    sequence = book.account(account).sequence
    output.result({"account": account, "sequence": sequence, **more}, [f"account {account} is at sequence {sequence}"])


def _asset_order(
    name: str, text: str, order: Callable[[AccountBook], Callable[[int, int, int], None]]
) -> click.Command:
    @click.command(name, cls=Command, help=text)
    @BOOK
    @ACCOUNT
    @AMOUNT
    @click.pass_obj
    def run(output: Output, path: Path, account: int, amount: str) -> None:
        with opened(output, path) as book:
            asset, amount_e8 = read_amount(amount, book.identity.asset_names)
            order(book)(account, asset, amount_e8)
            _told(output, book, account)

    return run


deposit = _asset_order("deposit", 'Add to a balance. AMOUNT is such as "1.25 BTC".', lambda book: book.deposit)
withdraw = _asset_order(
    "withdraw",
    'Take from a balance, AMOUNT such as "1.25 BTC". Exit code 1 where margin or reservations need it.',
    lambda book: book.withdraw,
)
borrow = _asset_order(
    "borrow",
    "Lend the account an asset: debt and balance rise. Exit code 1 where it is not covered.",
    lambda b: b.borrow,
)
repay = _asset_order("repay", "Take a debt back out of the balance.", lambda book: book.repay)


@click.command("trade", cls=Command)
@BOOK
@ACCOUNT
@click.argument("side", type=click.Choice(["buy", "sell"]))
@click.argument("quantity", metavar="QUANTITY")
@click.option("--pay", multiple=True, metavar="AMOUNT", help="Cash or fees that leave the account; may be repeated.")
@click.option("--receive", multiple=True, metavar="AMOUNT", help="Cash that comes in; may be repeated.")
@click.pass_obj
def trade(
    output: Output, path: Path, account: int, side: str, quantity: str, pay: tuple[str, ...], receive: tuple[str, ...]
) -> None:
    """Change a position. QUANTITY is such as "0.5 BTC-PERP".

    Exit code 1 where the account would fall short; one that is short already may reduce its risk.
    """
    with opened(output, path) as book:
        names = book.identity.asset_names
        instrument, quantity_e8 = read_amount(quantity, book.identity.instrument_names)
        cash = [read_amount(text, names) for text in receive]
        cash += [(asset, -amount_e8) for asset, amount_e8 in (read_amount(text, names) for text in pay)]
        book.trade(account, instrument, quantity_e8 if side == "buy" else -quantity_e8, cash)
        _told(output, book, account)


@click.command("reserve", cls=Command)
@BOOK
@ACCOUNT
@AMOUNT
@click.option("--target", required=True, callback=decimal, metavar="DECIMAL", help="The ledger it is for.")
@click.pass_obj
def reserve(output: Output, path: Path, account: int, amount: str, target: int) -> None:
    """Set free collateral aside for a target; AMOUNT in the quote currency. Exit code 1 where there is not enough.

    The target is the first public input of every proof for that ledger; 'zkmargin ledger show' tells it.
    """
    with opened(output, path) as book:
        _, amount_e8 = read_amount(amount, [book.identity.quote])
        book.reserve(account, target, amount_e8)
        _told(output, book, account)


@click.command("release", cls=Command)
@BOOK
@ACCOUNT
@click.option("--target", required=True, callback=decimal, metavar="DECIMAL", help="The ledger it was for.")
@click.option("--through", type=click.IntRange(0), required=True, help="The sequence the target has let go of.")
@click.pass_obj
def release(output: Output, path: Path, account: int, target: int, through: int) -> None:
    """Free what is reserved for a target, after 'zkmargin ledger release-account' there with the same sequence.

    Exit code 1 where the account has moved on since: the target might credit the state in between. An account that is
    netted with other venues needs 18446744073709551615 in both: the target then never credits it again.
    """
    with opened(output, path) as book:
        freed = amount_text(book.release(account, target, through), book.identity.quote)
        _told(output, book, account, freed=freed)


ORDERS = (deposit, withdraw, trade, borrow, repay, reserve, release)
