"""What is written stays: triggers by which the database itself keeps rows from change and removal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_APPEND_ONLY = ("ledger", "log", "receipts", "risk_tables")
_REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only: % refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP;
END $$
"""


def upgrade() -> None:
    op.execute(sa.text(_REFUSE))
    for table in _APPEND_ONLY:
        _refuse(table, "UPDATE OR DELETE OR TRUNCATE")
    _refuse("head", "DELETE OR TRUNCATE")


def _refuse(table: str, verbs: str) -> None:
    op.execute(
        sa.text(
            f"CREATE TRIGGER {table}_append_only BEFORE {verbs} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    )
