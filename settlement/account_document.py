"""The account opening as a JSON document, `zkmargin.account/2`: what a venue hands to an account's owner.

It holds balances, so it is private; it does not hold the owner's secret, which lives in a file of its own
(`zkmargin.secret/1`) that no venue ever sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from zkmargin.algebra import BN254, Buffer, load_json
from zkmargin.circuits.margin import Leaf, Reservation, Shape, key_commitment
from zkmargin.prover import Opening

from .errors import DocumentError
from .fields import Fields, amount_text

ACCOUNT_FORMAT = "zkmargin.account/2"
SECRET_FORMAT = "zkmargin.secret/1"
ACCOUNT, SECRET = "account", "secret"
UINT64 = 1 << 64
POSITION_UNIT = "units"
EMPTY = Reservation(0, 0)


class MarketNames(Protocol):
    """Whose names an account uses, and in which order: a risk table's, or those of the book that it is in."""

    @property
    def shape(self) -> Shape: ...

    @property
    def quote(self) -> str: ...

    @property
    def asset_names(self) -> tuple[str, ...]: ...

    @property
    def instrument_names(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class AccountDocument:
    """The openings of one account, one per venue of its group."""

    openings: tuple[Opening, ...]

    def __repr__(self) -> str:
        """Without balances, which would end up in logs."""
        return f"AccountDocument(openings={self.openings!r})"

    @classmethod
    def from_json(cls, data: Buffer | str, risk: MarketNames) -> AccountDocument:
        """Read against the risk table, whose names and order the account uses."""
        fields = Fields(load_json(data, ACCOUNT), ACCOUNT)
        fields.expect("format", ACCOUNT_FORMAT)
        openings = fields.objects("openings", lambda row: _read_opening(row, risk))
        fields.done()
        return cls(tuple(openings))

    @classmethod
    def joined(cls, documents: Sequence[AccountDocument]) -> AccountDocument:
        """One document of the openings that several venues handed out, in the order in which they are netted."""
        openings = sorted((o for document in documents for o in document.openings), key=lambda o: o.venue_id)
        ids = [opening.venue_id for opening in openings]
        if len(set(ids)) != len(ids):
            raise DocumentError(ACCOUNT, "openings", "has a venue twice; join one opening a venue")
        if len({(opening.leaf.key_commitment, opening.leaf.group) for opening in openings}) > 1:
            raise DocumentError(ACCOUNT, "openings", "are of different owners, or of accounts not netted together")
        return cls(tuple(openings))

    def to_json(self, risk: MarketNames) -> dict[str, Any]:
        return {
            "format": ACCOUNT_FORMAT,
            "openings": [_opening_json(opening, risk) for opening in self.openings],
        }


def read_secret(data: Buffer | str) -> int:
    """The secret from its file."""
    fields = Fields(load_json(data, SECRET, max_bytes=4096), SECRET)
    fields.expect("format", SECRET_FORMAT)
    secret = fields.element("secret")
    if fields.element("key_commitment") != key_commitment(secret):
        raise fields.fail("key_commitment", "does not belong to the secret; the file is damaged")
    fields.done()
    return secret


def secret_json(secret: int) -> dict[str, Any]:
    """The file of a secret; its key commitment is what the owner gives to a venue."""
    if not 0 < secret < BN254.r:
        raise DocumentError(SECRET, "secret", "is not a field element above 0")
    return {"format": SECRET_FORMAT, "secret": str(secret), "key_commitment": str(key_commitment(secret))}


def _read_opening(row: Fields, risk: MarketNames) -> Opening:
    shape = risk.shape
    assets = {name: name for name in risk.asset_names}
    instruments = dict.fromkeys(risk.instrument_names, POSITION_UNIT)
    balances = row.amounts("balances", assets)
    debts = row.amounts("debts", assets)
    positions = row.amounts("positions", instruments, signed=True)
    reservations = row.objects(
        "reservations", lambda slot: Reservation(slot.element("target"), slot.amount("amount", risk.quote))
    )
    if len(reservations) > shape.reservation_slots:
        raise row.fail("reservations", f"has {len(reservations)} entries; there are {shape.reservation_slots} slots")
    empty = [EMPTY] * (shape.reservation_slots - len(reservations))
    leaf = Leaf(
        key_commitment=row.element("key_commitment"),
        group=row.element("group"),
        salt=row.element("salt"),
        sequence=row.integer("sequence", 0, UINT64),
        balances_e8=_in_order(balances, risk.asset_names),
        debts_e8=_in_order(debts, risk.asset_names),
        positions_e8=_in_order(positions, risk.instrument_names),
        reservations=(*reservations, *empty),
    )
    return Opening(
        venue_id=row.integer("venue_id", 0, UINT64),
        epoch=row.integer("epoch", 0, UINT64),
        tree_root=row.element("tree_root"),
        leaf=leaf,
        index=row.integer("index", 0, UINT64),
        siblings=tuple(row.elements("siblings")),
    )


def _opening_json(opening: Opening, risk: MarketNames) -> dict[str, Any]:
    leaf = opening.leaf
    return {
        "venue_id": opening.venue_id,
        "epoch": opening.epoch,
        "tree_root": str(opening.tree_root),
        "index": opening.index,
        "siblings": [str(sibling) for sibling in opening.siblings],
        "key_commitment": str(leaf.key_commitment),
        "group": str(leaf.group),
        "salt": str(leaf.salt),
        "sequence": leaf.sequence,
        **holdings_json(leaf, risk),
        "reservations": [_reservation_json(slot, risk) for slot in leaf.reservations[: _slots_used(leaf)]],
    }


def holdings_json(leaf: Leaf, risk: MarketNames) -> dict[str, Any]:
    """What an account holds, owes and has reserved, as the document says it."""
    return {
        "balances": _named(leaf.balances_e8, risk.asset_names, risk.asset_names),
        "debts": _named(leaf.debts_e8, risk.asset_names, risk.asset_names),
        "positions": _named(leaf.positions_e8, risk.instrument_names, [POSITION_UNIT] * len(risk.instrument_names)),
        "reservations": [_reservation_json(slot, risk) for slot in leaf.reservations if slot != EMPTY],
    }


def _reservation_json(slot: Reservation, risk: MarketNames) -> dict[str, str]:
    return {"target": str(slot.target), "amount": amount_text(slot.amount_e8, risk.quote)}


def _slots_used(leaf: Leaf) -> int:
    """Up to the last one that holds something: a digest depends on their order, the empty ones between included."""
    return max((place for place, slot in enumerate(leaf.reservations, 1) if slot != EMPTY), default=0)


def _in_order(values: dict[str, int], names: Sequence[str]) -> tuple[int, ...]:
    return tuple(values.get(name, 0) for name in names)


def _named(values: Sequence[int], names: Sequence[str], units: Sequence[str]) -> dict[str, str]:
    return {name: amount_text(value, unit) for value, name, unit in zip(values, names, units, strict=True) if value}
