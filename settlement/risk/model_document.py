"""The models inside a risk policy as JSON: volatility forecast, GARCH parameters, regimes and latency."""

from __future__ import annotations

from typing import Any

from zkmargin.algebra import format_decimal

from ..fields import Fields, percent_text
from .forecast import ForecastModel
from .garch import OMEGA_SCALE, Garch
from .latency import LatencyRule
from .regime import Multipliers, Regime, RegimeRule

MAX_TIME_MS = 1 << 63
MAX_COUNT = 1 << 32
RATIOS = (
    "short_decay",
    "long_decay",
    "calm_enter",
    "calm_leave",
    "turbulent_leave",
    "turbulent_enter",
    "jump",
)


def garch_json(garch: Garch) -> dict[str, Any]:
    """An asset's `garch` field, as a fit writes it and the policy holds it."""
    return {
        "step_ms": garch.step_ms,
        "omega": format_decimal(garch.omega_e18, OMEGA_SCALE),
        "alpha": percent_text(garch.alpha_ppm),
        "beta": percent_text(garch.beta_ppm),
    }


def read_garch(fields: Fields) -> Garch:
    """The inverse of `garch_json`."""
    garch = Garch(
        step_ms=fields.integer("step_ms", 1, MAX_TIME_MS),
        omega_e18=fields.number("omega", OMEGA_SCALE),
        alpha_ppm=fields.ratio_ppm("alpha"),
        beta_ppm=fields.ratio_ppm("beta"),
    )
    fields.done()
    return garch


def read_forecast_model(fields: Fields) -> ForecastModel:
    """The policy's `forecast`."""
    model = ForecastModel(
        window=fields.integer("window", 0, MAX_COUNT),
        minimum_returns=fields.integer("minimum_returns", 0, MAX_COUNT),
        warmup=fields.integer("warmup", 0, MAX_COUNT),
        decay_ppm=fields.ratio_ppm("decay"),
        max_age_ms=fields.integer("max_age_ms", 0, MAX_TIME_MS),
        regime=_read_regime(fields.inner("regime")),
    )
    fields.done()
    return model


def forecast_model_json(model: ForecastModel) -> dict[str, Any]:
    """The inverse of `read_forecast_model`."""
    rule = model.regime
    return {
        "window": model.window,
        "minimum_returns": model.minimum_returns,
        "warmup": model.warmup,
        "decay": percent_text(model.decay_ppm),
        "max_age_ms": model.max_age_ms,
        "regime": {
            **{name: percent_text(getattr(rule, f"{name}_ppm")) for name in RATIOS},
            "hold": rule.hold,
            "multipliers": {
                regime.value: {"sigma": percent_text(row.sigma_ppm), "latency": percent_text(row.latency_ppm)}
                for regime, row in rule.multipliers.items()
            },
        },
    }


def _read_regime(fields: Fields) -> RegimeRule:
    rows = fields.inner("multipliers")
    rule = RegimeRule(
        **{f"{name}_ppm": fields.ratio_ppm(name) for name in RATIOS},
        hold=fields.integer("hold", 0, MAX_COUNT),
        multipliers={regime: _read_multipliers(rows.inner(regime.value)) for regime in Regime},
    )
    rows.done()
    fields.done()
    return rule


def _read_multipliers(fields: Fields) -> Multipliers:
    multipliers = Multipliers(fields.ratio_ppm("sigma"), fields.ratio_ppm("latency"))
    fields.done()
    return multipliers


def read_latency_rule(fields: Fields) -> LatencyRule:
    """The policy's `latency`."""
    rule = LatencyRule(
        quantile_ppm=fields.ratio_ppm("quantile"),
        confidence_ppm=fields.ratio_ppm("confidence"),
        floor_ms=fields.integer("floor_ms", 0, MAX_TIME_MS),
        cap_ms=fields.integer("cap_ms", 0, MAX_TIME_MS),
    )
    fields.done()
    return rule


def latency_rule_json(rule: LatencyRule) -> dict[str, Any]:
    """The inverse of `read_latency_rule`."""
    return {
        "quantile": percent_text(rule.quantile_ppm),
        "confidence": percent_text(rule.confidence_ppm),
        "floor_ms": rule.floor_ms,
        "cap_ms": rule.cap_ms,
    }
