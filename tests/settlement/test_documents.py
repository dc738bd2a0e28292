"""The JSON documents: what is written reads back the same, and every malformed field is named."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from zkmargin.algebra import EncodingError
from zkmargin.circuits.margin import declared_shape, key_commitment
from zkmargin.settlement.account_document import AccountDocument, read_secret, secret_json
from zkmargin.settlement.book import AccountBook, BookIdentity
from zkmargin.settlement.credit_document import CreditRequest
from zkmargin.settlement.errors import DocumentError
from zkmargin.settlement.example_market import example_risk_document
from zkmargin.settlement.risk_document import RiskDocument

E8 = 10**8
REQUEST = CreditRequest(
    target_chain_id=2002,
    ledger="beta-margin",
    credit_e8=20_000 * E8 + 1,
    quote="USD",
    source_chain_ids=(1001,),
    beneficiary=bytes(20),
    settlement_id=bytes(32),
    expiry_ms=1_800_003_600_000,
    route_latency_ms=90_000,
)


@pytest.fixture
def account() -> AccountDocument:
    risk = example_risk_document()
    venue = AccountBook.create(":memory:", BookIdentity.of_risk_table("Alpha", 1001, risk))
    venue.set_risk_table(risk)
    index = venue.open_account(key_commitment(7))
    venue.deposit(index, 0, 2 * E8 + 1)
    venue.trade(index, 1, -E8 // 3)
    venue.reserve(index, 99, 5 * E8)
    return AccountDocument((venue.publish().opening(index),))


def test_documents_read_back_as_written(account: AccountDocument) -> None:
    risk = example_risk_document()
    assert RiskDocument.from_json(json.dumps(risk.to_json())) == risk
    assert AccountDocument.from_json(json.dumps(account.to_json(risk)), risk) == account
    assert CreditRequest.from_json(json.dumps(REQUEST.to_json())) == REQUEST
    assert read_secret(json.dumps(secret_json(7))) == 7


def test_a_slot_that_was_freed_keeps_its_place() -> None:
    """A digest depends on the order of the slots: a document that closed the gap would be no member of the tree."""
    risk = example_risk_document()
    venue = AccountBook.create(":memory:", BookIdentity.of_risk_table("Alpha", 1001, risk))
    venue.set_risk_table(risk)
    index = venue.open_account(key_commitment(7))
    venue.deposit(index, 0, 2 * E8)
    venue.reserve(index, 98, E8)
    venue.reserve(index, 99, 5 * E8)
    venue.release(index, 98, at_sequence=3)
    document = AccountDocument((venue.publish().opening(index),))
    assert AccountDocument.from_json(json.dumps(document.to_json(risk)), risk) == document


def test_amounts_are_written_as_people_write_them(account: AccountDocument) -> None:
    written = account.to_json(example_risk_document())["openings"][0]
    assert written["balances"] == {"BTC": "2.00000001 BTC"}
    assert written["positions"] == {"BTC-CALL-70K": "-0.33333334 units"}
    assert REQUEST.to_json()["credit"] == "20000.00000001 USD"


def changed(document: dict[str, Any], path: str, value: Any) -> str:
    """The document with one field replaced (or removed, for None), by a path such as assets.0.sigma."""
    copy = json.loads(json.dumps(document))
    *way, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    place = copy
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return json.dumps(copy)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("format", "zkmargin.risk-table/1", "format"),
        ("shape", "tiny", "shape"),
        ("shape", "standard", "scenario_horizon_ms"),
        ("scenario_horizon_ms", 3_600_000, "scenario_horizon_ms"),
        ("shape", 7, "shape"),
        ("oracle_time_ms", "1", "oracle_time_ms"),
        ("oracle_time_ms", -1, "oracle_time_ms"),
        ("confidence", "0", "confidence_e4"),
        ("confidence", "4.00001", "confidence"),
        ("quote", "", "quote"),
        ("assets", [], "assets"),
        ("assets.0.name", None, "assets[0].name"),
        ("assets.0.name", "ETH", "assets[0].tiers[0].above"),
        ("instruments.0.name", "ETH", "assets and instruments"),
        ("assets.0.price_low", "63900", "assets[0].price_low"),
        ("assets.0.price_low", "63900 EUR", "assets[0].price_low"),
        ("assets.0.price_low", "-1 USD", "assets[0].price_low"),
        ("assets.0.price_low", "0 USD", "assets[0].price_low_e8"),
        ("assets.0.price_low", "1e5 USD", "assets[0].price_low"),
        ("assets.0.price_low", "NaN USD", "assets[0].price_low"),
        ("assets.0.price_low", "1.123456789 USD", "assets[0].price_low"),
        ("assets.0.price_low", 63900, "assets[0].price_low"),
        ("assets.0.price_high", "1 USD", "assets[0].price_high_e8"),
        ("assets.0.tiers.0.haircut", "100.0001 %", "assets[0].tiers[0].haircut_ppm"),
        ("assets.0.tiers.0.above", "1 BTC", "assets[0].tiers[0].above_e8"),
        ("assets.0.tiers.1.above", "1 ETH", "assets[0].tiers[1].above"),
        ("assets.0.tiers.1.haircut", "1 %", "assets[0].tiers[1]"),
        ("assets.0.tiers", [], "assets[0].tiers"),
        ("assets.0.sigma", "20000 %", "assets[0].sigma_ppm"),
        ("assets.0.colour", "red", "assets[0].colour"),
        ("underlyings.0.asset", "ETH", "underlyings"),
        ("underlyings.0.contingency", "101 %", "underlyings[0].contingency_ppm"),
        ("instruments.0.underlying", "ETH", "instruments"),
        ("underlyings.0.liquidity_free", "1 BTC", "underlyings[0].liquidity_free"),
        ("underlyings.0.liquidity", "100.1 %", "underlyings[0].liquidity_ppm"),
        ("underlyings.0.value_unit", "0 USD", "underlyings[0].value_unit_e16"),
        ("underlyings.0.value_unit", "0.00000000000000001 USD", "underlyings[0].value_unit"),
        ("underlyings.0.gamma_unit", "200000 USD", "underlyings[0].gamma_unit_e8"),
        ("instruments.0.delta", "1", "instruments[0].delta"),
        ("instruments.0.gamma", 16384, "instruments[0].gamma_units"),
        ("instruments.0.pnl", ["1"], "instruments[0].pnl"),
        ("instruments.0.pnl", [1], "instruments[0].pnl_units"),
    ],
)
def test_a_malformed_risk_table_names_the_field(path: str, value: Any, field: str) -> None:
    with pytest.raises(DocumentError) as refused:
        RiskDocument.from_json(changed(example_risk_document().to_json(), path, value))
    assert refused.value.field == field


def declared(document: RiskDocument) -> RiskDocument:
    """The same market for a shape that has no name of its own: a tree of three levels."""
    return replace(document, shape=declared_shape("small,depth=3"))


def test_a_table_of_a_declared_shape_reads_back() -> None:
    document = declared(example_risk_document())
    assert document.to_json()["shape"]["depth"] == 3
    assert RiskDocument.from_json(json.dumps(document.to_json())) == document


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("shape.name", "small", "shape"),
        ("shape.name", "not a name", "shape"),
        ("shape.depth", 99, "shape"),
        ("shape.depth", "3", "shape.depth"),
        ("shape.tiers", None, "shape.tiers"),
        ("shape.wings", 2, "shape.wings"),
    ],
)
def test_a_malformed_shape_names_the_field(path: str, value: Any, field: str) -> None:
    document = declared(example_risk_document())
    with pytest.raises(DocumentError) as refused:
        RiskDocument.from_json(changed(document.to_json(), path, value))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("openings.0.balances.BTC", "-1 BTC", "openings[0].balances.BTC"),
        ("openings.0.balances.BTC", "1 ETH", "openings[0].balances.BTC"),
        ("openings.0.balances.DOGE", "1 DOGE", "openings[0].balances.DOGE"),
        ("openings.0.salt", "07", "openings[0].salt"),
        ("openings.0.salt", str(2**254), "openings[0].salt"),
        ("openings.0.salt", 7, "openings[0].salt"),
        ("openings.0.siblings", ["1", "x"], "openings[0].siblings"),
        ("openings.0.index", -1, "openings[0].index"),
        ("openings.0.reservations", [{"target": "1", "amount": "1 USD"}] * 3, "openings[0].reservations"),
        ("openings.0.tree_root", None, "openings[0].tree_root"),
        ("openings.0.extra", "1", "openings[0].extra"),
        ("openings", {}, "openings"),
    ],
)
def test_a_malformed_account_names_the_field(account: AccountDocument, path: str, value: Any, field: str) -> None:
    risk = example_risk_document()
    with pytest.raises(DocumentError) as refused:
        AccountDocument.from_json(changed(account.to_json(risk), path, value), risk)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("credit", "20000"),
        ("credit", "-1 USD"),
        ("beneficiary", "0x00"),
        ("beneficiary", "00" * 20),
        ("settlement_id", "0x" + "0G" * 32),
        ("source_chain_ids", [2**64]),
        ("source_chain_ids", [True]),
        ("source_chain_ids", "1001"),
        ("expiry_ms", 1.5),
        ("ledger", "x" * 65),
        ("ledger", "line\nbreak"),
        ("route_latency_ms", None),
    ],
)
def test_a_malformed_request_is_refused(path: str, value: Any) -> None:
    with pytest.raises(EncodingError):
        CreditRequest.from_json(changed(REQUEST.to_json(), path, value))


def test_a_secret_that_does_not_belong_to_its_commitment_is_refused() -> None:
    with pytest.raises(DocumentError):
        read_secret(json.dumps(secret_json(7) | {"secret": "8"}))


def test_the_horizon_is_the_longer_of_latency_and_expiry() -> None:
    assert REQUEST.horizon_ms(REQUEST.expiry_ms - 1) == 90_000
    assert REQUEST.horizon_ms(REQUEST.expiry_ms - 90_001) == 90_001
    with pytest.raises(DocumentError):
        REQUEST.horizon_ms(REQUEST.expiry_ms)


def test_the_repr_of_an_account_shows_no_balance(account: AccountDocument) -> None:
    opening = account.openings[0]
    shown = f"Opening(venue_id={opening.venue_id}, epoch={opening.epoch}, index={opening.index})"
    assert repr(opening) == shown
    assert repr(account) == f"AccountDocument(openings=({shown},))"
