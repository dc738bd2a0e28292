"""Shapes: how many venues, assets, instruments and so on one margin circuit has room for."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace

from zkmargin.verifier.statement import MAX_VENUES

from ..errors import CircuitError

TREE_ARITY = 8
"""Of the account tree: decision 009 has the measurements."""
MAX_DEPTH = 11
"""8^11 = 2^33 places."""
WORD_BITS = 64
COUNT_BITS = 9
RISK_LANES = (84, 126)
LEAST_RISK_LIMIT = 1 << 12
MOST_RISK_LIMIT = (1 << 14) - 1
"""Three risk numbers share a field element where they keep at least 12 bits; else two. Of 14 bits, half a unit, by
which a number is rounded, is 0.003 % of the underlying's largest."""


class ShapeError(CircuitError):
    """A shape that no circuit can have; `field` is the count at fault."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"shape: {field} {reason}")
        self.field = field


@dataclass(frozen=True)
class Shape:
    """The parameters of a margin circuit. Underlying u is the asset with the same index, u < underlyings <= assets.

    `tiers` haircut tiers an asset; `depth` levels of the account tree, each of `TREE_ARITY` children.
    """

    name: str
    venues: int
    assets: int
    underlyings: int
    instruments_per_underlying: int
    scenarios: int
    tiers: int
    depth: int
    reservation_slots: int

    def __post_init__(self) -> None:
        limits = {
            "venues": (1, MAX_VENUES),
            "assets": (1, 256),
            "underlyings": (1, 256),
            "instruments_per_underlying": (1, 256),
            "scenarios": (0, 256),
            "tiers": (1, 16),
            "depth": (1, MAX_DEPTH),
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

    @property
    def most_held(self) -> int:
        """What the sizes of one underlying's positions, netted over the venues, add up to at most, e8."""
        return self.venues * self.instruments_per_underlying << WORD_BITS - 1

    @property
    def risk_lane(self) -> int:
        """The width of the lane that one sum of positions times risk numbers takes."""
        narrow, wide = RISK_LANES
        return narrow if self._risk_limit(narrow) >= LEAST_RISK_LIMIT else wide

    @property
    def risk_limit(self) -> int:
        """An instrument's risk numbers lie in [-risk_limit, risk_limit], in units of their underlying."""
        return min(self._risk_limit(self.risk_lane), MOST_RISK_LIMIT)

    @property
    def loss_bits(self) -> int:
        """Twice the largest loss that positions can make in a scenario, in units, is below 2^loss_bits."""
        return (self.most_held * (2 * self.risk_limit + 1)).bit_length()

    def _risk_limit(self, lane: int) -> int:
        """So that sizes times (2 * limit + 1), the most that twice a loss can be, are a quarter of the lane's range."""
        return ((1 << lane - 2) // self.most_held - 1) // 2

    def underlying_of(self, instrument: int) -> int:
        return instrument // self.instruments_per_underlying

    def instruments_of(self, underlying: int) -> range:
        first = underlying * self.instruments_per_underlying
        return range(first, first + self.instruments_per_underlying)

    def leaf_layout(self) -> int:
        """The counts that give a leaf's words their meaning, as one number; it stands first in the leaf's hash."""
        return _packed(self.assets, self.underlyings, self.instruments_per_underlying, self.reservation_slots)

    def table_layout(self) -> int:
        """What gives a risk table's numbers their meaning and their bounds; it stands first in the table's hash.

        Shapes of the same counts have the same table, however many venues they net, unless those leave less room.
        """
        counts = _packed(self.assets, self.underlyings, self.instruments_per_underlying, self.scenarios, self.tiers)
        room = self.risk_limit << 1 | RISK_LANES.index(self.risk_lane)
        return counts + (room << 5 * COUNT_BITS)

    def metadata(self) -> dict[str, object]:
        """What the circuit file carries and its digest covers."""
        return {"statement": "zkmargin.margin/2", "shape": asdict(self)}


def _packed(*counts: int) -> int:
    """Up to five counts of at most 256, the first in the lowest bits."""
    return sum(count << COUNT_BITS * place for place, count in enumerate(counts))


SMALL = Shape("small", 1, 4, 2, 2, 0, 2, 6, 2)
"""For tests and first steps."""
STANDARD = Shape("standard", 1, 8, 4, 4, 16, 2, 11, 4)
"""One venue, eight assets, four underlyings of four instruments, sixteen scenarios, 2^32 accounts and more."""
PORTFOLIO = Shape("portfolio", 3, 8, 4, 4, 16, 2, 11, 4)
"""Three venues netted in one proof."""

SHAPES = {shape.name: shape for shape in (SMALL, STANDARD, PORTFOLIO)}


def declared_shape(text: str) -> Shape:
    """A named shape, maybe with changes: `standard`, or `standard,venues=2,scenarios=0,name=pair`.

    Without a name of its own a changed shape is called after its changes. Raises `ShapeError`.
    """
    base, *changes = text.split(",")
    if base not in SHAPES:
        raise ShapeError("name", f"{base[:40]!r} is unknown; there are {', '.join(SHAPES)}")
    counts: dict[str, int] = {}
    name = ""
    for change in changes:
        field, equals, value = change.partition("=")
        if field == "name" and equals:
            name = value
        elif field not in _COUNTS or not equals:
            raise ShapeError(
                field[:40] or "change", f"is no count of a shape; write one of {', '.join(_COUNTS)} as in venues=2"
            )
        elif not (value.isascii() and value.isdecimal() and len(value) < 6) or field in counts:
            raise ShapeError(field, f"is given once, as a number, not {change[:40]!r}")
        else:
            counts[field] = int(value)
    if not changes:
        return SHAPES[base]
    called = name or "_".join([base, *(f"{field[0]}{value}" for field, value in counts.items())])
    changed = replace(SHAPES[base], name=called, **counts)
    if called in SHAPES and changed != SHAPES[called]:
        raise ShapeError("name", f"{called!r} is taken; give it another with name=...")
    return changed


_COUNTS = tuple(field.name for field in fields(Shape) if field.name != "name")
