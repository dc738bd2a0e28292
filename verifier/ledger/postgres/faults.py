"""What PostgreSQL and the way to it can do wrong, as the ledger's errors: one line that says what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError, ResourceClosedError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ...errors import DamagedDatabase, LedgerError

LOST = "the connection was lost; try again: the same request gets the same receipt"

_REASONS: tuple[tuple[tuple[type[psycopg.Error], ...], str], ...] = (
    ((pg.LockNotAvailable,), "is locked by another process; try again"),
    ((pg.QueryCanceled,), "took longer than the time allowed for a statement; try again"),
    ((pg.SerializationFailure, pg.DeadlockDetected), "met another transaction; try again"),
    ((pg.ReadOnlySqlTransaction,), "is a standby that cannot be written: connect to the primary"),
    ((pg.DiskFull, pg.OutOfMemory), "has no room left on its machine"),
    ((pg.TooManyConnections,), "has no connection left; try again, or raise max_connections"),
)


@contextmanager
def ledger_errors(where: str) -> Iterator[None]:
    """Errors of the driver and of SQLAlchemy as `LedgerError`. Their text may hold statements and values: not shown."""
    try:
        yield
    except PoolTimeout as problem:
        raise LedgerError(where, "all connections of this process are in use; try again") from problem
    except DBAPIError as problem:
        raise _translated(where, problem.orig, lost=problem.connection_invalidated) from problem
    except psycopg.Error as problem:
        raise _translated(where, problem, lost=False) from problem
    except (ResourceClosedError, SQLAlchemyError) as problem:
        raise LedgerError(where, f"cannot be used ({type(problem).__name__})") from problem


def unreachable(where: str, problem: psycopg.Error) -> LedgerError:
    """No connection at all. libpq's last line says why, and never names the password."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return LedgerError(where, f"cannot be reached, try again: {lines[-1][:300] if lines else type(problem).__name__}")


def _translated(where: str, problem: BaseException | None, lost: bool) -> LedgerError:
    if isinstance(problem, (pg.UndefinedTable, pg.UndefinedColumn, pg.InvalidSchemaName, pg.DataCorrupted)):
        return DamagedDatabase(where, f"is damaged ({_first_line(problem)}); restore it from a copy")
    if isinstance(problem, pg.InsufficientPrivilege):
        return LedgerError(where, f"does not let this role do it ({_first_line(problem)}): grant it, or migrate")
    for kinds, reason in _REASONS:
        if isinstance(problem, kinds):
            return LedgerError(where, reason)
    if lost or _is_connection_fault(problem):
        return LedgerError(where, LOST)
    return LedgerError(where, f"cannot be used: {_first_line(problem)}")


def _is_connection_fault(problem: BaseException | None) -> bool:
    """No answer from a server, or one that says that it goes away."""
    if isinstance(
        problem, (pg.AdminShutdown, pg.CrashShutdown, pg.CannotConnectNow, pg.IdleInTransactionSessionTimeout)
    ):
        return True
    return isinstance(problem, psycopg.OperationalError) and problem.sqlstate is None


def _first_line(problem: BaseException | None) -> str:
    """The server's own sentence, without the statement and its values."""
    primary = problem.diag.message_primary if isinstance(problem, psycopg.Error) else None
    return primary or type(problem).__name__
