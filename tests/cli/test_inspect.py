"""`zkmargin inspect` tells every kind of file by its contents, and shows nothing private unasked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from zkmargin.circuits.margin import SMALL, compile_margin
from zkmargin.cli.inspections import DESCRIPTIONS
from zkmargin.settlement.account_document import read_secret
from zkmargin.verifier import SourceRootAttestation

from .conftest import MarginFiles, invoke
from .market_documents import write_market_documents

pytestmark = pytest.mark.xdist_group("cli")

KINDS = {
    "built/small.r1cs": ".r1cs",
    "built/small.zkw": ".zkw",
    "built/small.sym": ".sym",
    "small.zkey": ".zkey",
    "account.json": "account",
    "secret.json": "secret",
    "risk.json": "risk table",
    "request.json": "credit request",
    "attestation.json": "risk attestation",
    "root-attestation.json": "source root attestation",
    "deployment.json": "deployment record",
    "ledger-config.json": "ledger configuration",
    "settlement.json": "settlement request",
    "verification_key.json": "verifying key",
    "proof/proof.json": "proof",
    "proof/public.json": "public inputs",
    "call.txt": "calldata",
    "w.wtns": ".wtns",
    "p.ptau": ".ptau",
    "profile.json": "profile",
    "market-config.json": "market configuration",
    "market-key.json": "market key",
    "market-quotes.json": "market quotes",
    "market-report.json": "market report",
    "market-reports.json": "market reports",
    "market-snapshot.json": "market snapshot",
    "option-chain.json": "option chain",
    "price-history.json": "price history",
}


@pytest.fixture(scope="module")
def files(shared: MarginFiles, tmp_path_factory: pytest.TempPathFactory) -> MarginFiles:
    root = tmp_path_factory.mktemp("inspect") / "files"
    shutil.copytree(shared.root, root)
    assert invoke("witness", *shared.documents(), "-o", root / "w.wtns").code == 0
    assert invoke("powersoftau", "new", "bn128", 2, root / "p.ptau").code == 0
    assert invoke("profile", "small", "--save", root / "profile.json").code == 0
    assert invoke("export", "proof", root / "settlement.json", root / "call.txt", "--as", "call").code == 0
    write_market_documents(root)
    attested = SourceRootAttestation(5, 1001, 2, 6, 7).signed([bytes([7]) * 32])
    (root / "root-attestation.json").write_text(json.dumps(attested.to_json()))
    (root / "deployment.json").write_text(json.dumps(deployment_record()))
    return MarginFiles(root)


def deployment_record() -> dict[str, object]:
    """One that no deployment made."""
    word = "0x" + "12" * 32
    words = dict.fromkeys(["circuit_digest", "key_digest", "code_hash", "transaction", "block_hash"], word)
    places = dict.fromkeys(["address", "deployer"], "0x" + "34" * 20)
    numbers = {"network_id": 1, "block_number": 2, "target": "3"}
    parts: dict[str, object] = {"config": {}, "verification_key": {}, "abi": []}
    return {"format": "zkmargin.deployment/1", **words, **places, **numbers, **parts}


def test_there_is_a_case_for_every_kind() -> None:
    assert sorted(KINDS.values()) == sorted(DESCRIPTIONS)


@pytest.mark.parametrize("name", KINDS)
def test_the_kind_is_told_whatever_the_name(files: MarginFiles, tmp_path: Path, name: str) -> None:
    renamed = tmp_path / "something.dat"
    shutil.copy(files / name, renamed)
    done = invoke("inspect", renamed, "--json")
    assert done.code == 0, done.stderr
    assert done.json["kind"] == KINDS[name]
    assert done.json["bytes"] == renamed.stat().st_size
    text = invoke("inspect", renamed)
    assert text.stdout.splitlines()[0] == f"{renamed}: {KINDS[name]}"


@pytest.mark.parametrize(
    "name", ["built/small.r1cs", "built/small.zkw", "small.zkey", "verification_key.json", "profile.json"]
)
def test_the_circuit_digest_is_shown(files: MarginFiles, name: str) -> None:
    done = invoke("inspect", files / name, "--json")
    assert done.json["circuit_digest"] == compile_margin(SMALL).digest.hex()
    if name != "profile.json":
        assert done.json["public_inputs"] == 7
    if "development" in done.json:
        assert done.json["development"] is True


def test_an_accounts_amounts_need_reveal(files: MarginFiles) -> None:
    hidden = invoke("inspect", files / "account.json").stdout
    assert "venue 1001, epoch 1" in hidden
    for private in ("5000", "BTC", "60000"):
        assert private not in hidden
    shown = invoke("inspect", files / "account.json", "--reveal").stdout
    for private in ("5895 USDC", "-0.5 units", "60000 USD"):
        assert private in shown


def test_a_secret_needs_reveal(files: MarginFiles) -> None:
    secret = str(read_secret((files / "secret.json").read_bytes()))
    assert secret not in invoke("inspect", files / "secret.json", "--json").stdout
    assert secret in invoke("inspect", files / "secret.json", "--json", "--reveal").stdout


def test_a_sources_key_needs_reveal(files: MarginFiles) -> None:
    secret = "07" * 32
    assert secret not in invoke("inspect", files / "market-key.json", "--json").stdout
    assert secret in invoke("inspect", files / "market-key.json", "--json", "--reveal").stdout


def test_a_witness_is_counted_and_never_shown(files: MarginFiles) -> None:
    done = invoke("inspect", files / "w.wtns", "--json", "--reveal")
    assert set(done.json) == {"file", "kind", "bytes", "curve", "wires"}


def test_json_of_anything_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "package.json"
    path.write_text(json.dumps({"format": "something/1"}))
    done = invoke("inspect", path)
    assert done.code == 2
    assert "no document that this program knows" in done.stderr


def test_a_contributors_name_cannot_drive_the_terminal(files: MarginFiles, tmp_path: Path) -> None:
    name = "mallory\x1b]0;title\x07"
    assert invoke("powersoftau", "contribute", files / "p.ptau", tmp_path / "p1.ptau", "--name", name).code == 0
    done = invoke("inspect", tmp_path / "p1.ptau")
    assert "mallory\\x1b]0;title\\x07" in done.stdout
    assert "\x1b" not in done.stdout


def test_the_database_of_a_ledger(shared: MarginFiles, tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    config = ["--config", shared / "ledger-config.json", "--key", shared / "verification_key.json"]
    target = invoke("ledger", "init", folder, *config, "--json").json["target"]
    shown = invoke("inspect", folder / "ledger.sqlite", "--json").json
    assert (shown["kind"], shown["target"], shown["receipts"]) == ("ledger database", target, 0)
    head = invoke("ledger", "verify-log", folder, "--json").json["head"]
    assert head == f"{shown['log_entries']}:{shown['log_hash']}"
    assert "ledger database" in invoke("inspect", folder / "ledger.sqlite").stdout
    assert invoke("inspect", folder / "ledger.sqlite", "--sym", "any.sym").code == 2
