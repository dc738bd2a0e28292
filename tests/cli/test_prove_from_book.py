"""`zkmargin prove` from an account book: what it assembles, what it shows, and what it refuses."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from zkmargin.circuits.margin import compile_margin, declared_shape
from zkmargin.prover.secret_scalar import secret_scalar
from zkmargin.settlement.account_document import secret_json
from zkmargin.settlement.example_market import example_risk_document
from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.settlement.risk_document import RiskDocument
from zkmargin.verifier import BreakerLimits, LedgerConfig, RiskAttestation, signer_address

from .conftest import Done, MarginFiles, edited, invoke

pytestmark = pytest.mark.xdist_group("cli")
E8 = 10**8
BENEFICIARY = "0x" + "Be" * 20
MARKET = "example"
ORACLE = bytes([7]) * 32


@dataclass(frozen=True)
class Desk:
    """A venue's book with the trader as account 1, a risk table of now, and a target with an oracle of its own."""

    files: MarginFiles
    root: Path
    book_name: str = "alpha.book"

    @property
    def book(self) -> Path:
        return self.root / self.book_name

    @property
    def out(self) -> Path:
        return self.root / "proof"

    @property
    def config(self) -> Path:
        return self.root / "ledger-config.json"

    @property
    def risk(self) -> Path:
        return self.root / "risk.json"

    @property
    def secret(self) -> Path:
        return self.root / "secret.json"

    @property
    def commitment(self) -> str:
        commitment: str = json.loads(self.secret.read_text())["key_commitment"]
        return commitment

    @property
    def target(self) -> str:
        return str(LedgerDocument.from_json(self.config.read_bytes()).config.target)

    @classmethod
    def furnished(cls, files: MarginFiles, root: Path, shape: str = "small") -> Desk:
        """With the documents, and no book yet."""
        desk = cls(files, root)
        declared = declared_shape(shape)
        written(desk.risk, replace(example_risk_document(now_ms()), shape=declared))
        desk.secret.write_text(json.dumps(secret_json(secret_scalar())))
        desk.config.write_text(json.dumps(ledger_document(compile_margin(declared).digest).to_json()))
        return desk

    def attested(self, ledger: Path) -> None:
        """The oracle signs the risk table for this ledger."""
        risk, path = risk_of(self), self.root / "attestation.json"
        attestation = RiskAttestation(MARKET, risk.root(), risk.oracle_time_ms).signed([ORACLE])
        path.write_text(json.dumps(attestation.to_json()))
        done = invoke("ledger", "attest", ledger, path)
        assert done.code == 0, done.stderr

    def accepted(self, ledger: Path, proved: Done) -> dict[str, Any]:
        """The receipt, once the ledger has observed the roots that the proof names."""
        for root in proved.json["roots"]:
            observed = ["--chain-id", root["venue_id"], "--epoch", root["epoch"], "--root", root["root"]]
            assert invoke("ledger", "observe-root", ledger, *observed).code == 0
        done = invoke("ledger", "accept", ledger, self.out / "settlement.json", "--json")
        assert done.code == 0, done.stderr
        return done.json

    def account(self, name: str, *arguments: object) -> Done:
        done = invoke("account", name, self.book, *arguments)
        assert done.code == 0, done.stderr
        return done

    def reserve(self, amount: str = "60000 USD") -> None:
        self.account("reserve", 1, amount, "--target", self.target)

    def options(self, **changed: object) -> list[object]:
        """Of `prove`; each may be replaced, or with None left out."""
        options = {
            "key": self.files / "small.zkey",
            "circuit": self.files / "built",
            "book": self.book,
            "account": 1,
            "target": self.config,
            "credit": "60000 USD",
            "secret": self.secret,
            "beneficiary": BENEFICIARY,
            "output": self.out,
        } | changed
        return [part for name, value in options.items() if value is not None for part in (f"--{name}", value)]

    def prove(self, *more: object, **changed: object) -> Done:
        return invoke("prove", *self.options(**changed), *more)

    def refused(self, code: int, kind: str, *more: object, **changed: object) -> str:
        """The message of a refusal that is one line and has left nothing; the same kind with --json."""
        done = self.prove(*more, "--no-reveal", **changed)
        assert (done.code, done.stdout) == (code, ""), done.stderr
        assert done.stderr.count("\n") == 1
        as_json = self.prove(*more, "--json", **changed)
        assert (as_json.code, as_json.json["error"]) == (code, kind)
        assert not self.out.exists()
        return done.stderr


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def ledger_document(circuit_digest: bytes) -> LedgerDocument:
    config = LedgerConfig(
        target_chain_id=2002,
        ledger="beta-margin",
        circuit_digest=circuit_digest,
        market=MARKET,
        routes={1001: 90_000, 1002: 5_000},
        max_root_age_ms=1_800_000,
        max_risk_age_ms=3_600_000,
        max_horizon_ms=7_200_000,
        oracle_signers=(signer_address(ORACLE),),
        oracle_quorum=1,
        limits=BreakerLimits(inflow_cap_e8=1_000_000 * E8, inflow_window_ms=3_600_000),
        max_credit_e8=250_000 * E8,
        clock_skew_ms=2_000,
        allow_development_key=True,
    )
    return LedgerDocument(config, "USD")


