"""Many new accounts at once, as another system hands them over: opened and funded without a leaf made for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from zkmargin.algebra import BN254
from zkmargin.circuits.margin import TREE_ARITY, Shape

from ..errors import OrderMalformed, VenueError
from .events import Deposit, Open
from .fold import UINT64
from .holdings import pack_words
from .identity import BookIdentity
from .rows import Rows

CHUNK = 1 << 14

EventValues = tuple[int, int, int, str, bytes]
StateValues = tuple[int, int, int, bytes]


@dataclass(frozen=True)
class NewAccount:
    """The holder's key commitment, and what is deposited: pairs of asset and amount, each asset once, ascending."""

    key_commitment: int
    deposits_e8: tuple[tuple[int, int], ...]

    def __repr__(self) -> str:
        """Without key or amounts."""
        return f"NewAccount({len(self.deposits_e8)} deposits)"

    def validate(self, shape: Shape) -> None:
        if type(self.key_commitment) is not int or not 0 <= self.key_commitment < BN254.r:
            raise OrderMalformed("key commitment", "must be a field element")
        last = -1
        for asset, amount_e8 in self.deposits_e8:
            if type(asset) is not int or not last < asset < shape.assets:
                raise OrderMalformed("asset", f"must be numbers from 0 to {shape.assets - 1}, each once, ascending")
            if type(amount_e8) is not int or not 0 < amount_e8 < UINT64:
                raise OrderMalformed("amount", "must be above zero and below 2^64 units of 1e-8")
            last = asset


class Import:
    """New accounts as rows of the book. All of them belong to the open epoch."""

    def __init__(self, identity: BookIdentity, epoch: int, at_ms: int, random_below: Callable[[int], int]) -> None:
        self._shape = identity.shape
        self._venue_ids = (identity.venue_id,)
        self._epoch = epoch
        self._at_ms = at_ms
        self._random_below = random_below

    def write(self, rows: Rows, first: int, accounts: Iterable[NewAccount]) -> int:
        """Write them from index `first` on; how many there were."""
        iterator, count = iter(accounts), 0
        places = TREE_ARITY**self._shape.depth
        while chunk := list(islice(iterator, CHUNK)):
            if first + count + len(chunk) > places:
                raise VenueError(f"the book is full: it has room for {places} accounts")
            numbered = list(enumerate(chunk, first + count))
            rows.add_events(event for index, account in numbered for event in self._events(index, account))
            rows.put_states(self._state(index, account) for index, account in numbered)
            count += len(chunk)
        return count

    def _events(self, index: int, account: NewAccount) -> Iterator[EventValues]:
        account.validate(self._shape)
        opening = Open(account.key_commitment, self._random_below(BN254.r), self._venue_ids)
        yield self._at_ms, index, 0, Open.kind, opening.to_bytes()
        for sequence, (asset, amount_e8) in enumerate(account.deposits_e8, 1):
            yield self._at_ms, index, sequence, Deposit.kind, Deposit(asset, amount_e8).to_bytes()

    def _state(self, index: int, account: NewAccount) -> StateValues:
        return index, self._epoch, len(account.deposits_e8), pack_words(account.deposits_e8)
