"""Who keeps a book and in what terms: venue, shape, names of assets and instruments, quote currency."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from zkmargin.algebra import Buffer, load_json
from zkmargin.circuits.margin import Shape
from zkmargin.verifier.statement import ID_BITS

from ..errors import DocumentError, RiskTableRefused
from ..fields import Fields
from ..risk_document import RiskDocument, read_shape

FORMAT = "zkmargin.book/1"
DOCUMENT = "account book"


@dataclass(frozen=True)
class BookIdentity:
    """What never changes about a book; a risk table in other terms is refused."""

    name: str
    venue_id: int
    shape: Shape
    asset_names: tuple[str, ...]
    instrument_names: tuple[str, ...]
    quote: str

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= 64 or not self.name.isprintable():
            raise DocumentError(DOCUMENT, "name", "must be 1 to 64 printable characters")
        if type(self.venue_id) is not int or not 0 <= self.venue_id < 1 << ID_BITS:
            raise DocumentError(DOCUMENT, "venue_id", f"must be an integer of {ID_BITS} bits")
        for field, names, count in (
            ("assets", self.asset_names, self.shape.assets),
            ("instruments", self.instrument_names, self.shape.instruments),
        ):
            if len(names) != count or len(set(names)) != count:
                raise DocumentError(DOCUMENT, field, f"must be {count} different names")

    @classmethod
    def of_risk_table(cls, name: str, venue_id: int, risk: RiskDocument) -> BookIdentity:
        """A book in the terms of a risk table."""
        return cls(name, venue_id, risk.shape, risk.asset_names, risk.instrument_names, risk.quote)

    @classmethod
    def from_json(cls, data: Buffer | str) -> BookIdentity:
        fields = Fields(load_json(data, DOCUMENT), DOCUMENT)
        fields.expect("format", FORMAT)
        identity = cls(
            name=fields.text("name"),
            venue_id=fields.integer("venue_id", 0, 1 << ID_BITS),
            shape=read_shape(fields),
            asset_names=_names(fields, "assets"),
            instrument_names=_names(fields, "instruments"),
            quote=fields.text("quote", max_length=16),
        )
        fields.done()
        return identity

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "name": self.name,
            "venue_id": self.venue_id,
            "shape": asdict(self.shape),  # in full: a shape of this name may have other counts in another version
            "assets": list(self.asset_names),
            "instruments": list(self.instrument_names),
            "quote": self.quote,
        }

    def text(self) -> str:
        return json.dumps(self.to_json())

    def require_same_terms(self, risk: RiskDocument) -> None:
        """Raise `RiskTableRefused`, saying where, unless the table speaks of the same things in the same order."""
        for what, own, other in (
            ("shape", self.shape, risk.shape),
            ("quote currency", self.quote, risk.quote),
            ("assets", self.asset_names, risk.asset_names),
            ("instruments", self.instrument_names, risk.instrument_names),
        ):
            if own != other:
                raise RiskTableRefused(f"the risk table has another {what} than this book; use one made for it")


def _names(row: Fields, field: str) -> tuple[str, ...]:
    entries = row.entries(field)
    if not all(isinstance(entry, str) and 0 < len(entry) <= 32 and entry.isprintable() for entry in entries):
        raise row.fail(field, "must be names of 1 to 32 printable characters")
    return tuple(entries)
