"""An event in words and amounts, for people and programs that read the book's history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..fields import amount_text
from .events import Event, Open, Release, Reserve, Trade
from .identity import BookIdentity


def event_json(event: Event, identity: BookIdentity) -> dict[str, Any]:
    """Its kind, and what it is about with names and units; an opening without key and salt."""
    return {"kind": event.kind, **_content(event, identity)}


def event_text(event: Event, identity: BookIdentity) -> str:
    """The same on one line."""
    parts = [
        f"{name.replace('_', ' ')} {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in _content(event, identity).items()
        if value != []
    ]
    return f"{event.kind}: {'; '.join(parts)}"


def _content(event: Event, identity: BookIdentity) -> dict[str, Any]:
    assets = identity.asset_names
    if isinstance(event, Open):
        return {"venue_ids": list(event.venue_ids)}
    if isinstance(event, Trade):
        return {
            "quantity": amount_text(event.quantity_e8, _name(identity.instrument_names, event.instrument)),
            "cash": [amount_text(amount_e8, _name(assets, asset)) for asset, amount_e8 in event.cash_e8],
        }
    if isinstance(event, Reserve | Release):
        return {"amount": amount_text(event.amount_e8, identity.quote), "target": str(event.target)}
    return {"amount": amount_text(event.amount_e8, _name(assets, event.asset))}


def _name(names: Sequence[str], place: int) -> str:
    """In a damaged book there may be no such name; `verify` says so, and this goes on."""
    return names[place] if place < len(names) else f"(number {place})"
