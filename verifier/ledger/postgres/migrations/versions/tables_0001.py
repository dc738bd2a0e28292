"""The tables of a margin ledger: the log, and what follows from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE ledger (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    target BYTEA NOT NULL CHECK (length(target) = 32)
);
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    receipts BIGINT NOT NULL,
    outstanding_e8 NUMERIC(39, 0) NOT NULL CHECK (outstanding_e8 >= 0)
) WITH (fillfactor = 10);
CREATE TABLE log (
    number BIGINT PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    hash BYTEA NOT NULL CHECK (length(hash) = 32)
);
CREATE INDEX log_decisions ON log (number) WHERE kind IN ('accepted', 'refused');
CREATE INDEX log_openings ON log (number) WHERE kind = 'opened';
CREATE TABLE receipts (
    number BIGINT PRIMARY KEY,
    request_digest BYTEA NOT NULL CHECK (length(request_digest) = 32),
    settlement_id BYTEA NOT NULL UNIQUE CHECK (length(settlement_id) = 32),
    beneficiary BYTEA NOT NULL CHECK (length(beneficiary) = 20),
    account BYTEA NOT NULL CHECK (length(account) = 32),
    nullifier BYTEA NOT NULL UNIQUE CHECK (length(nullifier) = 32),
    sequence NUMERIC(20, 0) NOT NULL CHECK (sequence >= 0 AND sequence < 18446744073709551616),
    credit_e8 NUMERIC(20, 0) NOT NULL CHECK (credit_e8 >= 0 AND credit_e8 < 18446744073709551616),
    replaced_e8 NUMERIC(20, 0) NOT NULL CHECK (replaced_e8 >= 0 AND replaced_e8 < 18446744073709551616),
    expiry_ms BIGINT NOT NULL,
    accepted_at_ms BIGINT NOT NULL
);
CREATE TABLE accounts (
    account BYTEA PRIMARY KEY CHECK (length(account) = 32),
    sequence NUMERIC(20, 0) CHECK (sequence >= 0 AND sequence < 18446744073709551616),
    released_through NUMERIC(20, 0) CHECK (released_through >= 0 AND released_through < 18446744073709551616),
    receipt BIGINT NOT NULL,
    margin_e8 NUMERIC(20, 0) NOT NULL CHECK (margin_e8 >= 0 AND margin_e8 < 18446744073709551616),
    expiry_ms BIGINT NOT NULL,
    inflow_e8 NUMERIC(20, 0) NOT NULL CHECK (inflow_e8 >= 0 AND inflow_e8 < 18446744073709551616),
    inflow_at_ms BIGINT NOT NULL
);
CREATE INDEX accounts_by_expiry ON accounts (expiry_ms) WHERE margin_e8 > 0;
CREATE TABLE roots (
    chain_id NUMERIC(20, 0) NOT NULL CHECK (chain_id >= 0 AND chain_id < 18446744073709551616),
    epoch NUMERIC(20, 0) NOT NULL CHECK (epoch >= 0 AND epoch < 18446744073709551616),
    root BYTEA NOT NULL CHECK (length(root) = 32),
    observed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (chain_id, epoch),
    UNIQUE (chain_id, root)
);
CREATE TABLE risk_tables (
    oracle_time_ms BIGINT PRIMARY KEY,
    risk_root BYTEA NOT NULL CHECK (length(risk_root) = 32),
    attested_at_ms BIGINT NOT NULL
);
CREATE TABLE scopes (
    scope TEXT PRIMARY KEY,
    state TEXT NOT NULL
)
"""


def upgrade() -> None:
    for statement in _TABLES.split(";"):
        op.execute(sa.text(statement))
