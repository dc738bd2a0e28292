"""A store of each kind answers the ledger's questions alike, and saves all of a transaction or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from zkmargin.verifier import LedgerError, Receipt
from zkmargin.verifier.ledger.log import ACCEPTED, BREAKER, OPENED, REFUSED, LogEntry, next_entry
from zkmargin.verifier.ledger.records import Account, Head, RiskTable, Root
from zkmargin.verifier.ledger.store import NOTHING, Changes, Rows, Store, Wanted, open_store

from ..servers.postgres import PostgresServer, fresh_url

TARGET = (1 << 250) + 77
TOP64, TOP254 = (1 << 64) - 1, (1 << 254) - 1
Opener = Callable[[], Store]


@pytest.fixture(params=["sqlite", "postgres"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Opens the same place again and again."""
    if request.param == "sqlite":
        return lambda: open_store(tmp_path / "ledger.sqlite", TARGET)
    server: PostgresServer = request.getfixturevalue("postgres")
    url = fresh_url(server)
    return lambda: open_store(url, TARGET)


@pytest.fixture
def store(opener: Opener) -> Iterator[Store]:
    store = opener()
    yield store
    store.close()


def receipt(number: int, **changes: int) -> Receipt:
    whole = Receipt(
        number=number,
        request_digest=bytes([number]) * 32,
        settlement_id=bytes([number, 1]) * 16,
        beneficiary=bytes([number]) * 20,
        account=TOP254 - number,
        nullifier=number,
        sequence=TOP64,
        credit_e8=TOP64 - number,
        replaced_e8=number,
        expiry_ms=(1 << 63) - 1,
        accepted_at_ms=0,
    )
    return replace(whole, **changes)


def entries(head: Head, *kinds: str) -> list[LogEntry]:
    found = []
    for kind in kinds:
        entry = next_entry(head, 1_000 + head.number, kind, {"n": str(TOP254), "text": "caf\u00e9 \x00 \u2028"})
        found.append(entry)
        head = Head(entry.number, entry.hash)
    return found


def save(store: Store, changes: Changes) -> None:
    with store.writing() as rows:
        rows.save(changes)


def test_a_new_store_is_empty(store: Store) -> None:
    with store.reading() as rows:
        assert rows.head() == Head(0, TARGET.to_bytes(32, "big"))
        assert (rows.last_receipt(), rows.outstanding_e8(), dict(rows.scopes())) == (0, 0, {})
        assert (
            list(rows.receipts_of([bytes(32)], [0]))
            == list(rows.accounts_of([0]))
            == list(rows.roots_of([(0, 0)]))
            == []
        )
        assert list(rows.risk_tables_of([0])) == list(rows.expired(TOP64 >> 1)) == rows.log(0, 10) == []
        assert rows.root_of_epoch(0, 0) is rows.newest_root(0) is rows.last_of_kind(OPENED) is None
        assert (
            rows.receipts(0, 10) == rows.accounts(-1, 10) == rows.roots((-1, -1), 10) == rows.risk_tables(-1, 10) == []
        )
        assert rows.decisions(0, 10) == rows.newest_decisions(10) == []


def test_questions_without_keys(store: Store) -> None:
    with store.reading() as rows:
        assert list(rows.receipts_of([], [])) == list(rows.accounts_of([])) == list(rows.roots_of([])) == []
        assert list(rows.risk_tables_of([])) == []


def test_the_log_goes_on(opener: Opener) -> None:
    first, second = opener(), opener()
    with first.reading() as rows:
        written = entries(rows.head(), OPENED, ACCEPTED, REFUSED, BREAKER, REFUSED)
    save(first, Changes(entries=written[:2]))
    save(second, Changes(entries=written[2:]))
    for store in (first, second, opener()):
        with store.reading() as rows:
            assert rows.head() == Head(5, written[-1].hash)
            assert rows.log(0, 10) == written
            assert rows.log(1, 2) == written[1:3]
            assert rows.decisions(0, 10) == [written[1], written[2], written[4]]
            assert rows.decisions(2, 1) == [written[2]]
            assert rows.newest_decisions(2) == [written[2], written[4]]
            assert rows.last_of_kind(REFUSED) == written[4]
            assert rows.last_of_kind(OPENED) == written[0]
            assert rows.last_of_kind("repaid") is None
        store.close()


def test_receipts(store: Store) -> None:
    written = [receipt(number) for number in range(1, 8)]
    save(store, Changes(receipts=written[:1]))
    save(store, Changes(receipts=written[1:]))
    with store.reading() as rows:
        assert rows.last_receipt() == 7
        assert rows.receipts(0, 100) == written
        assert rows.receipts(2, 2) == written[2:4]
        found = set(rows.receipts_of([written[1].settlement_id, bytes(32)], [written[4].nullifier, TOP254]))
        assert found == {written[1], written[4]}
        assert set(rows.receipts_of([], [1])) == {written[0]}


