"""The way to a PostgreSQL server: a pool of connections that know how to behave, and two kinds of transaction.

Writers are serialised by a lock on the one row of `head`, which each takes first. They run in READ COMMITTED: whoever
waited for the lock must then see what the one before it has committed, and each statement of READ COMMITTED does. In
REPEATABLE READ the picture would be taken before the wait, and the waiting transaction refused for it. Readers run in
REPEATABLE READ, so that all their questions are answered from one picture; they wait for nobody.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.adapt import Loader
from psycopg.types.numeric import Int8BinaryDumper
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import QueuePool

from ...errors import LedgerError
from . import schema
from .address import Address
from .faults import ledger_errors, unreachable

CONNECTIONS = 10
"""The most that one process opens."""
WAIT_S = 30
"""How long to wait for a connection of this process, for the lock of another process, and for one statement."""
_SESSION = {
    "statement_timeout": f"{WAIT_S}s",
    "lock_timeout": f"{WAIT_S}s",
    # A process that stands still in its transaction must not stop the others for good.
    "idle_in_transaction_session_timeout": f"{2 * WAIT_S}s",
    "client_min_messages": "warning",
    # Whatever the role or the database has for them: the ledger's statements and their answers rely on these.
    "default_transaction_isolation": "read\\ committed",
    "bytea_output": "hex",
    "array_nulls": "on",
    "quote_all_identifiers": "off",
    # Every question is by a key, so each has one plan, made once for a connection. That of a small table would read all
    # of it, and be kept while the table grows. Leaving plans out makes them look dear, for which JIT must not be paid.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "jit": "off",
}
_LIBPQ = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": str(WAIT_S * 1000),
    "application_name": "zkmargin",
}
"""Unless the URL says otherwise. A server that vanished without a word is noticed within half a minute."""
_DURABILITY = text(
    "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"
)


class IntegerLoader(Loader):
    """NUMERIC as `int`: all of the ledger's are whole numbers."""

    def load(self, data: Any) -> int:
        return int(bytes(data))


class Server:
    """Threads may share one; a forked process must open its own."""

    def __init__(self, url: str) -> None:
        self.address = Address.parse(url)
        self._process = os.getpid()
        self._closed = False
        with ledger_errors(self.address.shown):
            self._engine = create_engine(
                "postgresql+psycopg://",
                creator=self._connect,
                poolclass=QueuePool,
                pool_size=CONNECTIONS,
                max_overflow=0,
                pool_timeout=WAIT_S,
                use_native_hstore=False,
                hide_parameters=True,
            )
        self._snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._moments = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    def prepare(self, target: bytes, *, create: bool) -> None:
        """Make, if there is none and it may be, or check the ledger of this target."""
        with self.transaction() as connection:
            self._check_durability(connection)
            schema.prepare(connection, self.address, target, create=create)

    def migrate(self, grant_to: str | None) -> list[str]:
        with self.transaction() as connection:
            applied = schema.migrate(connection, self.address)
            if grant_to is not None:
                schema.grant(connection, self.address, grant_to)
            return applied

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """What may write. Leaving it without an exception means that all is on the disk."""
        with self._begun(self._engine) as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """What only reads, from one picture of the database."""
        with self._begun(self._snapshots) as connection:
            yield connection

    @contextmanager
    def moment(self) -> Iterator[Connection]:
        """What asks one question, which is its own picture: no word to begin, and none to end."""
        with self._begun(self._moments) as connection:
            yield connection

    def close(self) -> None:
        self._closed = True
        # A forked child lets go of its parent's connections without a word to the server.
        self._engine.dispose(close=os.getpid() == self._process)

    @contextmanager
    def _begun(self, engine: Engine) -> Iterator[Connection]:
        shown = self.address.shown
        if os.getpid() != self._process:
            raise LedgerError(shown, "was opened before this process was forked: open it anew in each process")
        if self._closed:
            raise LedgerError(shown, "has been closed")
        with ledger_errors(shown), engine.begin() as connection:
            yield connection

    def _connect(self) -> psycopg.Connection[Any]:
        parameters = {**_LIBPQ, **self.address.parameters, "client_encoding": "UTF8"}
        session = {"search_path": f'"{self.address.schema}"', **_SESSION}
        own = " ".join(f"-c {name}={value}" for name, value in session.items())
        parameters["options"] = f"{parameters.get('options', '')} {own}".strip()
        try:
            connection = psycopg.connect(**parameters)  # type: ignore[arg-type]  # the names are libpq's, checked by it
        except psycopg.Error as problem:
            raise unreachable(self.address.shown, problem) from problem
        connection.adapters.register_loader("numeric", IntegerLoader)
        # One type for all integers, so that a statement keeps its plan.
        connection.adapters.register_dumper(int, Int8BinaryDumper)
        return connection

    def _check_durability(self, connection: Connection) -> None:
        """A receipt is a promise: refuse a server that may forget what it has committed."""
        off = [row.name for row in connection.execute(_DURABILITY) if row.setting == "off"]
        if off:
            reason = f"may lose what it has committed: {' and '.join(sorted(off))} must be on"
            raise LedgerError(self.address.shown, reason)
