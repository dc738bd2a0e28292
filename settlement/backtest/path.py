"""A path: the prices of some assets at even times, and the variance that an option market expects at each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import PathError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
LN2 = float(np.log(2.0))


@dataclass(frozen=True)
class TermStructure:
    """Expected variance by time ahead: from the short level to the long one, with a half-life. Rows are times."""

    short_variance: Floats
    long_variance: Floats
    half_life_ms: float

    def of(self, asset: int, rows: Ints) -> TermStructure:
        """One asset at some of the times, as vectors."""
        return TermStructure(self.short_variance[rows, asset], self.long_variance[rows, asset], self.half_life_ms)

    def until(self, end: int) -> TermStructure:
        """The first times alone."""
        return TermStructure(self.short_variance[:end], self.long_variance[:end], self.half_life_ms)

    def average(self, ahead_ms: Floats | Ints) -> Floats:
        """Mean annualised variance, over the time ahead, which broadcasts against the levels."""
        decay = LN2 * np.maximum(ahead_ms, 1.0) / self.half_life_ms
        weight = -np.expm1(-decay) / decay
        average: Floats = self.long_variance + (self.short_variance - self.long_variance) * weight
        return average


@dataclass(frozen=True)
class MarketPath:
    """Prices in e8, one row per time, one column per symbol."""

    symbols: tuple[str, ...]
    times_ms: Ints
    prices_e8: Ints
    expected: TermStructure

    def __post_init__(self) -> None:
        shape = (len(self.times_ms), len(self.symbols))
        if self.prices_e8.shape != shape or self.expected.short_variance.shape != shape:
            raise PathError("the rows of a path are its times and the columns its symbols; the arrays differ from that")
        if len(self.times_ms) < 3:
            raise PathError("a path needs at least three prices; import or simulate a longer one")
        gaps = np.diff(self.times_ms)
        if gaps[0] <= 0 or (gaps != gaps[0]).any():
            raise PathError("the times of a path must ascend by even steps; resample the history first")
        if self.prices_e8.min() <= 0:
            raise PathError("every price of a path must be positive")

    def __len__(self) -> int:
        return len(self.times_ms)

    @property
    def step_ms(self) -> int:
        return int(self.times_ms[1] - self.times_ms[0])

    @property
    def prices(self) -> Floats:
        """The prices in units of the quote currency, for estimates; rules take `prices_e8`."""
        return self.prices_e8 / 1e8

    @property
    def log_returns(self) -> Floats:
        returns: Floats = np.diff(np.log(self.prices_e8.astype(np.float64)), axis=0)
        return returns
