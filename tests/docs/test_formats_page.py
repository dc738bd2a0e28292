"""Every JSON format has a page, and docs/formats-documents.md names every member of the documents on it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from zkmargin.circuits.margin import key_commitment
from zkmargin.settlement.account_document import AccountDocument, secret_json
from zkmargin.settlement.book import AccountBook, BookIdentity
from zkmargin.settlement.credit_document import CreditRequest
from zkmargin.settlement.example_market import example_risk_document
from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.verifier import BreakerLimits, LedgerConfig

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/formats-documents.md").read_text()
RISK = example_risk_document()


def test_every_format_is_on_a_page() -> None:
    written = {
        name
        for room in ("circuits", "settlement", "verifier")
        for path in (ROOT / room).rglob("*.py")
        for name in re.findall(r'^\w*FORMAT\w* = "(zkmargin\.[a-z-]+/\d+)"', path.read_text(), re.MULTILINE)
    }
    pages = "".join(path.read_text() for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "vectors/README.md"])
    assert len(written) > 15
    assert {name for name in written if name not in pages} == set()


def account() -> dict[str, Any]:
    book = AccountBook.create(":memory:", BookIdentity.of_risk_table("Alpha", 1001, RISK))
    book.set_risk_table(RISK)
    book.open_account(key_commitment(7))
    book.deposit(0, 3, 10**12)
    book.reserve(0, 5, 10**8)
    return AccountDocument((book.publish().opening(0),)).to_json(RISK)


def request() -> dict[str, Any]:
    return CreditRequest(2, "beta", 1, "USD", (1001,), bytes(20), bytes(32), 1, 1).to_json()


def ledger() -> dict[str, Any]:
    config = LedgerConfig(
        target_chain_id=2,
        ledger="beta",
        circuit_digest=bytes(32),
        market="example",
        routes={1001: 1},
        max_root_age_ms=1,
        max_risk_age_ms=1,
        max_horizon_ms=1,
        oracle_signers=(bytes(20),),
        oracle_quorum=1,
        limits=BreakerLimits(inflow_cap_e8=1, inflow_window_ms=1),
        max_credit_e8=1,
    )
    return LedgerDocument(config, "USD").to_json()


def members(document: Any, names: set[str]) -> set[str]:
    """The keys of all objects within, those that name assets and instruments and the counts of a shape left out."""
    rows = document if isinstance(document, list) else [document] if isinstance(document, dict) else []
    found: set[str] = set()
    for row in rows:
        if isinstance(row, dict):
            found |= set(row) - names
            for key, value in row.items():
                found |= set() if key == "shape" else members(value, names)
    return found


@pytest.mark.parametrize(
    "document",
    [RISK.to_json(), account(), secret_json(7), request(), ledger()],
    ids=lambda document: document["format"].split("/")[0],
)
def test_the_page_names_every_member(document: dict[str, Any]) -> None:
    section = PAGE.split(f"## `{document['format']}`")[1].split("\n## ")[0]
    names = {*RISK.asset_names, *RISK.instrument_names, "format"}
    assert {name for name in members(json.loads(json.dumps(document)), names) if f"`{name}`" not in section} == set()
