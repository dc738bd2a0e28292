"""What the ledger asks and adds, as SQLAlchemy's expressions over PostgreSQL's arrays.

Keys and rows travel as arrays, one for each column, so that a statement has one text however many there are: the server
parses and plans it once.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
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
from .tables import ACCOUNTS, HEAD, LOG, RECEIPTS, RISK_TABLES, ROOTS, SCOPES

ABOVE_ALL = 1 << 64


def _keys(name: str, column: Column[Any]) -> ColumnElement[Any]:
    """All the keys of a question, as one array."""
    return any_(bindparam(name, type_=ARRAY(column.type)))


def _insert_into(table: Table) -> Insert:
    """Rows given column by column, each column one array."""
    given = func.unnest(*(bindparam(column.name, type_=ARRAY(column.type)) for column in table.columns))
    rows = given.table_valued(*table.columns.keys()).render_derived(name="given")
    return insert(table).from_select(table.columns.keys(), select(*rows.columns))


def _add_to(table: Table) -> Sql:
    return compiled(_insert_into(table))


def _put_into(table: Table) -> Sql:
    """The same, in place of rows with the same key."""
    add = _insert_into(table)
    others = {name: add.excluded[name] for name, column in table.columns.items() if not column.primary_key}
    return compiled(add.on_conflict_do_update(index_elements=list(table.primary_key), set_=others))


def _spelled(kind: str) -> ColumnElement[Any]:
    """In the text of the statement: partial indexes are used where a condition is theirs word by word."""
    return literal_column("'" + kind.replace("'", "''") + "'")


_IS_DECISION = LOG.c.kind.in_([_spelled(kind) for kind in DECISIONS])
_HAS_MARGIN = ACCOUNTS.c.margin_e8 > literal_column("0")
_LIMIT: BindParameter[int] = bindparam("limit", type_=BigInteger())

_HEAD = select(HEAD.c.number, HEAD.c.hash, HEAD.c.receipts, HEAD.c.outstanding_e8)
HEAD_OF_THE_LOG, LOCKED_HEAD = compiled(_HEAD), compiled(_HEAD.with_for_update())
RECEIPTS_OF = compiled(
    select(RECEIPTS).where(
        or_(
            RECEIPTS.c.settlement_id == _keys("settlement_ids", RECEIPTS.c.settlement_id),
            RECEIPTS.c.nullifier == _keys("nullifiers", RECEIPTS.c.nullifier),
        )
    )
)
ACCOUNTS_OF = compiled(select(ACCOUNTS).where(ACCOUNTS.c.account == _keys("accounts", ACCOUNTS.c.account)))
ROOTS_OF = compiled(
    select(ROOTS).where(
        ROOTS.c.chain_id == _keys("chains", ROOTS.c.chain_id), ROOTS.c.root == _keys("values", ROOTS.c.root)
    )
)
_CHAIN = ROOTS.c.chain_id == bindparam("chain_id")
ROOT_OF_EPOCH = compiled(select(ROOTS).where(_CHAIN, ROOTS.c.epoch == bindparam("epoch")))
NEWEST_ROOT = compiled(
    select(ROOTS).where(_CHAIN, ROOTS.c.epoch < bindparam("below")).order_by(ROOTS.c.epoch.desc()).limit(1)
)
RETRACT = compiled(delete(ROOTS).where(_CHAIN, ROOTS.c.epoch >= bindparam("epoch")))
RISK_TABLES_OF = compiled(
    select(RISK_TABLES).where(RISK_TABLES.c.oracle_time_ms == _keys("times", RISK_TABLES.c.oracle_time_ms))
)
ALL_SCOPES = compiled(select(SCOPES.c.scope, SCOPES.c.state))
EXPIRED = compiled(select(ACCOUNTS).where(_HAS_MARGIN, ACCOUNTS.c.expiry_ms <= bindparam("now")))
NEXT_EXPIRY = compiled(
    select(func.min(ACCOUNTS.c.expiry_ms)).where(_HAS_MARGIN, ACCOUNTS.c.expiry_ms > bindparam("after"))
)

ADD_LOG, ADD_RECEIPTS = _add_to(LOG), _add_to(RECEIPTS)
ADD_ROOTS, ADD_RISK_TABLES = _add_to(ROOTS), _add_to(RISK_TABLES)
PUT_ACCOUNTS, PUT_SCOPES = _put_into(ACCOUNTS), _put_into(SCOPES)
MOVE_HEAD = compiled(
    update(HEAD).values(
        number=bindparam("to_number"),
        hash=bindparam("to_hash"),
        receipts=bindparam("to_receipts"),
        outstanding_e8=bindparam("to_outstanding_e8"),
    )
)


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
