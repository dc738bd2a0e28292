"""A small book in memory with one funded account."""

from __future__ import annotations

import pytest

from zkmargin.circuits.margin import key_commitment
from zkmargin.settlement.book import AccountBook, BookIdentity
from zkmargin.settlement.example_market import example_risk_document
from zkmargin.settlement.risk_document import RiskDocument

E8 = 10**8
USDC = 3


@pytest.fixture(scope="session")
def risk() -> RiskDocument:
    return example_risk_document()


@pytest.fixture(scope="session")
def identity(risk: RiskDocument) -> BookIdentity:
    return BookIdentity.of_risk_table("Alpha", 1001, risk)


@pytest.fixture
def book(identity: BookIdentity, risk: RiskDocument) -> AccountBook:
    """Account 0 holds 10,000 USDC."""
    book = AccountBook.create(":memory:", identity)
    book.set_risk_table(risk)
    book.open_account(key_commitment(7))
    book.deposit(0, USDC, 10_000 * E8)
    return book