@pytest.fixture
def desk(shared: MarginFiles, tmp_path: Path) -> Desk:
    """100,000 USDC and a short perpetual; nothing is reserved or published yet."""
    desk = Desk.furnished(shared, tmp_path)
    desk.account("init", "--name", "Alpha", "--venue-id", 1001, "--risk", desk.risk)
    desk.account("open", "--key-commitment", 12345)
    desk.account("open", "--key-commitment", desk.commitment)
    desk.account("deposit", 1, "100000 USDC")
    desk.account("trade", 1, "sell", "0.25 BTC-PERP")
    return desk


@pytest.fixture
def reserved(desk: Desk) -> Desk:
    """With 60,000 USD reserved under a published root."""
    desk.reserve()
    desk.account("publish")
    return desk


def test_from_a_new_key_to_an_accepted_credit(shared: MarginFiles, tmp_path: Path) -> None:
    """The whole way at the command line; the setup is shared, and the oracle signs here."""
    desk, ledger, vk = Desk.furnished(shared, tmp_path), tmp_path / "ledger", shared / "verification_key.json"
    commitment = invoke("key", "new", desk.secret, "--force", "--json").json["key_commitment"]
    target = invoke("ledger", "init", ledger, "--config", desk.config, "--key", vk, "--json").json["target"]
    desk.account("init", "--name", "Alpha", "--venue-id", 1001, "--risk", desk.risk)
    desk.account("open", "--key-commitment", commitment)
    desk.account("deposit", 0, "1.5 BTC")
    desk.account("trade", 0, "sell", "0.5 BTC-PERP", "--pay", "0.001 BTC")
    desk.account("reserve", 0, "40000 USD", "--target", target)
    desk.account("publish")
    proved = desk.prove("--json", account=0, credit="40000 USD")
    assert proved.code == 0, proved.stderr
    assert "revealed" not in proved.json
    files = [desk.out / "proof.json", desk.out / "public.json"]
    assert invoke("verify", "--key", vk, *files, "--allow-development-key").code == 0
    desk.attested(ledger)
    assert desk.accepted(ledger, proved)["credit"] == "40000"


def test_two_venues_in_one_proof(shared: MarginFiles, tmp_path: Path) -> None:
    """Each reserves half of the credit; the target takes the proof of both."""
    name = "small,venues=2"
    desk, ledger = Desk.furnished(shared, tmp_path, name), tmp_path / "ledger"
    built, key, vk = tmp_path / "built", tmp_path / "k.zkey", tmp_path / "vk.json"
    assert invoke("compile", "--shape", name, "-o", built).code == 0
    assert invoke("setup", built / "small_v2.r1cs", "-o", key, "--vk", vk, "--insecure").code == 0
    assert invoke("ledger", "init", ledger, "--config", desk.config, "--key", vk).code == 0
    named: list[object] = []
    for venue_id in (1002, 1001):
        venue = replace(desk, book_name=f"{venue_id}.book")
        venue.account("init", "--name", "V", "--venue-id", venue_id, "--risk", desk.risk)
        venue.account("open", "--key-commitment", desk.commitment, "--with-venue", 1001, "--with-venue", 1002)
        venue.account("deposit", 0, "40000 USDC")
        venue.account("reserve", 0, "30000 USD", "--target", desk.target)
        venue.account("publish")
        named += ["--book", venue.book, "--account", 0]
    proved = desk.prove(*named, "--json", key=key, circuit=built, book=None, account=None)
    assert proved.code == 0, proved.stderr
    assert [root["venue_id"] for root in proved.json["roots"]] == [1001, 1002]
    desk.attested(ledger)
    assert desk.accepted(ledger, proved)["credit"] == "60000"


