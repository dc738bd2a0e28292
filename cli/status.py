"""`zkmargin status`: where a ledger's contract stands: code, owner, breakers, roots, oracles, margins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from zkmargin.settlement.fields import amount_text

from .evm_options import node_option
from .evm_record import Deployed, deployed_option
from .ledger_place import account_of, settlement_id_of, short
from .options import Command
from .output import Output

if TYPE_CHECKING:
    from zkmargin.verifier.evm.ledger_client import ContractStatus, Credited, ScopeStatus


@click.command("status", cls=Command)
@deployed_option
@click.option(
    "--account", "accounts", multiple=True, metavar="PSEUDONYM", help="Show this account's margin; repeatable."
)
@click.option("--settlement", "settlements", multiple=True, metavar="ID", help="Show this settlement; repeatable.")
@node_option
@click.pass_obj
def COMMAND(
    output: Output, deployed: Deployed, accounts: tuple[str, ...], settlements: tuple[str, ...], node_url: str
) -> None:
    """Show where a contract stands. Exit code 1 if its code is not what was deployed."""
    wanted, ids = [account_of(text) for text in accounts], [settlement_id_of(text) for text in settlements]
    ledger, quote = deployed.ledger(node_url, output), deployed.quote
    ledger.require_code()
    status = ledger.status()
    margins = {str(account): amount_text(ledger.margin_of(account), quote) for account in wanted}
    credited = {"0x" + each.hex(): ledger.credited(each) for each in ids}
    output.result(
        {
            "address": "0x" + deployed.record.address.hex(),
            "network_id": deployed.record.network_id,
            "target": str(deployed.record.target),
            **_members(status, quote),
            "margins": margins,
            "settlements": {
                name: None if each is None else _settlement(each, quote) for name, each in credited.items()
            },
        },
        [
            *_lines(deployed, status, quote),
            *(f"account {short(int(account))} has {margin}" for account, margin in margins.items()),
            *(_settlement_line(name, each, quote) for name, each in credited.items()),
        ],
    )


def _members(status: ContractStatus, quote: str) -> dict[str, Any]:
    return {
        "code_matches": status.code_matches,
        "owner": "0x" + status.owner.hex(),
        "pending_owner": "0x" + status.pending_owner.hex() if any(status.pending_owner) else None,
        "paused": status.paused,
        "receipts": status.receipts,
        "block_number": status.block_number,
        "oracle_age_ms": _age(status, status.newest_risk_time_ms or None),
        "breakers": [
            {
                "source": scope.source,
                "state": scope.breaker,
                "by_operator": scope.by_operator,
                "level": amount_text(scope.level_e8, quote),
            }
            for scope in status.scopes
        ],
        "roots": [
            {
                "chain_id": scope.source,
                "epoch": scope.epoch,
                "root": None if scope.root is None else str(scope.root),
                "age_ms": _age(status, scope.observed_at_ms),
            }
            for scope in status.scopes
            if scope.source is not None
        ],
    }


def _lines(deployed: Deployed, status: ContractStatus, quote: str) -> list[str]:
    record = deployed.record
    oracle = _age(status, status.newest_risk_time_ms or None)
    lines = [
        f"ledger 0x{record.address.hex()} on chain {record.network_id}, block {status.block_number}",
        f"code as deployed, owner 0x{status.owner.hex()}{', paused' if status.paused else ''}",
        f"{status.receipts} receipts, newest risk table {'never' if oracle is None else f'{oracle} ms old'}",
    ]
    if any(status.pending_owner):
        lines.append(f"ownership offered to 0x{status.pending_owner.hex()}")
    return [*lines, *(_scope_line(scope, status, quote) for scope in status.scopes)]


def _scope_line(scope: ScopeStatus, status: ContractStatus, quote: str) -> str:
    name = "whole ledger" if scope.source is None else f"chain {scope.source}"
    line = f"{name}: breaker {scope.breaker}, {amount_text(scope.level_e8, quote)} in its window"
    if scope.source is None:
        return line
    age = _age(status, scope.observed_at_ms)
    return f"{line}, " + ("no root" if age is None else f"root of epoch {scope.epoch}, {age} ms old")


def _settlement(credited: Credited, quote: str) -> dict[str, Any]:
    return {
        "number": credited.number,
        "account": str(credited.account),
        "sequence": credited.sequence,
        "credit": amount_text(credited.credit_e8, quote),
        "accepted_at_ms": credited.accepted_at_ms,
    }


def _settlement_line(name: str, credited: Credited | None, quote: str) -> str:
    if credited is None:
        return f"settlement {name[:18]}... was not accepted"
    return f"settlement {name[:18]}...: receipt {credited.number}, credit {amount_text(credited.credit_e8, quote)}"


def _age(status: ContractStatus, time_ms: int | None) -> int | None:
    """By the chain's clock."""
    return None if time_ms is None else status.now_ms - time_ms
