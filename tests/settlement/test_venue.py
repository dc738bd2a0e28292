"""The source venue keeps what the statement relies on: nothing reserved leaves, every change moves the sequence."""

from __future__ import annotations

import pytest

from zkmargin.circuits.errors import InputError
from zkmargin.circuits.margin import SMALL, Reservation, key_commitment
from zkmargin.settlement.errors import VenueError
from zkmargin.settlement.example_market import example_risk_document
from zkmargin.settlement.venue import SourceVenue

E8 = 10**8
BTC, USDC = 0, 3


@pytest.fixture
def venue() -> SourceVenue:
    venue = SourceVenue("Alpha", 1001, SMALL, example_risk_document().table, horizon_ms=3_600_000)
    venue.open_account(key_commitment(7))
    venue.deposit(0, USDC, 10_000 * E8)
    return venue


def test_every_change_moves_the_sequence(venue: SourceVenue) -> None:
    seen = [venue.account(0).sequence]
    venue.reserve(0, 5, E8)
    seen.append(venue.account(0).sequence)
    venue.trade(0, 0, E8 // 100)
    seen.append(venue.account(0).sequence)
    venue.release(0, 5, at_sequence=3)
    seen.append(venue.account(0).sequence)
    venue.withdraw(0, USDC, E8)
    seen.append(venue.account(0).sequence)
    assert seen == [1, 2, 3, 4, 5]


def test_what_is_reserved_cannot_be_withdrawn(venue: SourceVenue) -> None:
    venue.reserve(0, 5, 9_000 * E8)
    with pytest.raises(VenueError):
        venue.withdraw(0, USDC, 2_000 * E8)
    with pytest.raises(VenueError, match="at sequence 2"):
        venue.release(0, 5, at_sequence=1)
    venue.release(0, 5, at_sequence=2)
    venue.withdraw(0, USDC, 2_000 * E8)


def test_no_more_than_the_free_collateral_can_be_reserved(venue: SourceVenue) -> None:
    with pytest.raises(VenueError):
        venue.reserve(0, 5, 10_001 * E8)


def test_a_trade_that_margin_does_not_cover_is_refused(venue: SourceVenue) -> None:
    with pytest.raises(VenueError):
        venue.trade(0, 0, 1_000 * E8)


def test_a_withdrawal_beyond_the_balance_is_refused(venue: SourceVenue) -> None:
    with pytest.raises(VenueError):
        venue.withdraw(0, BTC, 1)


def test_reservations_for_one_target_add_up_in_one_slot(venue: SourceVenue) -> None:
    venue.reserve(0, 5, E8)
    venue.reserve(0, 5, 2 * E8)
    assert venue.account(0).reservations == (Reservation(5, 3 * E8), Reservation(0, 0))


def test_slots_run_out(venue: SourceVenue) -> None:
    venue.reserve(0, 5, E8)
    venue.reserve(0, 6, E8)
    with pytest.raises(VenueError):
        venue.reserve(0, 7, E8)


@pytest.mark.parametrize("amount", [0, -1])
def test_amounts_are_above_zero(venue: SourceVenue, amount: int) -> None:
    for order in (venue.deposit, venue.withdraw, venue.reserve):
        with pytest.raises(VenueError):
            order(0, 1, amount)


def test_a_refused_order_changes_nothing(venue: SourceVenue) -> None:
    before = venue.account(0)
    with pytest.raises(VenueError):
        venue.reserve(0, 5, 10**30)
    with pytest.raises(InputError):
        venue.deposit(0, USDC, 2**64)
    assert venue.account(0) == before


def test_unknown_accounts_assets_and_targets_are_refused(venue: SourceVenue) -> None:
    with pytest.raises(VenueError):
        venue.account(1)
    with pytest.raises(VenueError):
        venue.deposit(0, 4, E8)
    with pytest.raises(VenueError):
        venue.release(0, 5, at_sequence=1)


def test_epochs_have_roots_of_their_own(venue: SourceVenue) -> None:
    first, second = venue.publish(), venue.publish()
    assert first.source_root != second.source_root
    assert first.opening(0).tree_root == second.opening(0).tree_root