def test_both_sides_are_shown_on_the_screen_and_in_no_file(reserved: Desk) -> None:
    done = reserved.prove()
    assert done.code == 0, done.stderr
    assert "the claim holds by" in done.stderr
    for row in (
        "USDC",
        "margin BTC, by delta-gamma",
        "contingency on shorts",
        "reserved, this credit included  60,000.00",
    ):
        assert " ".join(row.split()) in " ".join(done.stderr.split())
    surplus = done.stderr.split("holds by ")[1].split(" ")[0]
    files = sorted(reserved.out.iterdir())
    assert [path.name for path in files] == ["proof.json", "public.json", "request.json", "settlement.json"]
    for text in (done.stdout, *(path.read_text() for path in files)):
        assert surplus not in text
        assert surplus.replace(",", "") not in text


def test_with_no_reveal_and_with_json_nothing_private_is_shown(reserved: Desk, tmp_path: Path) -> None:
    quiet = reserved.prove("--no-reveal")
    assert (quiet.code, "the claim holds" in quiet.stderr, "USD" in quiet.stdout) == (0, False, False)
    shown = reserved.prove("--reveal", "--json", output=tmp_path / "shown").json["revealed"]
    assert shown["reserved"] == "60000 USD"
    assert shown["margins"]["BTC"]["worst_scenario"] == "0 USD"
    assert "revealed" not in reserved.prove("--json", output=tmp_path / "hidden").json


def test_the_request_can_be_inspected_and_repeated(reserved: Desk, tmp_path: Path) -> None:
    """By the account's owner, from the documents."""
    settlement_id = "0x" + "5E" * 32
    before_ms = now_ms()
    assert reserved.prove("--expires-in-ms", 60_000, "--settlement-id", settlement_id).code == 0
    request = json.loads((reserved.out / "request.json").read_text())
    assert (request["beneficiary"], request["settlement_id"]) == (BENEFICIARY.lower(), settlement_id.lower())
    assert (request["source_chain_ids"], request["route_latency_ms"]) == ([1001], 90_000)
    assert 60_000 <= request["expiry_ms"] - before_ms < 600_000
    opening, again = tmp_path / "account.json", tmp_path / "again"
    reserved.account("opening", 1, "-o", opening)
    documents = reserved.files.documents(
        account=opening, secret=reserved.secret, risk=reserved.risk, request=reserved.out / "request.json"
    )
    done = invoke("prove", "--key", reserved.files / "small.zkey", *documents, "-o", again)
    assert done.code == 0, done.stderr
    assert (again / "public.json").read_bytes() == (reserved.out / "public.json").read_bytes()


def test_two_requests_have_settlement_ids_of_their_own(reserved: Desk, tmp_path: Path) -> None:
    ids = set()
    for out in (tmp_path / "one", tmp_path / "two"):
        assert reserved.prove(output=out).code == 0
        ids.add(json.loads((out / "request.json").read_text())["settlement_id"])
    assert len(ids) == 2


def test_an_earlier_epoch_can_be_proven_from(reserved: Desk) -> None:
    reserved.account("deposit", 1, "1 BTC")
    reserved.account("publish")
    done = reserved.prove("--epoch", 1, "--json")
    assert [row["epoch"] for row in done.json["roots"]] == [1]


def test_the_commands_named_for_an_unreserved_credit_lead_to_a_proof(desk: Desk) -> None:
    desk.account("publish")
    desk.reserve("20000 USD")
    refused = desk.prove()
    assert refused.code == 1
    assert "the claim" not in refused.stdout
    commands = [shlex.split(text) for text in refused.stderr.split("'") if text.startswith("zkmargin account")]
    assert [(words[2], words[3]) for words in commands] == [("reserve", str(desk.book)), ("publish", str(desk.book))]
    assert "40000 USD" in commands[0]
    for words in commands:
        assert invoke(*words[1:]).code == 0
    assert desk.prove().code == 0


def test_what_is_missing_is_private(desk: Desk) -> None:
    desk.reserve("12345 USD")
    desk.account("publish")
    message = desk.refused(1, "not-reserved")
    assert "AMOUNT USD" in message
    assert not any(digits in message.replace(desk.target, "") for digits in ("12345", "47655", "60000"))


