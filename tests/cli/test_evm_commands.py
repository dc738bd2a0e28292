"""`zkmargin deploy`, `submit` and `status` against a real node, with a real proof, and keys that show nowhere."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("web3")

from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.verifier import RiskAttestation, SettlementRequest, SourceRootAttestation, signer_address

from ..evm.anvil import running_anvil
from ..evm.chain import Chain
from ..evm_client.conftest import OWNER_KEY
from .conftest import Done, MarginFiles, edited, invoke

pytestmark = pytest.mark.xdist_group("cli")
RELAY = bytes([3]) * 32
ORACLE = bytes([4]) * 32
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_anvil() as url:
        yield url


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ZKMARGIN_NODE", url)
    monkeypatch.setenv("ZKMARGIN_PRIVATE_KEY", OWNER_KEY)
    monkeypatch.delenv("ZKMARGIN_KEYSTORE_PASSWORD", raising=False)


@pytest.fixture(scope="module")
def config(shared: MarginFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's ledger, meant for the node's chain, with one oracle and one root signer."""
    document = json.loads((shared / "ledger-config.json").read_text())
    document |= {
        "target_chain_id": 31337,
        "ledger": "to be deployed",
        "oracles": [{"address": "0x" + signer_address(ORACLE).hex()}],
        "oracle_quorum": 1,
        "root_signers": [{"address": "0x" + signer_address(RELAY).hex()}],
        "root_quorum": 1,
        "clock_skew_ms": 600_000,
    }
    path = tmp_path_factory.mktemp("evm") / "config.json"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture(scope="module")
def deploy(shared: MarginFiles, config: Path, url: str) -> Callable[..., Done]:
    def run(out: Path, *options: object) -> Done:
        key = shared / "verification_key.json"
        return invoke("deploy", "--config", config, "--key", key, "-o", out, "--json", *options)

    return run


@pytest.fixture(scope="module")
def record(deploy: Callable[..., Done], config: Path, url: str) -> Path:
    """Deployed once, by the account of the environment."""
    out = config.parent / "deployment.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZKMARGIN_NODE", url)
        patch.setenv("ZKMARGIN_PRIVATE_KEY", OWNER_KEY)
        Chain(url).request("evm_setTime", int(time.time()))
        done = deploy(out, "--allow-development-key")
    assert done.code == 0, done.stderr
    assert json.loads(out.read_text())["address"] == done.json["address"]
    return out


@pytest.fixture(scope="module")
def documents(record: Path, shared: MarginFiles, config: Path) -> dict[str, Path]:
    """A real proof for the deployed contract, and the attestations it refers to."""
    folder, deployed = config.parent, json.loads(record.read_text())["config"]
    target = LedgerDocument.from_json(json.dumps(deployed)).config
    (folder / "target.json").write_text(json.dumps(deployed))
    book, secret = folder / "alpha.book", folder / "secret.json"

    def run(*arguments: object) -> Done:
        done = invoke(*arguments, "--json")
        assert done.code == 0, done.stderr
        return done

    commitment = run("key", "new", secret).json["key_commitment"]
    run("account", "init", book, "--name", "Alpha", "--venue-id", 1001, "--risk", shared / "risk.json")
    run("account", "open", book, "--key-commitment", commitment)
    run("account", "deposit", book, 0, "2000 USDC")
    run("account", "reserve", book, 0, "1000 USD", "--target", target.target)
    run("account", "publish", book)
    run(
        *("prove", "--key", shared / "small.zkey", "--book", book, "--account", 0, "--secret", secret),
        *("--target", folder / "target.json", "--credit", "1000 USD", "--beneficiary", "0x" + "be" * 20),
        *("-o", folder / "proof"),
    )
    settlement = folder / "proof/settlement.json"
    request = SettlementRequest.from_json(settlement.read_bytes())
    inputs = request.named_inputs()
    risk = RiskAttestation(target.market, inputs.risk_root, request.context.oracle_time_ms).signed([ORACLE])
    chain_id, now_ms = request.context.source_chain_ids[0], request.context.oracle_time_ms
    root = SourceRootAttestation(target.target, chain_id, 1, inputs.source_roots[0], now_ms).signed([RELAY])
    paths = {
        "settlement": settlement,
        "risk": folder / "risk-attestation.json",
        "root": folder / "root-attestation.json",
    }
    paths["risk"].write_text(json.dumps(risk.to_json()))
    paths["root"].write_text(json.dumps(root.to_json()))
    return paths


