"""The files that `zkmargin demo --keep` leaves, so that every command can be tried by hand."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from zkmargin.prover import AccountTree, write_zkey
from zkmargin.settlement.account_document import AccountDocument, secret_json
from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.settlement.lifecycle import Credit
from zkmargin.settlement.risk_document import RiskDocument
from zkmargin.verifier import RiskAttestation, SettlementRequest

from .demo_world import SOURCE_CHAIN, World
from .files import NewFile, json_bytes

KEY, VERIFYING_KEY = "small.zkey", "verification_key.json"
NAMES = (
    "secret.json",
    "account.json",
    "risk.json",
    "request.json",
    "attestation.json",
    "ledger-config.json",
    "settlement.json",
    VERIFYING_KEY,
    KEY,
)


def kept_files(
    folder: Path,
    world: World,
    risk: RiskDocument,
    tree: AccountTree,
    credit: Credit,
    settlement: SettlementRequest,
    attestation: RiskAttestation,
) -> list[NewFile]:
    """Each document of the story as a file; the trader's are for its owner only."""
    account = AccountDocument((tree.opening(credit.account),))
    documents: dict[str, Any] = {
        "secret.json": secret_json(world.secret),
        "account.json": account.to_json(risk),
        "risk.json": risk.to_json(),
        "request.json": credit.request.to_json(),
        "attestation.json": attestation.to_json(),
        "ledger-config.json": LedgerDocument(world.ledger_config(), risk.quote).to_json(),
        "settlement.json": settlement.to_json(),
        VERIFYING_KEY: world.key.verifying_key().to_json(),
    }
    private = ("secret.json", "account.json")
    files = [NewFile(folder / name, json_bytes(value), name in private) for name, value in documents.items()]
    return [*files, NewFile(folder / KEY, write_zkey(world.key))]


def next_steps(folder: Path, root: int, epoch: int) -> list[str]:
    """Commands that go on from the files; prices and root stay fresh for half an hour."""
    d = shlex.quote(str(folder))
    return [
        "",
        f"files left in {folder}; go on by hand within half an hour:",
        f"  zkmargin prove --key {d}/{KEY} --account {d}/account.json --secret {d}/secret.json \\",
        f"      --risk {d}/risk.json --request {d}/request.json -o {d}/proof",
        f"  zkmargin verify --key {d}/{VERIFYING_KEY} --allow-development-key \\",
        f"      {d}/proof/proof.json {d}/proof/public.json",
        f"  zkmargin ledger init {d}/ledger --config {d}/ledger-config.json --key {d}/{VERIFYING_KEY}",
        f"  zkmargin ledger attest {d}/ledger {d}/attestation.json",
        f"  zkmargin ledger observe-root {d}/ledger --chain-id {SOURCE_CHAIN} --epoch {epoch} --root {root}",
        f"  zkmargin ledger accept {d}/ledger {d}/proof/settlement.json",
    ]
