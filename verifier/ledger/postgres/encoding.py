"""Records into the columns of PostgreSQL's tables, and rows into records.

Identifiers and field elements are bytes, big-endian, which PostgreSQL orders as the numbers. Numbers up to 64 bits are
NUMERIC, so that people can read and add them; what stays below 2^63 is BIGINT.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Column

from ...receipt import Receipt
from ..log import LogEntry
from ..records import NEVER, Account, RiskTable, Root
from .tables import Bytes

ELEMENT_BYTES = 32

Row = Sequence[int | bytes | str | None]


def element(value: int) -> bytes:
    return value.to_bytes(ELEMENT_BYTES, "big")


def unsigned(value: int) -> Decimal:
    """The one type of the driver that is sent as NUMERIC whatever its size, so that a statement keeps its plan."""
    return Decimal(value)


def array(values: Iterable[int | bytes | str | None]) -> str:
    """A list as PostgreSQL writes arrays, in a quarter of the time that the driver takes for lists."""
    return "{" + ",".join(map(_item, values)) + "}"


def _item(value: int | bytes | str | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def _value(data: bytes) -> int:
    return int.from_bytes(data, "big")


def from_json(rows: Sequence[Sequence[Any]], *columns: Column[Any]) -> list[list[Any]]:
    """Rows that came as JSON, in which bytes are hexadecimal text after a backslash and an x."""
    binary = [isinstance(column.type, Bytes) for column in columns]
    return [[bytes.fromhex(v[2:]) if b else v for v, b in zip(row, binary, strict=True)] for row in rows]


def entry_of(row: Sequence[Any]) -> LogEntry:
    return LogEntry(*row)


def entry_row(entry: LogEntry) -> Row:
    return entry.number, entry.at_ms, entry.kind, entry.body, entry.hash


def receipt_of(row: Sequence[Any]) -> Receipt:
    number, digest, settlement_id, beneficiary, account, nullifier, *amounts = row
    return Receipt(number, digest, settlement_id, beneficiary, _value(account), _value(nullifier), *amounts)


def receipt_row(receipt: Receipt) -> Row:
    return (
        receipt.number,
        receipt.request_digest,
        receipt.settlement_id,
        receipt.beneficiary,
        element(receipt.account),
        element(receipt.nullifier),
        receipt.sequence,
        receipt.credit_e8,
        receipt.replaced_e8,
        receipt.expiry_ms,
        receipt.accepted_at_ms,
    )


def account_of(row: Sequence[Any]) -> Account:
    account, sequence, released, receipt, margin_e8, expiry_ms, inflow_e8, inflow_at_ms = row
    return Account(
        account=_value(account),
        sequence=NEVER if sequence is None else sequence,
        released_through=NEVER if released is None else released,
        receipt=receipt,
        margin_e8=margin_e8,
        expiry_ms=expiry_ms,
        inflow_e8=inflow_e8,
        inflow_at_ms=inflow_at_ms,
    )


def account_row(account: Account) -> Row:
    return (
        element(account.account),
        None if account.sequence == NEVER else account.sequence,
        None if account.released_through == NEVER else account.released_through,
        account.receipt,
        account.margin_e8,
        account.expiry_ms,
        account.inflow_e8,
        account.inflow_at_ms,
    )


def root_of(row: Sequence[Any]) -> Root:
    return Root(row[0], row[1], _value(row[2]), row[3])


def root_row(root: Root) -> Row:
    return root.chain_id, root.epoch, element(root.root), root.observed_at_ms


def risk_table_of(row: Sequence[Any]) -> RiskTable:
    return RiskTable(row[0], _value(row[1]), row[2])


def risk_table_row(table: RiskTable) -> Row:
    return table.oracle_time_ms, element(table.risk_root), table.attested_at_ms
