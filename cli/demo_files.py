"""The files that `zkmargin demo --keep` leaves, so that every command can be tried by hand."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zkmargin.prover import ProvingKey, write_zkey
from zkmargin.settlement.account_document import AccountDocument, secret_json
from zkmargin.settlement.book import PublishedEpoch
from zkmargin.settlement.fields import amount_text
from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.settlement.lifecycle import Credit
from zkmargin.settlement.risk.policy_document import policy_json
from zkmargin.verifier import RiskAttestation, SettlementRequest

from .demo_market import SOURCES
from .demo_world import BOOK, SOURCE_CHAIN, World
from .files import NewFile, json_bytes

WIDTH = 96
VERIFYING_KEY = "verification_key.json"
SOURCE_KEYS = {source: f"{source}-key.json" for source in SOURCES}
PRIVATE = ("secret.json", "account.json", BOOK, *SOURCE_KEYS.values())
DOCUMENTS = (
    "market.json",
    "reports.json",
    "snapshot.json",
    "policy.json",
    "history.json",
    "times.json",
    "risk.json",
    "attestation.json",
    "secret.json",
    "account.json",
    "request.json",
    "settlement.json",
    "ledger-config.json",
    VERIFYING_KEY,
    *SOURCE_KEYS.values(),
)


def kept_names(shape_name: str) -> tuple[str, ...]:
    """Every file that a story of this shape leaves."""
    return (*DOCUMENTS, BOOK, _key_name(shape_name))


@dataclass(frozen=True)
class Kept:
    """The story's documents at one moment; `book` is the venue's file."""

    shape_name: str
    documents: dict[str, Any]
    book: bytes
    key: ProvingKey
    account: int
    credit: str
    beneficiary: str
    epoch: int
    source_root: int

    def __repr__(self) -> str:
        return f"Kept(shape={self.shape_name!r})"

    @classmethod
    def of(
        cls,
        world: World,
        epoch: PublishedEpoch,
        credit: Credit,
        settlement: SettlementRequest,
        attestation: RiskAttestation,
    ) -> Kept:
        """As they are now."""
        risk, desk, agreed = world.risk, world.desk, world.agreed
        documents: dict[str, Any] = {
            "market.json": world.market.config.to_json(),
            "reports.json": agreed.reports.to_json(),
            "snapshot.json": agreed.snapshot.to_json(),
            "policy.json": policy_json(world.policy),
            "history.json": desk.history.to_json(),
            "times.json": desk.settlements,
            "risk.json": risk.to_json(),
            "attestation.json": attestation.to_json(),
            "secret.json": secret_json(world.secret),
            "account.json": AccountDocument((epoch.opening(credit.account),)).to_json(risk),
            "request.json": credit.request.to_json(),
            "settlement.json": settlement.to_json(),
            "ledger-config.json": LedgerDocument(world.ledger_config(), risk.quote).to_json(),
            VERIFYING_KEY: world.key.verifying_key().to_json(),
            **{SOURCE_KEYS[source]: key.to_json() for source, key in world.market.keys.items()},
        }
        return cls(
            shape_name=world.shape.name,
            documents=documents,
            book=world.book_bytes(),
            key=world.key,
            account=credit.account,
            credit=amount_text(credit.request.credit_e8, risk.quote),
            beneficiary="0x" + credit.request.beneficiary.hex(),
            epoch=epoch.epoch,
            source_root=epoch.source_root,
        )

    def files(self, folder: Path) -> list[NewFile]:
        """What is to be written; what is the trader's, the venue's or a source's alone is for its owner only."""
        contents = {name: json_bytes(value) for name, value in self.documents.items()}
        contents |= {BOOK: self.book, _key_name(self.shape_name): write_zkey(self.key)}
        return [NewFile(folder / name, data, name in PRIVATE) for name, data in contents.items()]

    def next_steps(self, folder: Path) -> list[str]:
        """Commands that go on from the files; prices and root stay fresh for half an hour."""
        d = shlex.quote(str(folder))
        key, vk, book, ledger = (f"{d}/{name}" for name in (_key_name(self.shape_name), VERIFYING_KEY, BOOK, "ledger"))
        commands = [
            f"market show {d}/snapshot.json",
            f"market recompute {d}/snapshot.json {d}/reports.json --config {d}/market.json",
            f"risk verify {d}/risk.json --policy {d}/policy.json --snapshot {d}/snapshot.json "
            f"--history {d}/history.json --times {d}/times.json --reports {d}/reports.json --config {d}/market.json",
            f"account show {book} {self.account}",
            f"account verify {book}",
            f"prove --key {key} --book {book} --account {self.account} --secret {d}/secret.json "
            f"--target {d}/ledger-config.json --credit '{self.credit}' --beneficiary {self.beneficiary} "
            f"-o {d}/proof-from-book",
            f"prove --key {key} --account {d}/account.json --secret {d}/secret.json "
            f"--risk {d}/risk.json --request {d}/request.json -o {d}/proof",
            f"verify --key {vk} --allow-development-key {d}/proof/proof.json {d}/proof/public.json",
            f"ledger init {ledger} --config {d}/ledger-config.json --key {vk}",
            f"ledger attest {ledger} {d}/attestation.json",
            f"ledger observe-root {ledger} --chain-id {SOURCE_CHAIN} --epoch {self.epoch} --root {self.source_root}",
            f"ledger accept {ledger} {d}/proof/settlement.json",
            f"ledger show {ledger}",
        ]
        head = f"files left in {folder}; go on by hand, with the ledger within half an hour:"
        return ["", head, *(line for command in commands for line in _broken(f"zkmargin {command}"))]


def _broken(command: str) -> list[str]:
    """A command in lines of the terminal's width; an option and its value stay together."""
    lines, last = [" "], ""
    for word in map(shlex.quote, shlex.split(command)):
        part = f"{last} {word}".strip() if last else word
        last = part if word.startswith("-") else ""
        if last:
            continue
        if len(lines[-1]) + len(part) > WIDTH:
            lines[-1] += " \\"
            lines.append(f"      {part}")
        else:
            lines[-1] += f" {part}"
    return [*lines[:-1], f"{lines[-1]} {last}".rstrip()]


def _key_name(shape_name: str) -> str:
    return f"{shape_name}.zkey"
