"""The latency promised for a route: an upper confidence bound on a quantile of observed settlement times.

No distribution is assumed. The r-th smallest of n observations is above the q-quantile with probability
P(Bin(n, 1 - q) > n - r), so the smallest r with P(Bin(n, 1 - q) <= n - r) <= 1 - confidence is the bound (the classical
interval from order statistics; H. A. David and H. N. Nagaraja, Order Statistics, section 7.1). The binomial sum is
exact. A settlement still under way counts as slower than all that are done: leaving it out would flatter the route.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd

from zkmargin.algebra import ceil_div

from ..errors import LatencyError
from .exact_numbers import PPM

MAX_OBSERVATIONS = 100_000
MIN_QUANTILE_PPM = 900_000
MAX_LATENCY_MS = 1 << 40


@dataclass(frozen=True)
class LatencyRule:
    """`quantile_ppm` of settlements are faster, with probability `confidence_ppm`; slower than `cap_ms` is no route."""

    quantile_ppm: int
    confidence_ppm: int
    floor_ms: int
    cap_ms: int

    def __post_init__(self) -> None:
        if not MIN_QUANTILE_PPM <= self.quantile_ppm < PPM:
            raise LatencyError("quantile", "must be at least 90 % and below 100 %")
        if not PPM // 2 <= self.confidence_ppm < PPM:
            raise LatencyError("confidence", "must be at least 50 % and below 100 %")
        if not 0 < self.floor_ms <= self.cap_ms < MAX_LATENCY_MS:
            raise LatencyError("floor and cap", f"must be above zero, ascend, and stay below {MAX_LATENCY_MS} ms")

    def fewest(self) -> int:
        """How many observations a bound needs: the slowest of n is one once (quantile)^n <= 1 - confidence."""
        low, high = 1, MAX_OBSERVATIONS
        if slowest_left_out(high, self.quantile_ppm, self.confidence_ppm) is None:
            raise LatencyError("quantile and confidence", f"need more than {MAX_OBSERVATIONS} observations: lower them")
        while low < high:
            middle = (low + high) // 2
            enough = slowest_left_out(middle, self.quantile_ppm, self.confidence_ppm) is not None
            low, high = (low, middle) if enough else (middle + 1, high)
        return low


@dataclass(frozen=True)
class RouteTimes:
    """How long the settlements over one route took; `pending` are still under way."""

    settled_ms: tuple[int, ...]
    pending: int = 0

    @property
    def count(self) -> int:
        return len(self.settled_ms) + self.pending


@dataclass(frozen=True)
class RouteLatency:
    """What was observed, the bound from it, and the allowance after regime, floor and cap."""

    observed: int
    pending: int
    bound_ms: int
    latency_ms: int


def slowest_left_out(count: int, quantile_ppm: int, confidence_ppm: int) -> int | None:
    """The most observations m that may lie above the bound: P(Bin(count, 1 - q) <= m) <= 1 - confidence.

    None where not even the slowest observation is a bound. In integers over (denominator)^count throughout.
    """
    common = gcd(quantile_ppm, PPM)
    stay, leave = quantile_ppm // common, (PPM - quantile_ppm) // common
    term = total = stay**count
    allowed = (PPM - confidence_ppm) * (stay + leave) ** count
    left_out = None
    for m in range(count):
        if total * PPM > allowed:
            break
        left_out = m
        term = term * (count - m) * leave // ((m + 1) * stay)
        total += term
    return left_out


def latency_bound_ms(times: RouteTimes, rule: LatencyRule) -> int:
    """The bound for one route, before regime, floor and cap."""
    if not 0 < times.count <= MAX_OBSERVATIONS or times.pending < 0 or any(time < 0 for time in times.settled_ms):
        raise LatencyError("observations", f"must be 1 to {MAX_OBSERVATIONS} durations, none negative")
    left_out = slowest_left_out(times.count, rule.quantile_ppm, rule.confidence_ppm)
    if left_out is None:
        raise LatencyError("observations", f"are {times.count}; this quantile and confidence need {rule.fewest()}")
    rank = times.count - left_out
    if rank > len(times.settled_ms):
        raise LatencyError(
            "observations", f"leave {times.pending} settlements under way; the bound can bear {left_out}"
        )
    return sorted(times.settled_ms)[rank - 1]


def route_latency(route: int, times: RouteTimes, rule: LatencyRule, multiplier_ppm: int = PPM) -> RouteLatency:
    """The allowance for one route. Turbulence, when chains are congested, enters by `multiplier_ppm`.

    A route above the cap is a `LatencyError` and not a lower promise: close it, or raise the cap knowingly.
    """
    if multiplier_ppm < 1:
        raise LatencyError("multiplier", "must be above zero")
    try:
        bound_ms = latency_bound_ms(times, rule)
    except LatencyError as problem:
        raise LatencyError(f"route {route}: {problem.name}", problem.reason) from None
    latency_ms = max(rule.floor_ms, ceil_div(bound_ms * multiplier_ppm, PPM))
    if latency_ms > rule.cap_ms:
        raise LatencyError(
            f"route {route}", f"needs {latency_ms} ms, above the cap of {rule.cap_ms} ms: close it or raise the cap"
        )
    return RouteLatency(times.count, times.pending, bound_ms, latency_ms)


def all_latencies(
    routes: Mapping[int, RouteTimes], rule: LatencyRule, multiplier_ppm: int = PPM
) -> dict[int, RouteLatency]:
    """Every route's allowance, by the chain id it starts from."""
    return {route: route_latency(route, times, rule, multiplier_ppm) for route, times in sorted(routes.items())}


def worst_latency_ms(latencies: Sequence[RouteLatency]) -> int:
    """The slowest route's allowance; 0 where there is no route."""
    return max((latency.latency_ms for latency in latencies), default=0)
