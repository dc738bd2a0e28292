"""A margin claim made from account books: what `prove` reads when it is given --book."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from zkmargin.settlement.account_document import read_secret
from zkmargin.settlement.book import AccountBook
from zkmargin.settlement.claim_from_book import BookAccount, ClaimFromBooks, CreditTerms
from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.settlement.risk_document import RiskDocument
from zkmargin.settlement.written_amount import read_amount

from .claim_options import BookOptions
from .engine_choice import chosen_engine
from .files import read_file
from .output import Output


@contextmanager
def claim_from_books(output: Output, options: BookOptions) -> Iterator[ClaimFromBooks]:
    """Everything for the claim, while the books are open."""
    ledger = LedgerDocument.from_json(bytes(read_file(options.target, "ledger configuration")))
    _, credit_e8 = read_amount(options.credit, [ledger.quote])
    secret = read_secret(bytes(read_file(options.secret, "secret")))
    risk = None if options.risk is None else _risk(options.risk)
    now_ms = time.time_ns() // 1_000_000
    terms = CreditTerms(
        credit_e8=credit_e8,
        beneficiary=options.beneficiary,
        settlement_id=secrets.token_bytes(32) if options.settlement_id is None else options.settlement_id,
        expires_in_ms=options.expires_in_ms,
    )
    with ExitStack() as stack:
        accounts = [
            BookAccount(stack.enter_context(AccountBook.open(path, chosen_engine(output))), index, epoch, str(path))
            for path, index, epoch in options.accounts
        ]
        yield ClaimFromBooks.prepare(accounts, ledger, terms, secret, now_ms, risk=risk, reserve=options.reserve)


def _risk(path: Path) -> RiskDocument:
    return RiskDocument.from_json(bytes(read_file(path, "risk table")))
