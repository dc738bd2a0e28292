"""The risk table as a JSON document, `zkmargin.risk-table/1`: named assets and instruments around the bare numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import Buffer, format_decimal, load_json
from zkmargin.circuits.errors import InputError
from zkmargin.circuits.margin import SHAPES, AssetRisk, InstrumentRisk, RiskTable, Shape, UnderlyingRisk

from .errors import DocumentError
from .fields import Fields, amount_text, percent_text

FORMAT = "zkmargin.risk-table/1"
DOCUMENT = "risk table"
MAX_TIME_MS = 1 << 63
CONFIDENCE_SCALE = 4


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
        shape_name = fields.text("shape")
        if shape_name not in SHAPES:
            raise fields.fail("shape", f"is unknown; there are {', '.join(SHAPES)}")
        shape = SHAPES[shape_name]
        oracle_time_ms = fields.integer("oracle_time_ms", 0, MAX_TIME_MS)
        quote = fields.text("quote", max_length=16)
        confidence_e4 = fields.number("confidence", CONFIDENCE_SCALE)
        assets = fields.objects("assets", lambda row: _read_asset(row, quote))
        underlyings = fields.objects("underlyings", lambda row: _read_underlying(row, quote))
        instruments = fields.objects("instruments", lambda row: _read_instrument(row, quote))
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
            "shape": self.shape.name,
            "oracle_time_ms": self.oracle_time_ms,
            "quote": quote,
            "confidence": format_decimal(table.confidence_e4, CONFIDENCE_SCALE),
            "assets": [
                {
                    "name": name,
                    "price_low": amount_text(asset.price_low_e8, quote),
                    "price_high": amount_text(asset.price_high_e8, quote),
                    "haircut": percent_text(asset.haircut_ppm),
                    "sigma": percent_text(asset.sigma_ppm),
                }
                for name, asset in zip(self.asset_names, table.assets, strict=True)
            ],
            "underlyings": [
                {
                    "asset": name,
                    "spot": amount_text(underlying.spot_e8, quote),
                    "contingency": percent_text(underlying.contingency_ppm),
                }
                for name, underlying in zip(self.asset_names, table.underlyings, strict=False)
            ],
            "instruments": [
                {
                    "name": name,
                    "underlying": self.asset_names[self.shape.underlying_of(index)],
                    "dollar_delta": amount_text(instrument.dollar_delta_e8, quote),
                    "dollar_gamma": amount_text(instrument.dollar_gamma_e8, quote),
                    "pnl": [amount_text(pnl, quote) for pnl in instrument.pnl_e8],
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


def _read_asset(row: Fields, quote: str) -> tuple[str, AssetRisk]:
    return row.text("name", max_length=32), AssetRisk(
        price_low_e8=row.amount("price_low", quote),
        price_high_e8=row.amount("price_high", quote),
        haircut_ppm=row.ratio_ppm("haircut"),
        sigma_ppm=row.ratio_ppm("sigma"),
    )


def _read_underlying(row: Fields, quote: str) -> tuple[str, UnderlyingRisk]:
    return row.text("asset", max_length=32), UnderlyingRisk(
        spot_e8=row.amount("spot", quote), contingency_ppm=row.ratio_ppm("contingency")
    )


def _read_instrument(row: Fields, quote: str) -> tuple[str, str, InstrumentRisk]:
    return (
        row.text("name", max_length=32),
        row.text("underlying", max_length=32),
        InstrumentRisk(
            dollar_delta_e8=row.amount("dollar_delta", quote, signed=True),
            dollar_gamma_e8=row.amount("dollar_gamma", quote, signed=True),
            pnl_e8=tuple(row.amount_list("pnl", quote, signed=True)),
        ),
    )
