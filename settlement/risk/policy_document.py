"""The risk policy as a JSON document, `zkmargin.risk-policy/1`: ratios in percent, amounts with their unit."""

from __future__ import annotations

from typing import Any

from zkmargin.algebra import Buffer, format_decimal, load_json
from zkmargin.circuits.margin import HaircutTier

from ..errors import DocumentError, RiskError
from ..fields import Fields, amount_text, percent_text
from ..risk_document import read_shape, shape_json
from .exact_numbers import PPM
from .forecast import AssetModel
from .instrument import Instrument, Kind
from .model_document import (
    forecast_model_json,
    garch_json,
    latency_rule_json,
    read_forecast_model,
    read_garch,
    read_latency_rule,
)
from .policy import AssetPolicy, RiskPolicy, UnderlyingPolicy
from .scenarios import Scenario

FORMAT = "zkmargin.risk-policy/1"
DOCUMENT = "risk policy"
HELD_UNIT = "units"
MAX_TIME_MS = 1 << 63
CONFIDENCE_SCALE = 4
TIMES = ("horizon_ms", "minimum_time_ms", "max_snapshot_age_ms", "clock_skew_ms")


def read_policy(data: Buffer | str) -> RiskPolicy:
    """Read and validate; every fault is a `DocumentError` that names the field or the row."""
    fields = Fields(load_json(data, DOCUMENT), DOCUMENT)
    fields.expect("format", FORMAT)
    try:
        policy = _read(fields)
    except RiskError as problem:
        raise DocumentError(DOCUMENT, problem.name, problem.reason) from None
    fields.done()
    return policy


def policy_json(policy: RiskPolicy) -> dict[str, Any]:
    """The document; `read_policy` gives the same policy back."""
    quote = policy.quote
    return {
        "format": FORMAT,
        "shape": shape_json(policy.shape),
        "market": policy.market,
        "quote": quote,
        "confidence": format_decimal(policy.confidence_e4, CONFIDENCE_SCALE),
        "price_confidence": format_decimal(policy.price_confidence_e4, CONFIDENCE_SCALE),
        **{name: getattr(policy, name) for name in TIMES},
        "assets": [_asset_json(asset) for asset in policy.assets],
        "underlyings": [_underlying_json(row) for row in policy.underlyings],
        "instruments": [_instrument_json(row, quote) for row in policy.instruments],
        "scenarios": [_scenario_json(row) for row in policy.scenarios],
        "forecast": forecast_model_json(policy.forecast),
        "latency": latency_rule_json(policy.latency),
    }


def _read(fields: Fields) -> RiskPolicy:
    quote = fields.text("quote", max_length=16)
    return RiskPolicy(
        shape=read_shape(fields),
        market=fields.text("market"),
        quote=quote,
        confidence_e4=fields.number("confidence", CONFIDENCE_SCALE),
        price_confidence_e4=fields.number("price_confidence", CONFIDENCE_SCALE),
        assets=tuple(fields.objects("assets", _read_asset)),
        underlyings=tuple(fields.objects("underlyings", _read_underlying)),
        instruments=tuple(fields.objects("instruments", lambda row: _read_instrument(row, quote))),
        scenarios=tuple(fields.objects("scenarios", _read_scenario)),
        forecast=read_forecast_model(fields.inner("forecast")),
        latency=read_latency_rule(fields.inner("latency")),
        **{name: fields.integer(name, 0, MAX_TIME_MS) for name in TIMES},
    )


def _read_asset(row: Fields) -> AssetPolicy:
    name = row.text("name", max_length=32)
    tiers = row.objects("tiers", lambda tier: HaircutTier(tier.amount("above", name), tier.ratio_ppm("haircut")))
    model = AssetModel(
        floor_ppm=row.ratio_ppm("sigma_floor"),
        from_history=row.flag("from_history"),
        garch=read_garch(row.inner("garch")) if row.has("garch") else None,
    )
    return AssetPolicy(name, tuple(tiers), model)


def _asset_json(asset: AssetPolicy) -> dict[str, Any]:
    model, garch = asset.model, asset.model.garch
    return {
        "name": asset.name,
        "tiers": [
            {"above": amount_text(tier.above_e8, asset.name), "haircut": percent_text(tier.haircut_ppm)}
            for tier in asset.tiers
        ],
        "sigma_floor": percent_text(model.floor_ppm),
        "from_history": model.from_history,
        **({} if garch is None else {"garch": garch_json(garch)}),
    }


def _read_underlying(row: Fields) -> UnderlyingPolicy:
    return UnderlyingPolicy(
        asset=row.text("asset", max_length=32),
        contingency_ppm=row.ratio_ppm("contingency"),
        liquidity_free_e8=row.amount("liquidity_free", HELD_UNIT),
        liquidity_ppm=row.ratio_ppm("liquidity"),
    )


def _underlying_json(row: UnderlyingPolicy) -> dict[str, Any]:
    return {
        "asset": row.asset,
        "contingency": percent_text(row.contingency_ppm),
        "liquidity_free": amount_text(row.liquidity_free_e8, HELD_UNIT),
        "liquidity": percent_text(row.liquidity_ppm),
    }


def _read_instrument(row: Fields, quote: str) -> Instrument:
    underlying, kind = row.text("underlying", max_length=32), row.text("kind")
    if kind not in {known.value for known in Kind}:
        raise row.fail("kind", f"is unknown; there are {', '.join(known.value for known in Kind)}")
    return Instrument(
        name=row.text("name", max_length=32),
        underlying=underlying,
        kind=Kind(kind),
        forward=row.text("forward", max_length=32) if row.has("forward") else underlying,
        strike_e8=row.amount("strike", quote) if row.has("strike") else None,
        expiry_ms=row.integer("expiry_ms", 0, MAX_TIME_MS) if row.has("expiry_ms") else None,
    )


def _instrument_json(row: Instrument, quote: str) -> dict[str, Any]:
    optional = {
        "forward": None if row.forward == row.underlying else row.forward,
        "strike": None if row.strike_e8 is None else amount_text(row.strike_e8, quote),
        "expiry_ms": row.expiry_ms,
    }
    written = {name: value for name, value in optional.items() if value is not None}
    return {"name": row.name, "underlying": row.underlying, "kind": row.kind.value, **written}


def _read_scenario(row: Fields) -> Scenario:
    return Scenario(
        move_ppm=row.ratio_ppm("move", signed=True),
        volatility_ppm=row.ratio_ppm("volatility", signed=True),
        elapsed_ppm=row.ratio_ppm("elapsed") if row.has("elapsed") else 0,
        cover_ppm=row.ratio_ppm("cover") if row.has("cover") else PPM,
    )


def _scenario_json(row: Scenario) -> dict[str, Any]:
    return {
        "move": percent_text(row.move_ppm),
        "volatility": percent_text(row.volatility_ppm),
        "elapsed": percent_text(row.elapsed_ppm),
        "cover": percent_text(row.cover_ppm),
    }
