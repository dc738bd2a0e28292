"""The limits of a ledger's circuit breaker as the member `breaker` of its configuration; what is left out is off."""

from __future__ import annotations

from typing import Any

from zkmargin.verifier import BreakerLimits

from .fields import Fields, amount_text, percent_text

UINT64 = 1 << 64
AMOUNTS = {"relative_floor": "relative_floor_e8", "account_cap": "account_cap_e8", "trial_cap": "trial_cap_e8"}
RATIOS = {
    "inflow_cap_share": "inflow_cap_ppm",
    "max_disagreement": "max_disagreement_ppm",
    "max_price_gap": "max_price_gap_ppm",
}
COUNTS = ("max_root_silence_ms", "reject_storm", "reject_window_ms", "trial_accepts", "half_open_after_ms")


def read_limits(fields: Fields, quote: str) -> BreakerLimits:
    """Read the object; limits that contradict each other are a `ConfigError`."""
    found: dict[str, Any] = {
        "inflow_cap_e8": fields.amount("inflow_cap", quote),
        "inflow_window_ms": fields.integer("inflow_window_ms", 0, UINT64),
    }
    found |= {ours: fields.amount(name, quote) for name, ours in AMOUNTS.items() if fields.has(name)}
    found |= {ours: fields.ratio_ppm(name) for name, ours in RATIOS.items() if fields.has(name)}
    found |= {name: fields.integer(name, 0, UINT64) for name in COUNTS if fields.has(name)}
    if fields.has("source_caps"):
        caps = fields.objects("source_caps", lambda row: (row.integer("chain_id", 0, UINT64), row.amount("cap", quote)))
        if len(dict(caps)) != len(caps):
            raise fields.fail("source_caps", "names a chain twice")
        found["source_caps_e8"] = dict(caps)
    fields.done()
    return BreakerLimits(**found)


def limits_json(limits: BreakerLimits, quote: str) -> dict[str, Any]:
    standard = BreakerLimits(limits.inflow_cap_e8, limits.inflow_window_ms)

    def given(names: dict[str, str]) -> dict[str, int]:
        return {name: getattr(limits, ours) for name, ours in names.items() if _differ(limits, standard, ours)}

    caps = [{"chain_id": c, "cap": amount_text(cap, quote)} for c, cap in sorted(limits.source_caps_e8.items())]
    return {
        "inflow_cap": amount_text(limits.inflow_cap_e8, quote),
        "inflow_window_ms": limits.inflow_window_ms,
        **{name: amount_text(value, quote) for name, value in given(AMOUNTS).items()},
        **{name: percent_text(value) for name, value in given(RATIOS).items()},
        **given({name: name for name in COUNTS}),
        **({"source_caps": caps} if caps else {}),
    }


def _differ(limits: BreakerLimits, standard: BreakerLimits, name: str) -> bool:
    return bool(getattr(limits, name) != getattr(standard, name))
