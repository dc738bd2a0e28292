"""A transaction's view of a ledger: what it changed itself shows in what it asks next, before anything is saved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from zkmargin.verifier.ledger.records import Account, RiskTable, Root
from zkmargin.verifier.ledger.state import State
from zkmargin.verifier.ledger.store import Store, open_store

from .world import CHAIN, CONFIG, NOW, OTHER_CHAIN

ROOTS = [Root(CHAIN, epoch, 100 + epoch, NOW) for epoch in range(1, 5)]


@pytest.fixture
def store(ledger_place: str) -> Iterator[Store]:
    opened = open_store(ledger_place, CONFIG.target)
    with opened.writing() as rows:
        state = State(rows)
        for root in (*ROOTS, Root(OTHER_CHAIN, 9, 900, NOW)):
            state.add_root(root)
        state.put_account(Account(7, sequence=1, receipt=1, margin_e8=50, expiry_ms=NOW + 10))
        state.save()
    yield opened
    opened.close()


@pytest.mark.parametrize("asked_before", [False, True])
def test_what_was_retracted_is_gone_at_once(store: Store, asked_before: bool) -> None:
    with store.writing() as rows:
        state = State(rows)
        if asked_before:
            assert [state.root(CHAIN, root.root) for root in ROOTS] == ROOTS
            assert state.newest_root(CHAIN) == ROOTS[3]
        state.retract_roots(CHAIN, 3)
        assert [state.root(CHAIN, root.root) for root in ROOTS] == [*ROOTS[:2], None, None]
        assert [state.root_of_epoch(CHAIN, epoch) for epoch in range(1, 5)] == [*ROOTS[:2], None, None]
        assert state.newest_root(CHAIN) == ROOTS[1]
        assert state.newest_root(OTHER_CHAIN) == Root(OTHER_CHAIN, 9, 900, NOW)
        again = [Root(CHAIN, 3, 555, NOW), Root(CHAIN, 4, 556, NOW)]
        for root in again:
            state.add_root(root)
        state.retract_roots(CHAIN, 4)
        assert state.newest_root(CHAIN) == state.root_of_epoch(CHAIN, 3) == state.root(CHAIN, 555) == again[0]
        assert state.root(CHAIN, 556) is None
        state.save()
    with store.reading() as rows:
        assert rows.roots((-1, -1), 10) == [*ROOTS[:2], again[0], Root(OTHER_CHAIN, 9, 900, NOW)]


def test_what_was_added_is_there_at_once(store: Store) -> None:
    with store.writing() as rows:
        state = State(rows)
        assert (state.risk_table(5), state.risk_table(1 << 63)) == (None, None)
        state.add_risk_table(RiskTable(5, 6, NOW))
        assert state.risk_table(5) == RiskTable(5, 6, NOW)
        assert state.outstanding_e8() == 50
        state.put_account(Account(8, sequence=1, receipt=2, margin_e8=30, expiry_ms=NOW + 5))
        assert state.outstanding_e8() == 80
        state.sweep(NOW + 5)
        assert (state.account(8).margin_e8, state.outstanding_e8()) == (0, 50)
        state.sweep(NOW + 10)
        assert (state.account(7).margin_e8, state.outstanding_e8()) == (0, 0)
        state.save()
    with store.reading() as rows:
        assert rows.outstanding_e8() == 0
        assert list(rows.expired(NOW + 10**9)) == []


def test_a_transaction_that_changed_nothing_saves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.writing() as rows:
        monkeypatch.setattr(type(rows), "save", lambda *_: pytest.fail("saved"))
        state = State(rows)
        assert state.account(7).margin_e8 == 50
        state.sweep(NOW)
        state.save()
