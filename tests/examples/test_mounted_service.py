"""The ready service inside somebody's own application, and the way to a ledger for the examples to work on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from zkmargin.settlement.ledger_folder import LedgerFolder
from zkmargin.verifier import SettlementRequest

from .program import ROOT, load
from .venue import Venue

pytest.importorskip("fastapi")
pytest.importorskip("httpx")


def test_the_service_works_below_a_path_and_leaves_the_ledger_to_its_owner(venue: Venue) -> None:
    from fastapi.testclient import TestClient

    consumer = load(Path(ROOT / "tests/typing/service_consumer.py"), "service_consumer")
    kind = {"Content-Type": "application/json"}
    with TestClient(consumer.own_application(venue.folder)) as client:
        receipt = client.post("/ledger/v1/settlements", content=venue.body(1), headers=kind)
        assert (receipt.status_code, receipt.json()["number"]) == (200, 1)
        refused = client.post("/ledger/v1/settlements", content=venue.forged(2), headers=kind)
        assert (refused.status_code, refused.json()["code"]) == (422, "proof-rejected")
        assert client.get(f"/ledger/v1/accounts/{receipt.json()['account']}").json()["margin"] == "100"
        assert client.get("/ledger/healthz").status_code == 200
    with venue.open() as ledger:
        assert len(ledger.receipts()) == 1


def test_the_way_to_a_ledger_of_one_s_own(tmp_path: Path) -> None:
    """The commands of the examples' README, on the small shape, and what they promise."""
    readme = (ROOT / "examples/README.md").read_text()
    (block,) = re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)
    zkmargin = f"""zkmargin() {{ {sys.executable} -c "from zkmargin.cli import main; main()" "$@"; }}\n"""
    commands = zkmargin + block.replace("demo --keep", "demo --shape small --keep")
    done = subprocess.run(["sh", "-eu"], input=commands, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    request = SettlementRequest.from_json((tmp_path / "story/settlement.json").read_bytes())
    with LedgerFolder.read(tmp_path / "story/ledger").open() as ledger:
        assert ledger.accept(request).number == 1
