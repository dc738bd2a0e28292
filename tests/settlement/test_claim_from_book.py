"""A claim assembled from books in memory: of one venue and of two, and what does not belong together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zkmargin.circuits.errors import StatementFalse
from zkmargin.circuits.margin import declared_shape, key_commitment
from zkmargin.settlement.book import AccountBook, BookIdentity
from zkmargin.settlement.claim_from_book import BookAccount, ClaimFromBooks, CreditTerms
from zkmargin.settlement.errors import LifecycleError, NotReserved, RiskTableRefused, TargetRefuses, UnknownEpoch
from zkmargin.settlement.example_market import example_risk_document
from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.settlement.risk_document import RiskDocument
from zkmargin.verifier import BreakerLimits, LedgerConfig, signer_address

E8 = 10**8
USDC = 3
SECRET, CIRCUIT = 123456789 << 64, bytes([9]) * 32
RISK = example_risk_document()
PAIR = replace(RISK, shape=declared_shape("small,venues=2"))
NOW_MS = RISK.oracle_time_ms + 60_000
TERMS = CreditTerms(20_000 * E8, bytes(20), bytes(32))
LEDGER = LedgerDocument(
    LedgerConfig(
        target_chain_id=2002,
        ledger="beta-margin",
        circuit_digest=CIRCUIT,
        market="example",
        routes={1001: 90_000, 1002: 7_000_000},
        max_root_age_ms=1_800_000,
        max_risk_age_ms=3_600_000,
        max_horizon_ms=7_200_000,
        oracle_signers=(signer_address(bytes([7]) * 32),),
        oracle_quorum=1,
        limits=BreakerLimits(inflow_cap_e8=1_000_000 * E8, inflow_window_ms=3_600_000),
    ),
    "USD",
)


def account_at(venue_id: int, risk: RiskDocument = RISK, usdc: int = 30_000, reserved: int = 0) -> BookAccount:
    """The trader's account in a new book, published; of the group of both venues where the shape has two."""
    book = AccountBook.create(":memory:", BookIdentity.of_risk_table("Alpha", venue_id, risk))
    book.set_risk_table(risk)
    group = [venue_id] if risk.shape.venues == 1 else [1001, 1002]
    index = book.open_account(key_commitment(SECRET), group)
    book.deposit(index, USDC, usdc * E8)
    if reserved:
        book.reserve(index, LEDGER.config.target, reserved * E8)
    book.publish()
    return BookAccount(book, index, path=f"{venue_id}.book")


def prepared(
    *accounts: BookAccount,
    terms: CreditTerms = TERMS,
    secret: int = SECRET,
    risk: RiskDocument | None = None,
    reserve: bool = False,
) -> ClaimFromBooks:
    return ClaimFromBooks.prepare(accounts, LEDGER, terms, secret, NOW_MS, risk=risk, reserve=reserve)


def test_one_venue() -> None:
    ready = prepared(account_at(1001, reserved=20_000))
    assert (ready.request.source_chain_ids, ready.request.route_latency_ms) == ((1001,), 90_000)
    ready.claim(CIRCUIT).require_true()
    assert str(SECRET) not in repr(ready)


def test_two_venues_in_any_order() -> None:
    """The credit is reserved half at each, the slower route counts, and neither venue would cover it alone."""
    first, second = account_at(1001, PAIR, 15_000, 10_000), account_at(1002, PAIR, 15_000, 10_000)
    one, other = prepared(first, second), prepared(second, first)
    assert one.request == other.request
    assert (one.request.source_chain_ids, one.request.route_latency_ms) == ((1001, 1002), 7_000_000)
    claim = one.claim(CIRCUIT)
    claim.require_true()
    assert [opening.venue_id for opening in claim.openings] == [1001, 1002]
    assert claim.horizon_ms == 7_000_000


def test_one_book_a_venue() -> None:
    with pytest.raises(LifecycleError, match="nets 2"):
        prepared(account_at(1001, PAIR))
    with pytest.raises(LifecycleError, match="nets 1"):
        prepared(account_at(1001), account_at(1002))
    with pytest.raises(LifecycleError, match="named twice"):
        prepared(account_at(1001, PAIR), account_at(1001, PAIR))
    with pytest.raises(LifecycleError):
        prepared()


def test_an_account_of_another_group_is_refused() -> None:
    alone = AccountBook.create(":memory:", BookIdentity.of_risk_table("Alpha", 1002, PAIR))
    alone.set_risk_table(PAIR)
    alone.open_account(key_commitment(SECRET))
    alone.publish()
    claim = prepared(account_at(1001, PAIR, reserved=20_000), BookAccount(alone, 0)).claim(CIRCUIT)
    with pytest.raises(StatementFalse, match="different group"):
        claim.require_true()


def test_books_under_different_tables_need_one_named() -> None:
    first, second = account_at(1001, PAIR, reserved=20_000), account_at(1002, PAIR)
    newer = replace(PAIR, oracle_time_ms=PAIR.oracle_time_ms + 1)
    second.book.set_risk_table(newer)
    with pytest.raises(RiskTableRefused, match="name one"):
        prepared(first, second)
    assert prepared(first, second, risk=newer).claim(CIRCUIT).table == newer.table
    with pytest.raises(RiskTableRefused, match="shape"):
        prepared(first, second, risk=RISK)


