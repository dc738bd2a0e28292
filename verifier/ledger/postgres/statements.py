"""What the ledger asks and adds, written with SQLAlchemy.

Keys and rows travel as arrays, one for each column, so that a statement has one text however many there are: the server
parses and plans it once for a connection.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    ScalarSelect,
    Select,
    Table,
    any_,
    bindparam,
    delete,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert

from ..log import DECISIONS
from .conversation import Sql, compiled
from .tables import ACCOUNTS, HEAD, LOG, METADATA, RECEIPTS, RISK_TABLES, ROOTS, SCOPES

ABOVE_ALL = 1 << 64


def _keys(name: str, column: Column[Any]) -> ColumnElement[Any]:
    """All the keys of a question, as one array."""
    return any_(bindparam(name, type_=ARRAY(column.type)))


def _spelled(kind: str) -> ColumnElement[Any]:
    """In the text of the statement: partial indexes are used where a condition is theirs word by word."""
    return literal_column("'" + kind.replace("'", "''") + "'")


_IS_DECISION = LOG.c.kind.in_([_spelled(kind) for kind in DECISIONS])
_HAS_MARGIN = ACCOUNTS.c.margin_e8 > literal_column("0")
_LIMIT: BindParameter[int] = bindparam("limit", type_=BigInteger())

HEAD_COLUMNS = (HEAD.c.number, HEAD.c.hash, HEAD.c.receipts, HEAD.c.outstanding_e8)
_HEAD = select(*HEAD_COLUMNS)
_SCOPES = select(SCOPES.c.scope, SCOPES.c.state)
_RECEIPTS_OF = select(RECEIPTS).where(
    or_(
        RECEIPTS.c.settlement_id == _keys("settlement_ids", RECEIPTS.c.settlement_id),
        RECEIPTS.c.nullifier == _keys("nullifiers", RECEIPTS.c.nullifier),
    )
)
_ACCOUNTS_OF = select(ACCOUNTS).where(ACCOUNTS.c.account == _keys("accounts", ACCOUNTS.c.account))
_ROOTS_OF = select(ROOTS).where(
    ROOTS.c.chain_id == _keys("chains", ROOTS.c.chain_id), ROOTS.c.root == _keys("values", ROOTS.c.root)
)
_RISK_TABLES_OF = select(RISK_TABLES).where(
    RISK_TABLES.c.oracle_time_ms == _keys("times", RISK_TABLES.c.oracle_time_ms)
)
_NEXT_EXPIRY = select(func.min(ACCOUNTS.c.expiry_ms)).where(_HAS_MARGIN, ACCOUNTS.c.expiry_ms > bindparam("after"))
_CHAIN = ROOTS.c.chain_id == bindparam("chain_id")

HEAD_OF_THE_LOG, LOCKED_HEAD = compiled(_HEAD), compiled(_HEAD.with_for_update())
ALL_SCOPES = compiled(_SCOPES)
RECEIPTS_OF, ACCOUNTS_OF = compiled(_RECEIPTS_OF), compiled(_ACCOUNTS_OF)
ROOTS_OF, RISK_TABLES_OF = compiled(_ROOTS_OF), compiled(_RISK_TABLES_OF)
ROOT_OF_EPOCH = compiled(select(ROOTS).where(_CHAIN, ROOTS.c.epoch == bindparam("epoch")))
NEWEST_ROOT = compiled(
    select(ROOTS).where(_CHAIN, ROOTS.c.epoch < bindparam("below")).order_by(ROOTS.c.epoch.desc()).limit(1)
)
NEWEST_RISK_TABLE = compiled(select(RISK_TABLES).order_by(RISK_TABLES.c.oracle_time_ms.desc()).limit(1))
EXPIRED = compiled(select(ACCOUNTS).where(_HAS_MARGIN, ACCOUNTS.c.expiry_ms <= bindparam("now")))
NEXT_EXPIRY = compiled(_NEXT_EXPIRY)
RETRACT = compiled(delete(ROOTS).where(_CHAIN, ROOTS.c.epoch >= bindparam("epoch")))


def _as_json(question: Select[Any]) -> ScalarSelect[Any]:
    """The answer as one value, a list of lists; null where it has no rows."""
    rows = question.subquery()
    return select(func.json_agg(func.json_build_array(*rows.c))).scalar_subquery()


_WANTED = tuple(map(_as_json, (_HEAD, _SCOPES, _NEXT_EXPIRY, _RECEIPTS_OF, _ACCOUNTS_OF, _ROOTS_OF, _RISK_TABLES_OF)))
WANTED, LOCKED_WANTED = compiled(select(*_WANTED)), compiled(select(*HEAD_COLUMNS, *_WANTED).with_for_update(of=HEAD))
"""Everything that a transaction wants, in one row; and the same after the head as it is once its lock is ours."""

_MOVE_HEAD = update(HEAD).values({column: bindparam(f"to_{column.name}") for column in HEAD_COLUMNS})


@cache
def saving(tables: tuple[str, ...]) -> Sql:
    """Rows added to some tables, or put in place of those with the same key, and the head moved: one statement."""
    return compiled(_MOVE_HEAD.add_cte(*(_write_into(METADATA.tables[name]).cte(f"new_{name}") for name in tables)))


def head_values(row: tuple[int, bytes, int, int]) -> dict[str, object]:
    """What `saving` moves the head to; the sum of margins may have more than 64 bits."""
    *others, outstanding_e8 = row
    names = (f"to_{column.name}" for column in HEAD_COLUMNS)
    return dict(zip(names, (*others, Decimal(outstanding_e8)), strict=True))


def parameter(table: Table, column: str) -> str:
    """The name under which `saving` takes a column: one array of the values of all rows."""
    return f"{table.name}_{column}"


def _write_into(table: Table) -> Insert:
    columns = table.columns
    given = func.unnest(*(bindparam(parameter(table, c.name), type_=ARRAY(c.type)) for c in columns))
    rows = given.table_valued(*columns.keys()).render_derived(name="given")
    add = insert(table).from_select(columns.keys(), select(*rows.columns))
    if table not in (ACCOUNTS, SCOPES):
        return add
    others = {name: add.excluded[name] for name, column in columns.items() if not column.primary_key}
    return add.on_conflict_do_update(index_elements=list(table.primary_key), set_=others)


def _page(table: Table, key: Any, *conditions: ColumnElement[bool]) -> Sql:
    """Rows after a key, in its order."""
    after = bindparam("after", type_=key.type)
    return compiled(select(table).where(key > after, *conditions).order_by(key).limit(_LIMIT))


LOG_PAGE, DECISIONS_PAGE = _page(LOG, LOG.c.number), _page(LOG, LOG.c.number, _IS_DECISION)
NEWEST_DECISIONS = compiled(select(LOG).where(_IS_DECISION).order_by(LOG.c.number.desc()).limit(_LIMIT))
RECEIPTS_PAGE, ACCOUNTS_PAGE = _page(RECEIPTS, RECEIPTS.c.number), _page(ACCOUNTS, ACCOUNTS.c.account)
RISK_TABLES_PAGE = _page(RISK_TABLES, RISK_TABLES.c.oracle_time_ms)
ROOTS_PAGE = compiled(
    select(ROOTS)
    .where(tuple_(ROOTS.c.chain_id, ROOTS.c.epoch) > tuple_(bindparam("chain_id"), bindparam("epoch")))
    .order_by(ROOTS.c.chain_id, ROOTS.c.epoch)
    .limit(_LIMIT)
)


@cache
def newest_of_kind(kind: str) -> Sql:
    return compiled(select(LOG).where(LOG.c.kind == _spelled(kind)).order_by(LOG.c.number.desc()).limit(1))
