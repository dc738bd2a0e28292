"""The ledger's tables in PostgreSQL, as SQLAlchemy knows them; the migrations make them."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.types import UserDefinedType

APPEND_ONLY = ("ledger", "log", "receipts", "risk_tables")
"""Rows of these never change. The other tables follow from the log, and `verify_log` holds them against it."""


class Bytes(UserDefinedType[bytes]):
    """Bytes as they are: nothing to convert on the way."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "BYTEA"


class Unsigned(UserDefinedType[int]):
    """An integer with more digits than BIGINT takes; connections are told to read it as `int`."""

    cache_ok = True

    def __init__(self, digits: int) -> None:
        self.digits = digits

    def get_col_spec(self, **_: object) -> str:
        return f"NUMERIC({self.digits}, 0)"


def _bytes(name: str, size: int, primary_key: bool = False) -> Column[bytes]:
    return Column(name, Bytes(), CheckConstraint(f"length({name}) = {size}"), primary_key=primary_key, nullable=False)


def _u64(name: str, primary_key: bool = False, nullable: bool = False) -> Column[int]:
    check = CheckConstraint(f"{name} >= 0 AND {name} < 18446744073709551616")
    return Column(name, Unsigned(20), check, primary_key=primary_key, nullable=nullable)


def _number(name: str, primary_key: bool = False) -> Column[int]:
    return Column(name, BigInteger(), primary_key=primary_key, nullable=False, autoincrement=False)


def _only_row() -> Column[int]:
    return Column("one", Integer(), CheckConstraint("one = 1"), primary_key=True, autoincrement=False)


METADATA = MetaData()

LEDGER = Table("ledger", METADATA, _only_row(), _bytes("target", 32))
HEAD = Table(
    "head",
    METADATA,
    _only_row(),
    _number("number"),
    _bytes("hash", 32),
    _number("receipts"),
    Column("outstanding_e8", Unsigned(39), CheckConstraint("outstanding_e8 >= 0"), nullable=False),
)
"""One row: the log's last entry, the last receipt, and the sum of all margins. Writers lock it first of all."""
LOG = Table(
    "log",
    METADATA,
    _number("number", primary_key=True),
    _number("at_ms"),
    Column("kind", Text(), nullable=False),
    Column("body", Text(), nullable=False),
    _bytes("hash", 32),
)
RECEIPTS = Table(
    "receipts",
    METADATA,
    _number("number", primary_key=True),
    _bytes("request_digest", 32),
    _bytes("settlement_id", 32),
    _bytes("beneficiary", 20),
    _bytes("account", 32),
    _bytes("nullifier", 32),
    _u64("sequence"),
    _u64("credit_e8"),
    _u64("replaced_e8"),
    _number("expiry_ms"),
    _number("accepted_at_ms"),
    UniqueConstraint("settlement_id"),
    UniqueConstraint("nullifier"),
)
ACCOUNTS = Table(
    "accounts",
    METADATA,
    _bytes("account", 32, primary_key=True),
    _u64("sequence", nullable=True),
    _u64("released_through", nullable=True),
    _number("receipt"),
    _u64("margin_e8"),
    _number("expiry_ms"),
    _u64("inflow_e8"),
    _number("inflow_at_ms"),
)
ROOTS = Table(
    "roots",
    METADATA,
    _u64("chain_id", primary_key=True),
    _u64("epoch", primary_key=True),
    _bytes("root", 32),
    _number("observed_at_ms"),
    UniqueConstraint("chain_id", "root"),
)
RISK_TABLES = Table(
    "risk_tables",
    METADATA,
    _number("oracle_time_ms", primary_key=True),
    _bytes("risk_root", 32),
    _number("attested_at_ms"),
)
SCOPES = Table(
    "scopes",
    METADATA,
    Column("scope", Text(), primary_key=True),
    Column("state", Text(), nullable=False),
)

Index("log_decisions", LOG.c.number, postgresql_where=LOG.c.kind.in_(["accepted", "refused"]))
Index("log_openings", LOG.c.number, postgresql_where=LOG.c.kind == "opened")
Index("accounts_by_expiry", ACCOUNTS.c.expiry_ms, postgresql_where=ACCOUNTS.c.margin_e8 > 0)