def test_a_book_without_a_table_needs_one_named() -> None:
    book = AccountBook.create(":memory:", BookIdentity.of_risk_table("Alpha", 1001, RISK))
    account = BookAccount(book, book.open_account(key_commitment(SECRET)))
    with pytest.raises(RiskTableRefused, match="set-risk"):
        prepared(account)
    assert prepared(account, risk=RISK).risk == RISK


def test_the_key_is_asked_before_anything_is_reserved() -> None:
    account = account_at(1001)
    with pytest.raises(StatementFalse, match="another key"):
        prepared(account, secret=SECRET + 1, reserve=True)
    with pytest.raises(LifecycleError, match="circuit"):
        prepared(account, reserve=True).claim(bytes(32))
    assert account.leaf().reserved_for(LEDGER.config.target) == 0


def test_what_is_missing_is_told_to_who_may_know() -> None:
    account = account_at(1001, reserved=12_345)
    with pytest.raises(NotReserved) as refused:
        prepared(account).claim(CIRCUIT)
    problem = refused.value
    assert (problem.missing_e8, problem.path, problem.index) == (7_655 * E8, "1001.book", 0)
    assert '"7655 USD"' in problem.revealing()
    assert "7655" not in str(problem)


def test_an_older_epoch_may_lack_the_reservation() -> None:
    account = account_at(1001)
    account.book.reserve(account.index, LEDGER.config.target, 20_000 * E8)
    account.book.publish()
    assert prepared(account).claim(CIRCUIT).openings[0].epoch == 2
    with pytest.raises(NotReserved) as refused:
        prepared(replace(account, epoch=1)).claim(CIRCUIT)
    assert refused.value.missing_e8 == 0
    with pytest.raises(UnknownEpoch):
        prepared(replace(account, epoch=3)).claim(CIRCUIT)


def test_reserving_goes_no_further_than_it_must() -> None:
    account = account_at(1001, reserved=20_000)
    assert prepared(account, reserve=True).claim(CIRCUIT).openings[0].epoch == 1
    account.book.deposit(account.index, USDC, 1)
    assert prepared(account, reserve=True).claim(CIRCUIT).openings[0].epoch == 2
    more = replace(TERMS, credit_e8=20_001 * E8)
    assert prepared(account, reserve=True, terms=more).claim(CIRCUIT).openings[0].epoch == 3
    assert account.leaf().reserved_for(LEDGER.config.target) == 20_001 * E8


def test_reserving_is_for_one_book() -> None:
    accounts = account_at(1001, PAIR), account_at(1002, PAIR)
    with pytest.raises(LifecycleError, match="only in one book"):
        prepared(*accounts, reserve=True).claim(CIRCUIT)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (replace(TERMS, credit_e8=LEDGER.config.max_credit_e8 + 1), "credit"),
        (replace(TERMS, expires_in_ms=7_140_001), "horizon"),
    ],
)
def test_what_the_target_is_sure_to_refuse(terms: CreditTerms, field: str) -> None:
    with pytest.raises(TargetRefuses) as refused:
        prepared(account_at(1001), terms=terms)
    assert refused.value.field == field


def test_the_limits_themselves_are_acceptable() -> None:
    assert prepared(account_at(1001), terms=replace(TERMS, expires_in_ms=7_140_000))


@pytest.mark.parametrize(
    ("max_horizon_ms", "expires_in_ms"), [(7_200_000, 3_600_000), (3_660_000, 3_600_000), (3_659_999, 3_599_999)]
)
def test_a_credit_lasts_an_hour_or_as_long_as_the_target_allows(max_horizon_ms: int, expires_in_ms: int) -> None:
    config = replace(LEDGER.config, max_horizon_ms=max_horizon_ms, routes={1001: 90_000})
    ledger = replace(LEDGER, config=config)
    ready = ClaimFromBooks.prepare([account_at(1001)], ledger, TERMS, SECRET, NOW_MS)
    assert ready.request.expiry_ms == NOW_MS + expires_in_ms


def test_a_table_whose_longest_horizon_has_passed() -> None:
    ledger = replace(LEDGER, config=replace(LEDGER.config, max_horizon_ms=60_000, routes={1001: 1}))
    with pytest.raises(TargetRefuses, match="use a newer one"):
        ClaimFromBooks.prepare([account_at(1001)], ledger, TERMS, SECRET, NOW_MS)


@pytest.mark.parametrize(
    ("oracle_time_ms", "taken"),
    [(NOW_MS - 3_600_000, True), (NOW_MS - 3_600_001, False), (NOW_MS, True), (NOW_MS + 1, False)],
)
def test_the_age_of_the_risk_table(oracle_time_ms: int, taken: bool) -> None:
    table = replace(RISK, oracle_time_ms=oracle_time_ms)
    account = account_at(1001)
    if taken:
        assert prepared(account, risk=table)
        return
    with pytest.raises(TargetRefuses) as refused:
        prepared(account, risk=table)
    assert refused.value.field == "risk table"
