"""The risk table as a JSON document, `zkmargin.risk-table/2`: named assets and instruments around the bare numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from dataclasses import fields as dataclass_fields
from typing import Any

from zkmargin.algebra import Buffer, format_decimal, load_json
from zkmargin.circuits.errors import InputError
from zkmargin.circuits.margin import (
    SHAPES,
    AssetRisk,
    HaircutTier,
    InstrumentRisk,
    RiskTable,
    Shape,
    ShapeError,
    UnderlyingRisk,
)
from zkmargin.verifier.statement import HORIZON_BITS

from .errors import DocumentError
from .fields import Fields, amount_text, percent_text

FORMAT = "zkmargin.risk-table/2"
DOCUMENT = "risk table"
MAX_TIME_MS = 1 << 63
CONFIDENCE_SCALE = 4
VALUE_UNIT_SCALE = 16
HELD_UNIT = "units"
MOST_UNITS = 1 << 32


@dataclass(frozen=True)
class RiskDocument:
    """A risk table with its names, its quote currency and the oracle's time."""

    shape: Shape
    oracle_time_ms: int
    quote: str
    asset_names: tuple[str, ...]
    instrument_names: tuple[str, ...]
    table: RiskTable

    @classmethod
    def from_json(cls, data: Buffer | str) -> RiskDocument:
        """Read and validate; every fault is a `DocumentError` that names the field."""
        fields = Fields(load_json(data, DOCUMENT), DOCUMENT)
        fields.expect("format", FORMAT)
        shape = read_shape(fields)
        oracle_time_ms = fields.integer("oracle_time_ms", 0, MAX_TIME_MS)
        quote = fields.text("quote", max_length=16)
        confidence_e4 = fields.number("confidence", CONFIDENCE_SCALE)
        scenario_horizon_ms = fields.integer("scenario_horizon_ms", 1, 1 << HORIZON_BITS) if shape.scenarios else 0
        assets = fields.objects("assets", lambda row: _read_asset(row, quote))
        underlyings = fields.objects("underlyings", lambda row: _read_underlying(row, quote))
        instruments = fields.objects("instruments", _read_instrument)
        fields.done()
        document = cls(
            shape=shape,
            oracle_time_ms=oracle_time_ms,
            quote=quote,
            asset_names=tuple(name for name, _ in assets),
            instrument_names=tuple(name for name, _, _ in instruments),
            table=RiskTable(
                confidence_e4=confidence_e4,
                assets=tuple(asset for _, asset in assets),
                underlyings=tuple(underlying for _, underlying in underlyings),
                instruments=tuple(instrument for _, _, instrument in instruments),
                scenario_horizon_ms=scenario_horizon_ms,
            ),
        )
        document._validate([name for name, _ in underlyings], [name for _, name, _ in instruments])
        return document

    def root(self) -> int:
        """`risk_root`, which the oracles attest."""
        return self.table.root(self.shape)

    def to_json(self) -> dict[str, Any]:
        table, quote = self.table, self.quote
        return {
            "format": FORMAT,
            "shape": shape_json(self.shape),
            "oracle_time_ms": self.oracle_time_ms,
            "quote": quote,
            "confidence": format_decimal(table.confidence_e4, CONFIDENCE_SCALE),
            **({"scenario_horizon_ms": table.scenario_horizon_ms} if self.shape.scenarios else {}),
            "assets": [
                {
                    "name": name,
                    "price_low": amount_text(asset.price_low_e8, quote),
                    "price_high": amount_text(asset.price_high_e8, quote),
                    "sigma": percent_text(asset.sigma_ppm),
                    "tiers": [
                        {"above": amount_text(tier.above_e8, name), "haircut": percent_text(tier.haircut_ppm)}
                        for tier in asset.tiers
                    ],
                }
                for name, asset in zip(self.asset_names, table.assets, strict=True)
            ],
            "underlyings": [
                {
                    "asset": name,
                    "spot": amount_text(row.spot_e8, quote),
                    "contingency": percent_text(row.contingency_ppm),
                    "liquidity_free": amount_text(row.liquidity_free_e8, HELD_UNIT),
                    "liquidity": percent_text(row.liquidity_ppm),
                    "value_unit": amount_text(row.value_unit_e16, quote, VALUE_UNIT_SCALE),
                    "gamma_unit": amount_text(row.gamma_unit_e8, quote),
                }
                for name, row in zip(self.asset_names, table.underlyings, strict=False)
            ],
            "instruments": [
                {
                    "name": name,
                    "underlying": self.asset_names[self.shape.underlying_of(index)],
                    "delta": instrument.delta_units,
                    "gamma": instrument.gamma_units,
                    "pnl": list(instrument.pnl_units),
                }
                for index, (name, instrument) in enumerate(zip(self.instrument_names, table.instruments, strict=True))
            ],
        }

    def _validate(self, underlying_names: list[str], underlying_of: list[str]) -> None:
        try:
            self.table.validate(self.shape)
        except InputError as problem:
            raise DocumentError(DOCUMENT, problem.name.removeprefix("risk table "), problem.reason) from None
        names = self.asset_names + self.instrument_names
        if len(set(names)) != len(names):
            raise DocumentError(DOCUMENT, "assets and instruments", "name something twice")
        if underlying_names != list(self.asset_names[: self.shape.underlyings]):
            raise DocumentError(DOCUMENT, "underlyings", "must be the first assets, in the same order")
        wanted = [self.asset_names[self.shape.underlying_of(k)] for k in range(self.shape.instruments)]
        if underlying_of != wanted:
            raise DocumentError(DOCUMENT, "instruments", f"must belong to {', '.join(wanted)}, in this order")


