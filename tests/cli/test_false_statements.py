"""A false statement: exit code 1, which part falls short, nothing written, and no amounts but with --reveal."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from zkmargin.circuits.margin import Leaf, Reservation, key_commitment
from zkmargin.cli.demo_world import CREDIT_E8, E8
from zkmargin.prover import AccountTree
from zkmargin.settlement.account_document import AccountDocument, secret_json
from zkmargin.settlement.risk_document import RiskDocument

from .conftest import MarginFiles, edited, invoke

pytestmark = pytest.mark.xdist_group("cli")


def risk_of(margin: MarginFiles) -> RiskDocument:
    return RiskDocument.from_json((margin / "risk.json").read_bytes())


def leaf_of(margin: MarginFiles) -> Leaf:
    document = AccountDocument.from_json((margin / "account.json").read_bytes(), risk_of(margin))
    return document.openings[0].leaf


def publish(margin: MarginFiles, leaf: Leaf) -> None:
    """A venue's honest opening of this leaf."""
    risk = risk_of(margin)
    opening = AccountTree(1001, 1, risk.shape, [leaf]).opening(0)
    (margin / "account.json").write_text(json.dumps(AccountDocument((opening,)).to_json(risk)))


def poor(margin: MarginFiles) -> None:
    """Collateral of some 13,579.11 dollars under a reservation of 60,000."""
    publish(margin, replace(leaf_of(margin), balances_e8=(0, 0, 0, 13_579_11000000), positions_e8=(0, 0, 0, 0)))


def reserved_less(margin: MarginFiles) -> None:
    """12,345.67 short of the credit."""
    leaf = leaf_of(margin)
    slots = [
        replace(slot, amount_e8=CREDIT_E8 - 12_345_67000000) if slot.amount_e8 else slot for slot in leaf.reservations
    ]
    publish(margin, replace(leaf, reservations=tuple(slots)))


def reserved_for_another(margin: MarginFiles) -> None:
    leaf = leaf_of(margin)
    publish(margin, replace(leaf, reservations=(Reservation(12345, CREDIT_E8), Reservation(0, 0))))


def not_in_the_tree(margin: MarginFiles) -> None:
    def richer(document: Any) -> None:
        document["openings"][0]["balances"]["USDC"] = "98765.4321 USDC"

    edited(margin / "account.json", richer)


def of_another_key(margin: MarginFiles) -> None:
    secret = 1 + secrets.randbelow(1 << 250)
    (margin / "secret.json").write_text(json.dumps(secret_json(secret)))
    assert leaf_of(margin).key_commitment != key_commitment(secret)


@dataclass(frozen=True)
class Case:
    spoil: Callable[[MarginFiles], None]
    part: str
    short_by: str | None = None
    """What is missing, as --reveal must say it."""
    hidden: tuple[str, ...] = ()
    """Digits of balances that must not appear."""


CASES = {
    "poor": Case(poor, "collateral", hidden=("13579", "1357911", "46")),
    "reserved-less": Case(reserved_less, "reservation", "12345.67", ("12345", "47654")),
    "reserved-for-another": Case(reserved_for_another, "reservation", "60000", ("60000", "12345")),
    "not-in-the-tree": Case(not_in_the_tree, "membership", hidden=("98765",)),
    "another-key": Case(of_another_key, "membership", hidden=("5000",)),
}


@pytest.mark.parametrize("command", ["prove", "witness"])
@pytest.mark.parametrize("name", CASES)
def test_the_part_is_named_and_nothing_else(margin: MarginFiles, tmp_path: Path, name: str, command: str) -> None:
    case = CASES[name]
    case.spoil(margin)
    out = tmp_path / "out"
    key = ["--key", margin / "small.zkey"] if command == "prove" else []
    args = [command, *key, *margin.documents(), "-o", out]
    done = invoke(*args)
    assert (done.code, done.stdout) == (1, "")
    assert f"({case.part})" in done.stderr
    as_json = invoke(*args, "--json")
    assert as_json.code == 1
    assert as_json.json["error"] == "statement-false"
    assert as_json.json["part"] == case.part
    for text in (done.stderr, as_json.stderr):
        digits = text.replace(",", "").replace(str(tmp_path), "")
        assert not any(hidden in digits for hidden in case.hidden)
    assert not out.exists()


@pytest.mark.parametrize("name", ["poor", "reserved-less", "reserved-for-another"])
def test_reveal_says_how_much_is_missing(margin: MarginFiles, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    case.spoil(margin)
    args = ["--key", margin / "small.zkey", *margin.documents(), "-o", tmp_path / "out", "--reveal"]
    done = invoke("prove", *args)
    assert done.code == 1
    assert "short by" in done.stderr
    if case.short_by is not None:
        assert case.short_by in done.stderr
    assert not (tmp_path / "out").exists()


def test_reveal_says_by_how_much_a_true_claim_holds(margin: MarginFiles, tmp_path: Path) -> None:
    args = ["--key", margin / "small.zkey", *margin.documents()]
    hidden = invoke("prove", *args, "-o", tmp_path / "one", "--json")
    shown = invoke("prove", *args, "-o", tmp_path / "two", "--json", "--reveal")
    assert "revealed" not in hidden.json
    surplus = shown.json["revealed"]["surplus"]
    assert surplus.endswith(" USD")
    assert surplus.split(".")[0] not in hidden.stdout
    assert "the claim holds by" in invoke("prove", *args, "-o", tmp_path / "three", "--reveal").stderr


@pytest.mark.parametrize("reveal", [False, True])
def test_a_witness_of_a_lie_fails_with_values_only_when_asked(
    margin: MarginFiles, tmp_path: Path, reveal: bool
) -> None:
    """A dishonest witness: the reservation's wire says more than was committed."""
    out = tmp_path / "w.wtns"
    assert invoke("witness", *margin.documents(), "-o", out).code == 0
    data = bytearray(out.read_bytes())
    committed = CREDIT_E8.to_bytes(32, "little")
    place = data.index(committed)
    lie = CREDIT_E8 + 77 * E8
    data[place : place + 32] = lie.to_bytes(32, "little")
    out.write_bytes(data)
    args = ["wtns", "check", margin / "built/small.r1cs", out, *(["--reveal"] if reveal else [])]
    done = invoke(*args)
    assert done.code == 1
    assert "is not satisfied" in done.stderr
    assert (str(lie) in done.stderr) is reveal
    proved = invoke("groth16", "prove", margin / "small.zkey", out, tmp_path / "p.json", tmp_path / "x.json", "--json")
    assert proved.code == 1
    assert proved.json["error"] == "unsatisfied-witness"
    assert not (tmp_path / "p.json").exists()


def test_a_malformed_amount_is_not_quoted(margin: MarginFiles, tmp_path: Path) -> None:
    def too_exact(document: Any) -> None:
        document["openings"][0]["balances"]["BTC"] = "271.828182845904 BTC"

    edited(margin / "account.json", too_exact)
    done = invoke("prove", "--key", margin / "small.zkey", *margin.documents(), "-o", tmp_path / "out")
    assert done.code == 2
    assert "balances.BTC" in done.stderr
    assert "271" not in done.stderr
