"""Opening a ledger in PostgreSQL: what is none, or not this one, or not whole, is refused and left as it was."""

from __future__ import annotations

import subprocess
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from zkmargin.verifier import (
    DamagedDatabase,
    ForeignDatabase,
    LedgerError,
    LedgerMismatch,
    SchemaTooNew,
    SchemaTooOld,
)
from zkmargin.verifier.ledger.log import ACCEPTED, OPENED, next_entry
from zkmargin.verifier.ledger.postgres import migrate_postgres, open_postgres
from zkmargin.verifier.ledger.postgres.conversation import Sql
from zkmargin.verifier.ledger.records import Account, RiskTable
from zkmargin.verifier.ledger.store import Changes, Store, Wanted

from ..servers.postgres import PostgresServer, fresh_url
from .test_store import TARGET, receipt
from .world import World

psycopg = pytest.importorskip("psycopg")


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return fresh_url(postgres)


@pytest.fixture
def schema(url: str) -> str:
    return url.partition("schema=")[2]


@pytest.fixture
def admin(postgres: PostgresServer, schema: str) -> Iterator[Any]:
    """Somebody with a shell on the database, in the ledger's schema."""
    with psycopg.connect(postgres.url, autocommit=True, options=f"-c search_path={schema}") as connection:
        yield connection


def opened(url: str) -> Store:
    return open_postgres(url, TARGET)


def filled(url: str) -> Store:
    store = opened(url)
    with store.writing() as rows:
        first = next_entry(rows.head(), 1, OPENED, {})
        accounts = {7: Account(7, 0, -1, 1, 5, 9)}
        rows.save(Changes([first], [receipt(1)], accounts, risk_tables=[RiskTable(1, 2, 3)], outstanding_e8=5))
    return store


def contents(admin: Any) -> object:
    return {
        table: admin.execute(f"SELECT * FROM {table}").fetchall()
        for table in ("ledger", "head", "log", "receipts", "accounts", "risk_tables")
    }


def refused(url: str, error: type[LedgerError], match: str | None = None) -> None:
    with pytest.raises(error, match=match) as caught:
        open_postgres(url, TARGET)
    assert type(caught.value) is error


def test_the_same_ledger_again(url: str, admin: Any) -> None:
    filled(url).close()
    before = contents(admin)
    store = opened(url)
    with store.reading() as rows:
        assert rows.last_receipt() == 1
    assert contents(admin) == before


def test_the_extra_is_named_where_it_is_missing() -> None:
    script = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        "from zkmargin.verifier.ledger.postgres import open_postgres\n"
        "open_postgres('postgresql://127.0.0.1:1/x', 1)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert "zkmargin[postgres]" in done.stderr.splitlines()[-1]


# What is no ledger of ours.


def test_another_target(url: str, admin: Any) -> None:
    filled(url).close()
    before = contents(admin)
    with pytest.raises(LedgerMismatch):
        open_postgres(url, TARGET + 1)
    assert contents(admin) == before


def test_two_ledgers_in_one_database(postgres: PostgresServer) -> None:
    first, second = open_postgres(fresh_url(postgres), TARGET), open_postgres(fresh_url(postgres), TARGET + 1)
    with first.writing() as rows:
        rows.save(Changes(outstanding_e8=5))
    with second.reading() as rows:
        assert rows.outstanding_e8() == 0


def test_a_schema_of_another_program(url: str, schema: str, admin: Any) -> None:
    admin.execute(f"CREATE SCHEMA {schema}")
    admin.execute("CREATE TABLE notes (text text)")
    refused(url, ForeignDatabase, "another program")
    with pytest.raises(ForeignDatabase):
        migrate_postgres(url)
    assert admin.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", (schema,)).fetchone() == (1,)


def test_nothing_to_migrate(url: str) -> None:
    with pytest.raises(ForeignDatabase, match="holds no ledger"):
        migrate_postgres(url)


