"""A source venue's book: accounts that deposit, trade and reserve, and the epochs it publishes.

The book keeps the promise that the statement relies on: what is reserved for another venue stays here until it is
released, and every change of an account moves its sequence.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from zkmargin.algebra import BN254, Engine
from zkmargin.circuits.margin import Leaf, Reservation, RiskTable, Shape, evaluate, net, venue_group
from zkmargin.prover import AccountTree

from .errors import VenueError


@dataclass
class SourceVenue:
    """One venue on its own (its accounts are netted with no other venue's)."""

    name: str
    venue_id: int
    shape: Shape
    table: RiskTable
    """The risk table in force; set it anew when the oracles publish one."""
    horizon_ms: int
    """How far ahead the venue margins its own accounts."""
    random_below: Callable[[int], int] = secrets.randbelow
    """Draws the leaves' salts; the system's, unless a test vector must come out the same twice."""
    epoch: int = 0
    _accounts: list[Leaf] = field(default_factory=list)

    def open_account(self, key_commitment: int) -> int:
        """A new empty account for the holder of a secret; its index."""
        shape = self.shape
        if len(self._accounts) >= 1 << shape.depth:
            raise VenueError(f"{self.name} is full: {len(self._accounts)} accounts")
        self._accounts.append(
            Leaf(
                key_commitment=key_commitment,
                group=venue_group([self.venue_id]),
                salt=self.random_below(BN254.r),
                sequence=0,
                balances_e8=(0,) * shape.assets,
                debts_e8=(0,) * shape.assets,
                positions_e8=(0,) * shape.instruments,
                reservations=(Reservation(0, 0),) * shape.reservation_slots,
            )
        )
        return len(self._accounts) - 1

    def account(self, index: int) -> Leaf:
        if not 0 <= index < len(self._accounts):
            raise VenueError(f"{self.name} has no account {index}")
        return self._accounts[index]

    def deposit(self, index: int, asset: int, amount_e8: int) -> None:
        """Credit an asset's balance."""
        self._require_amount(amount_e8)
        leaf = self.account(index)
        self._update(index, replace(leaf, balances_e8=_added(leaf.balances_e8, asset, amount_e8)))

    def withdraw(self, index: int, asset: int, amount_e8: int) -> None:
        """Debit an asset's balance; refused where it would leave margin or reservations uncovered."""
        self._require_amount(amount_e8)
        leaf = self.account(index)
        balances = _added(leaf.balances_e8, asset, -amount_e8)
        if balances[asset] < 0:
            raise VenueError(f"account {index} does not hold that much")
        self._update_covered(index, replace(leaf, balances_e8=balances))

    def trade(self, index: int, instrument: int, quantity_e8: int) -> None:
        """Change a position by a signed quantity; refused where it would leave margin or reservations uncovered."""
        leaf = self.account(index)
        positions = _added(leaf.positions_e8, instrument, quantity_e8)
        self._update_covered(index, replace(leaf, positions_e8=positions))

    def reserve(self, index: int, target: int, amount_e8: int) -> None:
        """Set free collateral aside for a target: adds to its slot, or takes a free one."""
        self._require_amount(amount_e8)
        leaf = self.account(index)
        slots = list(leaf.reservations)
        place = next((k for k, slot in enumerate(slots) if slot.target == target), None)
        if place is None:
            place = next((k for k, slot in enumerate(slots) if slot.amount_e8 == 0), None)
        if place is None:
            raise VenueError(f"account {index} has no free reservation slot")
        held = slots[place].amount_e8 if slots[place].target == target else 0
        slots[place] = Reservation(target, held + amount_e8)
        self._update_covered(index, replace(leaf, reservations=tuple(slots)))

    def release(self, index: int, target: int, at_sequence: int) -> int:
        """Free what is reserved for a target, once that has let go of every state up to `at_sequence`; the amount.

        Refused if the account has moved on since: the target might credit the state in between.
        """
        leaf = self.account(index)
        if leaf.sequence != at_sequence:
            raise VenueError(f"account {index} is at sequence {leaf.sequence}, the target let go of {at_sequence}")
        freed = leaf.reserved_for(target)
        if not freed:
            raise VenueError(f"account {index} has nothing reserved for that target")
        kept = tuple(Reservation(0, 0) if slot.target == target else slot for slot in leaf.reservations)
        self._update(index, replace(leaf, reservations=kept))
        return freed

    def publish(self, engine: Engine | None = None) -> AccountTree:
        """Close the epoch: the tree whose root goes to the targets and whose openings go to the owners."""
        self.epoch += 1
        return AccountTree(self.venue_id, self.epoch, self.shape, self._accounts, engine)

    def _require_amount(self, amount_e8: int) -> None:
        if amount_e8 <= 0:
            raise VenueError("an amount must be above zero")

    def _update_covered(self, index: int, leaf: Leaf) -> None:
        """Update, but only where the venue's own risk rules still hold; reserving too much fails here as well."""
        evaluation = evaluate(self.shape, self.table, net([leaf], target=0), self.horizon_ms)
        if evaluation.surplus_2e34 < 0:
            raise VenueError(f"account {index} would fall short of its margin, debts and reservations")
        self._update(index, leaf)

    def _update(self, index: int, leaf: Leaf) -> None:
        updated = replace(leaf, sequence=leaf.sequence + 1)
        updated.validate(self.shape)
        self._accounts[index] = updated


def _added(values: tuple[int, ...], index: int, amount: int) -> tuple[int, ...]:
    if not 0 <= index < len(values):
        raise VenueError(f"there is no entry {index}")
    return (*values[:index], values[index] + amount, *values[index + 1 :])
