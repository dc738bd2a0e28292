"""`zkmargin submit`: bring settlements and attestations to a ledger's contract, checked before anything is paid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zkmargin.algebra import Buffer, load_json
from zkmargin.settlement.fields import amount_text
from zkmargin.verifier import RiskAttestation, SettlementRequest, SourceRootAttestation

from .errors import Misuse
from .evm_options import Sending, node_option, sending_options
from .evm_record import Deployed, deployed_option
from .files import read_file
from .options import FILE, Command
from .output import Output

if TYPE_CHECKING:
    from zkmargin.verifier.evm.ledger_client import EvmLedger
    from zkmargin.verifier.evm.transactions import Mined, Sender

Document = SettlementRequest | RiskAttestation | SourceRootAttestation
KINDS: dict[str, type[Document]] = {
    "zkmargin.settlement-request/1": SettlementRequest,
    "zkmargin.risk-attestation/2": RiskAttestation,
    "zkmargin.source-root-attestation/1": SourceRootAttestation,
}
Facts = dict[str, Any]


@click.command("submit", cls=Command)
@deployed_option
@click.argument("paths", type=FILE, nargs=-1, required=True, metavar="FILE...")
@click.option("--dry-run", is_flag=True, help="Say what the contract would refuse now, and send nothing.")
@node_option
@sending_options
@click.pass_obj
def COMMAND(
    output: Output, deployed: Deployed, paths: tuple[Path, ...], dry_run: bool, node_url: str, sending: Sending
) -> None:
    """Submit settlements, risk attestations and source root attestations, in the order given.

    Each is checked here and then asked of the contract without sending it; what would be refused is not sent, and ends
    the command with exit code 1. What the contract has taken before is not sent again.
    """
    documents = [_read(path) for path in paths]
    ledger = deployed.ledger(node_url, output)
    ledger.require_code()
    if dry_run:
        facts = [_dry(ledger, document) for document in documents]
        output.result({"would": facts}, [fact["text"] for fact in facts])
        return
    sender = sending.sender(ledger.node, output)
    done = []
    for document in documents:
        fact = _submit(ledger, sender, document, deployed.quote)
        output.say(fact["text"])
        done.append(fact)
    if output.as_json:
        output.result({"submitted": done}, [])


def _submit(ledger: EvmLedger, sender: Sender, document: Document, quote: str) -> Facts:
    if not isinstance(document, SettlementRequest):
        mined = ledger.attest(sender, document)
        state = "known before" if mined is None else "noted"
        return {"kind": document.what, "new": mined is not None, "text": f"{document.what} {state}", **_cost(mined)}
    credited = ledger.accept(sender, document)
    credit = amount_text(credited.credit_e8, quote)
    state = "accepted before" if credited.mined is None else "accepted"
    return {
        "kind": "settlement request",
        "new": credited.mined is not None,
        "number": credited.number,
        "settlement_id": "0x" + credited.settlement_id.hex(),
        "account": str(credited.account),
        "credit": credit,
        "margin": amount_text(ledger.margin_of(credited.account), quote),
        "text": f"{state}: receipt {credited.number}, credit {credit}",
        **_cost(credited.mined),
    }


def _dry(ledger: EvmLedger, document: Document) -> Facts:
    if not isinstance(document, SettlementRequest):
        is_new = ledger.check_attestation(document)
        return {
            "kind": document.what,
            "new": is_new,
            "text": f"{document.what} would be {'noted' if is_new else 'old'}",
        }
    earlier = ledger.check(document)
    text = "would be accepted" if earlier is None else f"was accepted before: receipt {earlier.number}"
    return {"kind": "settlement request", "new": earlier is None, "text": f"settlement {text}"}


def _cost(mined: Mined | None) -> Facts:
    if mined is None:
        return {}
    return {"transaction": mined.transaction, "block_number": mined.block_number, "gas_used": mined.gas_used}


def _read(path: Path) -> Document:
    data: Buffer = read_file(path, "settlement request")
    value = load_json(data, str(path))
    name = value.get("format") if isinstance(value, dict) else None
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Misuse(f"{path} is neither a settlement request nor an attestation")
    return kind.from_json(value)