@pytest.mark.parametrize("version", ["9999", "", "0002x"])
def test_a_later_schema(url: str, admin: Any, version: str) -> None:
    filled(url).close()
    admin.execute("UPDATE zkmargin_version SET version_num = %s", (version,))
    refused(url, SchemaTooNew)
    with pytest.raises(SchemaTooNew):
        migrate_postgres(url)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("DROP TABLE scopes", "scopes.state"),
        ("CREATE TABLE more (x integer)", "more.x"),
        ("ALTER TABLE receipts ADD COLUMN more integer", "receipts.more"),
        ("ALTER TABLE accounts ALTER COLUMN margin_e8 TYPE double precision", "accounts.margin_e8"),
        ("ALTER TABLE log ALTER COLUMN hash DROP NOT NULL", "log.hash"),
        ("ALTER TABLE receipts DROP CONSTRAINT receipts_nullifier_key", r"receipts\(nullifier\)"),
        ("ALTER TABLE accounts DROP CONSTRAINT accounts_pkey", r"accounts\(account\)"),
        ("DROP TRIGGER log_append_only ON log", "triggers log"),
        ("ALTER TABLE receipts DISABLE TRIGGER ALL", "triggers receipts"),
        ("ALTER TABLE ledger DISABLE TRIGGER ledger_append_only", "triggers ledger"),
        (
            "DROP TRIGGER log_append_only ON log; CREATE TRIGGER log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
            " ON log FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION refuse_change()",
            "triggers log",
        ),
        (
            "DROP TRIGGER log_append_only ON log; CREATE TRIGGER log_append_only BEFORE UPDATE OF kind OR DELETE OR"
            " TRUNCATE ON log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
            "triggers log",
        ),
        (
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$",
            "triggers ledger, log, receipts, risk_tables",
        ),
    ],
)
def test_a_ledger_that_is_not_whole(url: str, admin: Any, damage: str, named: str) -> None:
    filled(url).close()
    admin.execute(damage)
    refused(url, DamagedDatabase, named)


def test_a_ledger_without_its_one_row(url: str, admin: Any) -> None:
    store = filled(url)
    admin.execute("ALTER TABLE head DISABLE TRIGGER ALL")
    admin.execute("DELETE FROM head")
    refused(url, DamagedDatabase, "newest entry")
    for transaction in (store.reading, store.writing):
        with pytest.raises(DamagedDatabase, match="newest entry"), transaction() as rows:
            rows.head()


