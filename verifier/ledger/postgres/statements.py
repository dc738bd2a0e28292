"""What the ledger asks and adds, as SQLAlchemy's expressions over PostgreSQL's arrays.

Keys and rows travel as arrays, one for each column, so that a statement has one text however many there are: the server
parses and plans it once.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    Select,
    Table,
    any_,
    bindparam,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert

from ..log import DECISIONS
from .tables import ACCOUNTS, HEAD, LOG, RECEIPTS, RISK_TABLES, ROOTS, SCOPES

ABOVE_ALL = 1 << 64


def _keys(name: str, column: Column[Any]) -> ColumnElement[Any]:
    """All the keys of a question, as one array."""
    return any_(bindparam(name, type_=ARRAY(column.type)))


def _add_to(table: Table) -> Insert:
    """Rows given column by column, each column one array."""
    given = func.unnest(*(bindparam(column.name, type_=ARRAY(column.type)) for column in table.columns))
    rows = given.table_valued(*table.columns.keys()).render_derived(name="given")
    return insert(table).from_select(table.columns.keys(), select(*rows.columns))


def _put_into(table: Table) -> Insert:
    """The same, in place of rows with the same key."""
    add = _add_to(table)
    others = {name: add.excluded[name] for name, column in table.columns.items() if not column.primary_key}
    return add.on_conflict_do_update(index_elements=list(table.primary_key), set_=others)


# Kinds are spelled out, not parameters: the indexes of the log are made for these very words.
_IS_DECISION = LOG.c.kind.in_([bindparam(None, kind, literal_execute=True) for kind in DECISIONS])
_AFTER = bindparam("after", type_=BigInteger())
_LIMIT: BindParameter[int] = bindparam("limit", type_=BigInteger())

HEAD_OF_THE_LOG = select(HEAD.c.number, HEAD.c.hash, HEAD.c.receipts, HEAD.c.outstanding_e8)
LOCKED_HEAD = HEAD_OF_THE_LOG.with_for_update()
RECEIPTS_OF = select(RECEIPTS).where(
    or_(
        RECEIPTS.c.settlement_id == _keys("settlement_ids", RECEIPTS.c.settlement_id),
        RECEIPTS.c.nullifier == _keys("nullifiers", RECEIPTS.c.nullifier),
    )
)
ACCOUNTS_OF = select(ACCOUNTS).where(ACCOUNTS.c.account == _keys("accounts", ACCOUNTS.c.account))
ROOTS_OF = select(ROOTS).where(
    ROOTS.c.chain_id == _keys("chains", ROOTS.c.chain_id), ROOTS.c.root == _keys("values", ROOTS.c.root)
)
_CHAIN = ROOTS.c.chain_id == bindparam("chain_id")
ROOT_OF_EPOCH = select(ROOTS).where(_CHAIN, ROOTS.c.epoch == bindparam("epoch"))
NEWEST_ROOT = select(ROOTS).where(_CHAIN, ROOTS.c.epoch < bindparam("below")).order_by(ROOTS.c.epoch.desc()).limit(1)
RETRACT = delete(ROOTS).where(_CHAIN, ROOTS.c.epoch >= bindparam("epoch"))
RISK_TABLES_OF = select(RISK_TABLES).where(RISK_TABLES.c.oracle_time_ms == _keys("times", RISK_TABLES.c.oracle_time_ms))
ALL_SCOPES = select(SCOPES.c.scope, SCOPES.c.state)
EXPIRED = select(ACCOUNTS).where(ACCOUNTS.c.margin_e8 > 0, ACCOUNTS.c.expiry_ms <= bindparam("now"))

ADD_LOG, ADD_RECEIPTS = _add_to(LOG), _add_to(RECEIPTS)
ADD_ROOTS, ADD_RISK_TABLES = _add_to(ROOTS), _add_to(RISK_TABLES)
PUT_ACCOUNTS, PUT_SCOPES = _put_into(ACCOUNTS), _put_into(SCOPES)
MOVE_HEAD = (
    update(HEAD)
    .values(
        number=bindparam("to_number"),
        hash=bindparam("to_hash"),
        receipts=bindparam("to_receipts"),
        outstanding_e8=bindparam("to_outstanding_e8"),
    )
    .returning(HEAD.c.number, HEAD.c.hash, HEAD.c.receipts, HEAD.c.outstanding_e8)
)


def _page(table: Table, key: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Rows after a key, in its order."""
    return select(table).where(key > _AFTER, *conditions).order_by(key).limit(_LIMIT)


LOG_PAGE, DECISIONS_PAGE = _page(LOG, LOG.c.number), _page(LOG, LOG.c.number, _IS_DECISION)
NEWEST_DECISIONS = select(LOG).where(_IS_DECISION).order_by(LOG.c.number.desc()).limit(_LIMIT)
RECEIPTS_PAGE, RISK_TABLES_PAGE = _page(RECEIPTS, RECEIPTS.c.number), _page(RISK_TABLES, RISK_TABLES.c.oracle_time_ms)
ACCOUNTS_PAGE = (
    select(ACCOUNTS).where(ACCOUNTS.c.account > bindparam("after")).order_by(ACCOUNTS.c.account).limit(_LIMIT)
)
ROOTS_PAGE = (
    select(ROOTS)
    .where(tuple_(ROOTS.c.chain_id, ROOTS.c.epoch) > tuple_(bindparam("chain_id"), bindparam("epoch")))
    .order_by(ROOTS.c.chain_id, ROOTS.c.epoch)
    .limit(_LIMIT)
)


def newest_of_kind(kind: str) -> Select[Any]:
    is_kind = LOG.c.kind == bindparam(None, kind, literal_execute=True)
    return select(LOG).where(is_kind).order_by(LOG.c.number.desc()).limit(1)