def test_a_reservation_that_is_not_published_is_named(desk: Desk) -> None:
    desk.account("publish")
    desk.reserve()
    message = desk.refused(1, "not-reserved")
    assert "account publish" in message
    assert "account reserve" not in message


def test_reserve_sets_aside_what_is_missing_and_publishes(desk: Desk) -> None:
    desk.reserve("20000 USD")
    done = desk.prove("--reserve", "--json")
    assert done.code == 0, done.stderr
    assert [row["epoch"] for row in done.json["roots"]] == [1]
    told = desk.prove("--reserve", "--force", "--no-reveal")
    assert "reserved in epoch 1 until" in told.stderr
    shown = invoke("account", "show", desk.book, 1, "--json").json
    assert [slot["amount"] for slot in shown["reservations"]] == ["60000 USD"]
    again = desk.prove("--reserve", "--json", "--force")
    assert again.json["roots"] == done.json["roots"], "nothing is reserved or published twice"


def test_reserve_reserves_nothing_for_a_claim_that_would_be_false(desk: Desk) -> None:
    """The second credit is within what the book itself allows, which looks a millisecond ahead."""
    desk.account("set-risk", desk.risk, "--horizon-ms", 1)
    for credit in ("200000 USD", "98500 USD"):
        done = desk.prove("--reserve", credit=credit)
        assert done.code == 1
        assert "(collateral)" in done.stderr
    shown = invoke("account", "show", desk.book, 1, "--json").json
    assert (shown["reservations"], shown["sequence"]) == ([], 2)
    desk.reserve("98500 USD")


def test_a_false_claim_shows_both_sides_to_its_owner_only(reserved: Desk, tmp_path: Path) -> None:
    """Prices fall after the reservation, and the new table says so."""
    risk = crashed(reserved, tmp_path)
    shown = reserved.prove(risk=risk)
    assert (shown.code, reserved.out.exists()) == (1, False)
    assert "the claim fails by" in shown.stderr
    assert "short by" in shown.stderr
    message = reserved.refused(1, "statement-false", risk=risk)
    assert "(collateral)" in message
    assert "short by" not in message


def crashed(desk: Desk, folder: Path) -> Path:
    risk = risk_of(desk)
    assets = tuple(replace(asset, price_low_e8=1) for asset in risk.table.assets)
    return written(folder / "crashed.json", replace(risk, table=replace(risk.table, assets=assets)))


def risk_of(desk: Desk) -> RiskDocument:
    return RiskDocument.from_json(desk.risk.read_bytes())


def written(path: Path, risk: RiskDocument) -> Path:
    path.write_text(json.dumps(risk.to_json()))
    return path


def configured(**values: object) -> Callable[[Desk], object]:
    return lambda desk: edited(desk.config, lambda document: document.update(values))


def in_euros(desk: Desk) -> None:
    desk.config.write_text(desk.config.read_text().replace("USD", "EUR"))


def opened_later(desk: Desk) -> None:
    desk.account("open", "--key-commitment", desk.commitment)


@dataclass(frozen=True)
class Refusal:
    code: int
    kind: str
    says: str
    options: tuple[object, ...] = ()
    account: int = 1
    before: Callable[[Desk], object] = lambda desk: None


