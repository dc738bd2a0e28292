"""The storm of benchmarks/service_load.py in small: killed under load, the service loses and doubles nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import service_load
from zkmargin.algebra import Engine


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_killed_under_load(database: str, tmp_path: Path, best_engine: Engine) -> None:
    """With PostgreSQL the second kill is of the database and all its processes."""
    if best_engine.name != "native":
        pytest.skip("the slow engine proves nothing here that the fast one does not")
    size = ["--clients", "8", "--seconds", "3", "--kills", "2", "--requests", "1000"]
    (row,) = service_load.main(["--databases", database, *size, "--out", str(tmp_path)])
    assert (row["lost"], row["doubled"], row["refused"]) == (0, 0, 0)
    assert isinstance(row["acknowledged"], int)
    assert isinstance(row["held"], int)
    assert 0 < row["acknowledged"] <= row["held"]
    assert row["orderly end"] is True
    assert row["broken"], "a client saw the service die"
    assert "| p99 ms |" in (tmp_path / "service-load.md").read_text()


def test_the_audit_sees_what_is_lost(tmp_path: Path, best_engine: Engine) -> None:
    load = service_load.Load(tmp_path / "ledger", best_engine)
    load.prepare()
    first, second = load.requests(1, 2)
    with load.open() as ledger:
        receipt = ledger.accept(first)
    answer = json.dumps(receipt.to_json()).encode()
    tally = service_load.Tally({b"1": answer})
    assert service_load.audit(load, None, tally) == service_load.Audit(1, 0, 0, 4)
    tally.receipts[b"2"] = answer.replace(
        receipt.settlement_id.hex().encode(), second.context.settlement_id.hex().encode()
    )
    assert service_load.audit(load, None, tally).lost == 1
    tally.receipts = {b"1": answer.replace(b'"number": 1', b'"number": 2')}
    assert service_load.audit(load, None, tally).lost == 1
