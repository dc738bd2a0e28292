"""Is a schema of the database a ledger's, and whole? Made where there is none, brought up to date where asked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, text

from ...errors import DamagedDatabase, ForeignDatabase, LedgerError, LedgerMismatch, SchemaTooNew, SchemaTooOld
from ..store import NOTHING_HERE
from .address import Address
from .tables import APPEND_ONLY, HEAD, LEDGER, METADATA

VERSION_TABLE = "zkmargin_version"
REVISIONS = ("0001", "0002")
"""All versions of the schema, the newest last."""
MIGRATIONS = Path(__file__).with_name("migrations")

_ALEMBIC = Lock()
"""Alembic keeps what it works on in its module: one upgrade at a time in one process."""
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('zkmargin:' || :schema, 0))")
_NAMESPACE = "(SELECT oid FROM pg_namespace WHERE nspname = :schema)"
_RELATIONS = text(f"SELECT relname FROM pg_class WHERE relnamespace = {_NAMESPACE} LIMIT 1000")
_MAY_USE = text("SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = :schema")
_COLUMNS = text(
    "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_class c"
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    f" WHERE c.relnamespace = {_NAMESPACE} AND c.relkind IN ('r', 'p', 'f')"
)
_UNIQUE = text(
    "SELECT c.relname, (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(i.indkey::int[])"
    " WITH ORDINALITY AS k(number, place) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number)"
    " FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
    f" WHERE c.relnamespace = {_NAMESPACE} AND i.indisunique AND i.indisvalid AND i.indpred IS NULL"
)
_TRIGGERS = text(
    "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
    f" WHERE c.relnamespace = {_NAMESPACE} AND p.pronamespace = {_NAMESPACE} AND p.prosrc ~ :raises"
    " AND t.tgenabled IN ('O', 'A') AND t.tgtype = :before_change AND t.tgqual IS NULL AND t.tgattr = ''"
)
_RAISES = r"^\s*BEGIN\s+RAISE EXCEPTION [^;]*;\s+END\s*$"
_BEFORE_CHANGE = 2 + 8 + 16 + 32
"""pg_trigger.tgtype: before; delete, update, truncate; for the statement."""


def prepare(connection: Connection, address: Address, target: bytes, *, create: bool) -> None:
    """Make the ledger of this target in an empty schema, if it may be; raise unless the schema holds it, whole."""
    if is_empty(connection, address):
        if not create:
            raise LedgerError(address.shown, NOTHING_HERE)
        make(connection, address, target)
    check(connection, address, target)


def is_empty(connection: Connection, address: Address) -> bool:
    return not connection.execute(_RELATIONS, {"schema": address.schema}).all()


def make(connection: Connection, address: Address, target: bytes) -> None:
    """Tables and first rows. Of several that do so at once the first one does it, the others wait and find it done."""
    _lock(connection, address)
    if not is_empty(connection, address):
        return
    connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{address.schema}"'))
    _upgrade(connection, address)
    connection.execute(LEDGER.insert().values(one=1, target=target))
    connection.execute(HEAD.insert().values(one=1, number=0, hash=target, receipts=0, outstanding_e8=0))


def migrate(connection: Connection, address: Address) -> list[str]:
    """Bring a ledger's schema up to the newest version; the versions it went through."""
    _lock(connection, address)
    found = _revision(connection, address)
    behind = list(REVISIONS[REVISIONS.index(found) + 1 :])
    if behind:
        _upgrade(connection, address)
    return behind


def grant(connection: Connection, address: Address, role: str) -> None:
    """Let a role run the ledger and nothing more: it may add to what is append-only, never change it."""
    schema, quote = address.schema, connection.dialect.identifier_preparer.quote_identifier
    changing = [name for name in METADATA.tables if name not in APPEND_ONLY]
    granted = [
        f'USAGE ON SCHEMA "{schema}"',
        f"SELECT ON {_named(schema, [*METADATA.tables, VERSION_TABLE])}",
        f"INSERT ON {_named(schema, [name for name in METADATA.tables if name not in ('ledger', 'head')])}",
        f"UPDATE ON {_named(schema, changing)}",
        f"DELETE ON {_named(schema, ['roots'])}",
    ]
    for what in granted:
        connection.exec_driver_sql(f"GRANT {what} TO {quote(role)}")


