"""What the book asks of its tables and adds to them; every function works inside a transaction of the caller's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from zkmargin.circuits.margin import TREE_ARITY
from zkmargin.verifier.statement import HORIZON_BITS

from .events import Event, Open, read_event
from .malformed import MalformedRow

MAX_INTEGER = (1 << 63) - 1
"""The most that the database can be asked for."""


@dataclass(frozen=True)
class EventRow:
    """One line of the book: the event and the sequence of its account after it."""

    number: int
    at_ms: int
    account: int
    sequence: int
    event: Event


@dataclass(frozen=True)
class EpochRow:
    """A published epoch: its tree's root, how many accounts it has and the last event in it."""

    epoch: int
    tree_root: int
    accounts: int
    last_event: int
    published_at_ms: int


LeafRow = tuple[bytes, int, bytes]
"""How the account was opened (the event's payload), its sequence, and its holdings."""


class Rows:
    """The tables behind one open transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # Risk tables.
    def newest_risk_table(self) -> tuple[str, int] | None:
        """Document and horizon of the table in force."""
        row = self._one("SELECT document, horizon_ms FROM risk_tables ORDER BY number DESC LIMIT 1")
        if row is None:
            return None
        if type(row[0]) is not str or type(row[1]) is not int or not 0 < row[1] < 1 << HORIZON_BITS:
            raise MalformedRow("risk table")
        return row[0], row[1]

    def risk_table_number(self) -> int:
        return self._number("SELECT max(number) FROM risk_tables")

    def add_risk_table(self, document: str, horizon_ms: int, at_ms: int) -> None:
        self._connection.execute("INSERT INTO risk_tables VALUES (NULL, ?, ?, ?)", (document, horizon_ms, at_ms))

    # Events.
    def account_count(self) -> int:
        return self._number("SELECT max(account) + 1 FROM events")

    def netted_account(self, opening: Open) -> int | None:
        """The account of this key that is netted with these venues, of which there are several; None if there is none.

        More than 72 bytes are a key, a salt and several ids. The conditions are those of the index `netted_accounts`,
        by which the file itself keeps it the only one.
        """
        payload = opening.to_bytes()
        row = self._one(
            "SELECT account FROM events WHERE kind = 'open' AND length(payload) > 72"
            " AND substr(payload, 1, 32) = ? AND substr(payload, 65) = ?",
            payload[:32],
            payload[64:],
        )
        return None if row is None else int(row[0])

    def last_event(self) -> int:
        return self._number("SELECT max(number) FROM events")

    def add_events(self, rows: Iterable[tuple[int, int, int, str, bytes]]) -> None:
        """(at_ms, account, sequence, kind, payload) each."""
        self._connection.executemany("INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?)", rows)

    def raw_events(self, after: int = 0) -> Iterator[tuple[int, int, int, str, bytes]]:
        """(number, account, sequence, kind, payload) in their order, as they are stored."""
        return self._connection.execute(
            "SELECT number, account, sequence, kind, payload FROM events WHERE number > ? ORDER BY number", (after,)
        )

    def events(self, account: int | None, after: int, limit: int) -> list[EventRow]:
        where, values = ("account = ? AND ", (account,)) if account is not None else ("", ())
        rows = self._connection.execute(
            f"SELECT number, at_ms, account, sequence, kind, payload FROM events WHERE {where}number > ?"
            " ORDER BY number LIMIT ?",
            tuple(min(value, MAX_INTEGER) for value in (*values, after, limit)),
        )
        return [
            EventRow(number, at_ms, owner, sequence, read_event(kind, payload))
            for number, at_ms, owner, sequence, kind, payload in rows
        ]

    # States.
    def accounts_of_epoch(self, epoch: int) -> list[int]:
        """Those that changed in an epoch, ascending."""
        rows = self._connection.execute("SELECT account FROM states WHERE epoch = ? ORDER BY account", (epoch,))
        accounts = [account for (account,) in rows]
        if not all(type(account) is int for account in accounts):
            raise MalformedRow("state")
        return accounts

    def leaves_of_epoch(self, epoch: int) -> Iterator[tuple[int, LeafRow]]:
        """The accounts that changed in an epoch, ascending, as they were at its end."""
        rows = self._connection.execute(f"{_LEAF} WHERE s.epoch = ? ORDER BY s.account", (epoch,))
        return ((account, (payload, sequence, holdings)) for account, payload, sequence, holdings in rows)

    def leaf(self, account: int, epoch: int) -> LeafRow | None:
        """As it was at the end of an epoch."""
        row = self._one(f"{_LEAF} WHERE s.account = ? AND s.epoch <= ? ORDER BY s.epoch DESC LIMIT 1", account, epoch)
        return None if row is None else row[1:]

    def existing_leaf(self, account: int, epoch: int) -> LeafRow:
        """Of an account that is known to be there."""
        return cast(LeafRow, self.leaf(account, epoch))

    def put_states(self, rows: Iterable[tuple[int, int, int, bytes]]) -> None:
        """(account, epoch, sequence, holdings) each; a state of the same epoch gives way."""
        self._connection.executemany("INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?)", rows)

    def state_count(self) -> int:
        return self._number("SELECT count(*) FROM states")

    # Epochs and their trees.
    def newest_epoch(self) -> EpochRow | None:
        row = self._one(f"{_EPOCH} ORDER BY epoch DESC LIMIT 1")
        return None if row is None else _epoch(row)

    def epoch(self, number: int) -> EpochRow | None:
        if not 0 <= number <= MAX_INTEGER:
            return None
        row = self._one(f"{_EPOCH} WHERE epoch = ?", number)
        return None if row is None else _epoch(row)

    def epochs(self) -> list[EpochRow]:
        return [_epoch(row) for row in self._connection.execute(f"{_EPOCH} ORDER BY epoch")]

    def add_epoch(self, row: EpochRow) -> None:
        values = (row.epoch, row.tree_root.to_bytes(32, "big"), row.accounts, row.last_event, row.published_at_ms)
        self._connection.execute("INSERT INTO epochs VALUES (?, ?, ?, ?, ?)", values)

    def children(self, level: int, place: int, epoch: int) -> bytes:
        """Of a node, as they were in an epoch; empty where nothing stands below it."""
        row = self._one(
            "SELECT children FROM nodes WHERE level = ? AND place = ? AND epoch <= ? ORDER BY epoch DESC LIMIT 1",
            level,
            place,
            epoch,
        )
        if row is None:
            return b""
        if type(row[0]) is not bytes or len(row[0]) % 32 or len(row[0]) > TREE_ARITY * 32:
            raise MalformedRow("node")
        return row[0]

    def add_nodes(self, rows: Iterable[tuple[int, int, int, bytes]]) -> None:
        """(level, place, epoch, children) each."""
        self._connection.executemany("INSERT INTO nodes VALUES (?, ?, ?, ?)", rows)

    def node_count(self) -> int:
        return self._number("SELECT count(*) FROM nodes")

    # Pruning.
    def first_kept_epoch(self) -> int:
        return max(1, self._number("SELECT max(first_kept) FROM prunings"))

    def forget_before(self, epoch: int, accounts: Iterable[int], nodes: Iterable[tuple[int, int]]) -> None:
        """Remove what these accounts and nodes were before an epoch in which they all changed."""
        self._connection.executemany(
            "DELETE FROM states WHERE account = ? AND epoch < ?", ((account, epoch) for account in accounts)
        )
        self._connection.executemany(
            "DELETE FROM nodes WHERE level = ? AND place = ? AND epoch < ?", ((*node, epoch) for node in nodes)
        )

    def add_pruning(self, first_kept: int, at_ms: int) -> None:
        self._connection.execute("INSERT INTO prunings VALUES (?, ?)", (first_kept, at_ms))

    def _one(self, query: str, *values: object) -> Any:
        return self._connection.execute(query, values).fetchone()

    def _number(self, query: str) -> int:
        """A count or the largest of a column; 0 for an empty table."""
        number = self._one(query)[0]
        if number is not None and type(number) is not int:
            raise MalformedRow("number")
        return number or 0


_LEAF = (
    "SELECT s.account, e.payload, s.sequence, s.holdings FROM states s"
    " JOIN events e ON e.account = s.account AND e.sequence = 0"
)
_EPOCH = "SELECT epoch, tree_root, accounts, last_event, published_at_ms FROM epochs"


def _epoch(row: tuple[int, bytes, int, int, int]) -> EpochRow:
    epoch, root, accounts, last_event, at_ms = row
    if type(root) is not bytes or not all(type(value) is int for value in (epoch, accounts, last_event, at_ms)):
        raise MalformedRow("epoch")
    if not 0 < epoch < MAX_INTEGER:  # another can follow it
        raise MalformedRow("epoch")
    return EpochRow(epoch, int.from_bytes(root, "big"), accounts, last_event, at_ms)