def test_accounts(store: Store) -> None:
    fresh = Account(5)
    full = Account(TOP254, TOP64, 0, 3, TOP64, 1_000, TOP64, (1 << 63) - 1)
    expiring = Account(9, 0, TOP64, 1, 1, 999)
    save(store, Changes(accounts={a.account: a for a in (full, fresh, expiring)}, outstanding_e8=(1 << 128) - 1))
    with store.reading() as rows:
        assert rows.accounts(-1, 10) == [fresh, expiring, full]
        assert rows.accounts(5, 1) == [expiring]
        assert set(rows.accounts_of([TOP254, 5, 6])) == {full, fresh}
        assert rows.outstanding_e8() == (1 << 128) - 1
        assert [list(rows.expired(now)) for now in (998, 999)] == [[], [expiring]]
        assert set(rows.expired(1_000)) == {expiring, full}
    save(store, Changes(accounts={9: replace(expiring, margin_e8=0)}))
    with store.reading() as rows:
        assert list(rows.expired(1_000)) == [full]
        assert rows.outstanding_e8() == (1 << 128) - 1, "None leaves the total"
        assert len(rows.accounts(-1, 10)) == 3


def test_roots_and_their_retraction(store: Store) -> None:
    roots = [Root(1, 5, 50, 0), Root(1, 6, TOP254, 1), Root(1, TOP64, 70, 2), Root(TOP64, 6, 50, 3)]
    save(store, Changes(roots=roots))
    with store.reading() as rows:
        assert rows.roots((-1, -1), 10) == roots
        assert rows.roots((1, 6), 1) == [roots[2]]
        assert set(rows.roots_of([(1, 50), (TOP64, TOP254), (2, 50), (1, TOP254)])) == {roots[0], roots[1]}
        assert rows.root_of_epoch(1, 6) == roots[1]
        assert rows.root_of_epoch(1, 7) is None
        assert rows.newest_root(1) == roots[2]
        assert rows.newest_root(1, below_epoch=TOP64) == roots[1]
        assert rows.newest_root(1, below_epoch=5) is None
    again = Root(1, 6, 60, 9)
    save(store, Changes(retracted={1: 6}, roots=[again]))
    with store.reading() as rows:
        assert rows.roots((-1, -1), 10) == [roots[0], again, roots[3]]


def test_risk_tables(store: Store) -> None:
    tables = [RiskTable(5, TOP254, 6), RiskTable(7, 1, 8), RiskTable((1 << 63) - 1, 2, 9)]
    save(store, Changes(risk_tables=tables))
    with store.reading() as rows:
        assert rows.risk_tables(-1, 10) == tables
        assert rows.risk_tables(5, 1) == tables[1:2]
        assert set(rows.risk_tables_of([7, 8, (1 << 63) - 1])) == set(tables[1:])


def test_the_newest_risk_table_is_that_of_the_latest_time(store: Store) -> None:
    with store.reading() as rows:
        assert rows.newest_risk_table() is None
    newest, late = RiskTable(7, 2, 8), RiskTable(5, 3, 9)
    save(store, Changes(risk_tables=[newest]))
    save(store, Changes(risk_tables=[late]))
    with store.reading() as rows:
        assert rows.newest_risk_table() == newest


def test_scopes(store: Store) -> None:
    save(store, Changes(scopes={"whole": "{}", "1": '{"a":"\\u00e9"}'}))
    save(store, Changes(scopes={"whole": '{"b":1}'}))
    with store.reading() as rows:
        assert dict(rows.scopes()) == {"whole": '{"b":1}', "1": '{"a":"\\u00e9"}'}