def read_shape(fields: Fields) -> Shape:
    """The field `shape`: the name of a known shape, or all counts of another."""
    if isinstance(fields.peek("shape"), str):
        name = fields.text("shape")
        if name not in SHAPES:
            raise fields.fail("shape", f"is unknown; there are {', '.join(SHAPES)}, or give all its counts")
        return SHAPES[name]
    inner = fields.inner("shape")
    counts = {name: inner.integer(name, 0, 1 << 16) for name in SHAPE_COUNTS}
    name = inner.text("name", max_length=32)
    inner.done()
    try:
        shape = Shape(name=name, **counts)
    except ShapeError as problem:
        raise fields.fail("shape", str(problem).removeprefix("shape: ")) from None
    if shape != SHAPES.get(name, shape):
        raise fields.fail("shape", f"has other counts than the shape {name!r}")
    return shape


def shape_json(shape: Shape) -> Any:
    """The inverse of `read_shape`."""
    return shape.name if shape.name in SHAPES else asdict(shape)


SHAPE_COUNTS = tuple(field.name for field in dataclass_fields(Shape) if field.name != "name")


def _read_asset(row: Fields, quote: str) -> tuple[str, AssetRisk]:
    name = row.text("name", max_length=32)
    return name, AssetRisk(
        price_low_e8=row.amount("price_low", quote),
        price_high_e8=row.amount("price_high", quote),
        sigma_ppm=row.ratio_ppm("sigma"),
        tiers=tuple(
            row.objects("tiers", lambda tier: HaircutTier(tier.amount("above", name), tier.ratio_ppm("haircut")))
        ),
    )


def _read_underlying(row: Fields, quote: str) -> tuple[str, UnderlyingRisk]:
    return row.text("asset", max_length=32), UnderlyingRisk(
        spot_e8=row.amount("spot", quote),
        contingency_ppm=row.ratio_ppm("contingency"),
        liquidity_free_e8=row.amount("liquidity_free", HELD_UNIT),
        liquidity_ppm=row.ratio_ppm("liquidity"),
        value_unit_e16=row.fine_amount("value_unit", quote, VALUE_UNIT_SCALE),
        gamma_unit_e8=row.amount("gamma_unit", quote),
    )


def _read_instrument(row: Fields) -> tuple[str, str, InstrumentRisk]:
    return (
        row.text("name", max_length=32),
        row.text("underlying", max_length=32),
        InstrumentRisk(
            delta_units=row.integer("delta", -MOST_UNITS, MOST_UNITS),
            gamma_units=row.integer("gamma", -MOST_UNITS, MOST_UNITS),
            pnl_units=tuple(row.integer_list("pnl", -MOST_UNITS, MOST_UNITS)),
        ),
    )
