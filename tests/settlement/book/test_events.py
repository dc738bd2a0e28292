"""Events and holdings as bytes: what is written reads back, and nothing else is taken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254, get_engine
from zkmargin.circuits.margin import STANDARD, Leaf, Reservation
from zkmargin.settlement.book.digests import leaf_digests, leaf_of
from zkmargin.settlement.book.events import (
    KINDS,
    Borrow,
    Deposit,
    Event,
    Open,
    Release,
    Repay,
    Reserve,
    Trade,
    Withdraw,
    read_event,
)
from zkmargin.settlement.book.fold import opened
from zkmargin.settlement.book.holdings import decode, encode
from zkmargin.settlement.book.malformed import MalformedRow

words = st.integers(0, 2**64 - 1)
signed = st.integers(-(2**63), 2**63 - 1)
items = st.integers(0, 2**16 - 1)
elements = st.integers(0, BN254.r - 1)
ids = st.lists(words, min_size=1, max_size=15).map(tuple)
EVENTS = st.one_of(
    st.builds(Open, elements, elements, ids),
    *(st.builds(kind, items, words) for kind in (Deposit, Withdraw, Borrow, Repay)),
    st.builds(Trade, items, signed, st.lists(st.tuples(items, signed), max_size=8).map(tuple)),
    *(st.builds(kind, elements, words) for kind in (Reserve, Release)),
)


@given(EVENTS)
def test_events_read_back_as_written(event: Event) -> None:
    assert read_event(event.kind, event.to_bytes()) == event


@given(st.sampled_from([*KINDS, "steal", None, 3]), st.binary(max_size=120))
def test_other_bytes_are_refused_or_are_the_event_s_own(kind: object, data: bytes) -> None:
    try:
        event = read_event(kind, data)
    except MalformedRow:
        return
    assert event.to_bytes() == data


def test_the_repr_of_an_event_holds_no_amount() -> None:
    for event in (Deposit(0, 987654321), Trade(1, 987654321, ((2, 987654321),)), Reserve(987654321, 987654321)):
        assert "987654321" not in repr(event)
    assert "987654321" not in repr(Open(987654321, 987654321, (1,)))


EMPTY = opened(Open(1, 2, (3,)), STANDARD)
slots = st.one_of(st.just(Reservation(0, 0)), st.builds(Reservation, st.integers(1, BN254.r - 1), words))


def some(entries: st.SearchStrategy[int], count: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.one_of(st.just(0), entries), min_size=count, max_size=count).map(tuple)


@given(
    some(words, STANDARD.assets),
    some(words, STANDARD.assets),
    some(signed, STANDARD.instruments),
    st.lists(slots, min_size=STANDARD.reservation_slots, max_size=STANDARD.reservation_slots).map(tuple),
)
def test_holdings_read_back_as_written(
    balances: tuple[int, ...], debts: tuple[int, ...], positions: tuple[int, ...], kept: tuple[Reservation, ...]
) -> None:
    leaf = Leaf(EMPTY.key_commitment, EMPTY.group, EMPTY.salt, 9, balances, debts, positions, kept)
    assert decode(encode(leaf, STANDARD), EMPTY, 9, STANDARD) == leaf


def test_an_empty_account_takes_two_bytes() -> None:
    assert encode(EMPTY, STANDARD) == bytes(2)


@given(st.binary(max_size=60))
def test_other_bytes_are_no_holdings(data: bytes) -> None:
    try:
        leaf = decode(data, EMPTY, 0, STANDARD)
    except MalformedRow:
        return
    assert encode(leaf, STANDARD) == data


@pytest.mark.parametrize("place", [36, 65535])
def test_a_word_beyond_the_shape_is_refused(place: int) -> None:
    data = b"\x01\x00" + place.to_bytes(2, "little") + b"\x01" + bytes(7)
    with pytest.raises(MalformedRow):
        decode(data, EMPTY, 0, STANDARD)


Account = tuple[int, int, list[int], int, tuple[int, ...], Reservation]
accounts = st.tuples(elements, elements, ids.map(sorted), st.integers(0, 2**48 - 1), some(words, 8), slots)


@settings(max_examples=20, deadline=None)
@given(st.lists(accounts, max_size=5))
def test_digests_of_many_are_the_leaves_own(rows: list[Account]) -> None:
    leaves, stored = [], []
    for key, salt, venues, sequence, balances, slot in rows:
        event = Open(key, salt, tuple(dict.fromkeys(venues)))
        empty = opened(event, STANDARD)
        leaf = replace(empty, sequence=sequence, balances_e8=balances, reservations=(slot, *empty.reservations[1:]))
        leaves.append(leaf)
        stored.append((event.to_bytes(), sequence, encode(leaf, STANDARD)))
    assert [leaf_of(row, STANDARD) for row in stored] == leaves
    found = leaf_digests(STANDARD, stored, get_engine())
    assert found == [leaf.digest(STANDARD).to_bytes(32, "little") for leaf in leaves]