REFUSALS = {
    "unknown account": Refusal(2, "unknown-account", "no account 7", account=7),
    "account opened later": Refusal(
        2, "unknown-epoch", "before account 2 was opened", ("--epoch", 1), account=2, before=opened_later
    ),
    "account not published": Refusal(1, "not-reserved", "account publish", account=2, before=opened_later),
    "unpublished epoch": Refusal(2, "unknown-epoch", "epoch 9 has not been published", ("--epoch", 9)),
    "forgotten epoch": Refusal(
        2, "unknown-epoch", "no longer kept", ("--epoch", 1), before=lambda desk: desk.account("publish", "--keep", 1)
    ),
    "another's account": Refusal(1, "statement-false", "belongs to another key", account=0),
    "credit in another currency": Refusal(2, "document-error", "in USD", ("--credit", "60000 EUR")),
    "target in another currency": Refusal(2, "lifecycle-error", "in EUR", ("--credit", "5 EUR"), before=in_euros),
    "more than reserved": Refusal(1, "not-reserved", "not reserved", ("--credit", "60000.00000001 USD")),
    "more than the target credits": Refusal(1, "target-refuses", "credit is more", ("--credit", "250001 USD")),
    "too long": Refusal(1, "target-refuses", "expire sooner", ("--expires-in-ms", 7_200_001)),
    "old risk table": Refusal(1, "target-refuses", "use a newer one", before=configured(max_risk_age_ms=1)),
    "no route": Refusal(
        1, "target-refuses", "from chain 1001", before=configured(routes=[{"chain_id": 5, "latency_ms": 1}])
    ),
    "target of another circuit": Refusal(
        2, "lifecycle-error", "circuit 1111", before=configured(circuit_digest="0x" + "11" * 32)
    ),
    "no such book": Refusal(2, "book-error", "account init", before=lambda desk: desk.book.unlink()),
    "reserved in an epoch": Refusal(2, "lifecycle-error", "newest epoch", ("--epoch", 1, "--reserve")),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_each_refusal_is_one_line(reserved: Desk, name: str) -> None:
    case = REFUSALS[name]
    case.before(reserved)
    assert case.says in reserved.refused(case.code, case.kind, *case.options, account=case.account)


def test_nothing_published_yet(desk: Desk) -> None:
    assert "account reserve" in desk.refused(1, "not-reserved")
    desk.reserve()
    assert "account reserve" not in desk.refused(1, "not-reserved")
    assert desk.prove("--reserve").code == 0


def test_a_risk_table_to_come(reserved: Desk, tmp_path: Path) -> None:
    later_ms = now_ms() + 600_000
    risk = written(tmp_path / "later.json", replace(risk_of(reserved), oracle_time_ms=later_ms))
    assert "still to come" in reserved.refused(1, "target-refuses", risk=risk)
    assert "expiry_ms" in reserved.refused(2, "document-error", "--expires-in-ms", 1, risk=risk)


def test_a_risk_table_in_other_terms(reserved: Desk, tmp_path: Path) -> None:
    risk = written(tmp_path / "other.json", replace(risk_of(reserved), quote="EUR"))
    assert "another quote currency" in reserved.refused(2, "risk-table-refused", risk=risk)


def test_a_book_of_another_shape_than_the_key(desk: Desk, tmp_path: Path) -> None:
    risk = replace(risk_of(desk), shape=declared_shape("small,depth=3"))
    other = replace(desk, book_name="other.book")
    other.account("init", "--name", "B", "--venue-id", 1001, "--risk", written(tmp_path / "three.json", risk))
    other.account("open", "--key-commitment", desk.commitment)
    other.account("publish")
    assert "the key is for circuit" in other.refused(2, "circuit-key-mismatch", account=0, circuit=None)


def test_nothing_is_overwritten(reserved: Desk) -> None:
    reserved.out.mkdir()
    (reserved.out / "request.json").write_text("mine")
    done = reserved.prove("--reserve")
    assert (done.code, "request.json" in done.stderr) == (2, True)
    assert [path.name for path in reserved.out.iterdir()] == ["request.json"]


MISUSES = {
    "request with a book": (("--request", "request.json"), {}, "--request does not go with --book"),
    "no target": ((), {"target": None}, "also give --target"),
    "no credit": ((), {"credit": None}, "also give --target"),
    "no beneficiary": ((), {"beneficiary": None}, "also give --target"),
    "a file as account": ((), {"account": "account.json"}, "number"),
    "an endless number": ((), {"account": "9" * 30}, "number"),
    "two accounts": (("--account", 0), {}, "once for each --book"),
    "two epochs": (("--epoch", 1, "--epoch", 2), {}, "--epoch for each --book"),
    "half a beneficiary": ((), {"beneficiary": "0x" + "be" * 10}, "40 hexadecimal digits"),
    "long settlement id": (("--settlement-id", "0x" + "00" * 33), {}, "64 hexadecimal digits"),
    "documents with a target": ((), {"book": None, "credit": None, "beneficiary": None}, "--target needs --book"),
    "documents to reserve in": (
        ("--reserve", "--epoch", 1),
        {"book": None, "target": None, "credit": None, "beneficiary": None},
        "--epoch, --reserve needs --book",
    ),
    "neither": ((), {"book": None, "target": None, "credit": None, "beneficiary": None}, "either --book"),
}


@pytest.mark.parametrize("name", MISUSES)
def test_mixing_the_two_ways_is_misuse(desk: Desk, name: str) -> None:
    options, changed, says = MISUSES[name]
    assert says in desk.refused(2, "misuse", *options, **changed)
