"""What a backtest's risk tables are made with: confidence, horizon, haircuts, charges and scenarios."""

from __future__ import annotations

from dataclasses import dataclass, field

from zkmargin.circuits.margin import PORTFOLIO, HaircutTier, Shape

from ..errors import StudyError
from ..risk.scenarios import Scenario, default_scenarios
from .forecast import ForecastSettings
from .listing import SLOTS

E8 = 10**8
MAX_HORIZON_MS = 7 * 86_400_000


@dataclass(frozen=True)
class TableSettings:
    """The risk policy of a backtest. The shape is the statement's own, so that its exact rules can be run."""

    confidence_e4: int = 40_000
    horizon_ms: int = 600_000
    scenario_horizon_ms: int = 0
    """What the scenarios reach over where that is longer: one published table serves every shorter horizon."""
    shape: Shape = PORTFOLIO
    scenarios: tuple[Scenario, ...] = field(default_factory=lambda: default_scenarios(PORTFOLIO.scenarios))
    forecast: ForecastSettings = field(default_factory=ForecastSettings)
    price_confidence_ppm: int = 200
    """Half the width of the oracles' agreement, as a share of the price."""
    haircut_ppm: tuple[int, int] = (20_000, 60_000)
    """Before latency: of a holding up to `tier_units_e8`, and of what is above."""
    tier_units_e8: int = 1_000_000 * E8
    contingency_ppm: int = 1_000
    liquidity_free_e8: int = 100_000 * E8
    liquidity_ppm: int = 5_000
    minimum_time_ms: int = 600_000
    stable_symbol: str = "USDC"
    stable_sigma_ppm: int = 5_000

    def __post_init__(self) -> None:
        for name, holds, reason in (
            ("confidence_e4", 0 < self.confidence_e4 < 1 << 20, "must be between 0.0001 and 104"),
            ("horizon_ms", 0 < self.horizon_ms <= MAX_HORIZON_MS, "must be between one millisecond and seven days"),
            ("shape", self.shape.instruments_per_underlying == len(SLOTS), f"must have {len(SLOTS)} instruments each"),
            ("scenarios", len(self.scenarios) == self.shape.scenarios, "must be as many as the shape has"),
            ("price_confidence_ppm", 0 <= self.price_confidence_ppm < 100_000, "must be below 10 %"),
        ):
            if not holds:
                raise StudyError(name, reason)

    @property
    def reach_ms(self) -> int:
        """How long the scenarios of the table reach over."""
        return max(self.horizon_ms, self.scenario_horizon_ms)

    def tiers(self) -> tuple[HaircutTier, ...]:
        """The haircut tiers of every asset; the last one repeats where the shape has more."""
        first, second = self.haircut_ppm
        above = HaircutTier(self.tier_units_e8, second)
        return (HaircutTier(0, first), *(above for _ in range(self.shape.tiers - 1)))
