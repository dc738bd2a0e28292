"""How each event changes an account: a pure function of the leaf before and the event.

It refuses what no account can be, such as a negative balance. Whether what is left covers margin and reservations is
`coverage.py`'s to say, as that depends on the risk table of the day.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from zkmargin.algebra import BN254
from zkmargin.circuits.margin import Leaf, Reservation, Shape, venue_group
from zkmargin.verifier.statement import ID_BITS, MAX_VENUES

from ..errors import NotCovered, OrderMalformed, ReservationRefused
from .events import MAX_CASH, AssetEvent, Borrow, Deposit, Event, Open, Release, Reserve, Trade, Withdraw

UINT64 = 1 << 64
INT63 = 1 << 63
MAX_SEQUENCE = (1 << 48) - 1
EMPTY = Reservation(0, 0)


def opened(event: Open, shape: Shape) -> Leaf:
    """The empty account at sequence 0."""
    ids = event.venue_ids
    if not 0 < len(ids) <= MAX_VENUES or list(ids) != sorted(set(ids)):
        raise OrderMalformed("venue ids", f"must be 1 to {MAX_VENUES}, ascending, each once")
    if not all(type(venue_id) is int and 0 <= venue_id < 1 << ID_BITS for venue_id in ids):
        raise OrderMalformed("venue ids", f"must be integers of {ID_BITS} bits")
    for field, value in (("key commitment", event.key_commitment), ("salt", event.salt)):
        if type(value) is not int or not 0 <= value < BN254.r:
            raise OrderMalformed(field, "must be a field element")
    return Leaf(
        key_commitment=event.key_commitment,
        group=_group(ids),
        salt=event.salt,
        sequence=0,
        balances_e8=(0,) * shape.assets,
        debts_e8=(0,) * shape.assets,
        positions_e8=(0,) * shape.instruments,
        reservations=(EMPTY,) * shape.reservation_slots,
    )


_group = lru_cache(maxsize=4096)(venue_group)
"""Few books have many groups, and each hash takes a while."""


def applied(event: Event, leaf: Leaf, index: int) -> Leaf:
    """The account after the event, one sequence later; a typed `VenueError` where there can be none."""
    if leaf.sequence >= MAX_SEQUENCE:
        raise OrderMalformed("sequence", "has reached its end; open another account")
    if isinstance(event, Open):
        raise OrderMalformed("account", "is open already")
    if isinstance(event, Trade):
        changed = _traded(event, leaf, index)
    elif isinstance(event, Reserve):
        changed = _reserved(event, leaf, index)
    elif isinstance(event, Release):
        changed = _released(event, leaf, index)
    else:
        changed = _moved(event, leaf, index)
    return replace(changed, sequence=leaf.sequence + 1)


def _moved(event: AssetEvent, leaf: Leaf, index: int) -> Leaf:
    """Deposit, withdrawal, loan and repayment."""
    _require_amount(event.amount_e8)
    rising = isinstance(event, Deposit | Borrow)
    amount = event.amount_e8 if rising else -event.amount_e8
    balances = _balance_changed(leaf.balances_e8, event.asset, amount, index)
    if isinstance(event, Deposit | Withdraw):
        return replace(leaf, balances_e8=balances)
    debts = _added(leaf.debts_e8, event.asset, amount, "asset")
    if debts[event.asset] < 0:
        raise NotCovered(index, "debt")
    if debts[event.asset] >= UINT64:
        raise OrderMalformed("amount", "would take the debt above 64 bits")
    return replace(leaf, balances_e8=balances, debts_e8=debts)


def _traded(event: Trade, leaf: Leaf, index: int) -> Leaf:
    if len(event.cash_e8) > MAX_CASH:
        raise OrderMalformed("cash", f"is settled in at most {MAX_CASH} assets")
    _require_quantity("quantity", event.quantity_e8)
    positions = _added(leaf.positions_e8, event.instrument, event.quantity_e8, "instrument")
    if not -INT63 <= positions[event.instrument] < INT63:
        raise OrderMalformed("quantity", "would take the position above 63 bits")
    balances = leaf.balances_e8
    for asset, amount_e8 in event.cash_e8:
        _require_quantity("cash", amount_e8)
        balances = _balance_changed(balances, asset, amount_e8, index)
    return replace(leaf, positions_e8=positions, balances_e8=balances)


def _reserved(event: Reserve, leaf: Leaf, index: int) -> Leaf:
    """Adds to the target's slot, or takes a free one."""
    _require_amount(event.amount_e8)
    if type(event.target) is not int or not 0 < event.target < BN254.r:
        raise OrderMalformed("target", "must be a field element above zero, as the ledger tells it")
    slots = list(leaf.reservations)
    place = next((k for k, slot in enumerate(slots) if slot.target == event.target), None)
    if place is None:
        place = next((k for k, slot in enumerate(slots) if slot == EMPTY), None)
    if place is None:
        raise ReservationRefused(index, "has no free reservation slot: release another target first")
    amount = slots[place].amount_e8 + event.amount_e8
    if amount >= UINT64:
        raise OrderMalformed("amount", "would take the reservation above 64 bits")
    slots[place] = Reservation(event.target, amount)
    return replace(leaf, reservations=tuple(slots))


def _released(event: Release, leaf: Leaf, index: int) -> Leaf:
    held = leaf.reserved_for(event.target)
    if not held or held != event.amount_e8:
        raise ReservationRefused(index, "does not have that reserved for that target")
    kept = tuple(EMPTY if slot.target == event.target else slot for slot in leaf.reservations)
    return replace(leaf, reservations=kept)


def _balance_changed(balances: tuple[int, ...], asset: int, amount_e8: int, index: int) -> tuple[int, ...]:
    changed = _added(balances, asset, amount_e8, "asset")
    if changed[asset] < 0:
        raise NotCovered(index, "balance")
    if changed[asset] >= UINT64:
        raise OrderMalformed("amount", "would take the balance above 64 bits")
    return changed


def _added(values: tuple[int, ...], place: int, amount: int, what: str) -> tuple[int, ...]:
    if type(place) is not int or not 0 <= place < len(values):
        raise OrderMalformed(what, f"must be a number from 0 to {len(values) - 1}")
    return (*values[:place], values[place] + amount, *values[place + 1 :])


def _require_amount(amount_e8: int) -> None:
    if type(amount_e8) is not int or not 0 < amount_e8 < UINT64:
        raise OrderMalformed("amount", "must be above zero and below 2^64 units of 1e-8")


def _require_quantity(field: str, quantity_e8: int) -> None:
    if type(quantity_e8) is not int or not -INT63 <= quantity_e8 < INT63 or not quantity_e8:
        raise OrderMalformed(field, "must not be zero and must be within 63 bits, in units of 1e-8")
