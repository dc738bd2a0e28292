"""`zkmargin ledger attest-root`: a ledger that takes source roots from a quorum of signers instead of from a relay."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.verifier import SourceRootAttestation, signer_address

from .conftest import Done, MarginFiles, edited, invoke

pytestmark = pytest.mark.xdist_group("cli")
KEYS = (bytes([3]) * 32, bytes([4]) * 32)


@pytest.fixture
def signed_ledger(margin: MarginFiles, tmp_path: Path) -> Path:
    def with_root_signers(document: dict[str, object]) -> None:
        document["root_signers"] = [{"address": "0x" + signer_address(key).hex()} for key in KEYS]
        document["root_quorum"] = 2

    folder = tmp_path / "signed-ledger"
    edited(margin / "ledger-config.json", with_root_signers)
    config = ["--config", margin / "ledger-config.json", "--key", margin / "verification_key.json"]
    assert invoke("ledger", "init", folder, *config).code == 0
    return folder


def attestation(ledger: Path, epoch: int) -> SourceRootAttestation:
    target = LedgerDocument.from_json((ledger / "ledger.json").read_bytes()).config.target
    return SourceRootAttestation(target, 1001, epoch, 4242 + epoch, 1_700_000_000_000).signed(KEYS)


def attest(ledger: Path, attested: SourceRootAttestation) -> Done:
    path = ledger.parent / "root-attestation.json"
    path.write_text(json.dumps(attested.to_json()))
    return invoke("ledger", "attest-root", ledger, path, "--json")


def test_a_quorum_s_root_is_noted(signed_ledger: Path) -> None:
    done = attest(signed_ledger, attestation(signed_ledger, 1))
    assert done.code == 0, done.stderr
    assert (done.json["epoch"], done.json["root"]) == (1, "4243")


def test_a_root_without_a_quorum_is_refused(signed_ledger: Path) -> None:
    honest = attestation(signed_ledger, 1)
    done = attest(signed_ledger, replace(honest, signatures=honest.signatures[:1]))
    assert (done.code, done.json["error"]) == (1, "attestation-rejected")


def test_a_configuration_keeps_its_root_signers(signed_ledger: Path) -> None:
    document = LedgerDocument.from_json((signed_ledger / "ledger.json").read_bytes())
    assert document.config.root_signers == tuple(signer_address(key) for key in KEYS)
    assert LedgerDocument.from_json(json.dumps(document.to_json())) == document
