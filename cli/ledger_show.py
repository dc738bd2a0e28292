"""What a ledger stands at. A part of `zkmargin ledger`."""

from __future__ import annotations

import click

from zkmargin.settlement.fields import amount_text

from .ledger_place import Place, on_ledger, short
from .options import Command
from .output import Output


@click.command("show", cls=Command)
@on_ledger
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many entries at most.")
@click.pass_obj
def show(output: Output, place: Place, limit: int) -> None:
    """Breaker, receipts with the margin their accounts have now, and the log of decisions."""
    quote = place.quote
    with place.opened(output) as ledger:
        breaker, config = ledger.breaker(), ledger.config
        receipts, decisions = ledger.receipts(limit=limit), ledger.decisions(limit=limit)
        margins = {receipt.account: ledger.margin_of(receipt.account) for receipt in receipts}
    output.result(
        {
            "ledger": config.ledger,
            "target": str(config.target),
            "breaker": {"open": breaker.is_open, "reason": breaker.reason},
            "receipts": [receipt.to_json() for receipt in receipts],
            "margins": {str(account): amount_text(margin, quote) for account, margin in margins.items()},
            "decisions": [
                {
                    "at_ms": d.at_ms,
                    "settlement_id": "0x" + d.settlement_id.hex(),
                    "outcome": d.outcome,
                    "detail": d.detail,
                }
                for d in decisions
            ],
        },
        [
            f"ledger {config.ledger} of chain {config.target_chain_id}, "
            f"breaker {'open: ' + breaker.reason if breaker.is_open else 'closed'}",
            *(
                f"receipt {r.number}: credit {amount_text(r.credit_e8, quote)} to account {short(r.account)}"
                for r in receipts
            ),
            *(f"account {short(account)} has {amount_text(margin, quote)} now" for account, margin in margins.items()),
            *(f"{d.outcome}: settlement 0x{d.settlement_id.hex()[:16]}... {d.detail}".rstrip() for d in decisions),
        ],
    )


COMMANDS = (show,)
