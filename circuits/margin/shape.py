"""Shapes: how many venues, assets, instruments and so on one margin circuit has room for."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from zkmargin.verifier.statement import MAX_VENUES

from ..errors import CircuitError


class ShapeError(CircuitError):
    """A shape that no circuit can have; `field` is the count at fault."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"shape: {field} {reason}")
        self.field = field


@dataclass(frozen=True)
class Shape:
    """The parameters of a margin circuit. Underlying u is the asset with the same index, u < underlyings <= assets."""

    name: str
    venues: int
    assets: int
    underlyings: int
    instruments_per_underlying: int
    scenarios: int
    depth: int
    reservation_slots: int

    def __post_init__(self) -> None:
        limits = {
            "venues": (1, MAX_VENUES),
            "assets": (1, 256),
            "underlyings": (1, 256),
            "instruments_per_underlying": (1, 256),
            "scenarios": (0, 256),
            "depth": (1, 32),
            "reservation_slots": (1, 16),
        }
        for field, (low, high) in limits.items():
            if not low <= getattr(self, field) <= high:
                raise ShapeError(field, f"must be between {low} and {high}, not {getattr(self, field)}")
        if self.underlyings > self.assets:
            raise ShapeError("underlyings", "cannot outnumber the assets: underlying u is asset u")
        if not self.name.isidentifier() or len(self.name) > 32:
            raise ShapeError("name", "must be an identifier of at most 32 characters")

    @property
    def instruments(self) -> int:
        """All instruments; those of underlying u are the u-th run of `instruments_per_underlying`."""
        return self.underlyings * self.instruments_per_underlying

    def underlying_of(self, instrument: int) -> int:
        return instrument // self.instruments_per_underlying

    def instruments_of(self, underlying: int) -> range:
        first = underlying * self.instruments_per_underlying
        return range(first, first + self.instruments_per_underlying)

    def leaf_layout(self) -> int:
        """The counts that give a leaf's words their meaning, as one number; it stands first in the leaf's hash."""
        return _packed(self.assets, self.underlyings, self.instruments_per_underlying, self.reservation_slots)

    def table_layout(self) -> int:
        """The counts that give a risk table's numbers their meaning; it stands first in the table's hash."""
        return _packed(self.assets, self.underlyings, self.instruments_per_underlying, self.scenarios)

    def metadata(self) -> dict[str, object]:
        """What the circuit file carries and its digest covers."""
        return {"statement": "zkmargin.margin/1", "shape": asdict(self)}


def _packed(*counts: int) -> int:
    """Counts of at most 256, sixteen bits each, the first in the lowest."""
    return sum(count << 16 * place for place, count in enumerate(counts))


SMALL = Shape("small", 1, 4, 2, 2, 0, 16, 2)
"""For tests and first steps."""
STANDARD = Shape("standard", 1, 8, 4, 4, 16, 32, 4)
"""One venue, eight assets, four underlyings of four instruments, sixteen scenarios, 2^32 accounts."""
PORTFOLIO = Shape("portfolio", 3, 8, 4, 4, 16, 32, 4)
"""Three venues netted in one proof."""

SHAPES = {shape.name: shape for shape in (SMALL, STANDARD, PORTFOLIO)}