def test_what_is_wanted_is_answered_as_what_is_asked(opener: Opener) -> None:
    """Beforehand, partly, not at all, and after a save in the same transaction."""
    store, receipts, roots = opener(), [receipt(1), receipt(2)], [Root(1, 5, 50, 0), Root(2, 5, 60, 0)]
    accounts, tables = [Account(7, TOP64, TOP64, 1, 5, 9), Account(8)], [RiskTable(5, TOP254, 6), RiskTable(6, 1, 6)]
    save(store, Changes([], receipts, {a.account: a for a in accounts}, roots, {}, tables, {"whole": "{}"}, 5))
    some = Wanted(
        frozenset([receipts[0].settlement_id]), frozenset([1, 77]), frozenset([7, 9]), frozenset([(1, 50), (2, 50)]),
        frozenset([5, (1 << 64) - 1]),
    )  # fmt: skip

    def answers(rows: Rows) -> object:
        asked = (
            rows.receipts_of([receipts[0].settlement_id], []), rows.receipts_of([], [1]), rows.receipts_of([], [77]),
            rows.receipts_of([r.settlement_id for r in receipts], [1]), rows.accounts_of([7]), rows.accounts_of([7, 8]),
            rows.accounts_of([9]), rows.roots_of([(1, 50)]), rows.roots_of([(2, 60), (2, 50)]), rows.roots_of([]),
            rows.risk_tables_of([5]), rows.risk_tables_of([6]), rows.expired(8), rows.expired(9), rows.expired(8),
        )  # fmt: skip
        return (
            [sorted(map(repr, set(answer))) for answer in asked],
            dict(rows.scopes()),
            rows.head(),
            rows.last_receipt(),
        )

    with store.reading() as rows:
        expected = answers(rows)
    for wanted in (NOTHING, some):
        with store.reading(wanted) as rows:
            assert answers(rows) == expected
        with store.writing(wanted) as rows:
            assert answers(rows) == expected
    with store.writing(some) as rows:
        rows.save(Changes(accounts={7: replace(accounts[0], margin_e8=0)}, receipts=[receipt(77)], scopes={"1": "{}"}))
        changed = answers(rows)
    with store.reading() as rows:
        assert answers(rows) == changed != expected


def test_text_stays_as_it_is(opener: Opener) -> None:
    store, texts = opener(), ["", " ", "NULL", 'a "quoted" word', "back\\slash\\\\", "{1,2}", "'", "\n\t%s%(x)s", "é"]
    save(store, Changes(scopes={text: text for text in texts}))
    with store.reading() as rows:
        assert dict(rows.scopes()) == {text: text for text in texts}


def everything(rows: Rows) -> object:
    return (rows.head(), rows.log(0, 10), rows.receipts(0, 10), rows.accounts(-1, 10), rows.roots((-1, -1), 10),
            rows.risk_tables(-1, 10), dict(rows.scopes()), rows.outstanding_e8(), rows.last_receipt())  # fmt: skip


def full_changes(head: Head) -> Changes:
    return Changes(
        entries(head, ACCEPTED),
        [receipt(1)],
        {1: Account(1)},
        [Root(1, 2, 3, 4)],
        {},
        [RiskTable(1, 2, 3)],
        {"a": "b"},
        7,
    )


def test_an_exception_undoes_everything(store: Store) -> None:
    with store.reading() as rows:
        before = everything(rows)
    with suppress(ZeroDivisionError), store.writing() as rows:
        rows.save(full_changes(rows.head()))
        assert everything(rows) != before
        raise ZeroDivisionError
    with store.reading() as rows:
        assert everything(rows) == before


def test_a_reader_cannot_save(store: Store) -> None:
    with pytest.raises(LedgerError), store.reading() as rows:
        rows.save(Changes(outstanding_e8=5))
    with store.reading() as rows:
        assert rows.outstanding_e8() == 0


def test_what_cannot_be_saved_whole_is_not_saved(store: Store) -> None:
    """The second receipt has the nullifier of the first: the tables themselves refuse it."""
    for twin in (receipt(2, nullifier=1), replace(receipt(2), settlement_id=receipt(1).settlement_id), receipt(1)):
        with store.reading() as rows:
            before = everything(rows)
        with pytest.raises(LedgerError), store.writing() as rows:
            rows.save(replace(full_changes(rows.head()), receipts=[receipt(1), twin]))
        with store.reading() as rows:
            assert everything(rows) == before


def test_a_reader_s_picture_stands_still(opener: Opener) -> None:
    reader, writer = opener(), opener()
    with reader.reading() as rows:
        before = everything(rows)
        with writer.writing() as written:
            written.save(full_changes(written.head()))
        assert everything(rows) == before
    with reader.reading() as rows:
        assert everything(rows) != before


def test_writers_wait_for_each_other(opener: Opener) -> None:
    """Each adds one entry to what it finds, from many threads and connections: none is lost, none clashes."""
    from concurrent.futures import ThreadPoolExecutor

    stores = [opener(), opener()]

    def add(number: int) -> None:
        with stores[number % 2].writing() as rows:
            rows.save(Changes(entries=entries(rows.head(), REFUSED)))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(60)))
    with stores[0].reading() as rows:
        log = rows.log(0, 100)
    assert [entry.number for entry in log] == list(range(1, 61))
    assert log == entries(Head(0, TARGET.to_bytes(32, "big")), *[REFUSED] * 60)


def test_a_closed_store(store: Store) -> None:
    store.close()
    with pytest.raises(LedgerError), store.reading():
        pass
    with pytest.raises(LedgerError), store.writing():
        pass
