"""Who keeps a book and in what terms: venue, shape, names of assets and instruments, quote currency."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from zkmargin.algebra import Buffer, load_json
from zkmargin.circuits.errors import CircuitError
from zkmargin.circuits.margin import Shape
from zkmargin.verifier.statement import ID_BITS

from ..errors import DocumentError, RiskTableRefused
from ..fields import Fields
from ..risk_document import RiskDocument

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
        fields_ = Fields(load_json(data, DOCUMENT), DOCUMENT)
        fields_.expect("format", FORMAT)
        identity = cls(
            name=fields_.text("name"),
            venue_id=fields_.integer("venue_id", 0, 1 << ID_BITS),
            shape=_read_shape(fields_.inner("shape")),
            asset_names=_names(fields_, "assets"),
            instrument_names=_names(fields_, "instruments"),
            quote=fields_.text("quote", max_length=16),
        )
        fields_.done()
        return identity

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "name": self.name,
            "venue_id": self.venue_id,
            "shape": asdict(self.shape),
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


def _read_shape(row: Fields) -> Shape:
    name = row.text("name")
    counts = {field.name: row.integer(field.name, 0, 1 << 63) for field in fields(Shape) if field.name != "name"}
    row.done()
    try:
        return Shape(name=name, **counts)
    except CircuitError as problem:
        raise row.fail("name", f"is of an impossible shape: {problem}") from None


def _names(row: Fields, field: str) -> tuple[str, ...]:
    entries = row.entries(field)
    if not all(isinstance(entry, str) and 0 < len(entry) <= 32 and entry.isprintable() for entry in entries):
        raise row.fail(field, "must be names of 1 to 32 printable characters")
    return tuple(entries)
