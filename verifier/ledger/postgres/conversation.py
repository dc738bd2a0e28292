"""Statements over one open connection, many in a breath: a pipeline costs one round trip, and one change of processes.

SQLAlchemy writes the statements and keeps the connections; it would wait for each answer before it asks the next
question, so the talking itself goes to the driver.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg


class Sql(NamedTuple):
    """A statement as the driver takes it, and those of its parameters that never change."""

    text: bytes
    constants: Mapping[str, Any]


class Question(NamedTuple):
    sql: Sql
    keys: Mapping[str, object]


Answer = Sequence[tuple[Any, ...]]

_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy's own, not annotated


def compiled(statement: Executable) -> Sql:
    made = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
    constants = {name: value for name, value in made.params.items() if value is not None}
    return Sql(str(made).encode(), constants)


class Conversation:
    """What is told waits for the next question or for the end, and goes with it."""

    def __init__(self, driver: psycopg.Connection[Any], *, holds_lock: bool) -> None:
        self._driver = driver
        self._holds_lock = holds_lock
        self._told: list[Question] = []

    def ask(self, *questions: Question) -> list[Answer]:
        """The answers to all, in order. Each statement sees what the ones before it did, and what they waited for."""
        told, self._told = self._told, []
        alone = self._holds_lock or (len(questions) == 1 and not told)
        # libpq's last word of a pipeline stops the server's clock for idle transactions. Whoever holds the lock says
        # something after it, so that the lock is taken from a process that then stands still.
        together, last = (questions[:-1], questions[-1:]) if alone else (questions, ())
        with self._driver.pipeline() if told or together else nullcontext():
            for statement in told:
                self._execute(statement)
            cursors = [self._execute(question) for question in together]
            answers = [cursor.fetchall() for cursor in cursors]
        return answers + [self._execute(question).fetchall() for question in last]

    def tell(self, statement: Question) -> None:
        self._told.append(statement)

    def commit(self) -> None:
        """Send what was told, and the end of the transaction with it. Returning means that all is on the disk."""
        with self._driver.pipeline():
            for statement in self._told:
                self._execute(statement)
            self._driver.commit()

    def _execute(self, question: Question) -> psycopg.Cursor[tuple[Any, ...]]:
        sql, keys = question
        return self._driver.execute(sql.text, {**sql.constants, **keys} if keys or sql.constants else None)