def check(connection: Connection, address: Address, target: bytes) -> None:
    """Raise unless the schema is of this version, has every table, key and trigger, and is this target's."""
    found = _revision(connection, address)
    if found != REVISIONS[-1]:
        reason = f"has schema version {found}, this version needs {REVISIONS[-1]}: run 'zkmargin ledger migrate'"
        raise SchemaTooOld(address.shown, reason)
    missing = _missing(connection, address.schema)
    if missing:
        raise DamagedDatabase(address.shown, f"is no whole margin ledger ({missing}); restore it from a copy")
    row = connection.execute(LEDGER.select()).first()
    if row is None or row.target != target:
        reason = "belongs to another target: chain, ledger name and circuit must agree, or name another ?schema="
        raise LedgerMismatch(address.shown, reason)
    if connection.execute(HEAD.select()).first() is None:
        raise DamagedDatabase(address.shown, "has lost the row that names its newest entry; restore it from a copy")


def _revision(connection: Connection, address: Address) -> str:
    if connection.scalar(_MAY_USE, {"schema": address.schema}) is False:
        raise LedgerError(
            address.shown, "does not let this role into the schema: 'zkmargin ledger migrate' can grant it"
        )
    relations = {row.relname for row in connection.execute(_RELATIONS, {"schema": address.schema})}
    if VERSION_TABLE not in relations:
        what = "holds tables of another program" if relations else "holds no ledger"
        raise ForeignDatabase(address.shown, f"{what}: name another schema with ?schema=")
    rows = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").all()
    found = str(rows[0][0]) if len(rows) == 1 else ""
    if found not in REVISIONS:
        raise SchemaTooNew(address.shown, f"has schema version {found or 'none'}, this version knows {REVISIONS[-1]}")
    return found


def _missing(connection: Connection, schema: str) -> str:
    """What is missing or too much in the schema, in words; empty where it is whole."""
    names = {"schema": schema}
    found = {_column(row) for row in connection.execute(_COLUMNS, names) if row[0] != VERSION_TABLE}
    columns = _expected_columns() ^ found
    keys = _expected_keys() - {(row[0], row[1]) for row in connection.execute(_UNIQUE, names)}
    rules = {**names, "raises": _RAISES, "before_change": _BEFORE_CHANGE}
    triggers = set(APPEND_ONLY) - {row.relname for row in connection.execute(_TRIGGERS, rules)}
    return "; ".join(
        f"{what} {', '.join(sorted(which))}"
        for what, which in (
            ("columns", {f"{table}.{name}" for table, name, _, _ in columns}),
            ("keys", {f"{table}({names})" for table, names in keys}),
            ("append-only triggers", triggers),
        )
        if which
    )


def _column(row: Any) -> tuple[str, str, str, bool]:
    return row[0], row[1], row[2], row[3]


def _expected_columns() -> set[tuple[str, str, str, bool]]:
    return {
        (table.name, column.name, str(column.type).lower().replace(", ", ","), not column.nullable)
        for table in METADATA.tables.values()
        for column in table.columns
    }


def _expected_keys() -> set[tuple[str, str]]:
    from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

    return {
        (table.name, ",".join(constraint.columns.keys()))
        for table in METADATA.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, (PrimaryKeyConstraint, UniqueConstraint))
    }


def _named(schema: str, tables: Iterable[str]) -> str:
    return ", ".join(f'"{schema}"."{table}"' for table in tables)


def _lock(connection: Connection, address: Address) -> None:
    connection.execute(_LOCK, {"schema": address.schema})


def _upgrade(connection: Connection, address: Address) -> None:
    """Run the migrations in the caller's transaction: all of them, or none."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection, "schema": address.schema, "version_table": VERSION_TABLE})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with _ALEMBIC:
        command.upgrade(config, REVISIONS[-1])
