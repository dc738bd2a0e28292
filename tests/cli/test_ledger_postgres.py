"""`zkmargin ledger` on a ledger in PostgreSQL: started, used, looked at, migrated; the password is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkmargin.algebra import Engine
from zkmargin.settlement.ledger_folder import LedgerFolder
from zkmargin.verifier import MarginLedger

from ..examples.venue import Venue
from ..servers.postgres import PostgresServer, fresh_url
from ..verifier.world import CHAIN, ROOT, UNIT
from .conftest import invoke

psycopg = pytest.importorskip("psycopg")


@pytest.fixture
def venue(tmp_path: Path, best_engine: Engine) -> Venue:
    return Venue(tmp_path / "ledger", best_engine)


@pytest.fixture
def url(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new place, told to the commands by the environment."""
    url = fresh_url(postgres)
    monkeypatch.setenv("ZKMARGIN_DATABASE", url)
    return url


def opened(venue: Venue, url: str) -> MarginLedger:
    return LedgerFolder.read(venue.folder).open(url)


def test_a_ledger_in_postgresql_from_the_shell(venue: Venue, url: str, postgres: PostgresServer) -> None:
    with opened(venue, url) as ledger:
        ledger.observe_root(CHAIN, 7, ROOT, venue.oracle_time_ms)
        ledger.attest_risk_root(venue.attestation)
        ledger.accept(venue.request(1, credit=250))
    shown = invoke("ledger", "show", venue.folder, "--json").json
    assert (shown["receipts"], shown["outstanding"]) == (1, "250 USD")
    assert invoke("ledger", "repay", venue.folder, "0x" + "0" * 63 + "1", "--remaining", "100 USD").code == 0
    with opened(venue, url) as ledger:
        assert [account.margin_e8 for account in ledger.accounts()] == [100 * UNIT]
    report = invoke("ledger", "verify-log", venue.folder, "--json")
    assert report.json["outstanding"] == "100 USD"
    assert postgres.password not in report.stdout + report.stderr


def test_migrate(venue: Venue, url: str, postgres: PostgresServer) -> None:
    opened(venue, url).close()
    assert invoke("ledger", "migrate", venue.folder, "--json").json == {"applied": [], "granted_to": None}
    schema = url.partition("schema=")[2]
    with psycopg.connect(postgres.url, autocommit=True, options=f"-c search_path={schema}") as admin:
        for table in ("ledger", "log", "receipts", "risk_tables", "head"):
            admin.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        admin.execute("DROP FUNCTION refuse_change()")
        admin.execute("UPDATE zkmargin_version SET version_num = '0001'")
        admin.execute(f"CREATE ROLE teller_{schema}")
    refused = invoke("ledger", "show", venue.folder)
    assert refused.code != 0
    assert "zkmargin ledger migrate" in refused.stderr
    assert postgres.password not in refused.stderr
    done = invoke("ledger", "migrate", venue.folder, "--grant-to", f"teller_{schema}")
    assert "version 0002 reached" in done.stdout
    assert f"teller_{schema} may run the ledger" in done.stdout
    assert invoke("ledger", "show", venue.folder).code == 0


def test_only_what_is_in_postgresql_is_migrated(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZKMARGIN_DATABASE", raising=False)
    refused = invoke("ledger", "migrate", venue.folder)
    assert refused.code == 2
    assert "--database" in refused.stderr


def test_a_password_is_no_argument(venue: Venue) -> None:
    refused = invoke("ledger", "migrate", venue.folder, "--database", "postgresql://margin:hush@127.0.0.1/x")
    assert refused.code == 2
    assert "hush" not in refused.stderr