def test_from_deployment_to_credit(record: Path, documents: dict[str, Path]) -> None:
    dry = invoke("submit", record, documents["settlement"], "--dry-run", "--json")
    assert (dry.code, dry.json["error"]) == (1, "unknown-root")
    done = invoke("submit", record, documents["risk"], documents["root"], documents["settlement"], "--json")
    assert done.code == 0, done.stderr
    risk, root, settlement = done.json["submitted"]
    assert (risk["new"], root["new"], settlement["new"]) == (True, True, True)
    assert (settlement["number"], settlement["credit"], settlement["margin"]) == (1, "1000 USD", "1000 USD")
    again = invoke("submit", record, documents["risk"], documents["root"], documents["settlement"])
    assert again.code == 0
    assert "accepted before: receipt 1" in again.stdout
    options = ["--account", settlement["account"], "--settlement", settlement["settlement_id"]]
    status = invoke("status", record, *options, "--json")
    assert status.code == 0, status.stderr
    assert status.json["code_matches"] is True
    assert status.json["receipts"] == 1
    assert status.json["margins"] == {settlement["account"]: "1000 USD"}
    assert status.json["settlements"][settlement["settlement_id"]]["number"] == 1
    text = invoke("status", record, *options).stdout
    assert "breaker closed" in text
    assert "root of epoch 1" in text
    edited(documents["settlement"], lambda document: document.update(beneficiary="0x" + "ba" * 20))
    stolen = invoke("submit", record, documents["settlement"], "--json")
    assert (stolen.code, stolen.json["error"]) == (1, "context-mismatch")


def test_a_contract_whose_code_changed_is_not_used(record: Path, url: str, documents: dict[str, Path]) -> None:
    chain = Chain(url)
    snapshot = chain.snapshot()
    chain.request("anvil_setCode", json.loads(record.read_text())["address"], "0x00")
    for command in (("status", record), ("submit", record, documents["root"])):
        done = invoke(*command, "--json")
        assert (done.code, done.json["error"]) == (1, "deployment-mismatch")
    chain.revert(snapshot)


def test_a_development_key_is_allowed_by_name_alone(deploy: Callable[..., Done], tmp_path: Path) -> None:
    done = deploy(tmp_path / "d.json")
    assert done.code == 2
    assert "--allow-development-key" in done.stderr
    assert not (tmp_path / "d.json").exists()


@pytest.mark.parametrize("sent", ["12", "0x12", "12" * 32, "0x" + "AB" * 32])
def test_a_transaction_is_named_by_its_hash(deploy: Callable[..., Done], tmp_path: Path, sent: str) -> None:
    done = deploy(tmp_path / "d.json", "--allow-development-key", "--sent", sent)
    assert done.code == 2
    assert "transaction's hash" in done.stderr


def test_nothing_is_overwritten(deploy: Callable[..., Done], record: Path) -> None:
    before = record.read_bytes()
    assert deploy(record, "--allow-development-key").code == 2
    assert record.read_bytes() == before


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    from eth_account import Account

    path = tmp_path / "key.json"
    path.write_text(json.dumps(Account.encrypt(OWNER_KEY, PASSWORD, kdf="pbkdf2", iterations=2)))
    return path


def shown_by(record: Path, root: Path, *options: object) -> Done:
    return invoke("submit", record, root, *options)


def test_a_keystore_s_password_comes_from_file_or_environment(
    record: Path, documents: dict[str, Path], keystore: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ZKMARGIN_PRIVATE_KEY")
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    options: list[Any] = ["--keystore", keystore, "--password-file", password]
    password.chmod(0o644)
    assert "chmod 600" in shown_by(record, documents["root"], *options).stderr
    password.chmod(0o600)
    assert shown_by(record, documents["root"], *options).code == 0
    monkeypatch.setenv("ZKMARGIN_KEYSTORE_PASSWORD", PASSWORD)
    assert shown_by(record, documents["root"], "--keystore", keystore).code == 0
    monkeypatch.setenv("ZKMARGIN_KEYSTORE_PASSWORD", "sesame")
    wrong = shown_by(record, documents["root"], "--keystore", keystore)
    assert wrong.code == 2
    assert "sesame" not in wrong.stderr


def test_without_an_account_or_a_node_nothing_is_sent(
    record: Path, documents: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZKMARGIN_PRIVATE_KEY")
    assert "ZKMARGIN_PRIVATE_KEY" in invoke("submit", record, documents["root"]).stderr
    monkeypatch.setenv("ZKMARGIN_PRIVATE_KEY", OWNER_KEY[:-2])
    refused = invoke("submit", record, documents["root"])
    assert refused.code == 2
    assert OWNER_KEY[4:20] not in refused.stderr
    monkeypatch.delenv("ZKMARGIN_NODE")
    assert "ZKMARGIN_NODE" in invoke("status", record).stderr
    assert "ABSENT" in invoke("status", record, "--node", "env:ABSENT").stderr


def test_a_file_that_is_nothing_to_submit(record: Path, shared: MarginFiles) -> None:
    done = invoke("submit", record, shared / "risk.json")
    assert done.code == 2
    assert "neither a settlement request nor an attestation" in done.stderr
