"""`zkmargin ledger`: a margin ledger in a folder: its configuration, the verifying key, the database."""

from __future__ import annotations

from pathlib import Path

import click

from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.settlement.ledger_folder import CONFIG_NAME, DATABASE_NAME, KEY_NAME
from zkmargin.verifier import Verifier, VerifyingKey

from . import (
    ledger_breaker,
    ledger_credits,
    ledger_follow,
    ledger_migrate,
    ledger_reports,
    ledger_show,
    ledger_verify_log,
    ledger_watch,
)
from .development import INSECURE
from .engine_choice import chosen_engine
from .files import NewFile, read_file, require_new, write_files
from .ledger_place import Place, on_ledger
from .options import FILE, Group
from .output import Output

PARTS = (
    ledger_reports,
    ledger_credits,
    ledger_breaker,
    ledger_follow,
    ledger_show,
    ledger_watch,
    ledger_verify_log,
    ledger_migrate,
)


@click.group("ledger", cls=Group)
def COMMAND() -> None:
    """A margin ledger on the target chain, kept in a folder."""


@COMMAND.command("init")
@on_ledger
@click.option(
    "--config", "config_path", type=FILE, required=True, metavar="CONFIG.json", help="Who it is, whom it trusts."
)
@click.option("--key", "key_path", type=FILE, required=True, metavar="VK.json", help="verification_key.json")
@click.pass_obj
def init(output: Output, place: Place, config_path: Path, key_path: Path) -> None:
    """Start a ledger in a new folder."""
    config_data, key_data = read_file(config_path, "ledger configuration"), read_file(key_path, "verifying key")
    folder = place.path
    require_new([folder / name for name in (CONFIG_NAME, KEY_NAME, DATABASE_NAME)])
    config = LedgerDocument.from_json(bytes(config_data)).config
    key = VerifyingKey.from_json(key_data)
    # Judged before anything is written, so that a refusal leaves nothing behind.
    Verifier(key, chosen_engine(output), config.allow_development_key, expect_circuit=config.circuit_digest)
    if key.development:
        output.warn(INSECURE)
    write_files([NewFile(folder / CONFIG_NAME, config_data), NewFile(folder / KEY_NAME, key_data)], force=False)
    with place.opened(output, create=True):
        pass
    output.result(
        {"ledger": str(folder), "target": str(config.target)},
        [f"ledger {config.ledger} of chain {config.target_chain_id} started in {folder}", f"target {config.target}"],
    )


for part in PARTS:
    for command in part.COMMANDS:
        COMMAND.add_command(command)
