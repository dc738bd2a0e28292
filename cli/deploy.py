"""`zkmargin deploy`: put a margin ledger's contract on an EVM chain, and leave the record of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.verifier import LedgerConfig, VerifyingKey

from .development import INSECURE
from .engine_choice import chosen_engine
from .errors import Misuse
from .evm_options import Sending, node_option, sending_options
from .files import NewFile, json_bytes, read_file, require_new, write_files
from .options import FILE, Command
from .output import Output


@click.command("deploy", cls=Command)
@click.option(
    "--config", "config_path", type=FILE, required=True, metavar="CONFIG.json", help="The ledger's configuration."
)
@click.option("--key", "key_path", type=FILE, required=True, metavar="VK.json", help="verification_key.json")
@click.option("-o", "--out", type=FILE, required=True, metavar="DEPLOYMENT.json", help="The record to write.")
@click.option(
    "--sent", metavar="TRANSACTION", help="Go on with a deployment that was sent before, and not mined in time."
)
@click.option("--allow-development-key", is_flag=True, help="For tests: whoever made the key can forge proofs.")
@node_option
@sending_options
@click.pass_obj
def COMMAND(
    output: Output,
    config_path: Path,
    key_path: Path,
    out: Path,
    sent: str | None,
    allow_development_key: bool,
    node_url: str,
    sending: Sending,
) -> None:
    """Deploy a margin ledger's contract.

    The contract is compiled for the address that it is going to have, which takes the place of the ledger's name in the
    configuration. Network, key and, after the deployment, the code at the address are checked; the record holds what
    'zkmargin submit' and 'zkmargin status' need.
    """
    from zkmargin.verifier.evm.deployment import deploy_ledger, plan_ledger
    from zkmargin.verifier.evm.node import EvmNode

    require_new([out])
    document = LedgerDocument.from_json(bytes(read_file(config_path, "ledger configuration")))
    key = VerifyingKey.from_json(read_file(key_path, "verifying key"))
    _check_development(output, document.config, key, allow_development_key)
    sender = sending.sender(EvmNode(node_url), output)
    planned = plan_ledger(sender, document.config, key, engine=chosen_engine(output), sent=_transaction(sent))
    output.aside([f"deploying to 0x{planned.address.hex()} of chain {planned.config.target_chain_id}"])

    def written(config: LedgerConfig) -> dict[str, Any]:
        return replace(document, config=config).to_json()

    record = deploy_ledger(sender, planned, key, written, sent=sent)
    write_files([NewFile(out, json_bytes(record.to_json()))], force=False)
    output.result(
        {
            "address": "0x" + record.address.hex(),
            "network_id": record.network_id,
            "target": str(record.target),
            "transaction": record.transaction,
            "block_number": record.block_number,
            "record": str(out),
        },
        [
            f"ledger 0x{record.address.hex()} stands on chain {record.network_id} since block {record.block_number}",
            f"target {record.target}",
            f"record in {out}",
        ],
    )


def _transaction(text: str | None) -> str | None:
    digits = "" if text is None else text.removeprefix("0x")
    if text is not None and (len(digits) != 64 or not set(digits) <= set("0123456789abcdef") or text == digits):
        raise Misuse("--sent is a transaction's hash: 0x and 64 lower-case hexadecimal digits")
    return text


def _check_development(output: Output, config: LedgerConfig, key: VerifyingKey, allowed: bool) -> None:
    """On a chain a development key has to be allowed twice: in the configuration, which stays, and here, by name."""
    if not key.development:
        return
    if not allowed or not config.allow_development_key:
        raise Misuse(
            "this is a development key, whose maker can forge proofs: use that of a ceremony, or for a test allow it "
            "in the configuration and with --allow-development-key"
        )
    output.warn(INSECURE)
