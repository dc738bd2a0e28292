"""From signed reports to one market: medians over a quorum, in exact integers.

For each name, the mids (bid + ask, halved and rounded down) of the reports that count are taken. Those further than the
band from their lower median are outliers. The rest must still be a quorum; the agreed value is their lower median. Its
confidence is the largest of: the distance to the furthest mid that is left, the upper median of the half spreads, and a
part of the value that the configuration sets.

**Liars cannot move a value out of the honest range.** Let n signers be configured, f < n / 3 of them lie, each
anything it likes, and let Q be the sources of the mids that are left. `MarketConfig` demands a quorum above 2 n / 3,
so m = |Q| > 2 n / 3 > 2 f: fewer than half of Q lie. The lower median v stands at index k = (m - 1) // 2 of the
sorted mids. At 0 .. k stand k + 1 >= m / 2 > f mids, so one of an honest source is <= v. At k .. m - 1 stand m - k >=
m / 2 > f mids, so one of an honest source is >= v. Hence min(honest) <= v <= max(honest), over the honest sources in
Q. The argument asks nothing of the band, of which sources were heard, or of who chose the reports. It holds for the
first median too, for the upper median of the half spreads (index m // 2), and for the time of the snapshot, which is
the lower median of the times of at least a quorum of reports.

**The interval covers the honest sources that are left**: the confidence is at least the distance of each mid in Q.
Liars can widen it, to twice the band at most, and cannot make it narrower than the honest mids in Q are apart from v.

**Silence is all that liars can force.** n - f > 2 n / 3 honest sources are a quorum of their own. The first median lies
in the honest range, so where honest mids are within the band of one another all of them stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from zkmargin.algebra import ceil_div
from zkmargin.algebra.keccak import keccak256
from zkmargin.algebra.median import lower_median

from ..errors import MarketDataError, NoConsensus
from .admission import Admission, admit, rejection
from .config import ONE_PPM, MarketConfig, QuoteRule
from .movement import require_calm
from .names import check_integer
from .quotes import Quote, fault_of
from .reasons import Reason
from .report import MarketReport
from .signing import SignedReport
from .snapshot import (
    MAX_TIME_MS,
    NO_DIGEST,
    AgreedPrice,
    AgreedVolatility,
    MarketSnapshot,
    Provenance,
    Rejection,
)

MAX_REPORTS = 512


@dataclass(frozen=True)
class Agreement:
    """One agreed value, in the unit of its quotes."""

    value: int
    confidence: int
    sources: tuple[str, ...]
    outliers: tuple[str, ...]


def agree(
    signed_reports: Iterable[SignedReport],
    config: MarketConfig,
    now_ms: int,
    previous: MarketSnapshot | None = None,
) -> MarketSnapshot:
    """The snapshot that these reports make at `now_ms`; the same for every order of the reports.

    `NoConsensus` names every symbol and instrument without a quorum, and why. With the snapshot before this one,
    `MovementRefused` stops a market that moved further than the configuration allows, and older reports do not count.
    """
    check_integer("now_ms", now_ms, 0, MAX_TIME_MS)
    _require_same_market(config, previous)
    listed = list(signed_reports)
    if len(listed) > MAX_REPORTS:
        raise MarketDataError("reports", f"are {len(listed)}; at most {MAX_REPORTS} are read")
    admission = admit(listed, config, now_ms, previous.provenance.sequences if previous else {})
    _require_quorum(admission, config)
    snapshot = _snapshot(admission, config, now_ms, previous)
    if previous is not None:
        require_calm(previous, snapshot, config)
    return snapshot


def agree_on(quotes: Mapping[str, tuple[int, int]], rule: QuoteRule, quorum: int) -> Agreement | None:
    """One value from each source's bid and ask, or None where fewer than a quorum are within the band."""
    mids = {source: (bid + ask) // 2 for source, (bid, ask) in sorted(quotes.items())}
    if not mids:
        return None
    centre = _lower_median(list(mids.values()))
    near = {source: mid for source, mid in mids.items() if abs(mid - centre) * ONE_PPM <= rule.band_ppm * centre}
    if len(near) < quorum:
        return None
    value = _lower_median(list(near.values()))
    half_spreads = sorted(quotes[source][1] - mid for source, mid in near.items())
    confidence = max(
        max(abs(mid - value) for mid in near.values()),
        half_spreads[len(half_spreads) // 2],
        ceil_div(value * rule.min_confidence_ppm, ONE_PPM),
    )
    return Agreement(value, confidence, tuple(near), tuple(source for source in mids if source not in near))


def reports_digest(reports: Iterable[MarketReport]) -> bytes:
    """keccak256 over the sorted digests of reports."""
    return keccak256(b"".join(sorted(report.digest for report in reports)))


def _snapshot(
    admission: Admission, config: MarketConfig, now_ms: int, previous: MarketSnapshot | None
) -> MarketSnapshot:
    reports = admission.reports
    rejections = list(admission.rejections)
    prices = _usable({s: list(r.prices) for s, r in reports.items()}, config.symbols, reports, rejections)
    volatilities = _usable(
        {s: list(r.volatilities) for s, r in reports.items()}, config.instruments, reports, rejections
    )
    failures: list[str] = []
    agreed_prices = _agreed(prices, config.price_rule, config.quorum, failures, rejections)
    agreed_volatilities = _agreed(volatilities, config.volatility_rule, config.quorum, failures, rejections)
    if failures:
        raise NoConsensus(failures, [_words(r) for r in rejections])
    return MarketSnapshot(
        market=config.market,
        quote=config.quote,
        time_ms=_lower_median([report.time_ms for report in reports.values()]),
        prices={n: AgreedPrice(a.value, a.confidence, a.sources, a.outliers) for n, a in agreed_prices.items()},
        volatilities={
            n: AgreedVolatility(a.value, a.confidence, a.sources, a.outliers) for n, a in agreed_volatilities.items()
        },
        reports_digest=reports_digest(reports.values()),
        provenance=Provenance(
            agreed_at_ms=now_ms,
            config_digest=config.digest,
            previous_digest=previous.digest() if previous else NO_DIGEST,
            sequences=_sequences(reports, previous),
            rejections=tuple(sorted(rejections)),
        ),
    )


def _usable(
    quotes_by_source: Mapping[str, list[Quote]],
    names: tuple[str, ...],
    reports: Mapping[str, MarketReport],
    rejections: list[Rejection],
) -> dict[str, dict[str, tuple[int, int]]]:
    """Bid and ask by name and source, of the names asked for; every other quote, and every hole, is a rejection."""
    found: dict[str, dict[str, tuple[int, int]]] = {name: {} for name in sorted(names)}
    for source, quotes in quotes_by_source.items():
        report = reports[source]
        for quote in quotes:
            reason = Reason.UNLISTED if quote.name not in found else fault_of(quote)
            if reason is None:
                found[quote.name][source] = (quote.bid, quote.ask)
            else:
                rejections.append(rejection(report, reason, quote.name))
        given = {quote.name for quote in quotes}
        rejections.extend(rejection(report, Reason.MISSING, name) for name in found if name not in given)
    return found


def _agreed(
    quotes: Mapping[str, Mapping[str, tuple[int, int]]],
    rule: QuoteRule,
    quorum: int,
    failures: list[str],
    rejections: list[Rejection],
) -> dict[str, Agreement]:
    agreed = {}
    for name, by_source in quotes.items():
        agreement = agree_on(by_source, rule, quorum)
        if agreement is not None:
            agreed[name] = agreement
        else:
            why = "".join(f", {r.source} {r.reason}" for r in rejections if r.symbol == name)
            failures.append(f"{name}: fewer than {quorum} of {len(by_source)} usable quotes are close enough{why}")
    return agreed


def _sequences(reports: Mapping[str, MarketReport], previous: MarketSnapshot | None) -> dict[str, int]:
    """The newest sequence of each source, also of those that were silent this time."""
    before = dict(previous.provenance.sequences) if previous else {}
    return before | {source: report.sequence for source, report in reports.items()}


def _require_same_market(config: MarketConfig, previous: MarketSnapshot | None) -> None:
    if previous is not None and (previous.market, previous.quote) != (config.market, config.quote):
        raise MarketDataError("previous", f"is a snapshot of {previous.market} in {previous.quote}, another market")


def _require_quorum(admission: Admission, config: MarketConfig) -> None:
    count = len(admission.reports)
    if count < config.quorum:
        raise NoConsensus(
            [f"{count} reports count and {config.quorum} are needed"], [_words(r) for r in admission.rejections]
        )


def _lower_median(values: list[int]) -> int:
    return lower_median(values, [True] * len(values))


def _words(rejected: Rejection) -> str:
    place = f" {rejected.symbol}" if rejected.symbol else ""
    return f"{rejected.source}{place} {rejected.reason}"