@pytest.mark.parametrize("table", ["ledger", "log", "receipts", "risk_tables"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_itself_refuses_change(url: str, admin: Any, table: str, verb: str) -> None:
    filled(url).close()
    (column,) = admin.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1", (table,)
    ).fetchone()
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        admin.execute(verb.format(table, column, column))


def test_the_one_row_of_head_stays(url: str, admin: Any) -> None:
    filled(url).close()
    for statement in ("DELETE FROM head", "TRUNCATE head", "INSERT INTO head SELECT 2, number, hash, 0, 0 FROM head"):
        with pytest.raises((psycopg.errors.RaiseException, psycopg.errors.CheckViolation)):
            admin.execute(statement)


# Migrations.


def test_the_migrations_make_the_tables_that_are_expected(url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    from zkmargin.verifier.ledger.postgres.schema import MIGRATIONS, REVISIONS, VERSION_TABLE
    from zkmargin.verifier.ledger.postgres.server import Server
    from zkmargin.verifier.ledger.postgres.tables import METADATA

    opened(url).close()
    with Server(url).transaction() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(scripts)) == REVISIONS


@pytest.fixture
def old(url: str, admin: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A ledger as the first version of the schema left it, with rows in it."""
    with monkeypatch.context() as patch:
        patch.setattr("zkmargin.verifier.ledger.postgres.schema.REVISIONS", ("0001",))
        patch.setattr("zkmargin.verifier.ledger.postgres.schema.check", lambda *_: None)
        filled(url).close()
    assert admin.execute("SELECT version_num FROM zkmargin_version").fetchone() == ("0001",)
    return url


def test_an_older_schema_is_migrated_when_asked(old: str, admin: Any) -> None:
    before = contents(admin)
    refused(old, SchemaTooOld, "zkmargin ledger migrate")
    assert migrate_postgres(old) == ["0002"]
    assert contents(admin) == before
    assert migrate_postgres(old) == []
    with opened(old).reading() as rows:
        assert rows.last_receipt() == 1


def test_a_migration_that_fails_leaves_all_as_it_was(old: str, admin: Any) -> None:
    admin.execute("CREATE FUNCTION refuse_change() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    with pytest.raises(LedgerError):
        migrate_postgres(old)
    assert admin.execute("SELECT version_num FROM zkmargin_version").fetchone() == ("0001",)
    assert admin.execute("SELECT count(*) FROM pg_trigger WHERE tgname = 'log_append_only' "
                         "AND tgrelid = 'log'::regclass").fetchone() == (0,)  # fmt: skip


def test_many_openers_at_once_make_one_ledger(url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        for store in pool.map(lambda _: opened(url), range(6)):
            store.close()


def test_a_role_that_may_run_the_ledger_and_no_more(
    postgres: PostgresServer, url: str, schema: str, admin: Any
) -> None:
    opened(url).close()
    role = f"service_{schema}"
    admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'service'")
    theirs = url.replace(f"margin:{postgres.password}", f"{role}:service")
    refused(theirs, LedgerError, "does not let this role")
    migrate_postgres(url, grant_to=role)
    filled(theirs).close()
    with psycopg.connect(theirs.partition("?")[0], autocommit=True, options=f"-c search_path={schema}") as connection:
        for forbidden in (
            "UPDATE log SET body = ''",
            "DELETE FROM receipts",
            "TRUNCATE risk_tables",
            "UPDATE ledger SET one = 1",
            "DELETE FROM accounts",
            "DELETE FROM head",
            "ALTER TABLE log DISABLE TRIGGER ALL",
            "DROP TRIGGER log_append_only ON log",
            "UPDATE zkmargin_version SET version_num = '0001'",
            "CREATE TABLE more (x integer)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden)


def test_a_role_s_name_is_quoted(url: str) -> None:
    opened(url).close()
    with pytest.raises(LedgerError):
        migrate_postgres(url, grant_to='x"; DROP TABLE log; --')
    opened(url).close()


# Durability, addresses, secrets.


@pytest.mark.parametrize("option", ["synchronous_commit=off"])
def test_a_server_that_may_forget_is_refused(url: str, option: str) -> None:
    refused(f"{url}&options=-c%20{option}", LedgerError, "synchronous_commit must be on")


@pytest.mark.parametrize(
    "setting",
    ["bytea_output=escape", "quote_all_identifiers=on", "client_encoding=SQL_ASCII", "array_nulls=off",
     "default_transaction_isolation=serializable"],
)  # fmt: skip
def test_a_role_s_own_settings_change_nothing(world: World, url: str, setting: str) -> None:
    with world.open(f"{url}&options=-c%20{setting}") as ledger:
        receipt = ledger.accept(world.request())
        assert ledger.accept(world.request()) == receipt
        ledger.verify_log()
        with ledger._store.writing() as rows:
            assert rows._conversation.ask(Sql(b"SHOW transaction_isolation", {})) == [("read committed",)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "wrong",
    [
        "postgresql://margin:hush%zz@127.0.0.1/x",
        "postgresql://margin:hush@127.0.0.1:port/x",
        "postgresql://margin:hush@127.0.0.1/x?nonsense=hush",
        "postgresql://margin:hush@127.0.0.1/x?schema",
        "postgresql://margin:hush@127.0.0.1/x?schema=pg_catalog",
        "postgresql://margin:hush@127.0.0.1/x?schema=a%22b",
        "postgresql://margin:hush@127.0.0.1/x?schema=a&schema=b",
        "postgresql://margin:hush@127.0.0.1/x?schema=" + "a" * 64,
        "postgresql://margin:hush@127.0.0.1:1/x",
        "postgresql://127.0.0.1:1/x?user=margin&password=hush",
        "postgresql://[::1/x?password=hush",
        "postgresql://margin:hush@127.0.0.1/" + "x" * 5000,
    ],
)
def test_no_message_tells_a_password(wrong: str) -> None:
    with pytest.raises(LedgerError) as caught:
        open_postgres(wrong, TARGET)
    assert "hush" not in "".join(traceback.format_exception(caught.value))


def test_a_wrong_password_is_not_repeated(postgres: PostgresServer, url: str) -> None:
    wrong = url.replace(postgres.password, "".join(["hu", "sh"]))
    with pytest.raises(LedgerError, match="password authentication failed") as caught:
        open_postgres(wrong, TARGET)
    assert "hush" not in "".join(traceback.format_exception(caught.value))


def test_nothing_printed_tells_the_password(postgres: PostgresServer, url: str) -> None:
    from zkmargin.verifier.ledger.postgres.address import Address

    store = open_postgres(url, TARGET)
    shown = [store.where, repr(store), repr(store._server), repr(Address.parse(url)), repr(store._server._engine)]
    assert not any(postgres.password in text for text in shown)
    assert store.where == url.replace(f":{postgres.password}", "")


def test_a_password_from_the_environment(postgres: PostgresServer, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    open_postgres(url.replace(f":{postgres.password}", ""), TARGET).close()


def test_both_spellings_and_the_default_schema(postgres: PostgresServer) -> None:
    from zkmargin.verifier.ledger.postgres.address import Address

    address = Address.parse("postgres://u@h1,h2:5432/db?target_session_attrs=read-write")
    assert (address.schema, address.parameters["host"]) == ("zkmargin", "h1,h2")
    assert address.parameters["target_session_attrs"] == "read-write"
    assert address.shown == "postgresql://u@h1,h2:5432/db?schema=zkmargin"


# Accepted kinds are what the log's indexes are made for.


def test_the_log_s_questions_use_their_indexes(url: str, admin: Any) -> None:
    store = opened(url)
    with store.writing() as rows:
        head, entries = rows.head(), []
        for number in range(2_000):
            entry = next_entry(head, number, ACCEPTED if number % 500 == 0 else "breaker", {})
            entries.append(entry)
            head = type(head)(entry.number, entry.hash)
        rows.save(Changes(entries=entries))
    admin.execute("ANALYZE log")
    for query, index in (
        (
            "SELECT * FROM log WHERE number > 5 AND kind IN ('accepted', 'refused') ORDER BY number LIMIT 9",
            "log_decisions",
        ),
        ("SELECT * FROM log WHERE kind = 'opened' ORDER BY number DESC LIMIT 1", "log_openings"),
    ):
        plan = "\n".join(row[0] for row in admin.execute(f"EXPLAIN {query}"))
        assert index in plan


def test_small_tables_are_not_read_whole_by_plans_that_stay(url: str, admin: Any) -> None:
    """Each statement is planned once for a connection, whatever its keys, and goes by them however small its table."""
    store = filled(url)
    admin.execute("ANALYZE")
    wanted = Wanted(frozenset([bytes(32)]), frozenset([1]), frozenset([7]), frozenset([(1, 2)]), frozenset([1]))
    counted = Sql(b"SELECT relname, seq_scan, pg_stat_force_next_flush() FROM pg_stat_xact_user_tables", {})
    with store.reading() as rows:
        rows._conversation.ask(counted)  # counts begin anew when they are flushed, at the end of this transaction
    for number in range(10):
        with store.writing(wanted) as rows:
            rows.expired(number)
            rows.save(Changes(accounts={8: Account(8, number)}))
            assert {row[0] for row in rows._conversation.ask(counted) if row[1]} <= {"head", "scopes"}
    with store.reading() as rows:
        ask = rows._conversation.ask
        assert ask(Sql(b"SELECT sum(custom_plans) FROM pg_prepared_statements WHERE NOT from_sql", {}))[0] == (0,)
        assert ask(Sql(b"SHOW jit", {}))[0] == ("off",)
